"""Second page, for files nobody knows: which column holds what, with values of the file beside each choice."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.text import plain_line
from aether_desktop.services.importing import FileKind
from aether_desktop.ui.object_names import import_part_name
from aether_desktop.ui.theme.theme import Theme, repolish
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import ElidedLabel, text_label
from aether_desktop.ui.widgets.scrolling import scrolling
from aether_desktop.ui.wizards.column_mapping import FIELDS, MappingProblem
from aether_desktop.ui.wizards.import_flow import FlowFile, sample_values

_DAY_ORDERS: tuple[tuple[str, bool | None], ...] = (
    ("Say so where it is not clear", None),
    ("Day first: 31/12/2024", True),
    ("Month first: 12/31/2024", False),
)


class MappingPage(QWidget):
    """One combobox per field; ``column_chosen(field, heading)`` with "" for none. GUI thread only."""

    column_chosen = Signal(str, str)
    day_order_chosen = Signal(object)
    leave_out_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._kind: FileKind | None = None
        self._filling = False
        self._title = text_label(theme, size=FontSize.HEADING, bold=True, wrap=True)
        self._advice = text_label(theme, kind="dim", wrap=True)
        self.leave_out_button = plain_button(theme, "Leave this file out", object_name=import_part_name("leave_out"))
        self.leave_out_button.clicked.connect(self.leave_out_asked)
        self.boxes: dict[str, QComboBox] = {}
        self._samples: dict[str, ElidedLabel] = {}
        self.day_order = FormField(
            theme,
            "Days such as 03/04/2024",
            QComboBox(),
            object_name=import_part_name("day_first"),
        )
        for title, value in _DAY_ORDERS:
            self.day_order.editor.addItem(title, value)
        self._build_layout()
        self.day_order.editor.currentIndexChanged.connect(self._on_day_order)
        self.setFocusProxy(self.boxes["occurred_at"])

    def show_file(self, file: FlowFile) -> None:
        """Offer the columns of a file, with the choices made so far."""
        self._filling = True
        self._kind = file.kind
        heading = file.kind.heading if file.kind else ()
        self._title.setText(f"Which column of {plain_line(file.name, 80)} holds what?")
        self._advice.setText(file.kind.advice if file.kind else "")
        self._advice.setVisible(bool(self._advice.text()))
        for key, box in self.boxes.items():
            box.clear()
            box.addItem("None", "")
            for name in heading:
                box.addItem(plain_line(name, 60) or "(no heading)", name)
            box.setCurrentIndex(max(box.findData(file.columns.get(key, "")), 0))
            self._show_sample(key)
        self.day_order.editor.setCurrentIndex([value for _title, value in _DAY_ORDERS].index(file.day_first))
        self._filling = False

    def show_problem(self, problem: MappingProblem | None) -> None:
        """Mark the field that is in the way."""
        for key, box in self.boxes.items():
            wrong = problem is not None and problem.field == key
            if bool(box.property("invalid")) != wrong:
                box.setProperty("invalid", wrong)
                repolish(box)
            box.setAccessibleDescription(problem.text if wrong and problem is not None else "")

    def _build_layout(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(Space.L)
        grid.setVerticalSpacing(Space.S)
        grid.setColumnStretch(2, 1)
        for row, field in enumerate(FIELDS):
            caption = text_label(self._theme, field.title)
            caption.setToolTip(field.help)
            box = QComboBox()
            box.setObjectName(f"{import_part_name('map')}_{field.key}")
            box.setAccessibleName(f"Column for: {field.title}")
            box.setMinimumWidth(Size.DETAILS_MIN)
            box.setToolTip(field.help)
            caption.setBuddy(box)
            sample = ElidedLabel(self._theme, kind="dim")
            box.currentIndexChanged.connect(lambda _index, key=field.key: self._on_column(key))
            self.boxes[field.key], self._samples[field.key] = box, sample
            grid.addWidget(caption, row, 0)
            grid.addWidget(box, row, 1)
            grid.addWidget(sample, row, 2)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, Space.S, 0)
        column.setSpacing(Space.M)
        column.addLayout(grid)
        self.day_order.setMaximumWidth(Size.FORM_WIDTH)
        column.addWidget(self.day_order)
        column.addStretch(1)
        scroll = scrolling(inner, name="Columns of the file", tabbed=True)
        scroll.setObjectName(import_part_name("mapping"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(Space.M)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self.leave_out_button)
        outer.addLayout(top)
        outer.addWidget(self._advice)
        outer.addWidget(scroll, 1)

    def _show_sample(self, key: str) -> None:
        heading = str(self.boxes[key].currentData() or "")
        values = sample_values(self._kind, heading) if self._kind is not None and heading else []
        help_text = next(field.help for field in FIELDS if field.key == key)
        self._samples[key].setText(" · ".join(values) if values else help_text if not heading else "(empty)")

    def _on_column(self, key: str) -> None:
        if not self._filling:
            self._show_sample(key)
            self.column_chosen.emit(key, str(self.boxes[key].currentData() or ""))

    def _on_day_order(self, index: int) -> None:
        if not self._filling:
            self.day_order_chosen.emit(_DAY_ORDERS[index][1])
