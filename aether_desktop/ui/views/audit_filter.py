"""What the audit page shows: by whom, which action, which table, which row, from and until which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.audit import AuditFilter
from aether_desktop.ui.object_names import audit_part_name
from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.views.audit_entries import action_words, table_words
from aether_desktop.ui.widgets.buttons import IconLabel, link_button
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.labels import breakable, text_label

_OTHERS: Final = (
    "annotations",
    "audit_checkpoints",
    "currencies",
    "foreign_labels",
    "import_batches",
    "prices",
    "vaults",
)
_NO_ID: Final = "is no id of a row, which has digits only"
_NO_DAY: Final = "is no day, which is written as 2026-11-23"
_DAY_WIDTH: Final = 116
_ROW_WIDTH: Final = 190
_CHOICE_WIDTH: Final = 190


class AuditFilterBar(QWidget):
    """``changed`` when something else is asked for. GUI thread only."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._quiet = False
        self.person = self._choice("person", "By whom", "Everybody")
        self.action = self._choice("action", "Which action", "Every action")
        self.table = self._choice("table", "Which table", "Every table")
        for name in sorted({*(name.value for name in TableName), *_OTHERS}, key=table_words):
            self.table.addItem(table_words(name), name)
        self.row = self._line("row", "Which row, by its id", "Row id", _ROW_WIDTH)
        self.since = self._line("since", "From which day on", "From day", _DAY_WIDTH)
        self.until = self._line("until", "Until which day", "Until day", _DAY_WIDTH)
        self.clear_link = link_button(theme, "Show all", object_name=audit_part_name("filter_clear"))
        self.clear_link.clicked.connect(lambda: self.show_filter(AuditFilter()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.XS)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lines.setSpacing(Space.M)
        column.addLayout(self._lines)
        column.addWidget(self._make_problem(theme))
        self._choices = self._add_line(theme, self.person, self.action, self.table)
        self._fields = self._add_line(theme, self.row, self.since, self.until, self.clear_link)
        self._fields.addStretch(1)
        self.clear_link.setVisible(False)

    @property
    def wanted(self) -> AuditFilter:
        """What is asked for; what cannot be read asks for nothing, and is said to be so."""
        row = self.row.text().strip()
        until = _day(self.until.text())
        return AuditFilter(
            user_id=self.person.currentData(),
            action=self.action.currentData() or "",
            table=self.table.currentData() or "",
            row_id=int(row) if row.isascii() and row.isdecimal() and len(row) < 20 else None,
            since=_day(self.since.text()),
            until=None if until is None else until + timedelta(days=1),
        )

    def offer(self, people: Sequence[tuple[int, str]], actions: Sequence[str]) -> None:
        """People and actions there are entries of; what was chosen stays chosen."""
        self._refill(self.person, [(name, user_id) for user_id, name in people])
        self._refill(self.action, [(action_words(action), action) for action in actions])

    def show_filter(self, wanted: AuditFilter) -> None:
        """Ask for this instead."""
        before = self.wanted
        self._quiet = True
        for box, value in ((self.person, wanted.user_id), (self.action, wanted.action), (self.table, wanted.table)):
            box.setCurrentIndex(max(0, box.findData(value)) if value not in {None, ""} else 0)
        until = None if wanted.until is None else wanted.until - timedelta(days=1)
        self.row.setText("" if wanted.row_id is None else str(wanted.row_id))
        for field, day in ((self.since, wanted.since), (self.until, until)):
            field.setText("" if day is None else f"{day:%Y-%m-%d}")
        self._quiet = False
        if self.wanted != before:
            self._on_changed()
        else:
            self._say_problems()

    def only_person(self, user_id: int) -> None:
        """In addition to what is asked for already."""
        self.show_filter(replace(self.wanted, user_id=user_id))

    def only_row(self, row_id: int) -> None:
        """All that happened to one row, by whomever."""
        self.show_filter(AuditFilter(row_id=row_id))

    @property
    def problem(self) -> str:
        """What cannot be read and why, empty when all can."""
        return "" if self._problem.isHidden() else self._reasons.text()

    # -- inside --------------------------------------------------------------------------------------------------

    def _make_problem(self, theme: Theme) -> QWidget:
        self._problem = QWidget()
        line = QHBoxLayout(self._problem)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(Space.XS)
        self._reasons = text_label(theme, kind="error", size=FontSize.SMALL, wrap=True)
        self._reasons.setObjectName(audit_part_name("filter_problem"))
        line.addWidget(IconLabel(theme, "error", size=Size.ICON - 2, tone="bad"), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._reasons, 1)
        self._problem.hide()
        return self._problem

    def _add_line(self, theme: Theme, *widgets: QWidget) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(Space.M)
        for widget in widgets:
            widget.setFont(theme.fonts.interface())
            line.addWidget(widget)
        self._lines.addLayout(line)
        return line

    def _choice(self, part: str, name: str, nothing: str) -> Choice:
        box = Choice()
        box.setObjectName(audit_part_name(f"filter_{part}"))
        box.setAccessibleName(name)
        box.setMaximumWidth(_CHOICE_WIDTH)
        box.addItem(nothing, None)
        box.currentIndexChanged.connect(self._on_changed)
        return box

    def _line(self, part: str, name: str, hint: str, width: int) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(audit_part_name(f"filter_{part}"))
        field.setAccessibleName(name)
        field.setPlaceholderText(hint)
        field.setMaximumWidth(width)
        if part in {"since", "until"}:
            field.setToolTip("A day as 2026-11-23, in UTC")
        field.editingFinished.connect(self._on_changed)
        return field

    def _refill(self, box: QComboBox, entries: Sequence[tuple[str, Any]]) -> None:
        if [(box.itemText(at), box.itemData(at)) for at in range(1, box.count())] == list(entries):
            return
        chosen = box.currentData()
        self._quiet = True
        while box.count() > 1:
            box.removeItem(1)
        for text, value in entries:
            box.addItem(text, value)
        box.setCurrentIndex(max(0, box.findData(chosen)) if chosen is not None else 0)
        self._quiet = False

    def _on_changed(self) -> None:
        if self._quiet:
            return
        self._say_problems()
        self.changed.emit()

    def _say_problems(self) -> None:
        """Below the fields in words, on each field for who hears it, and by its border."""
        wanted = self.wanted
        reasons = {
            self.row: "" if wanted.row_id is not None else _unread(self.row, _NO_ID),
            self.since: "" if wanted.since is not None else _unread(self.since, _NO_DAY),
            self.until: "" if wanted.until is not None else _unread(self.until, _NO_DAY),
        }
        if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
            reasons[self.until] = "The last day is before the first, so no entry fits."
        for field, reason in reasons.items():
            field.setAccessibleDescription(reason)
            if bool(field.property("invalid")) != bool(reason):
                field.setProperty("invalid", bool(reason))
                repolish(field)
        said = " ".join(reason for reason in reasons.values() if reason)
        self._reasons.setText(breakable(said))
        self._problem.setVisible(bool(said))
        self.clear_link.setVisible(bool(said) or wanted != AuditFilter())

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = sum(line.sizeHint().width() for line in (self._choices, self._fields)) + Space.M
        sides, below = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._lines.setDirection(sides if wanted <= event.size().width() else below)

    def minimumSizeHint(self) -> QSize:
        """Of the narrow form: a page may be as narrow as that."""
        lines = (self._choices.minimumSize(), self._fields.minimumSize())
        return QSize(max(size.width() for size in lines), super().minimumSizeHint().height())


def _unread(field: QLineEdit, why: str) -> str:
    """Why what is typed there asks for nothing; empty where nothing is."""
    typed = plain_line(field.text().strip(), 30)
    return f"\u201c{typed}\u201d {why}; nothing is asked by it." if typed else ""


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
