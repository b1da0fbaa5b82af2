"""Copies of a vault that lie beside it and open with something else than the vault itself does now.

NAME.aether.before-REVISION is kept by a change of the schema, NAME.aether.previous by a restored back-up. Worker
threads only.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from aether_desktop.ports.access import KeysDamagedError
from aether_desktop.ports.errors import KeyStoreError
from aether_desktop.ports.vault_keys import CopyOpens, OldCopy
from aether_desktop.security.header_file import HeaderFile
from aether_desktop.security.key_header import Header

_ENDING: Final = re.compile(r"\.before-[0-9A-Za-z_]+|(\.previous(?:-[0-9]+)?)")
_BESIDE: Final = (".keys", ".keys.1", ".attempts", "-wal", "-shm", "-journal")


def copies_beside(vault: Path, present: Header) -> tuple[OldCopy, ...]:
    """By name. Raises KeyStoreError."""
    found: list[OldCopy] = []
    for path in sorted(vault.parent.glob(f"{glob.escape(vault.name)}.*")):
        ending = _ENDING.fullmatch(path.name[len(vault.name) :])
        if ending is not None and path.is_file():
            found.append(OldCopy(path, _opened_by(path, present), set_aside=ending[1] is not None))
    return tuple(found)


def remove_copies(copies: Iterable[OldCopy]) -> None:
    """What belongs to a copy first: ended in the middle, the copy is still found. Raises KeyStoreError."""
    for copy in copies:
        hidden = [copy.path.with_name(f".{copy.path.name}{ending}.lock") for ending in (".keys", ".attempts")]
        beside = [copy.path.with_name(copy.path.name + ending) for ending in _BESIDE]
        try:
            for path in (*hidden, *beside, copy.path):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise KeyStoreError(
                f"{copy.path} cannot be deleted: {error.strerror}.", hint="Delete it by hand."
            ) from error


def _opened_by(copy: Path, present: Header) -> CopyOpens:
    own = HeaderFile(copy)
    try:
        if not own.is_of_hierarchy():
            return CopyOpens.DEVICE_ALONE
        header = own.read()[0]
    except KeysDamagedError:
        return CopyOpens.FORMER
    known = {slot.slot_id for level in present.levels for slot in level.slots}
    same = all(slot.slot_id in known for level in header.levels for slot in level.slots)
    return CopyOpens.PRESENT if same else CopyOpens.FORMER
