"""Child of the benchmark: opens a window and prints the seconds from process start to its first paint.

usage: paint_probe.py bare|ours DATA_DIR START   (START: the parent's time.time() when it started this process)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path


def main() -> int:
    kind, data_dir, start = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget

    class FirstPaint(QObject):
        """Prints the time of the window's first paint, and of the moment it is usable."""

        def __init__(self, window: QWidget) -> None:
            super().__init__()
            self.window = window
            self.painted = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if self.painted or event.type() != QEvent.Type.Paint or not isinstance(watched, QWidget):
                return False
            if watched.window() is self.window:
                self.painted = True
                print(f"painted {time.time() - start:.4f}", flush=True)
            return False

    app = QApplication([])
    if kind == "bare":
        window = QMainWindow()
        window.setCentralWidget(QLabel("bare"))
        probe = FirstPaint(window)
        app.installEventFilter(probe)
        window.resize(1280, 740)
        window.show()
        QTimer.singleShot(300, app.quit)
        return app.exec()
    from aether_desktop.bootstrap import build

    program = build(data_dir=data_dir)
    probe = FirstPaint(program.window)
    app.installEventFilter(probe)

    def usable() -> None:
        print(f"usable {time.time() - start:.4f}", flush=True)
        QTimer.singleShot(100, app.quit)

    program.opened.connect(usable)
    program.failed.connect(lambda error: (print(f"failed {error}", flush=True), app.quit()))
    code = app.exec()
    program.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
