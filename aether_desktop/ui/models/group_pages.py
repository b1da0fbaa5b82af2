"""The groups that a model holds: bounded pages, and a place before each page that was ever counted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from aether_desktop.ports.groups import Group, GroupPage
from aether_desktop.ports.queries import GroupKey
from aether_desktop.ui.models.page_cache import MAX_PAGES, PAGE_ROWS


class GroupPages:
    """Pages of PAGE_ROWS groups, at most MAX_PAGES of them; the groups before pages are kept for all of them."""

    def __init__(self) -> None:
        self._before: list[Group | None] = [None]
        self._pages: OrderedDict[int, tuple[Group, ...]] = OrderedDict()
        self._filling: list[Group] = []
        self.count = 0
        self.complete = False
        self.last: Group | None = None

    def grow(self, page: GroupPage) -> None:
        """Groups that follow the last one counted."""
        for group in page.groups:
            if len(self._filling) == PAGE_ROWS:
                self._before.append(self.last)
                self._filling = []
            self._filling.append(group)
            self.last = group
            self.count += 1
            if len(self._filling) == PAGE_ROWS and len(self._pages) < MAX_PAGES:
                self._pages[len(self._before) - 1] = tuple(self._filling)
        if self._filling and len(self._pages) < MAX_PAGES:
            self._pages[len(self._before) - 1] = tuple(self._filling)
        self.complete = not page.more

    def place_of(self, page: int) -> Group | None:
        """The group after which a counted page begins; None: the first page."""
        return self._before[page]

    def put(self, page: int, groups: Sequence[Group]) -> None:
        """Keep a page that was read again; the one used longest ago goes."""
        self._pages[page] = tuple(groups)
        self._pages.move_to_end(page)
        if len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)

    def at(self, row: int) -> Group | None:
        """The group if its page is here."""
        page, offset = self._pages.get(row // PAGE_ROWS), row % PAGE_ROWS
        return page[offset] if page is not None and offset < len(page) else None

    def number_of(self, key: GroupKey) -> int | None:
        """The row of a group among the pages that are here."""
        for number, page in self._pages.items():
            for offset, group in enumerate(page):
                if group.key == key:
                    return number * PAGE_ROWS + offset
        return None

    def like(self, other: GroupPages) -> bool:
        """Whether the same groups stand in the same rows, as far as both hold them."""
        if self.count != other.count or self._before != other._before:
            return False
        return all(page == other._pages.get(number, page) for number, page in self._pages.items())
