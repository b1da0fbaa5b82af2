"""When and where Python looks for reference cycles: on the GUI thread, in short turns.

Left alone, the collector runs on whichever thread happens to allocate. On a worker it may destroy Qt objects, which
belong to the GUI thread (a crash), and a full collection stops every thread for 70 ms and more.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QObject, QTimer

_LOOK_MS = 250
_YOUNG = 2_000  # allocations not freed again since the last look that make one worth its time
_GENERATIONS = (20, 10)  # collections of generation 0 to one of 1, and of 1 to one of 2
_LIVING, _WAS_ON = "aether_collectors", "aether_collected_before"  # kept by the application


class GarbageCollector(QObject):
    """Takes the collector over while it lives. GUI thread only, while there is an application.

    Of several in a process (a window each) the last that is closed hands it back.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._started = False
        self._due = [0, 0]
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """No collection from now on, until the program is loaded."""
        if not self._started:
            self._started = True
            living = self._living(1)
            if living == 1:
                self._application().setProperty(_WAS_ON, gc.isenabled())
        gc.disable()

    def loaded(self) -> None:
        """The modules loaded so far stay, and are left out of collections, which keeps those short; ours begin.

        Later calls are for what was loaded since. Not for pages: they go again.
        """
        gc.freeze()
        self._timer.start()

    def close(self) -> None:
        """Hand it back as it was before the first."""
        self._timer.stop()
        if not self._started:
            return
        self._started = False
        if self._living(-1) == 0:
            gc.unfreeze()
            if self._application().property(_WAS_ON):
                gc.enable()

    def look(self) -> None:
        """Collect as far as it is due."""
        if gc.get_count()[0] < _YOUNG:
            return
        generation = 0
        for older, every in enumerate(_GENERATIONS):
            self._due[older] += 1
            if self._due[older] < every:
                break
            self._due[older] = 0
            generation = older + 1
        gc.collect(generation)

    def _living(self, more: int) -> int:
        """How many have started and are not closed, ``more`` than before."""
        application = self._application()
        living = int(application.property(_LIVING) or 0) + more
        application.setProperty(_LIVING, living)
        return living

    @staticmethod
    def _application() -> QCoreApplication:
        application = QCoreApplication.instance()
        if application is None:
            raise RuntimeError("The collector needs a running application.")
        return application
