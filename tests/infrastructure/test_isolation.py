"""A run keeps out of the person's folders, session and network."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from tests.support.loopback_only import OutsideConnectionError, is_loopback
from tests.support.private_home import real_home

EVERY_ADDRESS = str(ipaddress.IPv4Address(0))


def test_every_user_folder_lies_in_the_private_home(private_home: Path) -> None:
    folders = [
        Path.home(),
        platformdirs.user_data_path("aether-desktop"),
        platformdirs.user_config_path("aether-desktop"),
        platformdirs.user_cache_path("aether-desktop"),
        platformdirs.user_state_path("aether-desktop"),
        platformdirs.user_log_path("aether-desktop"),
        platformdirs.user_runtime_path("aether-desktop"),
        platformdirs.user_documents_path(),
    ]
    assert not private_home.is_relative_to(real_home())
    assert [folder for folder in folders if not folder.is_relative_to(private_home)] == []


def test_children_inherit_the_private_home(private_home: Path) -> None:
    code = "import pathlib, platformdirs; print(pathlib.Path.home(), platformdirs.user_data_path('x'), sep='\\n')"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30).stdout
    assert [Path(line).is_relative_to(private_home) for line in output.splitlines()] == [True, True]


def test_the_persons_session_is_forgotten() -> None:
    assert os.environ["DBUS_SESSION_BUS_ADDRESS"] == "disabled:"
    assert {"WAYLAND_DISPLAY", "DATABASE_URL", "AETHER_DATABASE_URL", "PGHOST", "PGPASSWORD"} & set(os.environ) == set()


@pytest.mark.parametrize("host", ["192.0.2.1", EVERY_ADDRESS, "10.0.0.1", "example.org", "::", "fe80::1%eth0", b"::2"])
def test_other_machines_are_not_loopback(host: object) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", [None, "", "localhost", "127.0.0.1", "127.9.9.9", "::1", b"127.0.0.1"])
def test_this_machine_is_loopback(host: object) -> None:
    assert is_loopback(host)


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as outgoing, pytest.raises(OutsideConnectionError, match=r"192\.0\.2\.1"):
        outgoing.connect(("192.0.2.1", 80))  # TEST-NET-1, RFC 5737
    with socket.socket(type=socket.SOCK_DGRAM) as datagram, pytest.raises(OutsideConnectionError):
        datagram.sendto(b"x", ("192.0.2.1", 53))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(OutsideConnectionError, match=r"example\.org"):
        socket.create_connection(("example.org", 443))


@pytest.mark.parametrize("host", ["", EVERY_ADDRESS])
def test_a_server_on_every_address_is_refused(host: str) -> None:
    with socket.socket() as server, pytest.raises(OutsideConnectionError):
        server.bind((host, 0))


def test_loopback_works() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as accepted,
    ):
        client.sendall(b"ping")
        assert accepted.recv(4) == b"ping"


def test_a_leaked_thread_fails_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_leak.py").write_text(
        "import threading\n"
        "release = threading.Event()\n"
        "def test_leaks():\n"
        "    threading.Thread(target=release.wait, args=(30,), name='forgotten').start()\n"
        "def test_later():\n"
        "    release.set()\n"
    )
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "tests.conftest", "-p", "no:randomly", "-q"]
    result = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "the test left a thread running: forgotten" in result.stdout
    assert "2 passed, 1 error" in result.stdout
