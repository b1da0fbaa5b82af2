"""People, courts and signatures of payments by the command line: in a vault file, and in a shared database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from aether_desktop.composition import Program
from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.courts import Court
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import parse_time
from aether_desktop.ports.vault_keys import Factor
from tests.cli.conftest import Run

SECOND, THIRD = "a second passphrase", "a third passphrase"


def private(path: Path, text: str) -> str:
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def factors(tmp_path: Path) -> list[str]:
    second = private(tmp_path / "second", SECOND)
    return ["--factor-file", f"2={second}", "--factor-file", f"3={private(tmp_path / 'third', THIRD)}"]


@pytest.fixture
def begun(books: Run, factors: list[str]) -> Run:
    """A vault whose founder has keys."""
    books("people", "begin", *factors)
    return books


# -- a vault file ------------------------------------------------------------------------------------------------


def test_beginning_sets_up_the_levels_that_are_missing(books: Run, factors: list[str]) -> None:
    assert books("people", "list").out.splitlines()[1].split()[-2:] == ["not", "certified"]
    assert "--factor-file 2=PATH" in books("people", "begin", code=1).err
    done = books("people", "begin", *factors)
    assert "Level 2 (Holy Place) was not set up yet" in done.err
    code = done.out.strip()
    (person,) = books("people", "list", "--json").json("people-list")
    assert person["certified"] is True
    assert person["code"] == code
    assert "has its founder already" in books("people", "begin", *factors, code=1).err
    assert "roles order the interface only" in books("people", "list").err


def test_a_factor_that_is_wrong_opens_nothing(begun: Run, tmp_path: Path) -> None:
    wrong = private(tmp_path / "wrong", "another passphrase")
    begun("courts", "rotate", "holy", "--factor-file", f"2={wrong}", code=1)
    assert begun("courts", "status", "--json").json("courts-status")["courts"][1]["version"] == 1
    assert "is not LEVEL=PATH" in begun("courts", "rotate", "holy", "--factor-file", "second", code=1).err


def test_a_courts_key_is_replaced(begun: Run, factors: list[str]) -> None:
    status = begun("courts", "status", "--json").json("courts-status")
    assert [court["version"] for court in status["courts"]] == [1, 1, 1]
    assert status["outstanding"] == []
    assert "number 2" in begun("courts", "rotate", "most-holy", *factors).err
    status = begun("courts", "status", "--json").json("courts-status")
    assert [court["version"] for court in status["courts"]] == [1, 1, 2]
    said = begun("courts", "status")
    assert "Most Holy Place" in said.out
    assert f"by voice: {status['my_code']}\n" in said.out
    assert f"list of people, equal for all who see it: {status['log_code']}\n" in said.out
    assert said.err == "", "all of it is data"


def test_nobody_is_invited_into_a_file_and_the_last_zadokite_stays(
    begun: Run, factors: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "aaron.aether-invitation"
    said = begun("people", "invite", "aaron", "--file", str(file), *factors, code=1).err
    assert "nobody can be invited into it" in said
    assert "postgres provision" in said
    assert not file.exists()
    me = begun("people", "list", "--json").json("people-list")[0]["username"]
    assert "without a Zadokite" in begun("people", "role", me, "member", *factors, code=1).err
    assert "is not a role" in begun("people", "role", me, "priest", *factors, code=1).err
    assert "There is no person" in begun("people", "disable", "nobody", *factors, code=1).err


def test_without_a_password_there_are_no_keys(run: Run, options: list[str]) -> None:
    path = Path(options[1]) / "sample.aether"
    run("sample", str(path))
    sample = ["--data-dir", options[1], "--vault", str(path)]
    assert "No keys of people are open" in run("courts", "status", code=1, instead=sample).err
    assert "not certified" in run("people", "list", instead=sample).out


# -- payments ----------------------------------------------------------------------------------------------------


def paid(options: list[str], *, then: Callable[[Any, int], None] | None = None) -> int:
    """A signed payment, by the services of the program."""
    values = dict(zip(options[::2], options[1::2], strict=True))
    program = Program(data_dir=Path(values["--data-dir"]))
    target = program.resolve(vault=Path(values["--vault"]), key_file=Path(values["--key-file"]))
    program.ask_with(lambda _what: Factor.passphrase(Path(values["--password-file"]).read_text().splitlines()[0]))
    services = program.open(target)
    try:
        assert services.access is not None
        services.access.step_up(Court.HOLY, Factor.passphrase(SECOND))
        (euro,) = services.storage.currencies.ensure([fiat_currency("EUR")])
        record = services.records.create(
            TableName.PAYMENTS,
            {
                "paid_at": parse_time("2024-05-17T08:30:00Z"),
                "amount": Amount.parse("12.30", euro),
                "security_level": "quantum",
                "provider": "stripe",
                "external_id": "pi_1",
            },
        )
        if then is not None:
            then(services, record.id)
        return record.id
    finally:
        services.close()
        program.close()


def test_a_signed_payment_is_checked(begun: Run, options: list[str], factors: list[str]) -> None:
    payment = paid(options)
    (report,) = begun("payments", "check", "--json").json("payments-check")
    assert (report["payment"], report["signature"]) == (str(payment), "valid")
    assert "level 2 is locked" in report["sentence"]
    (report,) = begun("payments", "check", str(payment), "--with-id", "--json", *factors).json("payments-check")
    assert "not compared" not in report["sentence"]
    assert "valid" in begun("payments", "check").out
    assert "named by its id" in begun("payments", "check", "first", code=1).err


def test_an_altered_payment_is_an_error(begun: Run, options: list[str]) -> None:
    def alter(services: Any, payment_id: int) -> None:
        stored = services.storage.payments.get(payment_id)
        import dataclasses

        services.storage.payments.update(
            dataclasses.replace(stored, amount=Amount.parse("999", stored.amount.currency))
        )

    paid(options, then=alter)
    done = begun("payments", "check", "--json", code=1)
    (report,) = json.loads(done.out)
    assert report["signature"] == "altered"
    assert report["differences"][0].startswith("amount: signed 12.3 EUR")
    assert "now 999 EUR" in done.err


# -- a shared database -------------------------------------------------------------------------------------------


class Desk:
    """One person at a computer of their own."""

    def __init__(self, run: Run, folder: Path, url: str = "") -> None:
        folder.mkdir()
        self._run, self.folder, self.url = run, folder, url
        self.factors: list[str] = []
        for level in (2, 3):
            self.factors += [
                "--factor-file",
                f"{level}={private(folder / f'level{level}', f'{folder.name} factor {level}')}",
            ]
        self._password = private(folder / "password", f"password of {folder.name}")

    def __call__(self, *arguments: str, code: int = 0, factors: bool = False, url: str | None = None) -> Any:
        options = [
            *("--data-dir", str(self.folder / "data"), "--key-file", str(self.folder / "key")),
            *("--password-file", self._password),
        ]
        where = self.url if url is None else url
        options += ["--database", where] if where else []
        return self._run(*arguments, *(self.factors if factors else []), code=code, instead=options)


def test_a_person_is_invited_answers_and_is_certified(run: Run, postgres_database: Any, tmp_path: Path) -> None:
    administrator = postgres_database()
    miriam = Desk(run, tmp_path / "miriam")
    miriam.url = miriam("postgres", "provision", administrator, "--username", "miriam", url="").out.strip()
    assert "vault password" in miriam("people", "begin", code=1, factors=True).err
    miriam("vault", "password")
    miriam("people", "begin", factors=True)
    file = tmp_path / "aaron.aether-invitation"
    invited = miriam("people", "invite", "aaron", "--role", "levite", "--file", str(file), factors=True)
    secret = private(tmp_path / "secret", invited.out.strip())
    assert secret not in invited.err

    aaron = Desk(run, tmp_path / "aaron")
    wrong = private(tmp_path / "guess", "-".join(["AAAAA"] * 4))
    assert (
        "does not belong to this invitation"
        in aaron("people", "accept", str(file), "--secret-file", wrong, code=1, factors=True).err
    )
    answered = aaron("people", "accept", str(file), "--secret-file", secret, factors=True)
    aaron.url = answered.out.strip()
    listed = {each["username"]: each for each in miriam("people", "list", "--json").json("people-list")}
    assert listed["aaron"]["certified"] is False
    code = miriam("people", "certify", "aaron", factors=True).out.strip()
    assert "Keys are made for: Outer Court, Holy Place, Most Holy Place" in aaron("courts", "make", factors=True).err
    status = aaron("courts", "status", "--json").json("courts-status")
    assert status["my_code"] == code
    assert status["log_code"] == miriam("courts", "status", "--json").json("courts-status")["log_code"]
    assert [court["version"] for court in status["courts"]] == [1, 1, 1]

    said = aaron("people", "role", "miriam", "member", code=1, factors=True).err
    assert "Only a Zadokite may do this. Ask a Zadokite of the vault." in said
    miriam("people", "role", "aaron", "aaronic", factors=True)
    miriam("people", "grant", "aaron", "holy", factors=True)
    revoked = miriam("people", "revoke", "aaron", "most-holy", code=1, factors=True).err
    assert "There is no such grant" in revoked
    assert "cannot unread" in miriam("people", "revoke", "aaron", "holy", factors=True).err
    miriam("people", "disable", "aaron", factors=True)
    assert "does not let this login in any more" in aaron("people", "list", code=1).err
    with psycopg.connect(administrator) as connection:
        login = urlsplit(aaron.url).username
        rows = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", (login,)).fetchall()
    assert rows == [(False,)]
    miriam("people", "enable", "aaron", factors=True)
    assert aaron("people", "list", "--json").json("people-list")[0]["username"] == "aaron"


def test_wrong_factors_are_counted_in_the_database_too(run: Run, postgres_database: Any, tmp_path: Path) -> None:
    """So that another computer, or a file that was deleted, gives no new attempts."""
    administrator = postgres_database()
    miriam = Desk(run, tmp_path / "miriam")
    miriam.url = miriam("postgres", "provision", administrator, "--username", "miriam", url="").out.strip()
    miriam("vault", "password")
    miriam("people", "begin", factors=True)
    wrong = private(tmp_path / "wrong", "another passphrase")
    rotate = ("courts", "rotate", "holy", "--factor-file")
    miriam(*rotate, f"2={wrong}", code=1)
    with psycopg.connect(administrator) as owner:
        assert owner.execute("SELECT level, failures FROM unlock_attempts WHERE failures > 0").fetchall() == [(2, 1)]
        owner.execute("ALTER TABLE unlock_attempts DISABLE TRIGGER aether_count_attempt")
        owner.execute("UPDATE unlock_attempts SET failures = 20")  # as if they had gone on
        owner.execute("ALTER TABLE unlock_attempts ENABLE TRIGGER aether_count_attempt")
    for local in (miriam.folder / "data" / "shared").glob("*.attempts"):
        local.unlink()
    right = ("courts", "rotate", "holy")
    assert "Too many wrong attempts" in miriam(*right, code=1, factors=True).err
    with psycopg.connect(administrator) as owner:
        owner.execute("UPDATE unlock_attempts SET failures = 0")
    miriam(*right, factors=True)


def test_an_invitation_ended_in_the_middle_is_answered_again(run: Run, postgres_database: Any, tmp_path: Path) -> None:
    miriam = Desk(run, tmp_path / "miriam")
    miriam.url = miriam("postgres", "provision", postgres_database(), "--username", "miriam", url="").out.strip()
    miriam("vault", "password")
    miriam("people", "begin", factors=True)
    file = tmp_path / "aaron.aether-invitation"
    secret = private(tmp_path / "s", miriam("people", "invite", "aaron", "--file", str(file), factors=True).out.strip())
    aaron = Desk(run, tmp_path / "aaron")
    answer = ("people", "accept", str(file), "--secret-file", secret)
    assert "This needs level 2" in aaron(*answer, code=1).err, "the login is taken over, the keys are not made yet"
    aaron.url = aaron(*answer, factors=True).out.strip()
    miriam("people", "certify", "aaron", factors=True)
    thief = Desk(run, tmp_path / "thief")
    assert thief(*answer, code=1, factors=True).err, "the login has another password now"


def test_an_invitation_that_cannot_be_written_invites_nobody_and_one_made_again_works(
    run: Run, postgres_database: Any, tmp_path: Path
) -> None:
    miriam = Desk(run, tmp_path / "miriam")
    miriam.url = miriam("postgres", "provision", postgres_database(), "--username", "miriam", url="").out.strip()
    miriam("vault", "password")
    miriam("people", "begin", factors=True)
    nowhere, file, other = tmp_path / "gone" / "file", tmp_path / "first", tmp_path / "second"
    said = miriam("people", "invite", "aaron", "--file", str(nowhere), code=1, factors=True).err
    assert "cannot be written" in said
    assert [each["username"] for each in miriam("people", "list", "--json").json("people-list")] == ["miriam"]
    miriam("people", "invite", "aaron", "--role", "king", "--file", str(file), code=1, factors=True)
    assert not file.exists()
    miriam("people", "invite", "aaron", "--file", str(file), factors=True)

    again = miriam("people", "invite", "aaron", "--again", "--file", str(other), factors=True)
    assert "the one they had is shut" in again.err
    secret = private(tmp_path / "secret", again.out.strip())
    aaron = Desk(run, tmp_path / "aaron")
    aaron.url = aaron("people", "accept", str(other), "--secret-file", secret, factors=True).out.strip()
    miriam("people", "certify", "aaron", factors=True)
    aaron("courts", "make", factors=True)
    listed = aaron("people", "list", "--json").json("people-list")
    assert [(each["username"], each["role"], each["since"] is None) for each in listed] == [
        ("aaron", "member", False),
        ("miriam", "zadokite", True),
    ]
    assert "Your role reads no rows of the others" in aaron("people", "list").err
    granted = aaron("people", "grant", "miriam", "holy", factors=True).err
    assert "miriam may open your Holy Place now." in granted, (
        "a member sees no rows of others, and knows them by the log"
    )
    assert (
        "cannot invite yourself"
        in miriam("people", "invite", "miriam", "--again", "--file", str(tmp_path / "third"), code=1, factors=True).err
    )
    assert not (tmp_path / "third").exists()
    miriam("people", "invite", "hur", "--file", str(tmp_path / "hur"), factors=True)
    assert "hur is disabled. Their invitation is withdrawn." in miriam("people", "disable", "hur", factors=True).err
    hur = miriam("people", "list").out.splitlines()[2].split()
    assert hur == ["hur", "Member", "disabled"]
    assert "invite them again" in miriam("people", "enable", "hur", factors=True).err
