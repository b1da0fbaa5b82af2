"""One scene for all tests of access: each undoes what it does, or makes its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.scene import Scene, make_scene
from tests.support.postgres import PostgresCluster


@pytest.fixture(scope="session")
def scene(postgres_cluster: PostgresCluster) -> Iterator[Scene]:
    """Shared: tests roll back what they do in it."""
    made = make_scene(postgres_cluster)
    yield made
    postgres_cluster.drop_database(made.administration.rpartition("/")[2])


@pytest.fixture
def own_scene(postgres_cluster: PostgresCluster) -> Iterator[Scene]:
    """For tests that change people or rules."""
    made = make_scene(postgres_cluster)
    yield made
    postgres_cluster.drop_database(made.administration.rpartition("/")[2])
