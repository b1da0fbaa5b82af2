"""Tables in text files: opened whatever their encoding, line ends and delimiter, read once, every record accounted for.

Row numbers count records from the heading, which is 1; the record after it is 2. A record whose quoted cell spans
several lines counts once; blank records count, as in a spreadsheet, but are left out. Lines before the heading do not
count. Objects of a JSON array count likewise, the first being 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.tabular_bytes import BLOCK, SourceFile
from aether_desktop.services.tabular_json import ObjectReader, looks_like_json
from aether_desktop.services.tabular_layout import find_layout
from aether_desktop.services.tabular_records import RecordReader
from aether_desktop.sum_api import HeadedTable


class OpenTable:
    """An open file as a table; a context manager. One thread at a time.

    ``table.rows`` can be iterated once; ``rejections`` fills meanwhile with records that are no rows. Iterating raises
    ImportRefusedError when the file changes or vanishes, OperationCancelled when the token is cancelled.
    ``remarks`` are sentences for the person about how the file was read. ``delimiter`` is empty for JSON.
    """

    def __init__(self, source: SourceFile, recognises: Callable[[Sequence[str]], bool] | None) -> None:
        """Use ``open_table``."""
        self._source = source
        self.rejections: list[Rejection] = []
        self.delimiter = ""
        self._reader: RecordReader | ObjectReader
        first = source.text()
        self.format = "json" if looks_like_json(first) else "csv"
        if self.format == "json":
            self._reader = ObjectReader(source, self.rejections, first=first)
            heading = self._reader.heading
        else:
            layout = find_layout(first, whole=source.size <= BLOCK, recognises=recognises)
            if layout is None:
                raise ImportRefusedError(f"{source.path.name} has no heading that could be read.")
            self.delimiter, heading = layout.delimiter, layout.heading
            self._reader = RecordReader(source, layout, self.rejections, first=first)
            if layout.before:
                lines = "line was" if layout.before == 1 else "lines were"
                source.remarks.append(f"{layout.before} {lines} passed over before the heading.")
        name = plain_line(source.path.name, 255)
        self.table = HeadedTable(file_name=name, heading=heading, rows=iter(self._reader), format=self.format)

    @property
    def encoding(self) -> str:
        """As Python names it; may change from utf-8 to cp1252 while rows are read."""
        return self._source.encoding

    @property
    def remarks(self) -> tuple[str, ...]:
        return tuple(self._source.remarks)

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        return self._source.size

    @property
    def records(self) -> int:
        """Records read so far, given or rejected; blank ones and the heading do not count."""
        return self._reader.count

    @property
    def sha256(self) -> str:
        """Lower-case hex over all bytes of the file; what was not read yet is read now. Raises as iterating does."""
        return self._source.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()


def open_table(
    path: Path,
    *,
    token: CancelToken | None = None,
    progress: Progress = silent,
    recognises: Callable[[Sequence[str]], bool] | None = None,
) -> OpenTable:
    """Open a CSV or JSON file. Worker threads only; ``progress`` counts bytes.

    ``recognises`` finds a known heading below lines of another kind. Raises ImportRefusedError: no such file, a folder,
    not permitted, empty, binary (the message says what it looks like), no heading. Raises OperationCancelled.
    """
    source = SourceFile(path, token=token or CancelToken(), progress=progress)
    try:
        return OpenTable(source, recognises)
    except BaseException:
        source.close()
        raise


def rows_of(table: HeadedTable, limit: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The first rows, for showing; cells made safe for one line."""
    for _, (number, cells) in zip(range(limit), table.rows, strict=False):
        yield number, tuple(plain_line(cell, 200) for cell in cells)
