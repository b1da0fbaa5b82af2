"""One vault per test on each engine, and other clients of the same vault."""

from __future__ import annotations

from tests.support.storage_fixtures import (
    database,
    open_second,
    place,
    sqlite_place,
    sqlite_storage,
    storage,
    vault,
    vault_templates,
)

__all__ = ["database", "open_second", "place", "sqlite_place", "sqlite_storage", "storage", "vault", "vault_templates"]
