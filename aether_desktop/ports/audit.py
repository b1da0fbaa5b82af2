"""The audit log as the layers above storage see it: entries, faults, checkpoints, and what this computer remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from aether_desktop.domain.audit import Attestation
from aether_desktop.ports.access import AuditSigner
from aether_desktop.ports.errors import StorageError
from aether_desktop.ports.work import CancelToken


class AuditFault(StrEnum):
    """What is wrong with a log."""

    HEAD = "head"  # the head does not fit the entries
    MISSING = "missing"  # a place in the log is empty
    ALTERED = "altered"  # an entry's columns, bytes or signature do not fit each other
    CHAIN = "chain"  # a device's entries do not follow one another
    DEVICE = "device"  # signed by a key that is not that person's
    CUT = "cut"  # shorter than this computer, or a checkpoint, knows it
    FORK = "fork"  # another history than this computer, or a checkpoint, knows
    CHECKPOINT = "checkpoint"  # a checkpoint's own signature is wrong


class AuditError(StorageError):
    """The audit log is not to be trusted, or cannot be written: nothing is changed. ``index`` is an entry, -1: none."""

    def __init__(self, message: str, *, fault: AuditFault, index: int = -1, hint: str = "", details: str = "") -> None:
        super().__init__(message, hint=hint, details=details)
        self.fault = fault
        self.index = index


class AuditEntry(NamedTuple):
    """One line for people. ``detail`` is compact JSON, empty where there is nothing to add.

    ``leaf_index`` is the place in the log, None for entries older than it; ``row_id`` where it is about one row.
    """

    id: int
    at: datetime
    user_id: int
    action: str
    table: str
    rows: int
    detail: str
    row_id: int | None = None
    leaf_index: int | None = None
    attested: Attestation = Attestation.NONE
    login: str = ""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """All conditions hold together; None and empty ask for nothing. ``since`` is included, ``until`` is not."""

    user_id: int | None = None
    action: str = ""
    table: str = ""
    row_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class LogRow(NamedTuple):
    """An entry as stored, for verification: its bytes and the columns they must agree with. ``at`` in microseconds."""

    leaf_index: int
    id: int
    at: int
    user_id: int
    action: str
    table: str
    rows: int
    detail: str
    row_id: int | None
    login: str
    attested: str
    key_id: bytes
    counter: int
    previous: bytes
    entry: bytes
    signature: bytes


class LogHead(NamedTuple):
    """How far the log reaches, and the frontier of its tree."""

    size: int
    peaks: bytes


class Device(NamedTuple):
    """A key that signs entries, and whose it says it is."""

    key_id: bytes
    user_id: int
    public_key: bytes


class StoredCheckpoint(NamedTuple):
    """A signed statement of how far the log reached (``domain.audit.CheckpointBody``)."""

    id: int
    size: int
    at: datetime
    user_id: int
    body: bytes
    public_key: bytes
    signature: bytes


class AuditStore(Protocol):
    """Reading the log; every write of another store appends to it in its own transaction. Raises StorageError kinds."""

    def recent(self, limit: int) -> list[AuditEntry]:
        """Latest first."""
        ...

    def page(
        self, wanted: AuditFilter, *, limit: int, before: AuditEntry | None = None, token: CancelToken | None = None
    ) -> list[AuditEntry]:
        """Latest first, those older than ``before``."""
        ...

    def count(self, wanted: AuditFilter, *, token: CancelToken | None = None) -> int: ...

    def get(self, entry_id: int) -> AuditEntry:
        """Raises NotFoundError."""
        ...

    def at_index(self, leaf_index: int) -> AuditEntry | None:
        """The entry at a place in the log; None when the place is empty."""
        ...

    def actions(self) -> list[str]:
        """Every action there is an entry of, sorted."""
        ...

    def head(self) -> LogHead: ...

    def log(self, start: int = 0, stop: int | None = None, *, token: CancelToken | None = None) -> Iterator[LogRow]:
        """Entries by their place, read in pages; places without an entry are left out."""
        ...

    def leaves(
        self, start: int = 0, stop: int | None = None, *, token: CancelToken | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Places and leaf hashes of all entries, also those that the person may not read; empty places are left out."""
        ...

    def last_index(self) -> int:
        """The largest place of an entry, -1 for an empty log."""
        ...

    def unplaced(self) -> int:
        """Entries with bytes but without a place: none, unless somebody wrote around the log."""
        ...

    def devices(self) -> list[Device]: ...

    def checkpoints(self) -> list[StoredCheckpoint]:
        """By size."""
        ...

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None: ...

    def note(self, action: str, *, table: str = "", row_id: int | None = None, **detail: object) -> None:
        """An entry about something that changes no row, such as a field that was revealed."""
        ...

    def sign_with(self, signer: AuditSigner | None) -> None:
        """Entries are signed from now on; None: only the database vouches for them. Any thread."""
        ...

    def refuse(self, error: AuditError | None) -> None:
        """From now on every write raises this error; None lifts it."""
        ...


class CheckpointSigner(Protocol):
    """A person's hybrid pair (Ed25519 and ML-DSA-65)."""

    @property
    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes:
        """Raises LevelLockedError."""
        ...


class AuditProofs(Protocol):
    """The cryptography that verification needs."""

    def entry_signed(self, public_key: bytes, signature: bytes, entry: bytes) -> bool:
        """Ed25519; never raises."""
        ...

    def checkpoint_signed(self, public_key: bytes, signature: bytes, body: bytes) -> bool:
        """Both halves; never raises."""
        ...


class KeyHolders(Protocol):
    """Whose keys are whose, as the membership log certifies it."""

    def device_owner(self, public_key: bytes) -> int | None:
        """None for a key that nobody certified."""
        ...

    def signing_owner(self, public_key: bytes) -> int | None: ...
