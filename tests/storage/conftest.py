"""One vault per test on each engine, and other clients of the same vault."""

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


@pytest.fixture(scope="session")
def vault_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run's template vault."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path, vault_templates: Path) -> Iterator[VaultPlace]:
    """A fresh vault: a SQLCipher file, then a PostgreSQL database (only then is the server started)."""
    engine: str = request.param

    def cluster() -> PostgresCluster:
        return cast(PostgresCluster, request.getfixturevalue("postgres_cluster"))

    def make_database(*, template: str) -> str:
        make: Callable[..., str] = request.getfixturevalue("postgres_database")
        return make(template=template)

    yield from vault_place(
        engine, folder=tmp_path, templates=vault_templates, cluster=cluster, make_database=make_database
    )


@pytest.fixture
def vault(place: VaultPlace) -> OpenVault:
    """The vault, opened."""
    return place.open_raw()


@pytest.fixture
def database(vault: OpenVault) -> Database:
    """What stores are built on."""
    return vault.database


@pytest.fixture
def storage(vault: OpenVault) -> SqlStorage:
    """The vault with its stores; closed with the place."""
    return SqlStorage(vault)
