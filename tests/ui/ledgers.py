"""A real vault with history behind the pages: what tests of grids, filters and forms look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aether_desktop.domain.records import TableName
from aether_desktop.jobs.lanes import Lanes
from aether_desktop.ports.queries import Count, Place, Row, RowWindow, TableQuery
from aether_desktop.ports.windows import WindowStore
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.context import Messages, Navigator, UiContext
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.message_bar import MessageLevel
from tests.services.conftest import open_services_over

ADDRESS = "0xf98C96B5d10faAFc2324847c82305Bd5fd7E5ad3"
OTHER = "0x003dc32fe920a4aaeed12dc87e145f030aa753f3"
WAIT = 20_000  # milliseconds
HOSTILE = '<b>Rent</b><img src="x"> \u202etxt.exe'
_HEADING = (
    '"Txhash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)",'
    '"Value_OUT(ETH)","CurrentValue @ $1/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status","ErrCode",'
    '"Method"'
)

_FIRST = 1_500_000_000  # seconds


def _date(number: int) -> str:
    return datetime.fromtimestamp(_FIRST + number * 60, UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Ledger:
    """Services over one vault, the jobs and the surroundings of a page; ``said`` is what the person was told."""

    services: ServiceSet
    jobs: JobRunner
    context: UiContext
    folder: Path
    said: list[tuple[MessageLevel, str]] = field(default_factory=list)

    def wallet(self, name: str = "Treasury", address: str = ADDRESS) -> int:
        """Add a wallet; returns its id."""
        values = {"name": name, "chain": "ethereum", "address": address}
        return self.services.records.create(TableName.WALLETS, values).id

    def imported(self, count: int, *, first: int = 1) -> None:
        """History of the first wallet: ``count`` rows one minute apart, number ``first`` the oldest."""
        wallets = self.services.storage.wallets.all()
        wallet = wallets[0].id if wallets else self.wallet()
        lines = [
            f'"0x{number:064x}","{4_000_000 + number}","{_FIRST + number * 60}","{_date(number)}",'
            f'"{OTHER}","{ADDRESS}","","{number}","0","1","0.0001","0.1","300","","","Transfer"'
            for number in range(first, first + count)
        ]
        file = self.folder / f"export{first}.csv"
        file.write_text("\n".join([_HEADING, *lines]) + "\n", encoding="utf-8")
        report = self.services.importing.run(file, wallet)
        assert (report.new, report.rejections) == (count, ()), report


@contextmanager
def opened_ledger(vault: Path, folder: Path, theme: Theme, *, services: ServiceSet | None = None) -> Iterator[Ledger]:
    """Services (over the vault, where none are given), lanes and context, closed afterwards."""
    services = services or open_services_over(vault, folder)
    jobs, messages = JobRunner(Lanes()), Messages()
    context = UiContext(
        services=services,
        jobs=jobs,
        theme=theme,
        settings=services.settings,
        messages=messages,
        navigator=Navigator(),
    )
    ledger = Ledger(services, jobs, context, folder)
    messages.shown.connect(lambda level, text, _details: ledger.said.append((level, text)))
    try:
        yield ledger
    finally:
        jobs.close()
        services.close()


class CountingWindows:
    """The real windows, with a count of what was asked of them and rows handed out."""

    def __init__(self, windows: WindowStore) -> None:
        self._windows = windows
        self.surveys = 0
        self.spans: list[tuple[int, int]] = []
        self.positions = 0
        self.rows_read = 0
        self.asked_for: list[str] = []
        self.failure: Exception | None = None

    def count(self, query: TableQuery, *, token: CancelToken | None = None) -> int:
        return self._windows.count(query, token=token)

    def estimate(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        self._fail()
        return self._windows.estimate(query, token=token)

    def survey(self, query: TableQuery, *, token: CancelToken | None = None) -> Count:
        self.surveys += 1
        self._fail()
        return self._windows.survey(query, token=token)

    def window(
        self,
        query: TableQuery,
        start: int,
        stop: int,
        *,
        rough: bool = False,
        near: Place | None = None,
        token: CancelToken | None = None,
    ) -> RowWindow:
        self.spans.append((start, stop))
        self._fail()
        window = self._windows.window(query, start, stop, rough=rough, near=near, token=token)
        self.rows_read += len(window.rows)
        return window

    def rows(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[Row]:
        return self._windows.rows(query, token=token)

    def ids(self, query: TableQuery, *, token: CancelToken | None = None) -> Iterator[int]:
        return self._windows.ids(query, token=token)

    def beginning(
        self,
        query: TableQuery,
        column: str,
        text: str,
        *,
        after: int | None = None,
        itself: bool = False,
        token: CancelToken | None = None,
    ) -> Place | None:
        self.asked_for.append(text)
        return self._windows.beginning(query, column, text, after=after, itself=itself, token=token)

    def by_ids(self, table: TableName, ids: Sequence[int]) -> list[Row]:
        return self._windows.by_ids(table, ids)

    def position(
        self, query: TableQuery, row_id: int, *, about: int | None = None, token: CancelToken | None = None
    ) -> int | None:
        self.positions += 1
        return self._windows.position(query, row_id, about=about, token=token)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
