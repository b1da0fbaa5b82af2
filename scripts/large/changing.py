"""A ledger that changes while it is on view: a file is imported, another import is called off, the first is undone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from PySide6.QtWidgets import QTableView

from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.models.roles import Role
from scripts.bench_import import OWN, write_export
from scripts.gui_session import settle, wait
from scripts.large.watching import TIMEOUT, Probe

IMPORTED: Final = 20_000
_FILE: Final = "bench-import"
_CALLED_OFF_AFTER: Final = 400  # milliseconds


class Changing:
    """The import runs in a thread, as it does on the program's write lane; the row with the cursor must stay."""

    def __init__(self, services: ServiceSet, grid: QTableView, probe: Probe, *, rows: int, folder: Path) -> None:
        self._services, self._grid, self._probe = services, grid, probe
        self._rows, self._folder = rows, folder

    def run(self) -> None:
        """The ledger is afterwards what it was before."""
        take_back(self._services)
        wallet_id = self._wallet()
        first, second = (self._folder / f"{_FILE}-{number}.csv" for number in (1, 2))
        for number, file in enumerate((first, second)):
            write_export(file, rows=IMPORTED * (number + 1), seed=number + 1)
        row = self._rows // 2
        self._grid.verticalScrollBar().setValue(max(row - 5, 0))
        wait(lambda: self._id_at(row) is not None, seconds=TIMEOUT)
        self._grid.setCurrentIndex(self._grid.model().index(row, 0))
        settle(300)
        held = self._id_at(row)
        importing = self._services.importing

        self._step("import on view", lambda: importing.run(first, wallet_id), IMPORTED, held)
        token = CancelToken()
        self._probe.watch.step = "cancel an import"
        called_off = [0.0]

        def ask() -> None:
            with suppress(OperationCancelled):
                importing.run(second, wallet_id, token=token)

        def call_off() -> None:
            called_off[0] = time.perf_counter()
            token.cancel()

        self._turning(ask, meanwhile=call_off)
        self._probe.note("cancel an import", time.perf_counter() - called_off[0])
        self._probe.gaps("gap while cancelling", "cancel an import")
        self._step("undo an import", lambda: take_back(self._services), 0, held)

    def _step(self, name: str, work: Callable[[], object], more: int, held: object) -> None:
        self._probe.watch.step = name
        began = time.perf_counter()
        self._turning(work)
        self._probe.note(name, time.perf_counter() - began)
        try:
            wait(lambda: self._settled(self._rows + more), seconds=TIMEOUT)
            self._probe.note(f"{name}, count exact", time.perf_counter() - began)
        except TimeoutError:
            self._probe.note(f"{name}, count exact", None)
        self._probe.gaps(f"gap: {name}", name)
        if self._grid.currentIndex().data(Role.ROW_ID) != held:
            self._probe.wrong.append(f"{name}: the cursor lost its row")
        self._probe.watch.step = "rest"

    def _settled(self, rows: int) -> bool:
        model: Any = self._grid.model()
        return bool(model.rowCount() == rows and model.known_count.exact and not model.loading)

    def _turning(self, work: Callable[[], object], *, meanwhile: Callable[[], None] | None = None) -> None:
        """The loop turns while a thread works. Raises what the work raised."""
        errors: list[BaseException] = []

        def told() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
                errors.append(error)

        worker = threading.Thread(target=told)
        worker.start()
        if meanwhile is not None:
            settle(_CALLED_OFF_AFTER)
            meanwhile()
        wait(lambda: not worker.is_alive(), seconds=10 * TIMEOUT)
        if errors:
            raise errors[0]

    def _id_at(self, row: int) -> object:
        return self._grid.model().index(row, 0).data(Role.ROW_ID)

    def _wallet(self) -> int:
        storage = self._services.storage
        name = f"Bench {storage.info.user_id}"
        found = storage.wallets.by_name(name)
        if found:
            return found[0].id
        wallet = Wallet(
            id=storage.new_id(),
            owner_id=storage.info.user_id,
            created_at=utc_now(),
            name=name,
            chain="ethereum",
            address=OWN,
        )
        storage.wallets.create(wallet)
        return wallet.id


def take_back(services: ServiceSet) -> None:
    """Undo what the bench imported, also what a run left that was ended."""
    for batch in services.importing.batches():
        if batch.file_name.startswith(_FILE) and batch.status is BatchStatus.STORED:
            services.importing.undo(batch.id)
