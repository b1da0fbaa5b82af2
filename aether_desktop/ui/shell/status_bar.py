"""The line at the bottom that always answers: which vault, how fresh, how many rows, which court, what is running."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import FontSize, Size, Space
from aether_desktop.ui.widgets.buttons import IconLabel
from aether_desktop.ui.widgets.labels import ElidedLabel

_ICON = 14


class StatusBar(QFrame):
    """Five slots, each set by one method. GUI thread only."""

    activity_asked = Signal()
    level_asked = Signal()
    """Somebody clicked the level."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName(object_names.STATUS_BAR)
        self.setAccessibleName("Status")
        self.setProperty("kind", "status")
        self._connection_icon = IconLabel(theme, "dot", size=_ICON)
        self._connection = self._slot(object_names.STATUS_CONNECTION, "Connection")
        self._freshness = self._slot(object_names.STATUS_FRESHNESS, "Freshness")
        self._rows = self._slot(object_names.STATUS_ROWS, "Rows")
        self._level_icon = IconLabel(theme, "lock", size=_ICON)
        self._level = self._button(object_names.STATUS_LEVEL, "Open or lock levels")
        self._level.clicked.connect(self.level_asked)
        self._activity = self._button(object_names.STATUS_ACTIVITY, "Show running jobs")
        self._activity.clicked.connect(self.activity_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.M, 1, Space.XS, 0)
        row.setSpacing(Space.XL)
        row.addLayout(_pair(self._connection_icon, self._connection))
        row.addWidget(self._rows)
        row.addWidget(self._freshness)
        row.addStretch(1)
        self._level_pair = _pair(self._level_icon, self._level)
        row.addLayout(self._level_pair)
        row.addWidget(self._activity)
        self.setFixedHeight(max(Size.STATUS_BAR, self._connection.fontMetrics().height() + Space.S))
        self.set_connection("")
        self.set_level("")
        self.set_activity(0)

    def set_connection(self, text: str, *, tone: str = "ok", icon: str = "dot") -> None:
        """Say which vault or server is open, and how it stands ("Vault, encrypted"; "Reconnecting, try 3")."""
        self._fill(self._connection, text)
        self._connection_icon.setVisible(bool(text))
        self._connection_icon.set_drawing(icon, tone=tone)

    def set_freshness(self, text: str) -> None:
        """Say how old the data on view is ("Last round 6 s ago")."""
        self._fill(self._freshness, text)

    def set_rows(self, text: str) -> None:
        """Say how many rows there are ("10,482,113 rows, exact")."""
        self._fill(self._rows, text)

    def set_level(self, text: str, *, tone: str = "ok", icon: str = "unlock") -> None:
        """Say which court is open and for how long ("Outer Court, 14 min")."""
        self._level.setText(text)
        self._level.setAccessibleName(text or "Level")
        self._level.setVisible(bool(text))
        self._level_icon.setVisible(bool(text))
        self._level_icon.set_drawing(icon, tone=tone)

    def set_activity(self, running: int) -> None:
        """Say how many jobs run."""
        text = "No jobs" if not running else "1 job running" if running == 1 else f"{running} jobs running"
        self._activity.setText(text)
        self._activity.setAccessibleName(text)

    @property
    def level_button(self) -> QPushButton:
        """Where a menu of levels opens."""
        return self._level

    def _button(self, object_name: str, tip: str) -> QPushButton:
        button = QPushButton()
        button.setProperty("kind", "status")
        button.setObjectName(object_name)
        button.setFont(self._theme.fonts.interface(FontSize.SMALL))
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

    def _slot(self, object_name: str, name: str) -> ElidedLabel:
        label = ElidedLabel(self._theme, kind="dim")
        label.setFont(self._theme.fonts.interface(FontSize.SMALL))
        label.setObjectName(object_name)
        label.setAccessibleName(name)
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        label.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        label.hide()
        return label

    @staticmethod
    def _fill(label: ElidedLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))


def _pair(icon: QWidget, words: QWidget) -> QHBoxLayout:
    pair = QHBoxLayout()
    pair.setSpacing(Space.XS)
    pair.addWidget(icon, 0, Qt.AlignmentFlag.AlignVCenter)
    pair.addWidget(words)
    return pair
