"""Taking out exactly what is seen: a query and its columns through a reaping module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import Row, TableQuery
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.tables import TABLES, TableSpec
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.whole_file import writing

_TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class ExportReport:
    path: Path
    rows: int


class ExportService:
    """Worker threads only."""

    def __init__(self, storage: Storage, modules: ModuleService) -> None:
        self._storage = storage
        self._modules = modules

    def run(
        self,
        path: Path,
        query: TableQuery,
        *,
        format_key: str,
        columns: Sequence[str] | None = None,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> ExportReport:
        """Write ``path`` as a whole or not at all; ``columns`` None means all.

        Raises InvalidInputError for an unknown format or column, ReadOnlyError, DiskFullError, OperationCancelled.
        """
        total = self._storage.windows.count(query, token=token)
        with writing(path) as sink:
            rows = self.write(
                sink, query, format_key=format_key, columns=columns, token=token, progress=progress, total=total
            )
        return ExportReport(path, rows)

    def write(
        self,
        sink: TextIO,
        query: TableQuery,
        *,
        format_key: str,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
        total: int | None = None,
        token: CancelToken | None = None,
        progress: Progress = silent,
    ) -> int:
        """The same to an open text stream, at most ``limit`` rows; returns the row count."""
        spec = TABLES[query.table]
        chosen = _checked(spec, columns)
        module = self._modules.reaping(format_key)
        rows = map(masked, self._storage.windows.rows(query, token=token))
        return module.write(spec, chosen, _watched(islice(rows, limit), total, token, progress), sink)

    def read(
        self,
        query: TableQuery,
        *,
        columns: Sequence[str],
        limit: int | None = None,
        token: CancelToken | None = None,
    ) -> Iterator[tuple[object, ...]]:
        """The values of the chosen columns, row by row, for whoever lays them out. Raises InvalidInputError."""
        spec = TABLES[query.table]
        positions = [spec.index(key) for key in _checked(spec, columns)]
        for row in map(masked, islice(self._storage.windows.rows(query, token=token), limit)):
            yield tuple(row.values[position] for position in positions)


def masked(row: Row) -> Row:
    """As modules and whoever takes rows out see it: sealed values are the mask, which says that there is one."""
    if not any(isinstance(value, Sealed) for value in row.values):
        return row
    return row._replace(values=tuple(MASK if isinstance(value, Sealed) else value for value in row.values))


def _checked(spec: TableSpec, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return [column.key for column in spec.columns]
    chosen = []
    for name in columns:
        try:
            chosen.append(spec.column(name).key)
        except KeyError:
            known = ", ".join(column.key for column in spec.columns)
            raise InvalidInputError(
                f"{spec.title} has no column {name[:60]!r}.", field="columns", hint=f"Columns: {known}."
            ) from None
    return chosen


def _watched(rows: Iterable[Row], total: int | None, token: CancelToken | None, progress: Progress) -> Iterator[Row]:
    for done, row in enumerate(rows):
        if done % _TOLD_EVERY == 0:
            if token is not None:
                token.check()
            progress(done, total)
        yield row
