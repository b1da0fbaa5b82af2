"""Names of people by id, for whoever shows ids: from the rows one may read, and from the membership log."""

from __future__ import annotations

from contextlib import suppress

from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.storage import Storage
from aether_desktop.services.people import PeopleService


def person_names(storage: Storage, people: PeopleService | None, *, full: bool = False) -> dict[int, str]:
    """Outside text. ``full``: the display name where there is one. A log that is not trusted gives no names.

    Worker threads only. Raises the StorageError family.
    """
    names: dict[int, str] = {}
    if people is not None:
        with suppress(AetherError):  # the page of people says what is wrong with it
            names = people.log_names()
    return names | {user.id: (user.display_name if full else "") or user.username for user in storage.users.all()}
