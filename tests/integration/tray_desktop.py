"""A desktop session of its own with the window and its icon in it; says what it sees. Run by tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from aether_desktop.domain.notices import Notice, NoticeKind
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.networks.desktop_notifications import DesktopNotifier
from aether_desktop.services.settings_file import KEEP_WATCHING
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.tray_keeper import TrayKeeper
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.watching import BoardWatch
from tests.ui.boards import NOW, PublishedBoards, board, view
from tests.ui.sample_pages import MemoryState, sample_sections


def main() -> int:
    """Answers each command with a line; the loop turns meanwhile."""
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    theme = Theme(ThemeMode.DARK)
    theme.apply(app)
    settings = MemoryState()
    KEEP_WATCHING.set(settings, True)
    window = MainWindow(theme, settings)
    window.set_sections(sample_sections(theme))
    engine = PublishedBoards(board([view(1)]))
    watch = BoardWatch(engine)
    notifier = DesktopNotifier()
    keeper = TrayKeeper(window, watch, settings=settings, sender=notifier, zone=lambda: UTC)
    window.show()

    def answer(text: object) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def down() -> None:
        notice = Notice(id=1, owner_id=1, at=NOW, kind=NoticeKind.PROBLEM, title="archive-07 is down", node_ids=(2,))
        engine.tell(notice)
        engine.publish(board([view(1), view(2, NodeStatus.DOWN, name="archive-07")]))
        answer("told")

    def close() -> None:
        stayed = not window.close()
        answer(f"{'hidden' if window.isHidden() else 'on view'}, {'running' if stayed else 'closed'}")

    def message() -> None:
        shown = window.messages.current
        answer("" if shown is None else shown.text)

    acts: dict[str, Callable[[], object]] = {
        "tray": lambda: answer(keeper.tray.shown),
        "close": close,
        "down": down,
        "message": message,
        "window": lambda: answer("hidden" if window.isHidden() else "on view"),
        "menu": lambda: answer("|".join(each.text() for each in keeper.tray.menu.actions() if each.text())),
        "quit": app.quit,
    }

    def on_command() -> None:
        commands = os.read(sys.stdin.fileno(), 4096).decode().split()
        for command in commands or ["quit"]:
            acts[command]()

    keeper.notice_failed.connect(lambda _id: answer(notifier.problem()))
    ears = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    ears.activated.connect(on_command)
    app.exec()
    keeper.close()
    watch.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
