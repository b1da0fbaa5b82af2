"""The monitoring section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="monitoring",
    icon="monitoring",
    sentence="What the monitors saw: threats, verified transactions, savings.",
    button="Add log entry",
    more="Monitors write here by themselves.",
)


class MonitoringView(TablePage):
    """What the monitors saw: threats, verified transactions, savings."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.MONITORING, context, _WORDS)
