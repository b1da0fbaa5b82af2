"""The pages of the sections, one on view; each is made when it is first wanted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QStackedWidget, QWidget

from aether_desktop.ui import object_names
from aether_desktop.ui.shell.sections import Section, Steps
from aether_desktop.ui.turns import next_turn


class PageStack(QStackedWidget):
    """Holds what stands alone for a while as well (first run, locked); that is no section's. GUI thread only."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName(object_names.PAGES)
        self._sections: dict[str, Section] = {}
        self._made: dict[str, QWidget] = {}
        self._making: dict[str, Steps] = {}

    @property
    def sections(self) -> tuple[Section, ...]:
        """All of them, in the order of the navigation."""
        return tuple(self._sections.values())

    def set_sections(self, sections: Sequence[Section]) -> None:
        """What there is to open; called once before ``clear_sections``."""
        self._sections = {section.key: section for section in sections}

    def clear_sections(self) -> None:
        """Forget all sections; their pages go one a turn of the loop."""
        pages = self.made_pages
        self._sections, self._made, self._making = {}, {}, {}
        for page in pages:
            self.removeWidget(page)
        self._drop_next(pages)

    @property
    def made_pages(self) -> list[QWidget]:
        """The sections' pages made so far."""
        return list(self._made.values())

    def is_made(self, key: str) -> bool:
        """Whether a section's page is there."""
        return key in self._made

    def is_taken_in(self, key: str) -> bool:
        """Whether it was given its look as well: only showing it is left."""
        return key in self._made and self.indexOf(self._made[key]) >= 0

    def make(self, key: str) -> QWidget:
        """Return a section's page, made but not yet given its look; KeyError if unknown."""
        while key not in self._made:
            self.make_on(key)
        return self._made[key]

    def make_on(self, key: str) -> None:
        """Make a section's page, or one more step of it where it is made in steps; KeyError if unknown."""
        section = self._sections[key]
        if section.steps is None:
            self._keep(key, section.factory())
            return
        steps = self._making.pop(key, None) or section.steps()
        try:
            next(steps)
        except StopIteration as end:
            self._keep(key, end.value)
        else:
            self._making[key] = steps

    def _keep(self, key: str, page: QWidget) -> None:
        if not page.objectName():
            page.setObjectName(object_names.page_name(key))
        self._made[key] = page

    def page(self, key: str) -> QWidget:
        """Return a section's page, making it if this is its first time; KeyError if unknown."""
        page = self.make(key)
        self.take_in(page)
        return page

    def take_in(self, page: QWidget) -> None:
        """Put a page into the stack, if it is not there yet."""
        if self.indexOf(page) < 0:
            self.addWidget(page)

    def _drop_next(self, pages: list[QWidget]) -> None:
        if pages:
            pages.pop().deleteLater()
            next_turn(self, partial(self._drop_next, pages))
