"""Watching nodes: what the engine needs of a store and of probes, what the window and the tray are shown.

The engine asks a ``WatchStore``: the open vault or database, or the file beside it that can be read without a
password. Everything else here is values. Stores are for worker threads and raise the StorageError family.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from aether_desktop.domain.covenants import Covenant
from aether_desktop.domain.harmony import Harmony, Seat
from aether_desktop.domain.node_samples import Period, RollUp, Sample
from aether_desktop.domain.node_states import NodeState, Transition
from aether_desktop.domain.notices import Notice, NoticeFate
from aether_desktop.domain.probes import Probe, ProbeAnswer
from aether_desktop.domain.quiet import SilenceRecord
from aether_desktop.domain.temple import NodeType, Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import StorageError

# -- clocks ------------------------------------------------------------------------------------------------------


class Clocks(Protocol):
    """Time, so that tests can run a week in a second. Any thread."""

    def wall(self) -> datetime:
        """UTC; may jump."""
        ...

    def ticks(self) -> float:
        """Seconds of a clock that never jumps and does not run while the machine sleeps (CLOCK_MONOTONIC)."""
        ...

    def uptime(self) -> float:
        """Seconds of a clock that never jumps and does run while the machine sleeps (CLOCK_BOOTTIME), where there is
        one: it leaves ``ticks`` behind after a suspend."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Inside the engine's loop."""
        ...


# -- probes ------------------------------------------------------------------------------------------------------


class ProbeRunner(Protocol):
    """Asks one kind of probe. In the engine's loop only; never raises for what an endpoint does, only CancelledError.

    Bounded by ``probe.timeout`` and its own limits of size, whatever the endpoint sends.
    """

    @property
    def kind(self) -> str: ...

    async def ask(self, probe: Probe, *, turn: int = 0, last: ProbeAnswer | None = None) -> ProbeAnswer:
        """``turn`` counts how often this probe was asked since the start, ``last`` is what came then."""
        ...


# -- what is watched, and what was seen --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedNode:
    """A node as the engine needs it."""

    id: int
    name: str
    tier: Tier
    type: NodeType
    retired: bool = False
    silenced_until: datetime | None = None
    probes: tuple[Probe, ...] = ()

    @property
    def candidate(self) -> bool:
        """It serves nothing yet; it is probed, and never alarms."""
        return self.type is NodeType.CANDIDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReading:
    """A node's state with the latest figures. ``latency`` in seconds; ``lag`` in blocks behind the tier's best."""

    node_id: int
    state: NodeState
    latency: float | None = None
    height: int | None = None
    lag: int | None = None
    peers: int | None = None


class NodeTransition(NamedTuple):
    """A transition of that node."""

    node_id: int
    transition: Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchBatch:
    """What one flush writes, in one transaction. ``fences``: the number under which each node is polled."""

    samples: Sequence[Sample] = ()
    readings: Sequence[NodeReading] = ()
    transitions: Sequence[NodeTransition] = ()
    fences: Mapping[int, int] = field(default_factory=dict)

    @property
    def fences_needed(self) -> dict[int, int]:
        """Those of the nodes that the batch is about."""
        about = {each.node_id for part in (self.samples, self.readings, self.transitions) for each in part}
        return {node_id: fence for node_id, fence in self.fences.items() if node_id in about}


class StaleLeaseError(StorageError):
    """Somebody else polls these nodes by now: nothing of the batch was written. ``node_ids`` are theirs."""

    def __init__(self, node_ids: Collection[int]) -> None:
        super().__init__("Another client watches these nodes by now.", hint="Its findings are shown here, too.")
        self.node_ids = frozenset(node_ids)


class Lease(NamedTuple):
    """This client polls the node until ``until`` (by the store's clock); ``fence`` grows with every change of hands."""

    node_id: int
    fence: int
    until: datetime


class WatchStore(Protocol):
    """What the engine reads and writes. Worker threads only."""

    @property
    def locked(self) -> bool:
        """Whether it is the file that is read without a password: endpoints, states, samples, and nothing else."""
        ...

    def nodes(self) -> list[WatchedNode]:
        """Not archived, with their probes and silences as of now, by id. Only those this person may change."""
        ...

    def readings(self) -> list[NodeReading]:
        """What was stored last, by node; also of nodes that others poll. Ticks and grades are not stored."""
        ...

    def lease(self, node_ids: Collection[int], *, holder: str, seconds: float) -> list[Lease]:
        """Take or renew what is free, has expired or is one's own already; those that are somebody else's are left out.

        ``holder`` is one's own word for this run of the program. By the store's own clock. Ask every half interval
        with ``seconds`` of one and a half: a dead client's nodes are taken over within two.
        """
        ...

    def release(self, *, holder: str) -> None:
        """Give all of one's own back, at the end."""
        ...

    def write(self, batch: WatchBatch) -> ChangeSet:
        """All or nothing, on the disk when it returns. Raises StaleLeaseError."""
        ...

    def maintain(self, now: datetime) -> ChangeSet:
        """Make roll-ups of complete periods, forget what is older than it is kept, measure harmony and fill the
        council. Call every five minutes or so; what was missed is caught up. Short transactions."""
        ...


class MonitorFile(WatchStore, Protocol):
    """``NAME.monitor``: what is watched without a password, in a file and with a keyring entry of its own."""

    def replace_nodes(self, nodes: Sequence[WatchedNode]) -> None:
        """What is to be watched from now on; states and samples of others are forgotten."""
        ...

    def collected(self, limit: int) -> WatchBatch:
        """Up to so many samples and transitions that no vault took in yet, the oldest first; all states."""
        ...

    def forget(self, batch: WatchBatch) -> None:
        """What a vault has taken in."""
        ...

    def close(self) -> None: ...


class MonitorFiles(Protocol):
    """Where the ``MonitorFile`` of one vault lies. Raises KeyStoreError and its kinds, the StorageError family."""

    @property
    def exists(self) -> bool:
        """Whether the person allowed it; looks at the disk only."""
        ...

    def open(self) -> MonitorFile | None:
        """None where there is none. Needs no password."""
        ...

    def create(self) -> MonitorFile:
        """Anew, with a new key, also over one that is there."""
        ...

    def remove(self) -> None:
        """The file and its key."""
        ...


# -- what people look at -----------------------------------------------------------------------------------------


class NodeLog(Protocol):
    """What was measured, for pages and plots. Worker threads only."""

    def reading(self, node_id: int) -> NodeReading | None: ...

    def samples(
        self, node_id: int, *, since: datetime, until: datetime | None = None, limit: int = 1000
    ) -> list[Sample]:
        """The latest first; at most 48 hours back."""
        ...

    def roll_ups(self, node_id: int, period: Period, *, since: datetime, until: datetime | None = None) -> list[RollUp]:
        """By start, then probe. The running periods are made of what there is by now."""
        ...

    def transitions(self, node_id: int | None = None, *, since: datetime, limit: int = 1000) -> list[NodeTransition]:
        """The latest first; None: of all nodes."""
        ...

    def harmony(self, node_id: int, *, since: datetime | None = None) -> list[Harmony]:
        """How the score came about, the latest first; without ``since`` the latest one only."""
        ...

    def council(self) -> list[Seat]:
        """The Elders, by seat; at most 24."""
        ...


class ProbeStore(Protocol):
    """The probes of nodes. Worker threads only."""

    def of_node(self, node_id: int) -> list[Probe]:
        """By id."""
        ...

    def of_nodes(self, node_ids: Collection[int] | None = None) -> Mapping[int, list[Probe]]:
        """Of many at once; None: of all."""
        ...

    def replace(self, node_id: int, probes: Sequence[Probe]) -> ChangeSet:
        """The node has these from now on. Raises NotFoundError, InvalidInputError for more than MOST_PROBES."""
        ...


class SilenceStore(Protocol):
    def in_force(self, at: datetime) -> list[SilenceRecord]:
        """By end."""
        ...

    def add(self, silence: SilenceRecord) -> ChangeSet: ...

    def end(self, silence_id: int, at: datetime) -> ChangeSet:
        """Raises NotFoundError."""
        ...


class NoticeStore(Protocol):
    """The notification history, of this person."""

    def latest(self, limit: int = 200, *, before: int | None = None) -> list[Notice]:
        """The latest first; ``before``: only those with a smaller id."""
        ...

    def add(self, notices: Sequence[Notice]) -> ChangeSet: ...

    def set_fate(self, notice_id: int, fate: NoticeFate) -> ChangeSet: ...

    def mark_read(self, ids: Collection[int] | None, at: datetime) -> ChangeSet:
        """None: all of them."""
        ...

    def unread(self) -> int: ...


@dataclass(frozen=True, slots=True)
class NoticeHistory:
    """Where the engine writes what it tells, and in whose name."""

    store: NoticeStore
    new_id: Callable[[], int]
    owner_id: int


class CovenantStore(Protocol):
    """Covenants: only ever added."""

    def of_node(self, node_id: int | None = None, *, limit: int = 1000) -> list[Covenant]:
        """The latest first; None: of all nodes."""
        ...

    def add(self, covenant: Covenant) -> ChangeSet:
        """Also notes its kind with the node. Raises NotFoundError, PermissionDeniedError, InvalidInputError when the
        node is no longer what the record says."""
        ...


class MonitoringStores(Protocol):
    """All of them over one database: ``Storage.watching``."""

    @property
    def watch(self) -> WatchStore: ...
    @property
    def log(self) -> NodeLog: ...
    @property
    def probes(self) -> ProbeStore: ...
    @property
    def silences(self) -> SilenceStore: ...
    @property
    def notices(self) -> NoticeStore: ...
    @property
    def covenants(self) -> CovenantStore: ...

    def elevate(self, node: TempleNode, to: NodeType) -> ChangeSet:
        """Raises ConflictError when the node changed meanwhile, NotFoundError."""
        ...


# -- the board ---------------------------------------------------------------------------------------------------


class WatchState(StrEnum):
    """What the monitor itself does."""

    STARTING = "starting"
    WATCHING = "watching"
    NO_DATA = "no_data"  # it slept, was suspended or fell behind: neither alarm nor green
    LOCKED = "locked"  # locked, not watching
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """One node on the board. ``ours``: polled by this client; else somebody else's findings."""

    id: int
    name: str
    tier: Tier
    type: NodeType
    status: NodeStatus
    why: str
    since: datetime
    heard_at: datetime | None = None
    checked_at: datetime | None = None
    next_check: datetime | None = None
    latency: float | None = None
    height: int | None = None
    lag: int | None = None
    peers: int | None = None
    harmony: float | None = None
    elder: bool = False
    silenced_until: datetime | None = None
    observed: NodeStatus = NodeStatus.UNKNOWN
    throughput: float | None = None  # answers a second, for the map
    ours: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorBoard:
    """A snapshot for the window and the tray: immutable, made by the engine a few times a second at most.

    ``changed``: ids of nodes that differ from the snapshot before; None: all may. ``stale_since``: since when nothing
    was measured, where that is longer than it should be.
    """

    state: WatchState
    made_at: datetime
    nodes: Mapping[int, NodeView] = field(default_factory=dict)
    counts: Mapping[Tier, Mapping[NodeStatus, int]] = field(default_factory=dict)
    worst: NodeStatus = NodeStatus.UNKNOWN
    failing: tuple[int, ...] = ()
    last_check: datetime | None = None
    stale_since: datetime | None = None
    notices_unread: int = 0
    muted_until: datetime | None = None
    changed: frozenset[int] | None = None
    sentence: str = ""

    @property
    def stale(self) -> bool:
        """Whether it must not be believed: unknown is not OK, stale is not OK."""
        return self.stale_since is not None or self.state is not WatchState.WATCHING


class MonitorEngine(Protocol):
    """The engine, in a thread of its own. All calls return at once, from any thread."""

    @property
    def board(self) -> MonitorBoard: ...

    def start(self, store: WatchStore, *, history: NoticeHistory | None = None) -> None:
        """Watch what the store holds; another store replaces the first (after an unlock). Without a ``history``
        notices wait in memory for one, the latest 500 of them."""
        ...

    def stop(self, *, wait: timedelta = timedelta(seconds=5)) -> None:
        """Write what was measured, give leases back, end the thread. The one call that waits, for ``wait`` at most."""
        ...

    def pause(self, state: WatchState, *, wait: timedelta = timedelta(0)) -> None:
        """Watch nothing (locked, stopped) and say so. With ``wait`` it waits until the store is not used any more."""
        ...

    def reload(self) -> None:
        """Nodes, probes or silences changed."""
        ...

    def check_now(self, node_ids: Collection[int] | None = None) -> None:
        """Ask these (None: all) as soon as limits allow."""
        ...

    def mute(self, until: datetime | None) -> None:
        """Tell nothing until then; None ends it. States and the history go on."""
        ...

    def subscribe(self, listener: Callable[[MonitorBoard], None]) -> Callable[[], None]:
        """Told of every new board in the engine's thread; must return at once. The returned callable ends it."""
        ...

    def hear_notices(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Told of what people are to be shown now (not of what is quiet), in the engine's thread."""
        ...
