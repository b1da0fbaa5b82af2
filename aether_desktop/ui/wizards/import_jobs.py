"""What the import wizard runs in the background; every answer goes into the flow, then ``changed``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import AetherError, OperationCancelled
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.importing import FileKind, ImportPreview, ImportReport
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.wizards.import_flow import FlowFile, ImportFlow

AnswerT = TypeVar("AnswerT")

_FAILED = "Something in the program went wrong while this file was read."
_STOPPED = "Stopped on request. Go back to begin again."


class ImportJobs(QObject):
    """Recognising, checking and importing files. An answer that nobody waits for any more is dropped. GUI thread."""

    changed = Signal()
    ended = Signal(object)
    """A FlowFile whose import is over, however it went."""
    read_on = Signal(object, object)
    run_on = Signal(object, object)
    """A FlowFile and its job: it came further."""

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._waited: dict[tuple[str, FlowFile], JobHandle[Any]] = {}

    def recognise(self, flow: ImportFlow, file: FlowFile) -> None:
        """Find out what a file is."""
        importing, chain = self._context.services.importing, flow.wallet.chain if flow.wallet else ""

        def work(token: CancelToken, _progress: Progress) -> FileKind:
            return importing.recognise(file.path, chain=chain, token=token)

        handle = self._wait("recognise", file, self._context.jobs.read(work))
        self._answer("recognise", file, handle, good=flow.recognised, bad=flow.refused)

    def preview(self, flow: ImportFlow, file: FlowFile) -> None:
        """A dry run: a write that is taken back, so it belongs on the write lane."""
        if flow.wallet is None or ("preview", file) in self._waited:
            return
        importing, options, wallet_id = self._context.services.importing, flow.options(file), flow.wallet.id

        def work(token: CancelToken, progress: Progress) -> ImportPreview:
            return importing.preview(file.path, wallet_id, options=options, token=token, progress=progress)

        title = f"Check {plain_line(file.name, 60)}"
        handle = self._wait("preview", file, self._context.jobs.write(work, title=title))

        self._answer("preview", file, handle, good=flow.previewed, bad=flow.preview_failed)
        handle.on_progress(lambda *_: self.read_on.emit(file, handle))

    def stop_previews(self) -> None:
        """Nobody waits for the checks any more."""
        for kind, file in [key for key in self._waited if key[0] == "preview"]:
            self._waited.pop((kind, file)).cancel()

    def run(self, flow: ImportFlow, file: FlowFile) -> None:
        """Store a file as one batch."""
        if flow.wallet is None:
            return
        importing, options, wallet_id = self._context.services.importing, flow.options(file), flow.wallet.id
        file.report, file.failure, file.cancelled = None, "", False

        def work(token: CancelToken, progress: Progress) -> ImportReport:
            return importing.run(file.path, wallet_id, options=options, token=token, progress=progress)

        title = f"Import {plain_line(file.name, 60)} into {plain_line(flow.wallet.name, 40)}"
        handle = self._wait("run", file, self._context.jobs.write(work, title=title))
        handle.when_stopped("Nothing of it is stored: import the file again.")
        handle.on_success(partial(self._on_stored, file))
        handle.on_failure(partial(self._on_failed, file))
        handle.on_cancelled(partial(self._on_failed, file, OperationCancelled()))
        handle.on_progress(lambda *_: self.run_on.emit(file, handle))

    def stop(self, file: FlowFile) -> None:
        """Ask the import of a file to stop; nothing of it is stored then."""
        handle = self._waited.get(("run", file))
        if handle is not None:
            handle.cancel()

    def forget(self, file: FlowFile) -> None:
        """The person left the file out."""
        for kind in ("recognise", "preview"):
            handle = self._waited.pop((kind, file), None)
            if handle is not None:
                handle.cancel()

    def _wait(self, kind: str, file: FlowFile, handle: JobHandle[AnswerT]) -> JobHandle[AnswerT]:
        older = self._waited.pop((kind, file), None)
        if older is not None:
            older.cancel()
        self._waited[kind, file] = handle
        return handle

    def _answer(
        self,
        kind: str,
        file: FlowFile,
        handle: JobHandle[AnswerT],
        *,
        good: Callable[[FlowFile, AnswerT], None],
        bad: Callable[[FlowFile, str], None],
    ) -> None:
        def settle(tell: Callable[[], None]) -> None:
            if self._waited.get((kind, file)) is handle:
                del self._waited[kind, file]
                tell()
                self.changed.emit()

        handle.on_success(lambda answer: settle(lambda: good(file, answer)))
        handle.on_failure(lambda error: settle(lambda: bad(file, self._said(error))))
        handle.on_cancelled(lambda: settle(lambda: bad(file, _STOPPED)))

    def _on_stored(self, file: FlowFile, report: ImportReport) -> None:
        self._waited.pop(("run", file), None)
        file.report = report
        self.changed.emit()
        self.ended.emit(file)

    def _on_failed(self, file: FlowFile, error: BaseException) -> None:
        self._waited.pop(("run", file), None)
        if isinstance(error, OperationCancelled):
            file.cancelled = True
        else:
            file.failure = self._said(error)
        self.changed.emit()
        self.ended.emit(file)

    def _said(self, error: BaseException) -> str:
        if isinstance(error, AetherError):
            return str(error)
        self._context.messages.report(error)
        return _FAILED
