"""The vaults opened last: order, bound, and paths that survive a move of the data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.services.recent_vaults import MOST, RecentVaults
from aether_desktop.services.settings_file import RECENT_VAULTS, VAULT_PATH, SettingsFile
from aether_desktop.services.targets import resolve_target


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[SettingsFile]:
    with closing(SettingsFile(tmp_path / "settings.json")) as kept:
        yield kept


def test_the_latest_comes_first_and_once(tmp_path: Path, settings: SettingsFile) -> None:
    recent = RecentVaults(settings, tmp_path)
    for name in ("a", "b", "a"):
        recent.add(tmp_path / f"{name}.aether")
    assert [path.stem for path in recent.paths()] == ["a", "b"]
    recent.forget(tmp_path / "a.aether")
    assert [path.stem for path in recent.paths()] == ["b"]


def test_old_ones_are_forgotten(tmp_path: Path, settings: SettingsFile) -> None:
    recent = RecentVaults(settings, tmp_path)
    for number in range(MOST + 3):
        recent.add(tmp_path / f"{number}.aether")
    assert [path.stem for path in recent.paths()] == [str(number) for number in range(MOST + 2, 2, -1)]


def test_paths_move_with_the_data_folder(tmp_path: Path, settings: SettingsFile) -> None:
    RecentVaults(settings, tmp_path / "stick").add(tmp_path / "stick/books/b.aether")
    RecentVaults(settings, tmp_path / "stick").add(tmp_path / "elsewhere.aether")
    moved = RecentVaults(settings, tmp_path / "mounted").paths()
    assert moved == [tmp_path / "elsewhere.aether", tmp_path / "mounted/books/b.aether"]
    assert RECENT_VAULTS.get(settings)[1] == "books/b.aether"
    VAULT_PATH.set(settings, "books/b.aether")
    target = resolve_target(
        vault=None,
        database_url=None,
        key_file=None,
        settings=settings,
        environment={},
        default_vault=tmp_path / "mounted/vault.aether",
    )
    assert target.vault == tmp_path / "mounted/books/b.aether"
