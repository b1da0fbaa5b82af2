"""The system's folders: those that the library names, found without it."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from aether_desktop.services.places import APPLICATION, Places, find_places


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"XDG_DATA_HOME": "/elsewhere/data", "XDG_STATE_HOME": "/elsewhere/state"},
        {"XDG_CONFIG_HOME": "relative/does not count"},
        {"XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "  "},
        {"HOME": "/home/somebody else"},
        {"HOME": ""},
        {"HOME": "relative"},
    ],
)
def test_they_are_where_the_library_says(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folders = (platformdirs.user_data_dir, platformdirs.user_config_dir, platformdirs.user_state_dir)
    assert find_places() == Places(*(Path(folder(APPLICATION, appauthor=False)) for folder in folders))


def test_everything_lies_below_a_folder_that_is_named(tmp_path: Path) -> None:
    assert find_places(tmp_path) == Places(tmp_path, tmp_path, tmp_path / "state")
