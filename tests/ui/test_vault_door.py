"""The page before a closed vault: what comes back after it was left, and what cannot be found out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from aether_desktop.ports.errors import StorageUnavailableError
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.vault_access import AccessState, VaultAccess
from aether_desktop.ui.shell.closed_vault import ClosedVault
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.vault_door import VaultDoor
from aether_desktop.ui.theme.theme import Theme
from tests.ui.locked_vaults import WAIT, Keyed, keyed
from tests.ui.sample_pages import MemoryState

_READERS = 4  # workers of the read lane


def never(_token: CancelToken, _progress: Progress) -> ServiceSet:
    raise AssertionError("nobody typed anything")


@pytest.fixture
def keys(tmp_path: Path, qapp: object) -> Iterator[Keyed]:
    with keyed(tmp_path) as opened:
        opened.access.lock()
        yield opened


@pytest.fixture
def door(keys: Keyed, theme: Theme, qtbot: QtBot) -> VaultDoor:
    window = MainWindow(theme, MemoryState())
    qtbot.addWidget(window)
    window.show()
    vault = ClosedVault("books", AccessState.LOCKED, keys.access, open_services=never)
    return VaultDoor(window, theme, jobs=keys.jobs, vault=vault)


def test_who_chose_another_vault_is_not_told_of_this_ones_keyring(door: VaultDoor, keys: Keyed, qtbot: QtBot) -> None:
    gate = threading.Event()
    for _ in range(_READERS):
        keys.jobs.read(lambda _token, _progress: gate.wait(WAIT / 1000))
    door.show()
    door.close()
    qtbot.waitUntil(lambda: not isValid(door))
    gate.set()
    qtbot.waitUntil(lambda: not keys.jobs.live, timeout=WAIT)  # an exception of a listener would fail the test


def test_what_cannot_be_found_out_is_said_once(
    door: VaultDoor, keys: Keyed, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def fail(access: VaultAccess) -> float:
        asked.append(access)
        raise StorageUnavailableError("The header cannot be read.")

    monkeypatch.setattr(VaultAccess, "wait", fail)
    with qtbot.waitSignal(door.failed, timeout=WAIT):
        door.show()
    assert not keys.jobs.live
    assert len(asked) == 1
