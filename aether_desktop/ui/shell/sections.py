"""What a page is to the window around it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from PySide6.QtWidgets import QWidget

Steps: TypeAlias = Generator[None, None, QWidget]


class PageCommand(StrEnum):
    """What the keyboard map asks of the page on view."""

    FILTER = "filter"
    ADD = "add"
    IMPORT = "import"
    EXPORT = "export"
    DETAILS = "details"
    UNDO = "undo"
    REFRESH = "refresh"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation. ``factory`` runs on the GUI thread when the section is opened for the first time.

    Entries of one ``group`` stand together. ``steps``, where there is, makes the same page in several turns of the
    loop: it yields between them and returns the page.
    """

    key: str
    title: str
    icon: str
    factory: Callable[[], QWidget]
    group: int = 0
    steps: Callable[[], Steps] | None = None


@runtime_checkable
class CommandablePage(Protocol):
    """A page that understands the keyboard map."""

    def run_page_command(self, command: PageCommand) -> bool:
        """Do it and return True, or return False if the page has no such thing. GUI thread."""
        ...


@runtime_checkable
class MessagePlace(Protocol):
    """A page that wants the message bar in its own layout (under its filter) instead of above itself."""

    def place_message_bar(self, bar: QWidget) -> None:
        """Put the window's one message bar into the page. Called each time the page comes on view."""
        ...


@runtime_checkable
class PartedPage(Protocol):
    """A page of several parts, each of which can be opened by name ("imports/17": batch 17)."""

    def open_part(self, part: str) -> None:
        """Show that part; an unknown name changes nothing. GUI thread."""
        ...


@runtime_checkable
class DraftingPage(Protocol):
    """A page on which something can be typed that is not stored yet."""

    def drafts(self) -> list[str]:
        """What would be lost with the page, in plain words that hold nothing of what was typed. GUI thread, quick."""
        ...


@runtime_checkable
class ImportingPage(Protocol):
    """The page that holds the import wizard."""

    def show_import(self, wallet_id: int | None = None) -> None:
        """Open the wizard, with a wallet already chosen. GUI thread."""
        ...

    def import_files(self, paths: Sequence[Path]) -> None:
        """Open the wizard and give it these files. GUI thread."""
        ...
