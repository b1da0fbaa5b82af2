"""The tables the large part prints. Every figure was measured in this run; what was not run is said."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from scripts.large.engine import CACHE_KIB

IMPORT_ROWS: Final = 1_000_000
Measures = Mapping[str, Any]
_NOT_RUN: Final = "not run"
_CACHES: Final = """\
Caches: every contestant starts in a new process; the files were read before (the operating system holds what fits).
Ours and raw SQLCipher have {cache} MiB of pages a reader, QSQLITE its default of 2 MB, PostgreSQL 256 MB shared.
Jumps go to rows not asked for before. Ours is the whole way: input, query, decryption, paint. Raw is the engine's
query alone, 128 whole rows of the one table, or with the names, labels and tags that a page of ours has. In the window
a jump ends with a paint, 16 ms apart: its ratio is told, the one that is wanted is the storage's. QSqlTableModel's
jumps come after its End: before that the rows are not there."""


class Row(NamedTuple):
    """One line: which measure, which figure of it. Wanted: ``most`` milliseconds, ``times`` the raw engine's."""

    title: str
    measure: str
    figure: Callable[[Any], float | None]
    most: float | None = None
    times: float | None = None
    ratio: bool = False

    @property
    def wanted(self) -> str:
        """In words."""
        wanted = [] if self.most is None else [f"under {self.most:g} ms"]
        return ", ".join([*wanted, *([] if self.times is None else [f"under {self.times:g} x raw"])])


def median(values: Any) -> float | None:
    """Of seconds; what never came counts as endless."""
    found = [math.inf if value is None else float(value) for value in values]
    return statistics.median(found) if found else None


def p99(values: Any) -> float | None:
    """The worst but one in a hundred."""
    found = sorted(math.inf if value is None else float(value) for value in values)
    return found[min(math.ceil(len(found) * 0.99), len(found)) - 1] if found else None


def worst(values: Any) -> float | None:
    listed = values.values() if isinstance(values, Mapping) else values
    return max((math.inf if value is None else float(value) for value in listed), default=None)


def part(name: str) -> Callable[[Any], float | None]:
    """One figure of a distribution."""
    return lambda found: found.get(name)


ROWS: Final = (
    Row("first rows on screen", "first rows", median, most=100, ratio=True),
    Row("  longest gap meanwhile", "gap while opening", part("longest"), most=50),
    Row("number of rows exact after", "exact count", median),
    Row("End", "end", median, ratio=True),
    Row("Home", "home", median),
    Row("jump to a random row, median", "jump", median, ratio=True),
    Row("jump to a random row, 99 %", "jump", p99, most=50, ratio=True),
    Row("bar dragged over all, let go, median", "drag", median),
    Row("bar dragged over all, let go, worst", "drag", worst),
    Row("page down, median", "page down", median),
    Row("page down, worst", "page down", worst, most=100),
    Row("type ahead, a hash, worst", "type ahead", worst, most=100),
    Row("group by day, groups", "group by day", median),
    Row("  totals of those on the screen", "group by day, totals", median),
    Row("group by month, groups", "group by month", median),
    Row("  totals of those on the screen", "group by month, totals", median),
    Row("group by counterparty, groups", "group by counterparty", median),
    Row("  totals of those on the screen", "group by counterparty, totals", median),
    Row("group by token, groups", "group by token", median),
    Row("  totals of those on the screen", "group by token, totals", median),
    Row("open a group, first rows", "open a group", median),
    Row("all rows of a filter added up", "sum of a filter", median),
    Row("all rows added up", "sum of all rows", median),
    Row("sort by amount, median", "sort", median, most=100, ratio=True),
    Row("sort by each column, median", "sort by any column", median),
    Row("sort by each column, worst", "sort by any column", worst, most=100),
    Row("filter, median of each kind", "filter", median, ratio=True),
    Row("filter, worst of each kind", "filter", worst, most=100, ratio=True),
    Row("  its number of rows exact after, worst", "exact count of a filter", worst),
    Row("filters combined, worst", "filters combined", worst, most=100, ratio=True),
    Row("hash fragment, first rows", "hash fragment", median, most=100, ratio=True),
    Row("address fragment, first rows", "address fragment", median, most=100, ratio=True),
    Row("another question meanwhile, worst", "change of mind", worst, most=200),
    Row("import of 20,000 rows on view", "import on view", median),
    Row("  number of rows exact after", "import on view, count exact", median),
    Row("import called off after", "cancel an import", median),
    Row("import undone", "undo an import", median),
    Row("idle event loop, gap 99 %", "idle loop", part("p99")),
    Row("idle event loop, longest gap", "idle loop", part("longest")),
    Row("scrolling, gap 99 %", "gap while scrolling", part("p99"), most=16),
    Row("scrolling, longest gap", "gap while scrolling", part("longest"), most=50),
    Row("dragging, gap 99 %", "gap while dragging", part("p99"), most=16),
    Row("dragging, longest gap", "gap while dragging", part("longest"), most=50),
    Row("jumping, longest gap", "gap while jumping", part("longest"), most=50),
    Row("paging, longest gap", "gap while paging", part("longest"), most=50),
    Row("typing ahead, longest gap", "gap while typing ahead", part("longest"), most=50),
    Row("grouping, longest gap", "gap while grouping", part("longest"), most=50),
    Row("adding up, longest gap", "gap while adding up", part("longest"), most=50),
    Row("importing on view, longest gap", "gap: import on view", part("longest"), most=50),
    Row("longest gap in anything", "longest gap", part("longest"), most=50),
)
STORAGE_ROWS: Final = (
    Row("first page", "first rows", median, ratio=True),
    Row("last page", "end", median, ratio=True),
    Row("page at a random row, median", "jump", median, ratio=True),
    Row("  raw: names, labels, tags, too", "jump, all that is shown", median, times=3, ratio=True),
    Row("page at a random row, 99 %", "jump", p99, most=50, ratio=True),
    Row("exact count", "exact count", median),
    Row("cancelled: leaves the engine, median", "cancelled", median),
    Row("cancelled: leaves the engine, worst", "cancelled", worst, most=100),
)
_SIZE_ROWS: Final = (
    *("first rows", "exact count", "end", "jump", "sort", "filter", "filters combined", "hash fragment"),
    *("address fragment", "gap while scrolling"),
)
_COLUMNS: Final = {  # contestant: its heading
    "window sqlite": "ours vault",
    "window postgresql": "ours server",
    "window member": "ours member",
    "sql": "QSqlTable",
    "everything": "all loaded",
    "raw sqlite": "raw vault",
    "raw postgresql": "raw server",
}
_OURS: Final = {"sqlite": "raw sqlite", "postgresql": "raw postgresql", "member": "raw postgresql"}
_WINDOWS: Final = tuple(f"window {who}" for who in _OURS)
_IMPORT_MEMORY: Final = 300e6  # bytes of the process
_MEMORY: Final = 150e6  # bytes above an empty window
_MARGIN: Final = 1.1  # at the largest size, times what it is at a million rows


class Table:
    """One size: prints its lines and keeps in mind what was not reached."""

    def __init__(self, results: Mapping[str, Measures]) -> None:
        self.results = results
        self.missed: list[str] = []

    def head(self, rows: int) -> None:
        heads = (*_COLUMNS.values(), *(f"x raw {who[:6]}" for who in ("vault", "server", "member")))
        print(f"\n{rows:,} rows; milliseconds unless said")
        print(f"  {'':38}" + "".join(f"{head:>13}" for head in heads) + "   wanted")

    def lines(self, rows: Sequence[Row], ours: str) -> None:
        """``ours``: the kind of process that stands for us, "window" or "storage"."""
        names = [name.replace("window", ours) for name in _COLUMNS]
        if ours == "storage":
            names[3:5] = "", ""
        for row in rows:
            cells = [_cell(row, self.results.get(name)) for name in names]
            ratios = [self._ratio(row, ours, who) for who in _OURS]
            shown = "".join(f"{cell:>13}" for cell in (*cells, *ratios))
            print(f"  {row.title:38}{shown}   {row.wanted}".rstrip())

    def _ratio(self, row: Row, ours: str, who: str) -> str:
        found, raw = (_figure(row, self.results.get(name)) for name in (f"{ours} {who}", _OURS[who]))
        if found is not None and row.most is not None and found * 1000 >= row.most:
            self.missed.append(f"{row.title} ({ours} {who}): {found * 1000:,.1f} ms, wanted {row.wanted}")
        if not row.ratio or found is None or not raw or math.isinf(found):
            return ""
        if row.times is not None and found / raw >= row.times:
            self.missed.append(f"{row.title} ({ours} {who}): {found / raw:.2f} x raw, wanted {row.wanted}")
        return f"{found / raw:.2f}"

    def memory(self, empty: Mapping[str, Measures]) -> None:
        """Above an empty window of the same program in the same run."""
        print("  memory above an empty window of the same program, MB:")
        self._memory_line("peak, all reading", "under 150", empty, lambda found: found.get("peak memory of reading"))
        self._memory_line("peak, with import and undo", "", empty, lambda found: found.get("peak memory"))
        for name, title in (("rss", "at rest, resident"), ("pss", "at rest, proportional"), ("uss", "at rest, own")):
            self._memory_line(title, "", empty, _at_rest(name))
        self._memory_line("  of it free in the allocator", "", {}, _at_rest("free"))
        self._memory_line("  of it SQLite's page caches", "", {}, _at_rest("pages"))

    def _memory_line(
        self, title: str, wanted: str, empty: Mapping[str, Measures], of: Callable[[Measures], float | None]
    ) -> None:
        cells = []
        for name in [*_WINDOWS, "sql", "everything"]:
            peak = of(self.results.get(name, {}))
            if peak is None and name in {"sql", "everything"} and title.startswith("peak"):
                peak = self.results.get(name, {}).get("peak memory")
            base = of(empty_of(name, empty)) or empty_of(name, empty).get("peak memory", 0) if empty else 0
            cells.append("" if peak is None else f"{(peak - base) / 1e6:,.0f}")
            if wanted and name in _WINDOWS and peak is not None and peak - base >= _MEMORY:
                self.missed.append(f"{title} ({name}): {(peak - base) / 1e6:,.0f} MB above an empty window")
        print(f"  {'  ' + title:38}" + "".join(f"{cell:>13}" for cell in cells) + f"   {wanted}".rstrip())


def _at_rest(name: str) -> Callable[[Measures], float | None]:
    return lambda found: found.get("memory", {}).get(name)


def empty_of(name: str, empty: Mapping[str, Measures]) -> Measures:
    """The empty window that a contestant is compared with."""
    return empty.get(name.replace("member", "postgresql") if name.startswith("window") else "stock", {})


def print_table(
    results: Mapping[str, Measures], empty: Mapping[str, Measures], brought: Mapping[str, Measures], *, rows: int
) -> list[str]:
    """Ours beside the others; ratios are ours to the raw engine beneath. Returns what was not reached."""
    table = Table(results)
    if results:
        table.head(rows)
        table.lines(ROWS, "window")
        table.memory(empty)
        print("  without a window (the same windows of 128 rows, by the storage alone):")
        table.lines(STORAGE_ROWS, "storage")
    table.missed += print_imports(brought)
    if results:
        _print_remarks(results)
    return table.missed


def print_sizes(results: Mapping[int, Mapping[str, Measures]], empty: Mapping[str, Measures]) -> list[str]:
    """Cost by size: what is looked at, not what is stored. Returns what was not reached."""
    missed: list[str] = []
    sizes = sorted(results)
    if len(sizes) < 2:
        return missed
    print(f"\nThe same by size, milliseconds\n  {'':58}" + "".join(f"{size:>13,}" for size in sizes))
    for name, title in (
        *((name, _COLUMNS[name]) for name in _WINDOWS),
        ("sql", "QSqlTable"),
        ("everything", "all loaded"),
    ):
        if all(name not in results[size] for size in sizes):
            continue
        for row in (row for row in ROWS if row.measure in _SIZE_ROWS):
            cells = [_cell(row, results[size].get(name)) for size in sizes]
            if any(cells):
                print(f"  {title + ': ' + row.title.strip():58.58}" + "".join(f"{cell:>13}" for cell in cells))
        above = {size: _above(results[size].get(name, {}), empty_of(name, empty)) for size in sizes}
        shown = [_NOT_RUN if each is None else f"{each / 1e6:,.0f}" for each in above.values()]
        print(f"  {title + ': peak above an empty window, MB':58.58}" + "".join(f"{cell:>13}" for cell in shown))
        million, most = above.get(1_000_000), above[sizes[-1]]
        if name in _WINDOWS and sizes[-1] > 1_000_000 and million and most and most > million * _MARGIN:
            missed.append(f"memory ({name}) at {sizes[-1]:,} rows is {most / million:.2f} x that at 1,000,000")
    return missed


def _above(found: Measures, empty: Measures) -> float | None:
    for name in ("peak memory of reading", "peak memory"):
        if name in found:
            return float(found[name] - empty.get(name, empty.get("peak memory", 0)))
    return None


def print_missed(missed: Sequence[str]) -> None:
    """What was wanted and not reached, in this run on this machine."""
    print("\nNot reached: " + ("nothing that was measured." if not missed else ""))
    for each in missed:
        print(f"  {each}")


def summary(measures: Measures) -> str:
    """A line to look at while the rest is measured."""
    if "failed" in measures:
        return f"failed: {measures['failed']}"
    shown = []
    for title, measure, figure in (
        ("first rows", "first rows", median),
        ("jump", "jump", median),
        ("jump 99 %", "jump", p99),
        ("sort", "sort by any column", worst),
        ("filter", "filter", worst),
        ("fragment", "hash fragment", median),
        ("longest gap", "longest gap", part("longest")),
    ):
        value = figure(measures[measure]) if measure in measures else None
        if value is not None:
            shown.append(f"{title} {value * 1000:,.1f}")
    peak = f"; peak {measures['peak memory'] / 1e6:,.0f} MB" if "peak memory" in measures else ""
    return f"{', '.join(shown)} ms{peak}" if shown else peak.removeprefix("; ") or "done"


def print_plans(plans: Mapping[str, Measures], *, rows: int) -> None:
    """Each filter and pair of filters: which index drives it."""
    for engine, found in plans.items():
        print(f"\nPlans of filters alone, in pairs and in threes, {engine}, {rows:,} rows (first page of 128)")
        for line in found.get("plans", ()):
            took = "   called off" if line["seconds"] is None else f"{line['seconds'] * 1000:10,.1f} ms"
            print(f"  {line['filters']:32}{line['rows']:4} rows {took}  {line['plan']}")


def _figure(row: Row, found: Measures | None) -> float | None:
    return row.figure(found[row.measure]) if found and row.measure in found else None


def _cell(row: Row, found: Measures | None) -> str:
    if found is None or row.measure not in found:
        return _NOT_RUN if found is None or "failed" in found or "not run" in found else ""
    value = _figure(row, found)
    if value is None:
        return ""
    return "over 30 s" if math.isinf(value) else f"{value * 1000:,.1f}"


def print_imports(brought: Mapping[str, Measures]) -> list[str]:
    """Rows a second beside the raw engine; returns what was not reached."""
    missed = []
    if brought:
        print("  import into the same indexed table, rows a second, ratio to the raw engine:")
    for engine, found in brought.items():
        if "failed" in found:
            print(f"    {engine:12} failed: {found['failed']}")
            continue
        raw, batches, ours = (found["rows"] / found[name] for name in ("raw", "batches", "ours"))
        print(
            f"    {engine:12} {found['rows']:,} rows: raw {raw:9,.0f}   prepared batches {batches:9,.0f}"
            f" ({batches / raw:.2f}, wanted 0.70)   file to commit {ours:9,.0f} ({ours / raw:.2f}, wanted 0.40)"
            f"   peak memory {found['peak'] / 1e6:,.0f} MB (wanted: under 300)"
        )
        for name, value, wanted in (("prepared batches", batches / raw, 0.7), ("file to commit", ours / raw, 0.4)):
            if value < wanted:
                missed.append(f"import, {name} ({engine}): {value:.2f} of the raw engine, wanted {wanted}")
        if found["peak"] >= _IMPORT_MEMORY:
            missed.append(f"import, memory ({engine}): {found['peak'] / 1e6:,.0f} MB, wanted under 300")
    return missed


def _print_remarks(results: Mapping[str, Measures]) -> None:
    for name, found in results.items():
        for key in ("failed", "not run", "wrong rows", "answered before the cancel"):
            if found.get(key):
                print(f"  {name}: {key}: {found[key]}")
        if "step" in found.get("longest gap", {}):
            print(f"  {name}: longest gap in: {found['longest gap']['step']}")
        if "about" in found:
            print(f"  {name}: the number of rows first shown was {found['about']:.3f} of the exact one")
        for key in ("filters", "sorts"):
            slow = {what: took for what, took in found.get(key, {}).items() if took is None or took > 0.1}
            shown = ", ".join(
                f"{what} {'over 30 s' if took is None else f'{took * 1000:,.0f} ms'}" for what, took in slow.items()
            )
            if shown:
                print(f"  {name}: {key} over 100 ms: {shown}")
    print(_CACHES.format(cache=CACHE_KIB // 1024))
