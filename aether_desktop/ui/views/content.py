"""The content section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage

_WORDS = TablePageWords(
    section="content",
    icon="content",
    sentence="Content ids of what you keep on IPFS and Filecoin.",
    button="Add content id",
    more="",
)


class ContentView(TablePage):
    """Content ids of what you keep on IPFS and Filecoin."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.CONTENT, context, _WORDS)
