"""Database addresses: TLS by default for other machines, no password in what is shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.storage.addresses import read_address, split_password


@pytest.mark.parametrize(
    ("url", "bare", "password"),
    [
        ("postgresql://u:p%40ss%3A@h:5432/d", "postgresql://u@h:5432/d", "p@ss:"),
        ("postgresql://u@h/d", "postgresql://u@h/d", None),
        ("postgres://u:@h/d", "postgres://u@h/d", ""),
        ("postgresql://u@h/d?password=a%26b&sslmode=require", "postgresql://u@h/d?sslmode=require", "a&b"),
        ("postgresql://u:x@a:1,b:2/d?target_session_attrs=read-write",
         "postgresql://u@a:1,b:2/d?target_session_attrs=read-write", "x"),
        ("postgresql:///d?host=/run/pg", "postgresql:///d?host=/run/pg", None),
        ("postgresql://u:a@b@h/d", "postgresql://u@h/d", "a@b"),
    ],
)  # fmt: skip
def test_the_password_is_split_off(url: str, bare: str, password: str | None) -> None:
    assert split_password(url) == (bare, password)
    address = read_address(url)
    assert address.shown == bare
    assert address.parameters.get("password") == password
    if password:
        assert password not in repr(address)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=30))
def test_any_password_survives_the_split(password: str) -> None:
    bare, found = split_password(f"postgresql://user:{quote(password, safe='')}@host/db")
    assert (bare, found) == ("postgresql://user@host/db", password)
    assert read_address(bare, password=password).parameters["password"] == password


def test_a_password_in_the_url_comes_first() -> None:
    assert read_address("postgresql://u:inner@h/d", password="outer").parameters["password"] == "inner"


@pytest.mark.parametrize(
    "host", ["db.example.org", "192.0.2.7", "10.0.0.1", "localhost,db.example.org", "[2001:db8::1]"]
)
def test_another_machine_must_prove_itself(host: str) -> None:
    address = read_address(f"postgresql://u@{host}/d")
    assert not address.local
    assert address.parameters["sslmode"] == "verify-full"
    assert address.parameters["sslrootcert"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "localhost:5432,127.0.0.1:5433", ""])
def test_this_machine_need_not(host: str) -> None:
    address = read_address(f"postgresql://u@{host}/d")
    assert address.local
    assert "sslmode" not in address.parameters


def test_a_socket_is_local() -> None:
    assert read_address("postgresql://u@/d?host=/run/postgresql").local


def test_a_weaker_mode_counts_only_when_the_address_states_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    assert read_address("postgresql://u@db.example.org/d").parameters["sslmode"] == "verify-full"
    assert read_address("postgresql://u@db.example.org/d?sslmode=require").parameters["sslmode"] == "require"


def test_the_person_s_own_authority_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    own = tmp_path / ".postgresql" / "root.crt"
    own.parent.mkdir()
    own.touch()
    assert read_address("postgresql://u@db.example.org/d").parameters["sslrootcert"] == str(own)
    named = read_address("postgresql://u@db.example.org/d?sslrootcert=/ca.pem")
    assert named.parameters["sslrootcert"] == "/ca.pem"


@pytest.mark.parametrize(
    ("name", "value"), [("PGHOST", "db.example.org"), ("PGHOSTADDR", "192.0.2.7"), ("PGSERVICE", "x")]
)
def test_a_host_from_the_environment_is_another_machine(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert read_address("postgresql:///d").parameters["sslmode"] == "verify-full"


def test_several_hosts_and_options_reach_the_driver() -> None:
    url = "postgresql://u@a:1,b:2/d?target_session_attrs=read-write&application_name=books"
    parameters = read_address(url).parameters
    expected = conninfo_to_dict(url)
    assert {name: parameters[name] for name in expected} == {name: str(value) for name, value in expected.items()}


def test_a_pooler_is_named_in_the_address() -> None:
    address = read_address("postgresql://u@localhost/d?pooler=transaction")
    assert address.pooled
    assert "pooler" not in address.parameters
    assert not read_address("postgresql://u@localhost/d?pooler=session").pooled
    assert not read_address("postgresql://u@localhost/d").pooled


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "mysql://u@h/d", "sqlite:///x", "postgresql://u@h", "postgresql://u@h/", "postgresql://[::1/d",
        "postgresql://u@h/d?nonsense=1", "postgresql://u@h:port/d?x", "postgresql://u@h/d?pooler=magic", "/etc/passwd",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_address(url)
    assert refused.value.field == "database"


def test_another_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidInputError, match="may not stand in the address") as refused:
        read_address("postgresql://u@h/d?sslpassword=hunter2")
    assert "hunter2" not in str(refused.value)


@given(st.text(max_size=40), st.text(min_size=8, max_size=20))
def test_refusals_do_not_show_passwords(rest: str, password: str) -> None:
    secret = quote(password, safe="")
    shown = ""
    try:
        read_address(f"postgresql://user:{secret}@{rest}")
    except InvalidInputError as refused:
        shown = f"{refused} {refused.details}"
    assert secret not in shown
