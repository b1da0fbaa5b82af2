"""A child process that indexes what waits, two rows in a transaction, and says after each that it did."""

from __future__ import annotations

import sys
from pathlib import Path

from aether_desktop.storage import search_grams, search_upkeep
from aether_desktop.storage.sql_storage import SqlStorage, open_database, open_vault
from tests.support.storages import FOUNDER, KEY


def main() -> None:
    """``ENGINE LOCATION``: prints a line after each transaction."""
    engine, location = sys.argv[1:]
    search_grams._AT_ONCE = search_upkeep._SLICE = 2  # type: ignore[misc]
    search_upkeep._SLICE_SECONDS = 0  # type: ignore[misc]
    storage: SqlStorage = (
        open_vault(Path(location), KEY) if engine == "sqlite" else open_database(location, username=FOUNDER)
    )

    def say(done: int, total: int | None, message: str = "") -> None:
        sys.stdout.write(f"{done} of {total} {message}\n")
        sys.stdout.flush()

    storage.search.settle(progress=say)


if __name__ == "__main__":
    main()
