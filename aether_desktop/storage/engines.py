"""What an engine must offer to ``Database``; all that differs by engine lies behind it (sqlite.py, postgresql.py)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from aether_desktop.ports.work import CancelToken


@dataclass(frozen=True, slots=True)
class CommitNotice:
    """What other clients learn of a commit: ``hint`` says who and which kinds; the counter of (vault, client number,
    generation) in id_clients grows for those whom hints do not reach."""

    hint: str
    vault_id: int
    number: int
    generation: int


class EngineKit(ABC):
    """Connections of one engine, with their rules. Safe for use from several threads at once."""

    dialect: str  # "sqlite" or "postgresql"
    location: str  # a path, or a URL without its password
    encrypted: bool

    @property
    @abstractmethod
    def reader(self) -> Engine:
        """Begins read-only snapshots."""

    @property
    @abstractmethod
    def writer(self) -> Engine:
        """Begins transactions that may write."""

    @property
    @abstractmethod
    def engine_version(self) -> str:
        """The version of the engine, for people."""

    @abstractmethod
    def exclusive(self, token: CancelToken | None) -> AbstractContextManager[None]:
        """Held around a write transaction; one writer at a time where the engine has only one.

        Raises StorageBusyError after the busy timeout, OperationCancelled.
        """

    @abstractmethod
    def interrupter(self, connection: Connection) -> Callable[[], None]:
        """What stops the statement that runs on the connection, if one does; from any other thread, may block."""

    @abstractmethod
    def in_transaction(self, connection: Connection) -> bool:
        """Whether what began is still open: SQLite undoes all by itself when it is interrupted or the disk is full."""

    def wanted(self) -> bool:
        """Whether another program waits for the only writer; asked by long work between two steps."""
        return False

    def let_in(self) -> None:  # noqa: B027 - nothing to do where writers go side by side
        """Between two transactions of long work: those who wait come first, for a moment."""

    def give_back(self) -> None:  # noqa: B027 - nothing to do where the server holds the pages
        """After a commit of very much: memory that only this took is the system's again."""

    @contextmanager
    def importing(self) -> Iterator[bool]:
        """Held while an import is stored in parts. False: another program does so now."""
        yield True

    @abstractmethod
    def before_commit(self, connection: Connection, notice: CommitNotice) -> str:
        """Tell other clients, with the commit, and return a mark by which its outcome can be asked."""

    @abstractmethod
    def was_committed(self, mark: str, looked_up: Callable[[Connection], bool]) -> bool | None:
        """After a connection lost during commit: True, False, or None when nobody answers in time.

        ``looked_up`` tells on a fresh connection whether the transaction's own row is there.
        """

    @abstractmethod
    def dispose(self) -> None:
        """Close every connection; nothing may use the kit afterwards."""
