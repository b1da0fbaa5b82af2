"""The difference panel: somebody changed the row meanwhile; the person chooses field by field."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from aether_desktop.domain.records import Record, TableName
from aether_desktop.ui.forms.fields import FORMS, text_of
from aether_desktop.ui.models.cells import one_line
from aether_desktop.ui.object_names import form_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Space
from aether_desktop.ui.widgets.buttons import plain_button, primary_button, without_mnemonics
from aether_desktop.ui.widgets.labels import text_label


class ConflictPanel(QWidget):
    """Shows the fields that differ; ``chosen(values)`` carries what to store over their version."""

    chosen = Signal(object)
    cancelled = Signal()

    def __init__(self, table: TableName, theme: Theme, *, theirs: Record, mine: Mapping[str, object]) -> None:
        super().__init__()
        self.setObjectName(form_part_name(table, "conflict"))
        self.setAccessibleName("Choose between two versions")
        self._mine = dict(mine)
        self._groups: dict[str, QButtonGroup] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.L, Space.M, Space.L, Space.M)
        column.setSpacing(Space.M)
        column.addWidget(text_label(theme, "Changed by somebody else", size=FontSize.HEADING, bold=True, wrap=True))
        column.addWidget(text_label(theme, "Nothing is stored yet. Choose which value to keep.", kind="dim", wrap=True))
        grid = QGridLayout()
        grid.setVerticalSpacing(Space.S)
        titles = {spec.key: spec.title for spec in FORMS[table]}
        for key, value in mine.items():
            other = getattr(theirs, key)
            if value != other:
                grid_title = titles.get(key, key)
                grid.addWidget(text_label(theme, grid_title, kind="dim"), grid.rowCount(), 0, 1, 2)
                self._add_choice(grid, key, grid_title, (text_of(other), text_of(value)))
        column.addLayout(grid)
        column.addStretch(1)
        self.store_button = primary_button(theme, "Store my choice", object_name=form_part_name(table, "choose"))
        cancel = plain_button(theme, "Keep theirs", object_name=form_part_name(table, "keep_theirs"))
        buttons = QHBoxLayout()
        buttons.addWidget(self.store_button)
        buttons.addWidget(cancel)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.store_button.clicked.connect(self._on_store)
        cancel.clicked.connect(self.cancelled)
        self.setFocusProxy(self.store_button)

    @property
    def differing(self) -> tuple[str, ...]:
        """Keys of the fields that differ."""
        return tuple(self._groups)

    def choose(self, key: str, *, mine: bool) -> None:
        """Pick one side of a field."""
        self._groups[key].button(1 if mine else 0).setChecked(True)

    def _add_choice(self, grid: QGridLayout, key: str, title: str, texts: tuple[str, str]) -> None:
        group = QButtonGroup(self)
        for number, (who, text) in enumerate(zip(("Theirs", "Yours"), texts, strict=True)):
            button = QRadioButton(without_mnemonics(one_line(f"{who}: {text or 'empty'}")))
            button.setAccessibleName(one_line(f"{title}, {who}: {text}"))
            button.setChecked(number == 1)
            group.addButton(button, number)
            grid.addWidget(button, grid.rowCount(), 0, 1, 2)
        self._groups[key] = group

    def _on_store(self) -> None:
        self.chosen.emit({key: self._mine[key] for key, group in self._groups.items() if group.checkedId() == 1})
