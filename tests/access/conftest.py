"""One scene for all tests of access: each undoes what it does, works in a copy, or makes its own."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

import psycopg
import pytest

from tests.access.scene import Scene, make_scene
from tests.support.postgres import PostgresCluster


@pytest.fixture(scope="session")
def scene(postgres_cluster: PostgresCluster) -> Iterator[Scene]:
    """Shared: tests roll back what they do in it."""
    made = make_scene(postgres_cluster)
    yield made
    postgres_cluster.drop_database(made.administration.rpartition("/")[2])


@pytest.fixture(scope="session")
def scene_template(postgres_cluster: PostgresCluster) -> Iterator[Scene]:
    """What is copied; nobody connects to it."""
    made = make_scene(postgres_cluster)
    yield made
    postgres_cluster.drop_database(made.administration.rpartition("/")[2])


@pytest.fixture
def copied_scene(postgres_cluster: PostgresCluster, scene_template: Scene) -> Iterator[Scene]:
    """For tests that change rows, in a tenth of the time. People's logins and groups are those of all copies."""
    name = postgres_cluster.create_database(template=scene_template.administration.rpartition("/")[2])
    with psycopg.connect(postgres_cluster.url(name), autocommit=True) as administration:  # rights are not copied
        administration.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC".encode())
        administration.execute(
            f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO aether_{scene_template.tag}_member".encode()
        )
    people, maker = copy.deepcopy((scene_template.people, scene_template.maker))
    yield dataclasses.replace(scene_template, administration=postgres_cluster.url(name), people=people, maker=maker)
    postgres_cluster.retire_database(name)


@pytest.fixture
def own_scene(postgres_cluster: PostgresCluster) -> Iterator[Scene]:
    """For tests that change people or rules."""
    made = make_scene(postgres_cluster)
    yield made
    postgres_cluster.drop_database(made.administration.rpartition("/")[2])
