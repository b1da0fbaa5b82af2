"""Without a keyring what is remembered lasts for one run, and never replaces what a keyring holds."""

from __future__ import annotations

import pytest

from aether_desktop.ports.errors import KeyStoreAbsentError, KeyStoreError, KeyStoreLockedError
from aether_desktop.security.pin_stores import PassingPinStore


class Shelf:
    """A store that answers, or refuses as it is told."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], bytes] = {}
        self.refuses: KeyStoreError | None = None

    def load(self, vault_id: int, name: str) -> bytes | None:
        if self.refuses is not None:
            raise self.refuses
        return self.kept.get((vault_id, name))

    def save(self, vault_id: int, name: str, value: bytes) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.kept[vault_id, name] = value


@pytest.mark.parametrize("refusal", [KeyStoreAbsentError("none"), KeyStoreLockedError("locked")])
def test_what_cannot_be_kept_is_remembered_for_this_run(refusal: KeyStoreError) -> None:
    shelf = Shelf()
    pins = PassingPinStore(shelf)
    pins.save(1, "head", b"old")
    shelf.refuses = refusal
    assert pins.load(1, "head") is None
    pins.save(1, "head", b"new")
    assert pins.load(1, "head") == b"new"
    shelf.refuses = None
    assert pins.load(1, "head") == b"old"  # what the keyring holds still counts
    assert PassingPinStore(shelf).load(1, "head") == b"old"


def test_a_keyring_that_is_damaged_is_no_absent_one() -> None:
    shelf = Shelf()
    shelf.refuses = KeyStoreError("damaged")
    with pytest.raises(KeyStoreError, match="damaged"):
        PassingPinStore(shelf).load(1, "head")
    with pytest.raises(KeyStoreError, match="damaged"):
        PassingPinStore(shelf).save(1, "head", b"x")
