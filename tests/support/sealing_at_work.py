"""A child process that seals what a vault holds in plain until it is done or killed; says after each batch how far."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from aether_desktop.security.identity import PersonIdentity
from aether_desktop.services.plain_values import PlainValueSealer
from aether_desktop.storage.sql_storage import open_database, open_vault
from tests.security.parties import FixedLevels, Pins, Server
from tests.services.signers import Signers
from tests.support.storages import FOUNDER, KEY

BATCH = 3


def keep_keys(signers: Signers, path: Path) -> None:
    """For another process of the same person."""
    path.write_bytes(pickle.dumps((signers.server, signers._pins)))


def main() -> None:
    """``ENGINE LOCATION KEYS``"""
    engine, location, keys = sys.argv[1:]
    storage = open_vault(Path(location), KEY) if engine == "sqlite" else open_database(location, username=FOUNDER)
    server, pins = pickle.loads(Path(keys).read_bytes())  # noqa: S301 - written by the test itself
    assert isinstance(server, Server)
    assert isinstance(pins, Pins)
    info = storage.info
    levels = FixedLevels(FOUNDER.encode().ljust(32, b"."))
    identity = PersonIdentity(levels, server, pins, vault_id=info.vault_id, user_id=info.user_id)
    owner_id = None if info.engine == "sqlite" else info.user_id
    work = PlainValueSealer(storage.plain_values, identity.sealer, user_id=info.user_id, owner_id=owner_id, batch=BATCH)

    def tell(done: int, total: int | None, message: str = "") -> None:
        sys.stdout.write(f"{done}\n")
        sys.stdout.flush()

    work.run(progress=tell)
    storage.close()


if __name__ == "__main__":
    main()
