"""The tables the large part prints. Every figure was measured in this run; what was not run is said."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

IMPORT_ROWS: Final = 1_000_000
Measures = Mapping[str, Any]
_NOT_RUN: Final = "not run"
_CACHES: Final = """\
Caches: every contestant starts in a new process; the files were read before (the operating system holds what fits).
Ours and raw SQLCipher have 16 MiB of pages a reader, QSQLITE its default of 2 MB, PostgreSQL 256 MB shared.
Jumps go to rows not asked for before. Ours is the whole way: input, query, decryption, paint. Raw is the engine's
query alone, 128 whole rows. QSqlTableModel's jumps come after its End: before that the rows are not there."""


class Row(NamedTuple):
    """One line: which measure, which figure of it, its unit, what is wanted."""

    title: str
    measure: str
    figure: Callable[[Any], float | None]
    unit: str = "ms"
    wanted: str = ""
    ratio: bool = False


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
    Row("first rows on screen", "first rows", median, wanted="under 100 ms", ratio=True),
    Row("  longest gap meanwhile", "gap while opening", part("longest")),
    Row("number of rows exact after", "exact count", median),
    Row("End", "end", median, ratio=True),
    Row("jump to a random row, median", "jump", median, wanted="under 3 x raw", ratio=True),
    Row("jump to a random row, 99 %", "jump", p99, wanted="under 50 ms", ratio=True),
    Row("sort by amount, median", "sort", median, wanted="under 100 ms", ratio=True),
    Row("sort by each column, median", "sort by any column", median),
    Row("sort by each column, worst", "sort by any column", worst, wanted="under 100 ms"),
    Row("filter, median of each kind", "filter", median, ratio=True),
    Row("filter, worst of each kind", "filter", worst, wanted="under 100 ms", ratio=True),
    Row("filters combined, worst", "filters combined", worst, ratio=True),
    Row("hash fragment, first rows", "hash fragment", median, wanted="under 100 ms", ratio=True),
    Row("idle event loop, gap 99 %", "idle loop", part("p99")),
    Row("idle event loop, longest gap", "idle loop", part("longest")),
    Row("scrolling, gap 99 %", "gap while scrolling", part("p99"), wanted="under 16 ms"),
    Row("scrolling, longest gap", "gap while scrolling", part("longest"), wanted="under 50 ms"),
    Row("jumping, longest gap", "gap while jumping", part("longest"), wanted="under 50 ms"),
    Row("typing ahead, longest gap", "gap while typing ahead", part("longest"), wanted="under 50 ms"),
    Row("longest gap in anything", "longest gap", part("longest"), wanted="under 50 ms"),
)
STORAGE_ROWS: Final = (
    Row("first page", "first rows", median, ratio=True),
    Row("last page", "end", median, ratio=True),
    Row("page at a random row, median", "jump", median, wanted="under 3 x raw", ratio=True),
    Row("page at a random row, 99 %", "jump", p99, ratio=True),
    Row("exact count", "exact count", median),
    Row("cancelled: leaves the engine, median", "cancelled", median),
    Row("cancelled: leaves the engine, worst", "cancelled", worst, wanted="under 100 ms"),
)
_SIZE_ROWS: Final = ("first rows", "end", "jump", "sort", "filter", "hash fragment")


def print_table(
    results: Mapping[str, Measures],
    empty: Mapping[str, Measures],
    brought: Mapping[str, Measures],
    *,
    rows: int,
    import_rows: int,
) -> None:
    """Ours beside the others; ratios are ours to the raw engine beneath."""
    columns = ("window sqlite", "window postgresql", "sql", "everything", "raw sqlite", "raw postgresql")
    heads = ("ours vault", "ours server", "QSqlTable", "all loaded", "raw vault", "raw server")
    print(f"\n{rows:,} rows; milliseconds unless said")
    print(f"  {'':38}" + "".join(f"{head:>13}" for head in (*heads, "ratio vault", "ratio server")) + "   wanted")
    for row in ROWS if results else ():
        _print_row(row, [results.get(name) for name in columns])
    if results:
        _print_memory(results, empty, columns)
        print("  without a window (the same windows of 128 rows, by the storage alone):")
        alone = ("storage sqlite", "storage postgresql", "", "", "raw sqlite", "raw postgresql")
        for row in STORAGE_ROWS:
            _print_row(row, [results.get(name) for name in alone])
    _print_imports(brought, import_rows)
    if results:
        _print_remarks(results)


def print_sizes(results: Mapping[int, Mapping[str, Measures]], empty: Mapping[str, Measures]) -> None:
    """Cost by size: what is looked at, not what is stored."""
    if len(results) < 2:
        return
    print(f"\nThe same by size, milliseconds\n  {'':54}" + "".join(f"{size:>13,}" for size in results))
    for name, title in (
        ("window sqlite", "ours, vault"),
        ("window postgresql", "ours, server"),
        ("sql", "QSqlTableModel"),
        ("everything", "all loaded"),
    ):
        for row in (row for row in ROWS if row.measure in _SIZE_ROWS or row.measure == "gap while scrolling"):
            if all(name not in found for found in results.values()):
                continue
            cells = [_cell(row, found.get(name)) for found in results.values()]
            print(f"  {title + ': ' + row.title.strip():54.54}" + "".join(f"{cell:>13}" for cell in cells))
        base = empty.get("window" if name.startswith("window") else "stock", {}).get("peak memory", 0)
        peaks = [found.get(name, {}).get("peak memory") for found in results.values()]
        if any(peaks):
            shown = [f"{(peak - base) / 1e6:,.0f}" if peak else _NOT_RUN for peak in peaks]
            print(f"  {title + ': memory above an empty window, MB':54.54}" + "".join(f"{cell:>13}" for cell in shown))


def print_plans(plans: Mapping[str, Measures], *, rows: int) -> None:
    """Each filter and pair of filters: which index drives it."""
    for engine, found in plans.items():
        print(f"\nPlans of filters alone and in pairs, {engine}, {rows:,} rows (first page of 128)")
        for line in found.get("plans", ()):
            print(f"  {line['filters']:28}{line['rows']:4} rows {line['seconds'] * 1000:10,.1f} ms  {line['plan']}")


def _print_row(row: Row, columns: Sequence[Measures | None]) -> None:
    cells = [_cell(row, found) for found in columns]
    ratios = ["", ""]
    if row.ratio:
        ratios = [_ratio(_figure(row, columns[place]), _figure(row, columns[place + 4])) for place in (0, 1)]
    print(f"  {row.title:38}" + "".join(f"{cell:>13}" for cell in (*cells, *ratios)) + f"   {row.wanted}".rstrip())


def _figure(row: Row, found: Measures | None) -> float | None:
    return row.figure(found[row.measure]) if found and row.measure in found else None


def _cell(row: Row, found: Measures | None) -> str:
    if found is None or row.measure not in found:
        return _NOT_RUN if found is None or "failed" in found or "not run" in found else ""
    value = _figure(row, found)
    if value is None:
        return ""
    return "over 30 s" if math.isinf(value) else f"{value * 1000:,.1f}"


def _ratio(ours: float | None, other: float | None) -> str:
    return f"{ours / other:.2f}" if ours is not None and other and not math.isinf(ours) else ""


def _print_memory(results: Mapping[str, Measures], empty: Mapping[str, Measures], columns: Sequence[str]) -> None:
    for title, measure, above in (
        ("peak memory, MB", "peak memory", False),
        ("peak memory above an empty window, MB", "peak memory", True),
        ("  opened and scrolled only, MB", "peak memory so far", True),
    ):
        cells = []
        for name in columns[:4]:
            base = empty.get("window" if name.startswith("window") else "stock", {}).get("peak memory", 0)
            peak = results.get(name, {}).get(measure)
            cells.append(f"{(peak - (base if above else 0)) / 1e6:,.0f}" if peak else _NOT_RUN)
        print(f"  {title:38}" + "".join(f"{cell:>13}" for cell in cells) + ("   under 150 MB" if above else ""))


def _print_imports(brought: Mapping[str, Measures], rows: int) -> None:
    if not brought:
        return
    print(f"  import of {rows:,} rows into the same indexed table, rows a second, ratio to the raw engine:")
    for engine, found in brought.items():
        raw, batches, ours = (rows / found[name] for name in ("raw", "batches", "ours"))
        print(
            f"    {engine:12} raw {raw:9,.0f}   prepared batches {batches:9,.0f} ({batches / raw:.2f}, wanted 0.70)"
            f"   file to commit {ours:9,.0f} ({ours / raw:.2f}, wanted 0.40)"
            f"   peak memory {found['peak'] / 1e6:,.0f} MB (wanted: under 300)"
        )


def _print_remarks(results: Mapping[str, Measures]) -> None:
    for name, found in results.items():
        for key in ("failed", "not run", "wrong rows", "answered before the cancel"):
            if found.get(key):
                print(f"  {name}: {key}: {found[key]}")
        if "step" in found.get("longest gap", {}):
            print(f"  {name}: longest gap in: {found['longest gap']['step']}")
        for key in ("filters", "sorts"):
            slow = {what: took for what, took in found.get(key, {}).items() if took is None or took > 0.1}
            shown = ", ".join(
                f"{what} {'over 30 s' if took is None else f'{took * 1000:,.0f} ms'}" for what, took in slow.items()
            )
            if shown:
                print(f"  {name}: {key} over 100 ms: {shown}")
    print(_CACHES)
