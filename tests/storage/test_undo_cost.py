"""What undoing an import asks of the engine: its own rows lead, whatever else is stored; memory is given back."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.opening import OpenVault
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.stores import imports
from tests.storage.files import START, add_wallet, bring, movement, rows_of
from tests.support.storages import VaultPlace

UNDONE = START + timedelta(days=400)
_BY_LITTLE = re.compile(
    r"(SCAN (transactions|annotations|import_sightings|search_marks)\b"
    r"|SEARCH (transactions|annotations|import_sightings) .*\(vault_id=\?( AND table_name=\?)?\)"
    r"|SEARCH search_marks .*\(vault_id=\? AND source=\?\))"
)


@contextmanager
def plans_of(engine: Engine) -> Iterator[list[tuple[str, str]]]:
    """Each line of the plan of each statement that this thread runs, with the statement."""
    found: list[tuple[str, str]] = []
    here = threading.get_ident()

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if threading.get_ident() != here or many or statement.startswith(("PRAGMA", "SAVEPOINT", "RELEASE")):
            return
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        found.extend((statement, str(row[3])) for row in cursor.fetchall())

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def test_its_own_rows_lead_every_statement_in_a_vault_file(sqlite_place: VaultPlace) -> None:
    vault = sqlite_place.open_raw()
    storage = SqlStorage(vault)
    wallet = add_wallet(storage)
    first, _ = bring(storage, wallet.id, [movement(number) for number in range(1, 6)])
    bring(storage, wallet.id, [movement(number) for number in range(4, 9)])  # two rows go to this one
    for row in rows_of(storage, wallet.id):
        storage.annotations.put(Annotation(id=storage.new_id(), table=TableName.TRANSACTIONS, row_id=row.id, label="x"))
    storage.search.settle()
    with plans_of(vault.kit.reader) as looked:
        assert storage.imports.touched_by_undo(first.id)[:2] == (3, 2)
    with plans_of(vault.kit.writer) as undone:
        storage.imports.undo(first.id, UNDONE)
    with plans_of(vault.kit.writer) as settled:
        storage.search.settle()
    assert len(rows_of(storage, wallet.id)) == 5
    for plans in (looked, undone, settled):
        assert len(plans) > 5
        assert [each for each in plans if _BY_LITTLE.search(each[1])] == []


def test_what_many_rows_took_is_given_back_however_it_ends(vault: OpenVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK_ROWS", 2)
    given: list[bool] = []
    give_back = vault.kit.give_back

    def counted() -> None:
        given.append(vault.database.is_writing)
        give_back()

    monkeypatch.setattr(vault.kit, "give_back", counted)
    storage = SqlStorage(vault)
    wallet = add_wallet(storage)
    bring(storage, wallet.id, [movement(1)])
    assert given == []
    batch, _ = bring(storage, wallet.id, [movement(number) for number in range(2, 6)])
    token = CancelToken()
    with pytest.raises(OperationCancelled):
        storage.imports.undo(batch.id, UNDONE, token=token, progress=lambda *_: token.cancel())
    storage.imports.undo(batch.id, UNDONE)
    assert given == [False] * 3
    with storage.unit_of_work():  # whoever writes has its pages still
        vault.kit.give_back()
    assert len(rows_of(storage, wallet.id)) == 1
