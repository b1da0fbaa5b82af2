"""One thing to do that may take long: what it is, the button, then progress with Cancel, then what came of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.activity import words_for_time_left
from aether_desktop.ui.widgets.buttons import IconButton, IconLabel, plain_button
from aether_desktop.ui.widgets.labels import ElidedLabel, LabelKind, breakable, set_kind, text_label

_STEPS = 1000
_BAR_WIDTH = 160
_BUTTON_WIDTH = 112
_MARKS: dict[str, tuple[str, str]] = {
    "ok": ("check_circle", "ok"),
    "warn": ("warning", "warn"),
    "error": ("error", "bad"),
}


class TaskRow(QWidget):
    """``started`` asks to begin; the owner submits a job and hands it to ``watch``. GUI thread only."""

    started = Signal()

    def __init__(self, theme: Theme, title: str, text: str, *, button: str, object_name: str) -> None:
        super().__init__()
        self._job: JobHandle[Any] | None = None
        self._copied = self._said = ""
        self._title = title
        self.button = plain_button(theme, button, object_name=object_name)
        self.button.setAccessibleName(f"{title}: {button}")
        self.button.setAccessibleDescription(text)
        self.button.setMinimumWidth(_BUTTON_WIDTH)
        self.button.clicked.connect(self.started)
        self._explained = text_label(theme, text, size=FontSize.SMALL, kind="dim", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(f"Progress: {title}")
        self._bar.setFixedWidth(_BAR_WIDTH)
        self._at = ElidedLabel(theme, kind="dim")
        self._cancel = plain_button(theme, "Cancel", object_name=f"{object_name}_cancel")
        self._cancel.setAccessibleName(f"Cancel: {title}")
        self._cancel.clicked.connect(self._on_cancel_clicked)
        self._mark = IconLabel(theme, "check_circle", tone="ok")
        self._result = text_label(theme, wrap=True)
        self._result.setObjectName(f"{object_name}_result")
        self._result.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._copy = IconButton(theme, "copy", f"Copy: {title}", size=Size.ICON - 2, object_name=f"{object_name}_copy")
        self._copy.setProperty("kind", "small")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._copied))
        self._offered: Callable[[], object] | None = None
        self.next_button = plain_button(theme, "", object_name=f"{object_name}_next")
        self.next_button.clicked.connect(self._on_next_clicked)
        self._compose(text_label(theme, title, wrap=True))

    @property
    def result(self) -> str:
        """What is said below, empty while nothing is."""
        return self._said

    def explain(self, text: str, *, button: str = "") -> None:
        """Say something else under the title, and on the button."""
        self._explained.setText(breakable(text))
        self.button.setAccessibleDescription(text)
        if button:
            self.button.setText(button)
            self.button.setAccessibleName(f"{self._title}: {button}")

    def watch(self, job: JobHandle[Any]) -> None:
        """Show a job until it ends; the button waits for that."""
        self._job = job
        self._outcome.hide()
        self.button.setEnabled(False)
        self._cancel.setEnabled(True)
        self._on_progress(0, None, "")
        self._running.show()
        job.on_progress(self._on_progress)
        job.on_success(partial(self._end, job))
        job.on_failure(partial(self._end, job))
        job.on_cancelled(partial(self._on_cancelled, job))

    def say(self, text: str, kind: LabelKind, *, copied: str = "") -> None:
        """Say what came of it; ``copied`` is what the copy button gives, the text where it is empty."""
        icon, tone = _MARKS.get(kind, ("info", "info"))
        self._mark.set_drawing(icon, tone=tone)
        self._said = text
        self._result.setText(breakable(text))
        set_kind(self._result, kind)
        self._copied = copied or text
        self.next_button.hide()
        self._outcome.setVisible(bool(text))

    def offer(self, words: str, act: Callable[[], object]) -> None:
        """A button for the step that follows, until something else is said."""
        self._offered = act
        self.next_button.setText(words)
        self.next_button.setAccessibleName(words)
        self.next_button.show()

    def _compose(self, caption: QWidget) -> None:
        words = QVBoxLayout()
        words.setSpacing(Space.XS)
        words.addWidget(caption)
        words.addWidget(self._explained)
        top = QHBoxLayout()
        top.setSpacing(Space.L)
        top.addLayout(words, 1)
        top.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self._running, running = _line()
        running.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignVCenter)
        running.addWidget(self._at, 1)
        running.addWidget(self._cancel)
        self._outcome, outcome = _line()
        above = Qt.AlignmentFlag.AlignTop
        outcome.addWidget(self._mark, 0, above)
        outcome.addWidget(self._result, 1)
        outcome.addWidget(self._copy, 0, above)
        outcome.addWidget(self.next_button, 0, above)
        self.next_button.hide()
        self._mark.setFixedHeight(max(Size.ICON, self._result.fontMetrics().height()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.S)
        column.addLayout(top)
        column.addWidget(self._running)
        column.addWidget(self._outcome)
        self._running.hide()
        self._outcome.hide()

    def _on_progress(self, done: int, total: int | None, message: str) -> None:
        if total:
            self._bar.setRange(0, _STEPS)
            self._bar.setValue(min(_STEPS, done * _STEPS // total))
        else:
            self._bar.setRange(0, 0)
        share = f"{min(100, done * 100 // total)} %" if total else f"{done:,}" if done else ""
        left = words_for_time_left(self._job.seconds_left()) if self._job is not None else ""
        self._at.setText(" \u00b7 ".join(part for part in (share, message, left) if part) or "Working")

    def _end(self, job: JobHandle[Any], _outcome: object = None) -> None:
        if self._job is job:
            self._job = None
            self._running.hide()
            self.button.setEnabled(True)

    def _on_cancelled(self, job: JobHandle[Any]) -> None:
        self._end(job)
        self.say("Stopped; nothing was changed.", "")

    def _on_next_clicked(self) -> None:
        if self._offered is not None:
            self._offered()

    def _on_cancel_clicked(self) -> None:
        if self._job is not None:
            self._cancel.setEnabled(False)
            self._job.cancel()


def _line() -> tuple[QWidget, QHBoxLayout]:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(Space.S)
    return holder, row
