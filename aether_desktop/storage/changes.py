"""The change feed of one open database: own commits at once, other clients' within a second.

Other clients are heard by a thread: on PostgreSQL through LISTEN on a connection of its own, with polling where that
does not reach us (a pooler between, a lost connection); on SQLite by asking ``data_version``. A hint says who and which
kinds of rows, never which.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

import psycopg
from sqlalchemy import Connection, select, text

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeFeed, ChangeSet
from aether_desktop.ports.errors import AetherError, StorageBusyError
from aether_desktop.storage.failures import DRIVER_ERRORS, translate
from aether_desktop.storage.postgresql import CHANNEL, PostgresKit
from aether_desktop.storage.schema import AUDIT_ENTRIES, AUDIT_HEADS, ID_CLIENTS, VAULTS
from aether_desktop.storage.sqlite import SqliteKit

HeardT = TypeVar("HeardT")

_LOG: Final = logging.getLogger(__name__)
_SQLITE_SECONDS: Final = 0.25
_POLL_SECONDS: Final = 0.5
_LISTEN_SECONDS: Final = 0.25  # how soon a listening thread notices that it must stop
_SAFETY_SECONDS: Final = 2.0  # polling beside LISTEN that works: changes past every client give no hint
_BY_HAND: Final = "database.change"  # the action of entries that the server makes for what no client claims
_ECHO_SECONDS: Final = 3.0  # within this our own hint must come back, or LISTEN is not reaching us
_RETRY_SECONDS: Final = 2.0
_JOIN_SECONDS: Final = 15.0
_ANNOTATIONS: Final = "annotations"
_HELLO: Final = "hello"
EVERYTHING: Final = ChangeSet(frozenset(TableName), None, annotations=True, foreign=True)


class SqlChangeFeed:
    """Implements ``ports.changes.ChangeFeed``. Any thread; listeners are called on the thread that publishes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[object, Callable[[ChangeSet], None]] = {}
        self._reach_listeners: dict[object, Callable[[bool], None]] = {}
        self._reached = True

    def subscribe(self, listener: Callable[[ChangeSet], None]) -> Callable[[], None]:
        """Start listening; the returned callable stops it (doing so twice is harmless)."""
        return self._added(self._listeners, listener)

    def watch_reach(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Hear when the server stops answering and when it answers again; the returned callable stops it."""
        return self._added(self._reach_listeners, listener)

    def publish(self, changes: ChangeSet) -> None:
        """Tell everybody. What was committed stays committed: an error of a listener is logged, not raised."""
        self._tell(self._listeners, changes)

    def tell_reach(self, *, reached: bool) -> None:
        """Whether the server answers; told on when it changes, and after an absence everything may have changed."""
        with self._lock:
            if reached is self._reached:
                return
            self._reached = reached
        self._tell(self._reach_listeners, reached)
        if reached:
            self.publish(EVERYTHING)

    def _added(
        self, listeners: dict[object, Callable[[HeardT], None]], listener: Callable[[HeardT], None]
    ) -> Callable[[], None]:
        key = object()
        with self._lock:
            listeners[key] = listener

        def stop() -> None:
            with self._lock:
                listeners.pop(key, None)

        return stop

    def _tell(self, listeners: dict[object, Callable[[HeardT], None]], heard: HeardT) -> None:
        with self._lock:
            told = tuple(listeners.values())
        for listener in told:
            try:
                listener(heard)
            except Exception:  # noqa: BLE001 - a bug in a view must not look like a failed write
                _LOG.exception("a listener to changes failed")


class HintCoder:
    """Writes and reads the text of a hint: vault mark, client mark, kinds."""

    def __init__(self, vault_id: int) -> None:
        self.vault = hashlib.blake2b(vault_id.to_bytes(8, "big"), digest_size=4).hexdigest()
        self.client = secrets.token_hex(4)

    def announce(self, changes: ChangeSet) -> str:
        """The hint that travels with a commit."""
        kinds = sorted(name.value for name in changes.tables)
        if changes.annotations:
            kinds.append(_ANNOTATIONS)
        return f"{self.vault} {self.client} {','.join(kinds)}"

    def hello(self) -> str:
        """A hint that only its sender understands: proves that hints reach us."""
        return f"{self.vault} {self.client} {_HELLO}"

    def is_own(self, hint: str) -> bool:
        """Whether this client sent it."""
        return hint.startswith(f"{self.vault} {self.client} ")

    def read(self, hint: str) -> ChangeSet | None:
        """What another client of this vault changed; None when the hint is not about that."""
        vault, _, rest = hint.partition(" ")
        client, _, kinds = rest.partition(" ")
        if vault != self.vault or client == self.client or kinds == _HELLO:
            return None
        words = set(kinds.split(",")) - {""}
        names = {member.value for member in TableName}
        if not words <= names | {_ANNOTATIONS}:
            return EVERYTHING  # a newer program knows kinds that we do not
        tables = frozenset(TableName(word) for word in words & names)
        return ChangeSet(tables, None, annotations=_ANNOTATIONS in words, foreign=True)


class ForeignWatcher(ABC):
    """A thread that publishes other clients' changes until ``stop``."""

    def __init__(self, feed: ChangeFeed, name: str) -> None:
        self._feed = feed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it; not from a listener."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    @abstractmethod
    def _wake(self) -> None:
        """Shorten a wait of the thread that ``_stopping`` does not end."""

    @abstractmethod
    def _run(self) -> None: ...


class SqliteWatcher(ForeignWatcher):
    """Asks four times a second whether another process committed (4 us)."""

    def __init__(self, feed: ChangeFeed, kit: SqliteKit) -> None:
        super().__init__(feed, "aether-sqlite-watch")
        self._kit = kit
        self._seen = kit.data_version()

    def _wake(self) -> None:
        """It waits for nothing else."""

    def _run(self) -> None:
        while not self._stopping.wait(_SQLITE_SECONDS):
            try:
                version = self._kit.data_version()
            except (AetherError, *DRIVER_ERRORS):
                _LOG.info("the vault's file does not answer", exc_info=True)
                continue
            if version is not None and self._seen is not None and version != self._seen:
                self._feed.publish(EVERYTHING)
            self._seen = version if version is not None else self._seen


@dataclass(frozen=True, slots=True)
class _Seen:
    """How often each client has committed, this one apart, and how far the audit log reached."""

    others: Mapping[tuple[int, int], int]
    own: int
    size: int


class PostgresWatcher(ForeignWatcher):
    """Listens where it can and polls where it must; survives lost connections.

    What was changed past every client, by ``psql``, gives no hint and counts no commit: the audit log tells of it,
    within ``_SAFETY_SECONDS``. Who may not read other people's entries sees the log grow while nobody committed.
    """

    def __init__(self, feed: ChangeFeed, kit: PostgresKit, *, vault_id: int, hints: HintCoder, holder: str) -> None:
        super().__init__(feed, "aether-pg-watch")
        self._kit = kit
        self._hints = hints
        self._holder = holder
        head = select(AUDIT_HEADS.c.size).where(AUDIT_HEADS.c.vault_id == vault_id).scalar_subquery()
        clients = VAULTS.outerjoin(ID_CLIENTS, ID_CLIENTS.c.vault_id == VAULTS.c.id)  # the log is there before them
        self._counters = select(ID_CLIENTS, head.label("size")).select_from(clients).where(VAULTS.c.id == vault_id)
        self._by_hand = select(AUDIT_ENTRIES.c.id).where(
            AUDIT_ENTRIES.c.vault_id == vault_id, AUDIT_ENTRIES.c.action == _BY_HAND
        )
        self._known: _Seen | None = None
        self.listening = threading.Event()  # set while hints are proven to reach us
        self.primed = threading.Event()  # set once it knows what was there before

    def _wake(self) -> None:
        if self.listening.is_set():
            with suppress(*DRIVER_ERRORS):
                self._say_hello()

    def _run(self) -> None:
        self._poll(quiet=True)
        self.primed.set()
        while not self._stopping.is_set():
            if not self._kit.address.pooled:
                self._listen()
            self._poll_until(time.monotonic() + _RETRY_SECONDS)

    def _listen(self) -> None:
        """Returns when listening does not work (any more) or the thread must stop."""
        try:
            connection = self._kit.connect()
        except psycopg.Error:
            return
        try:
            connection.execute(f"LISTEN {CHANNEL}")
            self._poll(quiet=False)  # what was committed before LISTEN began
            self._say_hello()
            self._follow(connection)
        except DRIVER_ERRORS:
            _LOG.info("listening for changes was interrupted", exc_info=True)
        finally:
            self.listening.clear()
            connection.close()

    def _follow(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        proven_by = time.monotonic() + _ECHO_SECONDS
        next_poll = time.monotonic() + _SAFETY_SECONDS
        while not self._stopping.is_set():
            total: ChangeSet | None = None
            for notification in connection.notifies(timeout=_LISTEN_SECONDS, stop_after=1):
                if self._hints.is_own(notification.payload):
                    self.listening.set()
                changes = self._hints.read(notification.payload)
                if changes is not None:
                    total = changes if total is None else total | changes
            if total is not None:
                self._poll(quiet=True)
                self._feed.publish(total)
            now = time.monotonic()
            if not self.listening.is_set() and now > proven_by:
                return
            if now > next_poll or not self.listening.is_set():
                self._poll(quiet=False)
                next_poll = now + _SAFETY_SECONDS

    def _say_hello(self) -> None:
        with self._kit.writer.connect() as other, other.begin():
            other.execute(text("SELECT pg_notify(:channel, :hint)"), {"channel": CHANNEL, "hint": self._hints.hello()})

    def _poll_until(self, deadline: float) -> None:
        pooled = self._kit.address.pooled
        while not self._stopping.wait(_POLL_SECONDS):
            self._poll(quiet=False)
            if not pooled and time.monotonic() > deadline:
                return

    def _poll(self, *, quiet: bool) -> None:
        """Compare how often each client has committed; publish unless ``quiet`` (then only remember)."""
        try:
            with self._kit.reader.connect() as connection:
                seen = self._look(connection)
                by_hand = self._known is not None and self._changed_by_hand(connection, self._known, seen, quiet=quiet)
        except DRIVER_ERRORS as error:
            if not self._stopping.is_set():
                away = translate(error, where=self._kit.location)
                self._feed.tell_reach(reached=isinstance(away, StorageBusyError))  # busy is not away
            return  # the next write or read says more
        self._feed.tell_reach(reached=True)
        known, self._known = self._known, seen
        if by_hand or (known is not None and not quiet and _committed(known, seen)):
            self._feed.publish(EVERYTHING)

    def _look(self, connection: Connection) -> _Seen:
        found = connection.execute(self._counters).all()  # one statement: one moment
        size = max((row.size or 0 for row in found), default=0)
        rows = [row for row in found if row.holder is not None]
        others = {(row.number, row.generation): row.writes for row in rows if row.holder != self._holder}
        return _Seen(others, sum(row.writes for row in rows if row.holder == self._holder), size)

    def _changed_by_hand(self, connection: Connection, known: _Seen, seen: _Seen, *, quiet: bool) -> bool:
        if seen.size <= known.size:
            return False
        leaf = AUDIT_ENTRIES.c.leaf_index
        if connection.execute(self._by_hand.where(leaf >= known.size, leaf < seen.size).limit(1)).first() is not None:
            return True
        return not quiet and seen.own == known.own and not _committed(known, seen)


def _committed(known: _Seen, seen: _Seen) -> bool:
    """Whether another client committed in between."""
    return any(writes != known.others.get(client, 0) for client, writes in seen.others.items())
