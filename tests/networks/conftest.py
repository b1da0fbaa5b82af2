"""A thread of scripted endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.scripted_endpoints import ServerThread


@pytest.fixture(scope="module")
def servers() -> Iterator[ServerThread]:
    with closing(ServerThread()) as thread:
        yield thread
