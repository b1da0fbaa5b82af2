"""Rotates keys, invites people and accepts them, over and over, until it is killed: a program for a child process.

``VAULT``: a vault file of ``tests.services.identities``, with the pins of its founder in the same folder. Each
invitation is acknowledged on standard output once it is accepted.
"""

from __future__ import annotations

import itertools
import sys
from contextlib import closing
from pathlib import Path

from aether_desktop.domain.courts import Court
from aether_desktop.domain.users import Role
from aether_desktop.security.pin_stores import FilePinStore
from aether_desktop.storage.sql_storage import SqlStorage, open_vault
from tests.services.identities import Seat, seat
from tests.support.storages import KEY


def reopened(vault: Path) -> tuple[SqlStorage, Seat]:
    """The founder at a fresh start of the program."""
    storage = open_vault(vault, KEY)
    return storage, seat(storage, storage.info.user_id, pins=FilePinStore(vault.parent), batch=3)


def work(vault: Path) -> None:
    storage, one = reopened(vault)
    with closing(storage):
        print("ready", flush=True)  # noqa: T201 - the parent reads it
        one.identity.settled()
        for number in itertools.count():
            one.rotation.rotate(one.id, Court.HOLY)
            made = one.people.invite(f"guest-{storage.new_id()}", Role.MEMBER)
            guest = seat(storage, made.stored.user_id, pins=one.pins)
            one.people.accept(made.stored.id, guest.people.answer(made.file, made.secret))
            one.people.grant_court(Court.HOLY, guest.id)
            print(number, flush=True)  # noqa: T201


if __name__ == "__main__":
    work(Path(sys.argv[1]))
