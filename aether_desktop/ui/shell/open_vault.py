"""One window over one open vault or database: sections, commands, messages, live refresh. Knows no concrete storage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from aether_desktop.ports.queries import ArchivedRows, Comparison, TableQuery, Term
from aether_desktop.services.search import SearchHit
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.context import SECTION_OF_TABLE, Messages, Navigator, UiContext
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.models.counting import count_text
from aether_desktop.ui.permissions import Permissions
from aether_desktop.ui.sections import build_sections
from aether_desktop.ui.shell.command_palette import PaletteEntry
from aether_desktop.ui.shell.live_refresh import LiveRefresh
from aether_desktop.ui.shell.main_window import MainWindow
from aether_desktop.ui.shell.sections import ImportingPage, PageCommand, PartedPage
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.views.value_page import ValuePage
from aether_desktop.ui.watching import BoardWatch


class OpenVault(QObject):
    """Fills a MainWindow with the pages of an open ServiceSet and keeps them fresh. GUI thread only."""

    def __init__(
        self,
        window: MainWindow,
        services: ServiceSet,
        *,
        jobs: JobRunner,
        theme: Theme,
        messages: Messages,
        session_problem: Callable[[], str] = lambda: "",
        board: BoardWatch | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._services, self._jobs, self._theme = window, services, jobs, theme
        self._navigator = Navigator(self)
        self.context = UiContext(
            services=services,
            jobs=jobs,
            theme=theme,
            settings=services.settings,
            messages=messages,
            navigator=self._navigator,
            permissions=Permissions(self),
            session_problem=session_problem,
            board=BoardWatch(parent=self) if board is None else board,
        )
        self.context.permissions.follow(services, jobs)
        self._counted: set[str] = set()
        self._live = LiveRefresh(services, self.context.permissions, made_pages=lambda: window.made_pages, parent=self)
        self._live.reach_changed.connect(self._on_reach_changed)
        self._navigator.rows_asked.connect(self._on_rows_asked)
        self._navigator.section_asked.connect(self._on_section_asked)
        self._navigator.import_asked.connect(self._on_import_asked)
        self._navigator.files_asked.connect(self._on_files_asked)
        window.commands.set_finder(self._find)
        window.section_changed.connect(self._on_section_changed)
        window.set_sections(build_sections(self.context), later=True)
        window.commands.set_entries(self._commands())
        window.commands.set_everywhere({PageCommand.IMPORT: self._navigator.open_import})
        self._describe()

    def close(self) -> None:
        """Stop listening; the pages keep their layouts."""
        self._live.close()
        for page in self._window.made_pages:
            if isinstance(page, TablePage):
                page.close_model()
            elif isinstance(page, ValuePage):
                page.save_columns()

    def _describe(self) -> None:
        info = self._services.info
        where = f"{info.vault_name} on {info.location}" if info.engine == "postgresql" else info.vault_name
        said = f"{where}, encrypted" if info.encrypted and info.engine == "sqlite" else where
        plain = info.engine == "sqlite" and not info.encrypted
        self._window.status.set_connection(said, tone="warn" if plain else "ok")
        self._window.setWindowTitle(f"{info.vault_name} - Aether")

    def _on_reach_changed(self, reached: bool) -> None:
        if reached:
            self._describe()
        else:
            where = self._services.info.location
            self._window.status.set_connection(f"Not reached, trying again: {where}", tone="bad", icon="warning")

    def _commands(self) -> Sequence[PaletteEntry]:
        modes = {ThemeMode.LIGHT: "light", ThemeMode.DARK: "dark", ThemeMode.SYSTEM: "system"}
        entries = [
            PaletteEntry(f"Theme: {word}", partial(self._set_theme, mode), icon="settings")
            for mode, word in modes.items()
        ]
        ask = self._navigator.open_section
        entries.append(PaletteEntry("Import history", self._navigator.open_import, icon="import", keys="Ctrl+I"))
        entries.append(PaletteEntry("Past imports", partial(ask, "imports"), icon="clock"))
        entries.append(PaletteEntry("Tokens and their decimals", partial(ask, "tokens"), icon="scale"))
        entries.append(PaletteEntry("Courts and keys", partial(ask, "people/keys"), icon="key"))
        entries.append(PaletteEntry("Certified people", partial(ask, "people/certified"), icon="check_circle"))
        entries.append(PaletteEntry("Invitations", partial(ask, "people/invitations"), icon="people"))
        entries.append(PaletteEntry("Invite a person", partial(ask, "people/invite"), icon="people"))
        entries.append(PaletteEntry("Undo", self.context.undo, icon="undo", keys="Ctrl+Z"))
        entries.append(PaletteEntry("Redo", self.context.redo, icon="refresh", keys="Ctrl+Shift+Z"))
        return entries

    def _set_theme(self, mode: ThemeMode) -> None:
        self._theme.set_mode(mode)
        self._services.settings.set("theme", mode.value)

    def _find(self, text: str, deliver: Callable[[Sequence[PaletteEntry]], None]) -> None:
        search = self._services.search
        job = self._jobs.read(lambda token, _progress: search.find(text, token=token))
        job.on_success(lambda hits: deliver([self._entry(hit) for hit in hits]))
        job.on_failure(self.context.messages.report)

    def _entry(self, hit: SearchHit) -> PaletteEntry:
        term = Term("id", Comparison.EQUAL, str(hit.row_id))
        query = TableQuery(hit.table, (term,), archived=ArchivedRows.INCLUDED)
        icon = {"users": "people"}.get(hit.table.value, hit.table.value)
        return PaletteEntry(hit.title, lambda: self._on_rows_asked(query), icon=icon, hint=hit.line)

    def _on_rows_asked(self, query: TableQuery) -> None:
        page = self._window.open_section(SECTION_OF_TABLE[query.table])
        if isinstance(page, TablePage):
            page.show_query(query)

    def _on_section_asked(self, key: str) -> None:
        """A section's key, or "section/part"."""
        section, _, part = key.partition("/")
        page = self._window.open_section(section)
        if part and isinstance(page, PartedPage):
            page.open_part(part)

    def _on_import_asked(self, wallet_id: int | None) -> None:
        page = self._window.open_section("transactions")
        if isinstance(page, ImportingPage):
            page.show_import(wallet_id)

    def _on_files_asked(self, paths: list[Path]) -> None:
        page = self._window.open_section("transactions")
        if isinstance(page, ImportingPage):
            page.import_files(paths)

    def _on_section_changed(self, key: str) -> None:
        page = self._window.page(key)
        self._window.status.set_rows("")
        if isinstance(page, TablePage):
            self._window.status.set_rows(count_text(page.model.known_count))
            if key not in self._counted:
                self._counted.add(key)
                page.count_changed.connect(partial(self._on_count, key))

    def _on_count(self, key: str, rows: str) -> None:
        if self._window.current_section == key:
            self._window.status.set_rows(rows)
