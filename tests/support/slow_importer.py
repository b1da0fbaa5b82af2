"""A child process in the middle of an import in parts, until it is killed or its standard input ends.

``LOCATION WALLET ROWS``: within its first chunk it waits until another program waits for the vault, so that it gives
way; within each of the three that follow it prints "part" and waits for a line.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from aether_desktop.domain.transactions import Movement
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import import_run
from aether_desktop.storage.sql_storage import open_vault
from aether_desktop.storage.turns import Turns
from tests.storage.files import incoming, new_batch
from tests.support.storages import KEY


def main() -> None:
    location, wallet, rows = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    import_run.CHUNK_ROWS = rows
    turns = Turns(location)

    def chunks() -> Iterator[list[Movement]]:
        for part in range(4):
            first = part * rows + 1
            print("open" if part == 0 else "part", flush=True)  # noqa: T201 - its parent reads it
            if part:
                sys.stdin.readline()
            while part == 0 and not turns.wanted():
                time.sleep(0.001)  # in a process of its own: as the program, it can only look
            yield [incoming(number) for number in range(first, first + rows)]

    with closing(open_vault(location, KEY)) as storage:
        storage.imports.store(new_batch(storage, wallet), chunks(), [], token=CancelToken())
    print("stored", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
