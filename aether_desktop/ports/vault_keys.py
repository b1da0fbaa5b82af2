"""A vault's keys as the layers without cryptography see them: factors, slots, kits, and what can be done with them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from aether_desktop.domain.courts import Court
from aether_desktop.domain.password_strength import ADVICE, estimate
from aether_desktop.ports.access import Levels
from aether_desktop.ports.errors import AetherError, InvalidInputError

PASSWORD_LEAST: Final = 8  # characters
NEWEST_GENERATION: Final = (1 << 64) - 1  # of a key file: one that cannot be reached
PASSWORD_MOST: Final = 1024  # bytes of UTF-8


class VaultLockedError(AetherError):
    """The vault opens with a password that was not given."""


class FactorKind(StrEnum):
    """What opens a slot. The values stand in the key file."""

    PASSPHRASE = "passphrase"  # noqa: S105 - a kind, not a passphrase
    KEY_FILE = "key-file"
    KIT = "kit"


@dataclass(frozen=True, slots=True, repr=False)
class Factor:
    """What a person gives to open a level. Whoever takes one wipes it after use, also when it was wrong."""

    kind: FactorKind
    secret: bytearray = field(default_factory=bytearray)
    """The passphrase in UTF-8 (NFC), or the kit's words; empty for a key file."""
    path: Path | None = None

    @classmethod
    def passphrase(cls, text: str | bytes | bytearray) -> Factor:
        """A password or passphrase as typed; the same letters in another Unicode form are the same.

        Raises InvalidInputError for what is no UTF-8, empty or over 1024 bytes.
        """
        try:
            typed = text if isinstance(text, str) else bytes(text).decode("utf-8")
            secret = bytearray(unicodedata.normalize("NFC", typed).encode("utf-8"))
        except UnicodeError:
            raise InvalidInputError("The password is not text.", field="password", hint="Use UTF-8.") from None
        if not secret:
            raise InvalidInputError("The password is empty.", field="password", hint="Type the password.")
        if len(secret) > PASSWORD_MOST:
            raise InvalidInputError(
                f"The password is over {PASSWORD_MOST} bytes: {len(secret):,}.",
                field="password",
                hint=f"Shorten it to at most {PASSWORD_MOST} letters without accents, or look whether this is the"
                " right file; a few words are long enough.",
            )
        return cls(FactorKind.PASSPHRASE, secret)

    @classmethod
    def key_file(cls, path: Path) -> Factor:
        """A file of 64 hexadecimal digits that only its owner may read."""
        return cls(FactorKind.KEY_FILE, path=path)

    @classmethod
    def kit(cls, words: str) -> Factor:
        """The 24 words of a recovery kit, as typed."""
        return cls(FactorKind.KIT, bytearray(words.encode("utf-8", "surrogatepass")))

    def copy(self) -> Factor:
        """Another one, to be wiped on its own."""
        return Factor(self.kind, bytearray(self.secret), self.path)

    def wipe(self) -> None:
        """Overwrite the secret. Any thread; doing so twice is harmless."""
        self.secret[:] = bytes(len(self.secret))

    def __repr__(self) -> str:
        return f"Factor({self.kind.value})"


def require_strong(factor: Factor, *, known: Iterable[str] = ()) -> None:
    """The one rule for a new password or passphrase, typed or from a file. ``known``: words anybody tries first.

    Raises InvalidInputError for under 8 characters, and for what is guessed within two minutes by somebody who has the
    device's key as well.
    """
    if factor.kind is not FactorKind.PASSPHRASE:
        return
    password = factor.secret.decode("utf-8")
    if len(password) < PASSWORD_LEAST:
        raise InvalidInputError(
            f"The password has fewer than {PASSWORD_LEAST} characters.", field="password", hint="Choose a longer one."
        )
    judged = estimate(password, known=known)
    if judged.refused:
        raise InvalidInputError(judged.sentence, field="password", hint=ADVICE)


class DeviceKeyState(StrEnum):
    """How the keyring, or the key file in its place, answers when asked for this device's key."""

    PRESENT = "present"
    MISSING = "missing"
    ABSENT = "absent"
    LOCKED = "locked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DeviceKeyReport:
    """The state in plain words: what it is, and what it means for opening the vault."""

    state: DeviceKeyState
    message: str
    hint: str = ""


class CopyOpens(StrEnum):
    """With what a copy of a vault opens."""

    DEVICE_ALONE = "device-alone"
    FORMER = "former"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class OldCopy:
    """A copy of the vault that the program left beside it. ``set_aside``: by a restored back-up, so that it may hold
    what the vault does not."""

    path: Path
    opens: CopyOpens
    set_aside: bool

    @property
    def text(self) -> str:
        """Which, and with what it opens."""
        what = {
            CopyOpens.DEVICE_ALONE: "opens with this device's key alone, without any password",
            CopyOpens.FORMER: "opens with what opened the vault when it was made, such as a former password or kit",
            CopyOpens.PRESENT: "opens with what opens the vault now",
        }[self.opens]
        return f"{self.path.name} {what}."


@dataclass(frozen=True, slots=True)
class KeysNotice:
    """The key file's generation, and the one that this computer saw last: the file is an older one, or another."""

    now: int
    seen: int

    @property
    def text(self) -> str:
        """What happened, for people."""
        if self.seen == NEWEST_GENERATION:
            return "What this computer remembers of the vault's key file is damaged: an older one would not be noticed."
        if self.now == self.seen:
            what = f"is another one than this computer saw last (both generation {self.now})"
        else:
            what = f"is older than the one this computer saw last (generation {self.now:,} after {self.seen:,})"
        return f"The vault's key file {what}: what was replaced or taken away since may open the vault again."

    @property
    def hint(self) -> str:
        """What to do, in the window."""
        return (
            "If you restored a back-up yourself, accept it. If not, somebody put it there: change the password, look"
            " through what opens the vault, and begin “compromised” in the settings."
        )

    @property
    def command_hint(self) -> str:
        """What to do, on the command line."""
        return (
            "If you restored a back-up yourself: vault accept-keys --yes. If not, somebody put it there: vault"
            " password, vault keys, vault compromised."
        )


@dataclass(frozen=True, slots=True)
class SlotDescription:
    """One way to open a level."""

    slot_id: str
    level: Court
    kind: FactorKind
    label: str
    created: datetime
    here: bool
    """Usable on this device: a password slot of another device is not."""

    @property
    def title(self) -> str:
        """What it is, for people: the kind, whose, and the label where somebody gave one."""
        if self.kind is FactorKind.KIT:
            return f"recovery kit {self.label}".rstrip()
        if self.kind is FactorKind.KEY_FILE:
            what = "key file"
        elif self.level is Court.OUTER:
            what = "password of this device" if self.here else "password of another device"
        else:
            what = "passphrase"
        return f"{what}, {self.label}" if self.label else what


@dataclass(frozen=True, slots=True)
class LevelDescription:
    """One level; without slots it was not set up yet."""

    level: Court
    is_open: bool
    slots: tuple[SlotDescription, ...]

    @property
    def exists(self) -> bool:
        return bool(self.slots)

    @property
    def has_kit(self) -> bool:
        """Whether the recovery kit opens it."""
        return any(slot.kind is FactorKind.KIT for slot in self.slots)


@dataclass(frozen=True, slots=True)
class RecoveryKit:
    """24 words that open every level without the keyring. Shown once, kept nowhere as words."""

    words: tuple[str, ...] = field(repr=False)
    kit_id: str
    vault_name: str
    created: datetime


class VaultKeys(Protocol):
    """The key file of one vault, and what is open of it now. Worker threads only, unless said otherwise.

    Everything that reads the file raises KeysDamagedError; everything that needs the device's key raises
    KeyStoreAbsentError, KeyStoreLockedError, KeyMissingError, KeyStoreError; everything that writes the file raises
    KeyStoreError. A write that was killed leaves the old file or the new one. Everything that changes what opens the
    vault raises WrongFactorError when what it was opened with was replaced or taken away meanwhile by another program.
    """

    @property
    def levels(self) -> Levels:
        """Any thread."""
        ...

    def exists(self) -> bool:
        """Whether there is a key file of the hierarchy. False: a vault of the old kind, or none."""
        ...

    def describe(self) -> tuple[LevelDescription, ...]:
        """All three levels, the first one first."""
        ...

    def device(self) -> DeviceKeyReport:
        """How the keyring or key file answers. Raises KeysDamagedError only."""
        ...

    def wait(self, level: Court) -> float:
        """Seconds until the next attempt is allowed, 0 for now."""
        ...

    def notice(self) -> KeysNotice | None:
        """Whether the key file is older than the one this computer saw last, or another; None when all is well."""
        ...

    def accept(self) -> None:
        """The key file as it is counts from now on."""
        ...

    def copies(self) -> tuple[OldCopy, ...]:
        """Copies of the vault that the program left beside it; none of a vault of the old kind."""
        ...

    def forget_copies(self, copies: Sequence[OldCopy]) -> None:
        """Delete those that are still there. Raises LevelLockedError, InvalidInputError while the vault file is still
        to be encrypted anew: then a copy may be needed."""
        ...

    def create(self, password: Factor) -> None:
        """The keys of a new vault, level 1 open. Raises AlreadyExistsError for a key file of another vault."""
        ...

    def convert(self, password: Factor) -> None:
        """A password for a vault of the old kind; level 1 is open then. Its file is encrypted anew when it is opened
        next. Raises AlreadyExistsError when it has one."""
        ...

    def unlock(self, factor: Factor) -> None:
        """Open level 1. Raises WrongFactorError (with ``wait``)."""
        ...

    def step_up(self, level: Court, factor: Factor) -> None:
        """Open level 2 or 3. Raises LevelLockedError naming the level below that must be opened first,
        WrongFactorError, NotFoundError when the level was not set up."""
        ...

    def verify(self, level: Court, factor: Factor) -> None:
        """Prove knowledge of a factor of an open level. Raises WrongFactorError, LevelLockedError."""
        ...

    def opens(self, level: Court, factor: Factor) -> bool:
        """Whether a factor opens a level that is open. No attempt that counts: who asks is inside already.

        Raises LevelLockedError.
        """
        ...

    def lock(self, level: Court = Court.OUTER) -> None:
        """Wipe this level and those above. Any thread, quick, never raises."""
        ...

    def set_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        """The new password of this device (level 1), or factor of a level, in place of the one there was.

        Re-wraps one slot; sets a level up when it does not exist yet. Raises LevelLockedError when the level (or the
        one below, for a new level) is not open, InvalidInputError for a weak one.
        """
        ...

    def add_factor(self, level: Court, factor: Factor, *, label: str = "") -> None:
        """A further slot beside those there are. Raises as ``set_factor``, NotFoundError for a level not set up."""
        ...

    def remove_slot(self, slot_id: str) -> None:
        """Raises NotFoundError, LevelLockedError, InvalidInputError for the last slot that is no kit."""
        ...

    def make_key_file(self, path: Path) -> None:
        """A new key file of mode 0600, for a factor; one that is there already is left as it is.

        Raises PermissionDeniedError, KeyStoreError.
        """
        ...

    def new_kit(self, vault_name: str) -> RecoveryKit:
        """Fresh words. They open nothing before ``keep_kit``."""
        ...

    def keep_kit(self, kit: RecoveryKit) -> None:
        """Make the kit open every level there is; an older kit opens nothing any more.

        Raises LevelLockedError for a level that is not open.
        """
        ...

    @property
    def forgets_device_keys(self) -> bool:
        """Whether ``compromise`` takes the former device key away, once the new one is proven. Any thread, quick."""
        ...

    def compromise(
        self, factors: Mapping[Court, Factor], *, kit: RecoveryKit | None = None, keep_device_key: bool = False
    ) -> None:
        """New secrets of every level, a new device key and a new file key; all old slots open nothing any more.

        ``factors`` has one for every level there is. The vault file itself is re-encrypted when it is opened next.
        ``keep_device_key``: back-ups made before still open with the former password on this device.
        Raises LevelLockedError for a level that is not open, InvalidInputError.
        """
        ...

    def has_former(self) -> bool:
        """Whether a level that is open still has secrets from before "compromised". Any thread, quick."""
        ...

    def drop_former(self, level: Court) -> None:
        """All that was sealed under them is sealed anew: forget them. Raises LevelLockedError, NotFoundError."""
        ...

    def wrong_words(self, words: str) -> str:
        """What is wrong with typed kit words, in plain words with the position and near misses; empty when well."""
        ...
