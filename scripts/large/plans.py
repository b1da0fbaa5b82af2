"""How the engines answer filters alone, in pairs and in threes: the statements the program runs, and their plans.

usage: python -m scripts.large.plans PLACE.json

One line each: what drives it, whether something is sorted or read whole, rows found, time to the first page.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.storage.opening import OpenVault, open_shared, open_vault_file
from aether_desktop.storage.sql_storage import SqlStorage

_TERMS: Final = {
    "wallet": "wallet:Workshop",
    "chain": "chain:atc",
    "status": "status:failed",
    "kind": "kind:contract_interaction",
    "token": "token:HUSD",
    "dates": "date>=2024-02-01 date<2024-04-01",
    "amounts": "amount>10 amount<11",
    "counterparty": "counterparty:{party}",
    "label": "label:Rent",
    "hash start": "hash:{start}",
    "fragment": "hash:{fragment}",
}
_TRIPLES: Final = (
    ("wallet", "status", "dates"),
    ("token", "kind", "amounts"),
    ("chain", "counterparty", "dates"),
    ("token", "status", "label"),
)
_PAGE: Final = 128
_LONGEST: Final = 5.0  # seconds; then the question is called off
_DRIVER: Final = re.compile(r"(?:SEARCH|SCAN) (\S+)(?: USING (?:COVERING )?INDEX (\S+))?")
_NODE: Final = re.compile(r"(Index Only Scan|Index Scan|Seq Scan|Bitmap Index Scan)(?: Backward)?(?: using| on) (\S+)")


class Statements:
    """What the program's readers run, with their parameters."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    @contextmanager
    def listening(self, vault: OpenVault) -> Iterator[None]:
        event.listen(vault.kit.reader, "before_cursor_execute", self._note)
        try:
            yield
        finally:
            event.remove(vault.kit.reader, "before_cursor_execute", self._note)

    def _note(self, _connection: Connection, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "FROM transactions" in statement and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            self.seen.append((statement, values))


def terms_of(storage: SqlStorage) -> dict[str, str]:
    """With an address and a hash that are there."""
    found = storage.windows.window(TableQuery(TableName.TRANSACTIONS), 0, 1).rows[0]
    (row,) = storage.transactions.by_hash(_hash_of(found.values))[:1]
    party, digits = row.from_address or row.to_address, row.tx_hash.removeprefix("0x")
    filled = {"party": party, "start": row.tx_hash[:12], "fragment": digits[20:30]}
    return {name: text.format(**filled) for name, text in _TERMS.items()}


def _hash_of(values: tuple[object, ...]) -> str:
    return next(str(value) for value in values if re.fullmatch(r"(0x)?[0-9a-f]{64}", str(value)))


def first_page(storage: SqlStorage, query: TableQuery) -> tuple[int, float | None]:
    """Rows and seconds; None: called off after _LONGEST."""
    token = CancelToken()
    bell = threading.Timer(_LONGEST, token.cancel)
    bell.start()
    began = time.perf_counter()
    try:
        rows = len(storage.windows.window(query, 0, _PAGE, rough=True, token=token).rows)
    except OperationCancelled:
        return 0, None
    finally:
        bell.cancel()
    return rows, time.perf_counter() - began


def plan_of(vault: OpenVault, statement: str, values: Any) -> list[str]:
    """The engine's own words, a line a step."""
    with vault.kit.reader.connect() as connection:
        if vault.kit.dialect == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            return [str(row[3]) for row in found]
        return [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]


def said(plan: list[str], dialect: str) -> str:
    """What drives the ledger, and what is read or sorted as a whole."""
    if dialect == "sqlite":
        drivers = [match for line in plan if (match := _DRIVER.search(line))]
        driver = next((match[2] or f"{match[1]} whole" for match in drivers), "?")
        marks = [line for line in plan if "TEMP B-TREE" in line or re.match(r"SCAN transactions(?! USING)", line)]
        return f"{driver}{''.join(f'; {mark}' for mark in marks)}"
    nodes = [match for line in plan if (match := _NODE.search(line))]
    driver = " + ".join(
        dict.fromkeys(match[2] for match in nodes if match[2].startswith(("ix_", "uq_", "pk_", "trans")))
    )
    marks = [
        word
        for word in ("Seq Scan on transactions", "Sort", "Incremental Sort")
        if any(line.strip().removeprefix("->").strip().startswith(word + " ") for line in plan)
    ]
    return f"{driver or '?'}{''.join(f'; {mark}' for mark in marks)}"


def main() -> int:
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    place = told["place"]
    if place["vault"]:
        path = Path(place["vault"])
        vault = open_vault_file(path, KeyFileStore(Path(place["key_file"])).load(path))
    else:
        vault = open_shared(place["url"])
    lines = []
    with closing(vault):
        storage, statements = SqlStorage(vault), Statements()
        terms = terms_of(storage)
        asked: list[tuple[str, ...]] = [(name,) for name in terms]
        for names in (*asked, *combinations(terms, 2), *_TRIPLES):
            query = parse_table_query(" ".join(terms[name] for name in names), TableName.TRANSACTIONS)
            statements.seen.clear()
            with statements.listening(vault):
                rows, seconds = first_page(storage, query)
            # What found the keys: looked-up names come before it, the rows by their ids after it.
            keys = [each for each in statements.seen if "sort_0" in each[0]] or statements.seen[:1]
            plans = [said(plan_of(vault, *each), vault.kit.dialect) for each in keys[:1]]
            lines.append({"filters": " + ".join(names), "rows": rows, "seconds": seconds, "plan": " | ".join(plans)})
    print(json.dumps({"plans": lines}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
