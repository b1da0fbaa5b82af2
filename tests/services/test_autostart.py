"""The entry that starts the program at login: where the desktop looks, and readable by its rules."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from aether_desktop.ports.errors import ReadOnlyError, StorageError
from aether_desktop.services.autostart import Autostart, started_carried


def _exec(path: Path) -> list[str]:
    """The command as a desktop reads it: the file's escapes first, then the quotes, then the field codes."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read_string(path.read_text("utf-8"))
    line = re.sub(r"\\(.)", r"\1", parser["Desktop Entry"]["Exec"])
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
    return [re.sub(r"\\(.)", r"\1", part).replace("%%", "%") for part in quoted]


def _states(entry: Autostart) -> list[bool]:
    return [entry.on]


def test_it_is_written_read_and_taken_away(tmp_path: Path) -> None:
    entry = Autostart(command=["/opt/aether/aether-desktop"], environment={"XDG_CONFIG_HOME": str(tmp_path)})
    assert entry.path == tmp_path / "autostart" / "aether-desktop.desktop"
    assert _states(entry) == [False]
    entry.set(on=True)
    assert _states(entry) == [True]
    assert _exec(entry.path) == ["/opt/aether/aether-desktop", "--minimised"]
    assert "TryExec=/opt/aether/aether-desktop" in entry.path.read_text("utf-8").splitlines()
    entry.path.write_text(entry.path.read_text("utf-8") + "Hidden=true\n", "utf-8")
    assert _states(entry) == [False]
    entry.set(on=False)
    entry.set(on=False)
    assert not entry.path.exists()


def test_any_path_is_quoted_by_the_desktops_rules(tmp_path: Path) -> None:
    strange = '/home/a b/50% "of" $HOME `x` \\ end/python'
    entry = Autostart(command=[strange, "-m", "aether_desktop"], environment={"XDG_CONFIG_HOME": str(tmp_path)})
    entry.set(on=True)
    assert _exec(entry.path) == [strange, "-m", "aether_desktop", "--minimised"]


def test_without_a_variable_it_lies_at_home(tmp_path: Path) -> None:
    for environment in ({"HOME": str(tmp_path)}, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "relative"}):
        assert Autostart(environment=environment).path == tmp_path / ".config" / "autostart" / "aether-desktop.desktop"


@pytest.mark.parametrize(("platform", "carried"), [("win32", False), ("linux", True)])
def test_where_it_cannot_be_had_it_says_why(tmp_path: Path, platform: str, carried: bool) -> None:
    entry = Autostart(environment={"XDG_CONFIG_HOME": str(tmp_path)}, platform=platform, carried=carried)
    assert entry.problem
    with pytest.raises(StorageError, match="at login"):
        entry.set(on=True)
    assert not entry.path.exists()


def test_a_data_folder_of_its_own_is_seen_in_how_it_was_started() -> None:
    assert started_carried(["aether-desktop", "--portable=/media/stick"])
    assert started_carried(["aether-desktop", "--data-dir", "/x"])
    assert not started_carried(["aether-desktop", "--vault", "/x"])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "autostart").write_text("a file")
    with pytest.raises(ReadOnlyError):
        Autostart(environment={"XDG_CONFIG_HOME": str(tmp_path)}).set(on=True)
