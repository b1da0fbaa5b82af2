"""A child process with a client and a signing device of its own that makes wallets until its standard input ends.

``ENGINE LOCATION USERNAME NUMBER``: prints "ready KEY_ID", waits for a line, then writes at least three times; at the
end prints how many wallets it was told are stored.
"""

from __future__ import annotations

import sys
import threading
from contextlib import closing
from pathlib import Path

from aether_desktop.storage.sql_storage import open_database, open_vault
from tests.storage import samples
from tests.support.audits import device
from tests.support.storages import KEY

LEAST = 3


def main() -> None:
    engine, location, username, number = sys.argv[1:]
    over = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        over.set()

    opened = open_vault(Path(location), KEY) if engine == "sqlite" else open_database(location, username=username)
    with closing(opened) as storage:
        storage.audit.sign_with(signer := device())
        print("ready", signer.key_id.hex(), flush=True)  # noqa: T201 - its parent reads it
        sys.stdin.readline()
        threading.Thread(target=listen, daemon=True).start()
        written = 0
        while written < LEAST or not over.is_set():
            address = samples.evm_address(1_000_000 * (int(number) + 1) + written)
            storage.wallets.create(samples.wallet(storage, name=f"{number}-{written}", address=address))
            written += 1
    print("stored", written, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
