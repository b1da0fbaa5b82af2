"""One window per vault: real sockets, real processes, a runtime directory of the test's own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.ui.shell.single_instance import Claim, SingleInstance

KEY = "/home/somebody/books.aether"
SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from aether_desktop.ui.shell.single_instance import Claim, SingleInstance
app = QCoreApplication([])
instance = SingleInstance(sys.argv[1], folder=Path(sys.argv[2]))
claim = instance.claim()
if claim is Claim.FIRST:
    instance.listen()
sys.stdout.write(claim.name)
sys.stdout.flush()
if sys.argv[3] == "stay":
    sys.stdin.read()
"""


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Short: a socket's path has room for 107 bytes, and pytest's folders are long."""
    with tempfile.TemporaryDirectory(prefix="aether-") as folder:
        yield Path(folder)


def start(runtime: Path, *, stay: bool = False, key: str = KEY) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SECOND, key, str(runtime), "stay" if stay else "go"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, _err = process.communicate(timeout=20)
    return out


@pytest.fixture
def first(qapp: QApplication, runtime: Path) -> Iterator[SingleInstance]:
    instance = SingleInstance(KEY, folder=runtime)
    assert instance.claim() is Claim.FIRST
    instance.listen()
    yield instance
    instance.release()


def test_a_second_start_raises_the_first_and_ends(qtbot: QtBot, first: SingleInstance, runtime: Path) -> None:
    with qtbot.waitSignal(first.raise_asked, timeout=10_000):
        second = start(runtime)
    answered = finish(second)
    assert answered == "RAISED"
    assert second.returncode == 0


def test_a_start_between_claim_and_first_paint_waits(qtbot: QtBot, qapp: QApplication, runtime: Path) -> None:
    instance = SingleInstance(KEY, folder=runtime)
    assert instance.claim() is Claim.FIRST
    second = start(runtime)
    QTimer.singleShot(400, instance, instance.listen)
    with qtbot.waitSignal(instance.raise_asked, timeout=10_000):
        pass
    assert finish(second) == "RAISED"
    instance.release()


def test_another_vault_is_another_window(first: SingleInstance, runtime: Path) -> None:
    assert finish(start(runtime, key="/home/somebody/other.aether")) == "FIRST"


def test_after_the_first_has_ended_the_next_is_first(first: SingleInstance, runtime: Path) -> None:
    first.release()
    assert finish(start(runtime)) == "FIRST"


def test_a_killed_first_is_no_obstacle(qapp: QApplication, runtime: Path) -> None:
    killed = start(runtime, stay=True)
    assert killed.stdout is not None
    assert killed.stdout.read(5) == "FIRST"
    killed.kill()
    killed.communicate(timeout=20)
    assert list(runtime.glob("*.sock"))  # it left its socket and its lock behind
    instance = SingleInstance(KEY, folder=runtime)
    assert instance.claim() is Claim.FIRST
    instance.release()


def test_a_first_that_hangs_is_told_apart(qapp: QApplication, runtime: Path) -> None:
    hanging = start(runtime, stay=True)  # its event loop does not turn
    assert hanging.stdout is not None
    assert hanging.stdout.read(5) == "FIRST"
    assert SingleInstance(KEY, folder=runtime).claim() is Claim.SILENT
    finish(hanging)


def test_the_socket_is_for_its_owner_alone(first: SingleInstance, runtime: Path) -> None:
    (socket,) = runtime.glob("*.sock")
    assert socket.stat().st_mode & 0o077 == 0


def test_nonsense_raises_nothing(qtbot: QtBot, first: SingleInstance, runtime: Path) -> None:
    (path,) = runtime.glob("*.sock")
    stranger = QLocalSocket()
    with qtbot.assertNotEmitted(first.raise_asked), qtbot.waitSignal(stranger.disconnected, timeout=5000):
        stranger.connectToServer(str(path))
        stranger.write(b"x" * 100_000)


def test_only_one_of_many_starts_is_first(qtbot: QtBot, qapp: QApplication, runtime: Path) -> None:
    starts = [start(runtime, stay=True) for _ in range(4)]
    claims: list[str] = []
    for process in starts:
        assert process.stdout is not None
        claims.append(process.stdout.read(5))
    for process in starts:
        finish(process)
    assert claims.count("FIRST") == 1
