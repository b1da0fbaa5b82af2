"""Settings survive restarts, other processes and damage; secrets never enter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aether_desktop.services.settings_file import DATABASE_URL, Setting, SettingsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def test_values_come_back_after_closing(path: Path) -> None:
    first = SettingsFile(path)
    first.set("window.columns", {"wallets": ["name", "chain"], "width": 3})
    first.set("theme", "dark")
    first.close()
    again = SettingsFile(path)
    assert again.get("window.columns") == {"wallets": ["name", "chain"], "width": 3}
    assert again.get("theme") == "dark"
    assert again.get("absent", 7) == 7
    assert path.stat().st_mode & 0o777 == 0o600


def test_none_forgets(path: Path) -> None:
    settings = SettingsFile(path)
    settings.set("theme", "dark")
    settings.close()
    settings.set("theme", None)
    settings.close()
    assert json.loads(path.read_text()) == {}


def test_changes_reach_the_disk_without_closing(path: Path) -> None:
    settings = SettingsFile(path)
    settings.set("theme", "dark")
    settings.flush()
    assert json.loads(path.read_text()) == {"theme": "dark"}


def test_another_process_keeps_its_keys(path: Path) -> None:
    ours, theirs = SettingsFile(path), SettingsFile(path)
    theirs.set("theirs", 1)
    theirs.close()
    ours.set("ours", 2)
    ours.close()
    assert json.loads(path.read_text()) == {"ours": 2, "theirs": 1}


@pytest.mark.parametrize("content", ["{", "[1]", "\x00\x01", '{"a": NaN'])
def test_a_damaged_file_is_kept_aside_and_said(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    settings = SettingsFile(path)
    assert settings.get("theme") is None
    kept = list(path.parent.glob("settings.json.damaged-*"))
    assert [each.read_text() for each in kept] == [content]
    assert kept[0].name in settings.problems[0]
    settings.set("theme", "light")
    settings.close()
    assert json.loads(path.read_text()) == {"theme": "light"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("database.password", "x"),
        ("wallet.mnemonic", "abandon"),
        ("connection.database_url", "postgresql://me:hunter2@host/db"),
        ("recent", ["postgresql://host/db", "postgresql://me:hunter2@host/db"]),
        ("connection", {"private_key": "0x00"}),
    ],
)
def test_secrets_are_refused(path: Path, key: str, value: object) -> None:
    settings = SettingsFile(path)
    with pytest.raises(ValueError, match="keyring"):
        settings.set(key, value)
    settings.close()
    assert not path.exists()


@pytest.mark.parametrize("value", [object(), float("nan"), {"a": {1, 2}}])
def test_what_json_cannot_hold_is_refused(path: Path, value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        SettingsFile(path).set("key", value)


def test_a_stored_value_of_another_type_counts_as_the_default(path: Path) -> None:
    settings = SettingsFile(path)
    names = Setting("names", ["a"])
    settings.set("names", [1, 2])
    settings.set(DATABASE_URL.key, 5)
    assert names.get(settings) == ["a"]
    assert DATABASE_URL.get(settings) == ""
    names.set(settings, ["b"])
    assert names.get(settings) == ["b"]
    settings.close()


def test_a_folder_that_cannot_be_written_costs_the_change_not_the_program(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = SettingsFile(blocked / "settings.json")
    settings.set("theme", "dark")
    settings.close()
    assert settings.get("theme") == "dark"
    assert any("could not be kept" in problem for problem in settings.problems)


def test_each_problem_is_told_once_to_whoever_listens(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{damaged")
    settings, heard = SettingsFile(path), list[str]()
    settings.hear_problems(heard.append)
    assert ["damaged" in problem for problem in heard] == [True]
    path.mkdir()
    for theme in ("dark", "light"):
        settings.set("theme", theme)
        settings.close()
    assert len(heard) == 3  # damaged, cannot be read now, cannot be kept
    assert f"may write in {tmp_path}" in heard[2]
    settings.hear_problems(None)
    path.rmdir()
    settings.close()
    assert SettingsFile(path).get("theme") == "light"
