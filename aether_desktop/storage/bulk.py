"""The engine's fast road for many rows at once: what differs by engine, in raw statements of few columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from sqlalchemy import Connection


class Known(NamedTuple):
    """A stored row that the ``position``-th question is about. ``seen`` tells that the asking batch brought it."""

    position: int
    id: int
    status: str
    seen: bool


class Candidate(NamedTuple):
    """A row that another program's export brought (or a person typed), under a hash that was asked for.

    ``known_as`` is the identity by which an earlier file of the asking family knows it, None when none does.
    """

    id: int
    tx_hash: str
    direction: str
    amount_rank: bytes
    symbol: str
    status: str
    known_as: bytes | None


class Sighting(NamedTuple):
    """A stored row that a batch brought again; see ``schema.imports``. ``before`` is JSON text."""

    transaction_id: int
    source_row: int
    identity: bytes | None
    before: str | None


class Resealing(NamedTuple):
    """A sealed value of one row and what comes in its place; ``token`` where a column holds one."""

    id: int
    old: bytes
    new: bytes
    token: bytes | None


class BatchConstants(NamedTuple):
    """The columns that all new rows of one batch share; ``created_at`` is UTC microseconds."""

    owner_id: int
    created_at: int
    wallet_id: int
    batch_id: int


class BulkRoad(ABC):
    """One write transaction (or one snapshot, for the questions) of one vault. Driver errors pass through."""

    def __init__(self, connection: Connection, vault_id: int) -> None:
        self._connection = connection
        self._vault_id = vault_id

    @abstractmethod
    def known(self, identities: Sequence[bytes], *, wallet_id: int, batch_id: int) -> list[Known]:
        """Which identities are stored; unknown ones are left out."""

    @abstractmethod
    def same_hash(self, hashes: Sequence[str], *, wallet_id: int, batch_id: int, family: str) -> list[Candidate]:
        """Rows under these hashes from other format families or by hand, which ``batch_id`` has not seen yet.

        By id.
        """

    @abstractmethod
    def insert(self, rows: Sequence[tuple[Any, ...]], constants: BatchConstants) -> None:
        """New transactions, each a tuple of ``movements.ROW_COLUMNS``."""

    @abstractmethod
    def add_sightings(self, batch_id: int, sightings: Sequence[Sighting]) -> None: ...

    @abstractmethod
    def loading(self) -> AbstractContextManager[None]:
        """Around many inserts: the engine may use more memory meanwhile."""

    @abstractmethod
    def finish(self, *, new_rows: int, sightings: int) -> None:
        """After the last insert: let the engine know that its tables have changed much."""

    @abstractmethod
    def replace_keys(self, table: str, column: str, keys: Sequence[tuple[int, bytes]]) -> None:
        """Set the units key ``column`` of rows by (id, key), one version up. Names are fixed SQL, no outside text."""

    @abstractmethod
    def reseal(self, table: str, column: str, rows: Sequence[Resealing], *, token: str = "") -> set[int]:
        """Put values in the places of others, where a row still holds these; returns such rows. Names are fixed SQL."""

    @abstractmethod
    def add_words(self, words: Sequence[tuple[int, int, bytes]]) -> None:
        """New rows of ``note_words``: owner, annotation, token."""
