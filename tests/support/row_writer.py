"""A child process that stores rows until it is killed, and says after each commit what it has stored."""

from __future__ import annotations

import sys
from pathlib import Path

from aether_desktop.storage.sql_storage import SqlStorage, open_database, open_vault
from tests.storage import samples
from tests.support.storages import FOUNDER, KEY


def main() -> None:
    """``ENGINE LOCATION WALLET``: prints the two ids of each committed pair of transactions."""
    engine, location, wallet = sys.argv[1:]
    storage: SqlStorage = (
        open_vault(Path(location), KEY) if engine == "sqlite" else open_database(location, username=FOUNDER)
    )
    out = sys.stdout
    while True:
        first, second = (samples.transaction(storage, int(wallet)) for _ in range(2))
        with storage.unit_of_work():
            storage.transactions.create(first)
            storage.transactions.create(second)
        out.write(f"{first.id} {second.id}\n")
        out.flush()


if __name__ == "__main__":
    main()
