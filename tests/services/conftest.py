"""Services over a real, encrypted SQLite vault of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.domain.addresses import to_checksum
from aether_desktop.ports.storage import Storage
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.sql_storage import open_vault
from aether_desktop.sums.built_in import BUILT_IN
from tests.support.storage_fixtures import sqlite_place, sqlite_storage, vault_templates
from tests.support.storages import KEY, vault_template

__all__ = ["service_templates", "services", "sqlite_place", "sqlite_storage", "vault_file", "vault_templates"]

ADDRESS = to_checksum("0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3")


@pytest.fixture(scope="session")
def service_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run's template vault."""
    return tmp_path_factory.mktemp("service-templates")


@pytest.fixture
def vault_file(tmp_path: Path, service_templates: Path) -> Path:
    """A fresh vault; KEY opens it."""
    path = tmp_path / "books.aether"
    shutil.copyfile(vault_template(service_templates), path)
    path.chmod(0o600)
    return path


@pytest.fixture
def services(vault_file: Path, tmp_path: Path) -> Iterator[ServiceSet]:
    """All services over that vault."""
    with closing(open_services_over(vault_file, tmp_path)) as opened:
        yield opened


def open_services_over(vault: Path, folder: Path) -> ServiceSet:
    """Another client of the vault in this process; the caller closes it."""
    return services_over(open_vault(vault, KEY), folder)


def services_over(storage: Storage, folder: Path) -> ServiceSet:
    """Services over an open storage, which they close."""
    settings = SettingsFile(folder / "settings.json")

    def close() -> None:
        storage.close()
        settings.close()

    return build_services(storage, settings, ModuleService(settings, BUILT_IN), on_close=close)
