"""What is opened at start, what is remembered, and where passwords go."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import keyring.backend
import pytest

from aether_desktop import composition
from aether_desktop.composition import Target, shared_databases
from aether_desktop.domain.audit import entry_leaf
from aether_desktop.domain.merkle import Frontier
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import KeyMissingError, KeyStoreAbsentError, NotFoundError
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.services.places import find_places
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.services.targets import TargetOrigin
from aether_desktop.storage.addresses import split_password
from aether_desktop.storage.sqlite import SqliteKit
from tests.storage.files import incoming, new_batch
from tests.support.audits import log_of
from tests.support.session_bus import SessionBus
from tests.support.storages import as_founder, provision


@pytest.fixture
def settings(tmp_path: Path) -> SettingsFile:
    return SettingsFile(tmp_path / "settings.json")


def found(settings: SettingsFile, data_dir: Path) -> Target | None:
    return composition.find_target(data_dir=data_dir, settings=settings, environment={})


def test_a_first_run_finds_nothing(settings: SettingsFile, tmp_path: Path) -> None:
    assert found(settings, tmp_path / "data") is None
    assert composition.default_vault(tmp_path) == tmp_path / "vault.aether"
    assert not (tmp_path / "data").exists()


def test_places_follow_the_system(private_home: Path) -> None:
    places = find_places()
    assert places.default_vault == private_home / ".local/share/aether-desktop/vault.aether"
    assert places.settings_file == private_home / ".config/aether-desktop/settings.json"
    assert places.state == private_home / ".local/state/aether-desktop"


def test_what_was_opened_last_is_opened_again(settings: SettingsFile, tmp_path: Path) -> None:
    key = tmp_path / "key"
    composition.create_vault(tmp_path / "own.aether", settings=settings, key_file=key, data_dir=tmp_path).close()
    again = found(settings, tmp_path)
    assert again == Target(vault=tmp_path / "own.aether", origin=TargetOrigin.SETTINGS)
    with closing(composition.open_services(again, settings=settings, key_file=key, data_dir=tmp_path)) as services:
        assert services.info.vault_name == "own"
    composition.create_vault(tmp_path / "vault.aether", settings=settings, key_file=key, data_dir=tmp_path).close()
    assert found(settings, tmp_path) == Target(vault=tmp_path / "vault.aether", origin=TargetOrigin.DEFAULT)
    composition.open_sample(settings=settings, data_dir=tmp_path).close()
    assert found(settings, tmp_path) == Target(vault=tmp_path / "vault.aether", origin=TargetOrigin.DEFAULT)
    settings.close()


def test_a_vault_that_went_away_is_said(settings: SettingsFile, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        composition.open_services(Target(vault=tmp_path / "gone.aether"), settings=settings)
    assert not (tmp_path / "gone.aether").exists()


def test_the_sample_is_built_once(settings: SettingsFile, tmp_path: Path) -> None:
    with closing(composition.open_sample(settings=settings, data_dir=tmp_path)) as services:
        services.wallets.add(name="Mine", chain="ethereum", address="0x" + "11" * 20)
        location = Path(services.info.location)
    assert location == tmp_path / "sample.aether"
    with closing(composition.open_services(Target(vault=location), settings=settings)) as services:
        assert services.wallets.find("Mine").name == "Mine"


def test_a_restored_backup_lies_beside_the_open_vault(settings: SettingsFile, tmp_path: Path) -> None:
    key = tmp_path / "key"
    with closing(composition.create_vault(tmp_path / "own.aether", settings=settings, key_file=key)) as services:
        wallet = services.wallets.add(name="Main", chain="ethereum", address="0x" + "11" * 20)
        copy = services.backups.back_up(tmp_path / "copy.aether")
        services.records.edit(TableName.WALLETS, wallet, {"name": "Later"})
        services.backups.restore_as(copy, tmp_path / "again.aether")
    opened = composition.open_services(Target(vault=tmp_path / "again.aether", key_file=key), settings=settings)
    with closing(opened) as services:
        assert services.wallets.find("Main").id == wallet.id
    settings.close()


def test_nothing_is_written_before_the_audit_log_is_compared(settings: SettingsFile, tmp_path: Path) -> None:
    """Not even the end of an import that a killed program left half-way."""
    key, path = tmp_path / "key", tmp_path / "own.aether"
    composition.create_vault(path, settings=settings, key_file=key).close()
    with closing(composition.open_services(Target(vault=path), settings=settings, key_file=key)) as services:
        wallet = services.wallets.add(name="Main", chain="ethereum", address="0x" + "11" * 20)
        batch = new_batch(services.storage, wallet.id)
        services.storage.imports.store(batch, [[incoming(1)]], [], token=CancelToken())
        kept = log_of(services.storage)[:-1]
    frontier = Frontier()
    for row in kept:
        frontier.append(entry_leaf(row.entry, row.signature))
    kit = SqliteKit(path, KeyFileStore(key).load(path))
    with kit.writer.connect() as connection, connection.begin():
        for statement in (
            f"DELETE FROM audit_entries WHERE leaf_index >= {frontier.size}",
            f"UPDATE audit_heads SET size = {frontier.size}, peaks = x'{frontier.peaks.hex()}'",
            "UPDATE import_batches SET status = 'undone', undone_at = 0",
        ):
            connection.exec_driver_sql(statement)
    kit.dispose()
    with closing(composition.open_services(Target(vault=path), settings=settings, key_file=key)) as services:
        assert services.audit.problem is not None
        assert services.storage.audit.last_index() == frontier.size - 1
        assert services.storage.imports.get(batch.id).unfinished


def test_without_a_keyring_nothing_is_left_behind(
    absent_keyring: SessionBus, settings: SettingsFile, tmp_path: Path
) -> None:
    with pytest.raises(KeyStoreAbsentError, match="--key-file"):
        composition.create_vault(tmp_path / "own.aether", settings=settings)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("own")] == []


def test_a_vault_whose_key_the_keyring_lost_is_said(
    real_keyring: keyring.backend.KeyringBackend, settings: SettingsFile, tmp_path: Path
) -> None:
    composition.create_vault(tmp_path / "own.aether", settings=settings).close()
    (tmp_path / "own.aether.keys").unlink()
    with pytest.raises(KeyMissingError):
        composition.open_services(Target(vault=tmp_path / "own.aether"), settings=settings)
    settings.close()


def test_the_password_of_a_database_goes_to_the_keyring(
    real_keyring: keyring.backend.KeyringBackend,
    postgres_database: Callable[..., str],
    settings: SettingsFile,
    tmp_path: Path,
) -> None:
    administration = postgres_database()
    provision(administration, name="Books")
    url = as_founder(administration)
    shown, password = split_password(url)
    assert password
    composition.open_services(Target(database_url=url), settings=settings).close()
    settings.close()
    assert password not in settings.path.read_text()
    again = found(SettingsFile(settings.path), tmp_path)
    assert again == Target(database_url=shown, origin=TargetOrigin.SETTINGS)
    with closing(composition.open_services(again, settings=SettingsFile(settings.path))) as services:
        assert services.info.engine == "postgresql"
        assert password not in repr(services.info)


def test_a_new_login_s_password_lies_in_the_keyring_only(
    real_keyring: keyring.backend.KeyringBackend,
    postgres_database: Callable[..., str],
    settings: SettingsFile,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    done = shared_databases.provision(postgres_database(), name="Books", username="miriam")
    password = KeyringStore().load_password(done.url)
    assert password is not None
    assert len(password) == 64
    assert password not in repr(done) + caplog.text
    assert done.kept == "the keyring"
    with closing(composition.open_services(Target(database_url=done.url), settings=settings)) as services:
        assert services.info.vault_name == "Books"
        assert password not in repr(services.info)
    settings.close()
    assert password not in settings.path.read_text()
