"""Which generation of a key file this computer saw last: an older one put in its place is noticed.

Kept in the keyring, or beside the key file that stands for it, under the first 64 bits of the header's vault id and a
mark of the place: copies of one vault go on by themselves. The value is canonical: "aether/1/keys-seen", generation,
SHA-256 of the file. Worker threads only: a keyring may block.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from aether_desktop.domain.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.ports.errors import KeyStoreError
from aether_desktop.ports.identity import PinStore, mark_of_place
from aether_desktop.ports.vault_keys import NEWEST_GENERATION, KeysNotice
from aether_desktop.security.key_header import Header

LABEL: Final = "aether/1/keys-seen"
_DIGEST_BYTES: Final = 32


class KeysSeen:
    """The memory of one key file; ``pins`` None remembers nothing. What cannot be remembered stops nobody."""

    def __init__(self, pins: PinStore | None, vault: Path) -> None:
        self._pins = pins
        self._name = f"keys-{mark_of_place(vault)}"

    def note(self, header: Header, content: bytes) -> None:
        """Remember an authenticated key file, unless a newer one was seen. Never raises."""
        with suppress(KeyStoreError):
            known = self._known(header)
            if known is None or (known[0] < header.generation and known[1]):
                self._keep(header, content)

    def notice(self, header: Header, content: bytes) -> KeysNotice | None:
        """What is to be told of this key file; None when it is the one that was seen, or newer. Never raises."""
        try:
            known = self._known(header)
        except KeyStoreError:
            return None  # the keyring says so itself where it is asked for the device's key
        if known is None or header.generation > known[0]:
            return None
        if header.generation == known[0] and known[1] == hashlib.sha256(content).digest():
            return None
        return KeysNotice(header.generation, known[0])

    def accept(self, header: Header, content: bytes) -> None:
        """This one counts from now on. Raises KeyStoreError and its kinds."""
        self._keep(header, content)

    def _known(self, header: Header) -> tuple[int, bytes] | None:
        """Generation and digest; a memory that was altered counts as the newest generation there can be."""
        kept = None if self._pins is None else self._pins.load(_number(header), self._name)
        if kept is None:
            return None
        try:
            reader = Decoder(LABEL, kept)
            found = reader.number(), reader.bytes(_DIGEST_BYTES)
            reader.end()
        except NotCanonicalError:
            return NEWEST_GENERATION, b""
        return found

    def _keep(self, header: Header, content: bytes) -> None:
        if self._pins is not None:
            value = encode(LABEL, header.generation, hashlib.sha256(content).digest())
            self._pins.save(_number(header), self._name, value)


def _number(header: Header) -> int:
    return int.from_bytes(header.vault_id[:8], "big")
