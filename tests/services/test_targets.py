"""Which vault or database is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.services.settings_file import DATABASE_URL, VAULT_PATH, SettingsFile
from aether_desktop.services.targets import (
    Target,
    TargetOrigin,
    UnconfirmedDatabaseError,
    resolve_target,
    without_password,
)

DEFAULT = Path("/nowhere/vault.aether")
URL = "postgresql://me:hunter2@db.example/books"


@pytest.fixture
def settings(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "settings.json")


def resolved(
    settings: SettingsFile,
    environment: dict[str, str] | None = None,
    *,
    vault: Path | None = None,
    database_url: str | None = None,
    key_file: Path | None = None,
    confirm: bool = False,
) -> Target:
    return resolve_target(
        vault=vault,
        database_url=database_url,
        key_file=key_file,
        settings=settings,
        environment=environment or {},
        default_vault=DEFAULT,
        confirm=confirm,
    )


def test_the_default_vault_when_nothing_is_named(settings: SettingsFile) -> None:
    assert resolved(settings) == Target(vault=DEFAULT, origin=TargetOrigin.DEFAULT)


def test_options_win_over_the_environment(settings: SettingsFile) -> None:
    environment = {"AETHER_DATABASE_URL": URL, "DATABASE_URL": URL}
    assert resolved(settings, environment, vault=Path("a.aether")).vault == Path("a.aether")
    assert resolved(settings, environment, database_url="postgresql://other/db").database_url == "postgresql://other/db"


def test_a_key_file_goes_with_whatever_is_opened(settings: SettingsFile) -> None:
    key = Path("key")
    assert resolved(settings, key_file=key).key_file == key
    assert resolved(settings, key_file=key, vault=Path("a.aether")).key_file == key
    assert resolved(settings, key_file=key, database_url=URL).key_file == key
    assert resolved(settings, {"AETHER_DATABASE_URL": URL}, key_file=key).key_file == key
    assert resolved(settings, {"DATABASE_URL": URL}, key_file=key, confirm=True).key_file == key
    VAULT_PATH.set(settings, "b.aether")
    assert resolved(settings, key_file=key).key_file == key
    DATABASE_URL.set(settings, "postgresql://db.example/books")
    assert resolved(settings, key_file=key).key_file == key


def test_our_own_variable_needs_no_confirmation(settings: SettingsFile) -> None:
    target = resolved(settings, {"AETHER_DATABASE_URL": URL, "DATABASE_URL": "postgresql://other/db"})
    assert target.database_url == URL
    assert "hunter2" not in repr(target)


def test_the_shared_variable_is_confirmed_once(settings: SettingsFile) -> None:
    environment = {"DATABASE_URL": URL}
    with pytest.raises(UnconfirmedDatabaseError) as caught:
        resolved(settings, environment)
    assert "hunter2" not in str(caught.value)
    assert "--confirm-database" in str(caught.value)
    assert resolved(settings, environment, confirm=True).database_url == URL
    assert resolved(settings, environment).database_url == URL
    with pytest.raises(UnconfirmedDatabaseError):
        resolved(settings, {"DATABASE_URL": "postgresql://elsewhere/db"})
    settings.close()
    assert "hunter2" not in settings.path.read_text()


def test_another_engines_shared_variable_is_not_ours(settings: SettingsFile) -> None:
    assert resolved(settings, {"DATABASE_URL": "mysql://root@localhost/shop"}).vault == DEFAULT


def test_settings_come_before_the_default(settings: SettingsFile) -> None:
    VAULT_PATH.set(settings, "/books/own.aether")
    assert resolved(settings) == Target(vault=Path("/books/own.aether"), origin=TargetOrigin.SETTINGS)
    DATABASE_URL.set(settings, "postgresql://db.example/books")
    assert resolved(settings).database_url == "postgresql://db.example/books"
    settings.close()


def test_contradictions_and_other_engines_are_refused(settings: SettingsFile) -> None:
    with pytest.raises(InvalidInputError, match="at once"):
        resolved(settings, vault=Path("a"), database_url=URL)
    with pytest.raises(InvalidInputError, match="PostgreSQL"):
        resolved(settings, database_url="sqlite:///x.db")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (URL, "postgresql://me@db.example/books"),
        (
            "postgresql://me:p@ss@db.example:5433/books?sslmode=require",
            "postgresql://me@db.example:5433/books?sslmode=require",
        ),
        ("postgresql://db/books?password=x&user=me", "postgresql://db/books?user=me"),
        ("postgresql://db/books?password=x", "postgresql://db/books"),
        ("postgresql:///books", "postgresql:///books"),
    ],
)
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    assert without_password(url) == shown
