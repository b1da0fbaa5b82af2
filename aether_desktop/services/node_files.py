"""Temple nodes from a CSV file: one row a node, or several with one name for several endpoints. Worker threads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aether_desktop.domain.chains import UnknownChainError, find_chain
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.probes import DEFAULT_INTERVAL, DEFAULT_TIMEOUT, MOST_PROBES, ProbeKind
from aether_desktop.domain.temple import Tier
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.nodes import NodeService, ProbeDraft
from aether_desktop.services.tabular import open_table

HEADING: Final = (
    *("name", "tier", "storage", "compute", "abundance"),
    *("endpoint", "kind", "network", "interval", "timeout"),
)
_NEEDED: Final = ("name", "tier")
_THRESHOLDS: Final = ("storage", "compute", "abundance")
_OF_RECORD: Final[Mapping[str, str]] = {
    "node_id": "name",
    "tier": "tier",
    **{f"{name}_threshold": name for name in _THRESHOLDS},
}
_OF_PROBE: Final[Mapping[str, str]] = {"target": "endpoint", "probes": "endpoint"}
_MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class NodeFileReport:
    """``nodes`` and ``probes`` that are new; every row that brought none is in ``rejections``, with its field."""

    path: Path
    rows: int
    nodes: int
    probes: int
    rejections: tuple[Rejection, ...]


@dataclass(slots=True)
class _Draft:
    """One node of the file."""

    row: int
    values: dict[str, object]
    probes: list[ProbeDraft] = field(default_factory=list)


class _RefusedError(Exception):
    """A row is refused for this field."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(f"{field_name}: {reason}")


class NodeFileService:
    """Reads files of nodes."""

    def __init__(self, storage: Storage, nodes: NodeService) -> None:
        self._storage = storage
        self._nodes = nodes

    def import_file(
        self, path: Path, *, token: CancelToken | None = None, progress: Progress = silent
    ) -> NodeFileReport:
        """Store the good nodes in one unit, report the bad rows by row and field.

        Raises ImportRefusedError for the whole file, OperationCancelled (nothing is stored).
        """
        rejections: list[Rejection] = []
        drafts: dict[str, _Draft] = {}
        taken = {node.node_id.casefold() for node in self._nodes.all()}
        with open_table(path, token=token, progress=progress, recognises=_is_heading) as opened:
            places = _places(opened.table.heading)
            for row, cells in opened.table.rows:
                if row > _MOST_ROWS:
                    raise ImportRefusedError(f"A file of nodes has at most {_MOST_ROWS:,} rows.")
                named = {name: cells[place].strip() for name, place in places.items() if place < len(cells)}
                try:
                    self._take(drafts, taken, row, named)
                except _RefusedError as error:
                    rejections.append(Rejection(row, str(error)))
            rejections += opened.rejections
            records = opened.records
        if token is not None:
            token.check()
        made = probes = 0
        with self._storage.unit_of_work():
            for draft in drafts.values():
                self._nodes.add_named_anew(draft.values, draft.probes)
                made, probes = made + 1, probes + len(draft.probes)
                if token is not None:
                    token.check()
        rejections.sort(key=lambda each: each.row)
        return NodeFileReport(path, records, made, probes, tuple(rejections))

    def _take(self, drafts: dict[str, _Draft], taken: set[str], row: int, cells: Mapping[str, str]) -> None:
        """Raises _RefusedError."""
        name = cells.get("name", "")
        key = name.casefold()
        if key in taken:
            raise _RefusedError("name", "A temple node with this name is already there.")
        values = self._values(cells)
        probe = self._probe(cells)
        draft = drafts.get(key)
        if draft is None:
            self._check(values)
            drafts[key] = _Draft(row, values, [probe] if probe else [])
            return
        if draft.values != values:
            raise _RefusedError("name", f"Row {draft.row} says something else about the node of this name.")
        if probe is None:
            raise _RefusedError("endpoint", f"Row {draft.row} has this node already; another row adds an endpoint.")
        if len(draft.probes) >= MOST_PROBES:
            raise _RefusedError("endpoint", f"A node has at most {MOST_PROBES} endpoints.")
        draft.probes.append(probe)

    def _values(self, cells: Mapping[str, str]) -> dict[str, object]:
        values: dict[str, object] = {"node_id": cells.get("name", ""), "tier": _tier(cells.get("tier", ""))}
        for name in _THRESHOLDS:
            values[f"{name}_threshold"] = _whole(name, cells.get(name, ""), 0)
        return values

    def _check(self, values: Mapping[str, object]) -> None:
        for name, why in self._nodes.check(values).items():
            raise _RefusedError(_OF_RECORD.get(name, name), why)

    def _probe(self, cells: Mapping[str, str]) -> ProbeDraft | None:
        endpoint = cells.get("endpoint", "")
        if not endpoint:
            for name in ("kind", "network", "interval", "timeout"):
                if cells.get(name):
                    raise _RefusedError("endpoint", f"Fill this in: {name} is said of an endpoint.")
            return None
        network = _network(cells.get("network", ""))
        timeout = cells.get("timeout", "")
        try:
            seconds = float(timeout) if timeout else DEFAULT_TIMEOUT
        except ValueError:
            raise _RefusedError("timeout", "This is no number of seconds.") from None
        draft = ProbeDraft(
            kind=cells.get("kind", "").casefold() or kind_of(endpoint, network),
            target=endpoint,
            network=network,
            interval=_whole("interval", cells.get("interval", ""), DEFAULT_INTERVAL),
            timeout=seconds,
        )
        for name, why in self._nodes.check_probe(draft).items():
            raise _RefusedError(_OF_PROBE.get(name, name), why)
        return draft


def kind_of(endpoint: str, network: str = "") -> str:
    """The kind of probe that an endpoint most likely wants: by its scheme, and whether a network is named. Pure."""
    scheme = endpoint.partition("://")[0].casefold() if "://" in endpoint else ""
    if scheme == "tls":
        return ProbeKind.TLS.value
    if scheme in ("http", "https"):
        return ProbeKind.EVM.value if network else ProbeKind.HTTP.value
    return ProbeKind.TCP.value


def tier_named(text: str) -> Tier:
    """A tier as people write it. Raises ValueError with a plain sentence."""
    wanted = " ".join(text.casefold().replace("_", " ").replace("-", " ").split())
    for tier in Tier:
        if wanted in {tier.display_name.casefold(), tier.coin_symbol.casefold()}:
            return tier
    known = ", ".join(tier.display_name for tier in Tier)
    raise ValueError(f"{text[:40]!r} is no tier. Tiers: {known}.")


def _tier(text: str) -> str:
    try:
        return tier_named(text).value
    except ValueError as error:
        raise _RefusedError("tier", str(error)) from None


def _network(text: str) -> str:
    if not text:
        return ""
    try:
        return find_chain(text).key
    except UnknownChainError as error:
        raise _RefusedError("network", error.reason) from None


def _whole(name: str, text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise _RefusedError(name, f"{text[:20]!r} is no whole number.")
    return int(text)


def _is_heading(heading: Sequence[str]) -> bool:
    names = {name.strip().casefold() for name in heading}
    return names.issuperset(_NEEDED)


def _places(heading: Sequence[str]) -> dict[str, int]:
    names = [name.strip().casefold() for name in heading]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise ImportRefusedError(
            f"This is not a file of temple nodes: it has no column {', '.join(missing)}.",
            hint=f"The heading is: {','.join(HEADING)}.",
        )
    return {name: names.index(name) for name in HEADING if name in names}
