"""The people section."""

from __future__ import annotations

from aether_desktop.domain.records import TableName
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.table_page import TablePage, TablePageWords

_WORDS = TablePageWords(
    section="people",
    icon="people",
    sentence="The people who share these books, with role and membership.",
    button="Add person",
    more="",
)


class PeopleView(TablePage):
    """The people who share these books, with role and membership."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.USERS, context, _WORDS)
