"""The temple nodes section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="temple_nodes",
    icon="temple_nodes",
    sentence="The temple nodes you run or watch, by tier.",
    button="Add temple node",
    more="A node's type follows from its three thresholds.",
)


class TempleNodesView(TablePage):
    """The temple nodes you run or watch, by tier."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.TEMPLE_NODES, context, _WORDS)
