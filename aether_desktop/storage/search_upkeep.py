"""Keeps the index of trigrams current: a slice in a transaction, in the background, from where it stopped."""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy import Connection, column, func, select, text

from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import METADATA, SEARCH_TEXTS
from aether_desktop.storage.schema.search import SEARCHED
from aether_desktop.storage.search_grams import GramWriter, in_place, make_tables, missed_rows, start_over
from aether_desktop.storage.search_index import SearchIndex

_SLICE_SECONDS: Final = 0.1  # others write in between
_SLICE: Final = 2_000  # rows in one transaction on PostgreSQL
_SAMPLED: Final = 2_000  # rows of a table that are looked up by a check


class SqlSearchUpkeep:
    """Implements ``ports.storage.SearchUpkeep``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._index = SearchIndex(database.dialect, database.vault_id)
        self._embedded = database.dialect == "sqlite"

    def waiting(self) -> int:
        """See the port."""
        return self._database.fetch(self._waiting)

    def settle(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """See the port. Raises OperationCancelled."""
        whole = self._database.fetch(self._waiting, token=token)
        done = 0
        while (settled := self.settle_some(token=token)) > 0:
            done += settled
            progress(min(done, whole), max(whole, 1))
            self._database.let_in()
        if done:
            self.tidy()
            self._database.give_back()
        return done

    def settle_some(self, *, token: CancelToken | None = None) -> int:
        """See the port. Raises OperationCancelled."""
        with self._database.write(action="search.settle", table=SEARCH_TEXTS.name, token=token) as unit:
            if self._embedded:
                if not make_tables(unit.connection, unit.vault_id) and not in_place(unit.connection, unit.vault_id):
                    start_over(unit.connection, unit.vault_id)
                return GramWriter(unit.connection, unit.vault_id).some(_SLICE_SECONDS)
            asked = text("SELECT aether_search_settle(:vault, :most)")
            return max(int(unit.connection.scalar(asked, {"vault": unit.vault_id, "most": _SLICE}) or 0), 0)

    def tidy(self) -> None:
        """See the port."""
        if not self._embedded:
            with self._database.write(action="search.tidy", table=SEARCH_TEXTS.name) as unit:
                unit.connection.execute(text("SELECT aether_search_tidy(:vault)"), {"vault": unit.vault_id})

    def start_over(self) -> None:
        """See the port."""
        with self._database.write(action="search.rebuild", table=SEARCH_TEXTS.name) as unit:
            if self._embedded:
                start_over(unit.connection, unit.vault_id)
            else:
                unit.connection.execute(text("SELECT aether_search_mark_all(:vault)"), {"vault": unit.vault_id})

    def wrong(self, *, token: CancelToken | None = None, progress: Progress = silent) -> int:
        """See the port. Raises OperationCancelled."""
        found = 0
        for number, source in enumerate(SEARCHED):
            found += self._database.fetch(partial(self._wrong, source=source), token=token)
            progress(number + 1, len(SEARCHED))
        return found

    # -- inside --------------------------------------------------------------------------------------------------

    def _waiting(self, connection: Connection) -> int:
        total = 0
        for source in SEARCHED:
            table = METADATA.tables[source]
            waiting = self._index.waiting(connection, table)
            if waiting is None:
                waiting = connection.scalar(select(func.max(column("rowid"))).select_from(table)) or 0
            total += waiting
        return total

    def _wrong(self, connection: Connection, *, source: str) -> int:
        """Rows of one table that the index does not find by their own text."""
        if not self._embedded:
            asked = text("SELECT aether_search_check(:vault, :source)")
            return int(connection.scalar(asked, {"vault": self._database.vault_id, "source": source}) or 0)
        return missed_rows(connection, self._database.vault_id, source, most=_SAMPLED)
