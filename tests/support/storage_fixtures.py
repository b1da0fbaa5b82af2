"""Fixtures over real vaults on both engines, for any folder of tests: import them in its conftest.

``storage`` and ``open_second`` are what most tests want; ``sqlite_storage`` where one engine is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from aether_desktop.storage.database import Database
from aether_desktop.storage.opening import OpenVault
from aether_desktop.storage.sql_storage import SqlStorage
from tests.support.postgres import PostgresCluster
from tests.support.storages import ENGINES, VaultPlace, vault_place

__all__ = ["database", "open_second", "place", "sqlite_place", "sqlite_storage", "storage", "vault", "vault_templates"]


@pytest.fixture(scope="session")
def vault_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run's template vault."""
    return tmp_path_factory.mktemp("templates")


def _place(engine: str, request: pytest.FixtureRequest, folder: Path, templates: Path) -> Iterator[VaultPlace]:
    def cluster() -> PostgresCluster:
        return cast(PostgresCluster, request.getfixturevalue("postgres_cluster"))

    def make_database(*, template: str) -> str:
        make: Callable[..., str] = request.getfixturevalue("postgres_database")
        return make(template=template)

    return vault_place(engine, folder=folder, templates=templates, cluster=cluster, make_database=make_database)


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path, vault_templates: Path) -> Iterator[VaultPlace]:
    """A fresh vault: a SQLCipher file, then a PostgreSQL database (only then is the server started)."""
    yield from _place(request.param, request, tmp_path, vault_templates)


@pytest.fixture
def vault(place: VaultPlace) -> OpenVault:
    """The vault, opened, without the stores."""
    return place.open_raw()


@pytest.fixture
def database(vault: OpenVault) -> Database:
    """What stores are built on."""
    return vault.database


@pytest.fixture
def storage(place: VaultPlace) -> SqlStorage:
    """The vault with all its stores, once on each engine."""
    return place.open()


@pytest.fixture
def open_second(place: VaultPlace) -> Callable[[], SqlStorage]:
    """Opens another client of the same vault; closed after the test."""
    return place.open


@pytest.fixture
def sqlite_place(request: pytest.FixtureRequest, tmp_path: Path, vault_templates: Path) -> Iterator[VaultPlace]:
    """A fresh SQLCipher vault."""
    yield from _place("sqlite", request, tmp_path, vault_templates)


@pytest.fixture
def sqlite_storage(sqlite_place: VaultPlace) -> SqlStorage:
    """The same with all its stores."""
    return sqlite_place.open()
