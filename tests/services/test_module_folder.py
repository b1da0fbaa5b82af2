"""Packages of modules in the data folder: found, off, refused where others may write, last on the search path."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.services.module_folder import ModuleFolder
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.sums.built_in import BUILT_IN

_CODE = """
from aether_desktop.sum_api import SumDescriptor, SumKind, hookimpl
class Watch: pass
@hookimpl
def sacred_utility_modules():
    return [SumDescriptor("folder.watch", SumKind.INTERCEDING, "Watch", "1", "Watches.", Watch())]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``pip install --target`` leaves behind."""
    place = tmp_path / "modules"
    info = place / "outside-1.0.dist-info"
    info.mkdir(parents=True)
    place.chmod(0o700)
    (place / "outside_modules.py").write_text(_CODE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[aether_desktop.sums]\nwatch = outside_modules\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "outside_modules", raising=False)
    return place


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[SettingsFile]:
    with closing(SettingsFile(tmp_path / "settings.json")) as kept:
        yield kept


def service(settings: SettingsFile, folder: Path) -> ModuleService:
    return ModuleService(settings, BUILT_IN, folder=ModuleFolder(folder))


def test_a_package_is_listed_off_and_not_imported(settings: SettingsFile, folder: Path) -> None:
    (entry,) = [each for each in service(settings, folder).entries() if each.source == "outside"]
    assert not entry.enabled
    assert entry.key == "package:watch"
    assert "outside_modules" not in sys.modules
    assert str(folder) not in sys.path


def test_switched_on_it_is_loaded_and_the_folder_is_last(settings: SettingsFile, folder: Path) -> None:
    modules = service(settings, folder)
    modules.set_enabled("package:watch", enabled=True)
    assert {"package:watch", "folder.watch"} <= {each.key for each in modules.entries() if each.enabled}
    assert sys.path[-1] == str(folder)


def test_a_folder_that_others_may_write_is_left_out_and_says_so(settings: SettingsFile, folder: Path) -> None:
    folder.chmod(0o777)
    modules = service(settings, folder)
    (entry,) = [each for each in modules.entries() if each.error]
    assert "chmod go-w" in entry.error
    with pytest.raises(InvalidInputError):
        modules.set_enabled("package:watch", enabled=True)


def test_no_folder_is_nothing_to_speak_of(settings: SettingsFile, tmp_path: Path) -> None:
    assert not [each for each in service(settings, tmp_path / "none").entries() if each.error]
