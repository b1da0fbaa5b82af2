"""The monitor beside the window: the engine under the board, the tray and the notices; one for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from aether_desktop.composition.watching import Watching
    from aether_desktop.ports.work import CancelToken
    from aether_desktop.services.service_set import ServiceSet
    from aether_desktop.services.settings_file import SettingsFile
    from aether_desktop.services.targets import Target
    from aether_desktop.ui.jobs import JobHandle, JobRunner
    from aether_desktop.ui.shell.main_window import MainWindow
    from aether_desktop.ui.shell.tray_keeper import TrayKeeper
    from aether_desktop.ui.watching import BoardWatch

_SILENCE: Final = timedelta(hours=1)  # of a notice's own button


class WindowWatch(QObject):
    """What must be loaded is loaded on a worker; until then the board says that nothing is watched. GUI thread."""

    node_asked = Signal(object)
    """(id) Its page is wanted."""
    lock_asked = Signal()
    problem = Signal(object)
    """(error) The monitor could not be begun; the window works all the same."""

    def __init__(
        self,
        window: MainWindow,
        settings: SettingsFile,
        jobs: JobRunner,
        *,
        data_dir: Path | None,
        key_file: Path | None,
        minimised: bool,
    ) -> None:
        super().__init__(window)
        self._window, self._settings, self._jobs = window, settings, jobs
        self._data_dir, self._key_file, self._minimised = data_dir, key_file, minimised
        self._board: BoardWatch | None = None
        self.keeper: TrayKeeper | None = None
        self._watching: Watching | None = None
        self._services: ServiceSet | None = None
        self._taking: JobHandle[object] | None = None
        self._asked = self._closed = False
        self._next: Callable[[Watching, CancelToken], object] | None = None

    @property
    def board(self) -> BoardWatch:
        """Made when first wanted, after the first paint."""
        from aether_desktop.ui.watching import BoardWatch  # noqa: PLC0415

        if self._board is None:
            self._board = BoardWatch(parent=self)
        return self._board

    def opened(self, services: ServiceSet) -> None:
        """A vault or database is open: watch what it holds."""
        self._services = services
        self._do(lambda watching, token: watching.opened(services, token=token))
        if self.keeper is not None:
            self.keeper.tray.set_lockable(on=services.access is not None)

    def locked(self, target: Target | None) -> None:
        """A vault waits for its password: watch what may be watched without one."""
        key_file = self._key_file
        self._do(lambda watching, _token: watching.locked(target, key_file=key_file))

    def leaving(self) -> None:
        """What is open is going to be closed: nothing of it is used by the window any more."""
        self._services = None
        if self._taking is not None:
            self._taking.cancel()
        if self.keeper is not None:
            self.keeper.tray.set_lockable(on=False)

    def leave(self, services: ServiceSet) -> None:
        """On the worker that closes it, before it is closed."""
        if self._watching is not None:
            self._watching.leave(services)

    def close(self) -> None:
        """The program ends: after the workers, before what is open is closed. Waits for the last writes."""
        self._closed = True
        if self.keeper is not None:
            self.keeper.close()
        if self._board is not None:
            self._board.close()
        if self._watching is not None:
            self._watching.close()

    def raise_window(self) -> None:
        """Somebody started the program a second time."""
        if self.keeper is not None:
            self.keeper.raise_window()
            return
        self._minimised = False
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    # ------------------------------------------------------------------------------------------------------ the engine
    def _do(self, act: Callable[[Watching, CancelToken], object]) -> None:
        """On the program's write lane, in the order asked for; of what comes before all is loaded, the last counts."""
        if self._watching is None:
            self._next = act
            self._load()
            return
        watching = self._watching
        job: JobHandle[object] = self._jobs.write(lambda token, _progress: act(watching, token), repeatable=False)
        self._taking = job
        job.on_failure(self.problem.emit)

    def _load(self) -> None:
        if self._asked:
            return
        self._asked = True
        settings, data_dir = self._settings, self._data_dir

        def made() -> Watching:
            from aether_desktop import composition  # noqa: PLC0415  # asyncio and TLS with it, on a worker

            return composition.make_watching(settings, data_dir=data_dir)

        job = self._jobs.read(lambda _token, _progress: made(), repeatable=False)
        job.on_success(self._on_loaded).on_failure(self.problem.emit)

    def _on_loaded(self, watching: Watching) -> None:
        from aether_desktop import composition  # noqa: PLC0415
        from aether_desktop.ui.shell.tray_keeper import TrayKeeper  # noqa: PLC0415  # after the first paint
        from aether_desktop.ui.zone import visible_zone  # noqa: PLC0415

        if self._closed:
            return
        self._watching = watching
        settings = self._settings
        self.board.attach(watching.engine)
        self.keeper = keeper = TrayKeeper(
            self._window,
            self.board,
            settings=settings,
            sender=composition.desktop_notifier(),
            zone=lambda: visible_zone(settings),
        )
        keeper.node_asked.connect(self.node_asked)
        keeper.lock_asked.connect(self.lock_asked)
        keeper.silence_asked.connect(self._on_silence)
        keeper.notice_failed.connect(self._on_notice_failed)
        keeper.tray.set_lockable(on=self._services is not None and self._services.access is not None)
        if self._minimised:
            keeper.start_hidden()
        act, self._next = self._next, None
        if act is not None:
            self._do(act)

    # ------------------------------------------------------------------------------------------------------ the notices
    def _on_silence(self, node_ids: tuple[int, ...]) -> None:
        from aether_desktop.domain.times import utc_now  # noqa: PLC0415

        services, watching = self._services, self._watching
        if services is None or watching is None:
            if self.keeper is not None:
                self.keeper.raise_window()  # behind the lock nothing can be changed
            return
        job = self._jobs.write(
            lambda _token, _progress: services.nodes.silence(node_ids, utc_now() + _SILENCE), repeatable=False
        )
        job.on_success(lambda _none: watching.engine.reload()).on_failure(self.problem.emit)

    def _on_notice_failed(self, notice_id: int) -> None:
        from aether_desktop.domain.notices import NoticeFate  # noqa: PLC0415

        services = self._services
        if services is not None:
            notices = services.storage.watching.notices
            failed = partial(notices.set_fate, notice_id, NoticeFate.FAILED)
            self._jobs.write(lambda _token, _progress: failed(), repeatable=False).on_failure(lambda _error: None)
