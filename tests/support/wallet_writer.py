"""Child processes, each with a client and a signing device of its own, that make wallets until their input ends.

One program loads what they all need and forks for each ``LOCATION USERNAME INPUT OUTPUT`` (descriptors) behind
``ENGINE``. A writer prints "ready KEY_ID", waits for a line, then writes at least three times; at the end it prints how
many wallets it was told are stored. The program's exit code is the largest of theirs.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from contextlib import closing
from pathlib import Path
from typing import TextIO

from aether_desktop.storage.sql_storage import open_database, open_vault
from tests.storage import samples
from tests.support.audits import device
from tests.support.storages import KEY

LEAST = 3


def write(engine: str, location: str, username: str, *, number: int, told: TextIO, tells: TextIO) -> None:
    """One writer's life; ``number`` keeps the addresses of writers apart."""
    over = threading.Event()

    def listen() -> None:
        told.read()
        over.set()

    opened = open_vault(Path(location), KEY) if engine == "sqlite" else open_database(location, username=username)
    with closing(opened) as storage:
        storage.audit.sign_with(signer := device())
        print("ready", signer.key_id.hex(), file=tells, flush=True)  # its parent reads it
        told.readline()
        threading.Thread(target=listen, daemon=True).start()
        written = 0
        while written < LEAST or not over.is_set():
            address = samples.evm_address(1_000_000 * (number + 1) + written)
            storage.wallets.create(samples.wallet(storage, name=f"{number}-{written}", address=address))
            written += 1
    print("stored", written, file=tells, flush=True)


def main() -> int:
    engine, *rest = sys.argv[1:]
    writers = [rest[start : start + 4] for start in range(0, len(rest), 4)]
    pipes = {int(descriptor) for writer in writers for descriptor in writer[2:]}
    children = []
    for number, (location, username, told, tells) in enumerate(writers):
        child = os.fork()
        if child:
            children.append(child)
            continue
        for each in pipes - {int(told), int(tells)}:  # an end that another holds open never ends
            os.close(each)
        code = 1
        try:
            with os.fdopen(int(told)) as source, os.fdopen(int(tells), "w") as sink:
                write(engine, location, username, number=number, told=source, tells=sink)
            code = 0
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    for each in pipes:
        os.close(each)
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main())
