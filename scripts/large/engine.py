"""Without a window: the raw engine's own page queries, and the program's storage alone; how soon cancelled work ends.

usage: python -m scripts.large.engine QUESTIONS.json raw|storage
"""

from __future__ import annotations

import json
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlcipher3.dbapi2 as sqlcipher

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.queries import Sort, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.storage.sql_storage import SqlStorage, open_database, open_vault
from aether_desktop.storage.sqlite import READER_CACHE_KIB
from scripts.large.memory import memory_now, peak_memory
from scripts.large.questions import SHOWN, Match

PAGE: Final = 128
# What a row of the grid shows besides its own columns.
_SHOWN_WITH: Final = ", w.name, w.chain, c.*, f.*, a.label, a.note, a.note_sealed, g.tag"
_SHOWN_FROM: Final = (
    " JOIN wallets w ON w.vault_id = t.vault_id AND w.id = t.wallet_id"
    " JOIN currencies c ON c.vault_id = t.vault_id AND c.id = t.currency_id"
    " LEFT JOIN currencies f ON f.vault_id = t.vault_id AND f.id = t.fee_currency_id"
    " LEFT JOIN annotations a ON a.vault_id = t.vault_id AND a.table_name = 'transactions' AND a.row_id = t.id"
    " AND NOT a.detached"
    " LEFT JOIN annotation_tags g ON g.vault_id = a.vault_id AND g.annotation_id = a.id"
)
CACHE_KIB: Final = READER_CACHE_KIB  # as the program gives each reader
_CANCELS: Final = 20
_NEWEST: Final = "t.occurred_at DESC, t.id DESC"
_OLDEST: Final = "t.occurred_at, t.id"
# Nothing is found, and no index knows that: every row of the driving term must be looked at.
SLOW: Final = (
    "status:failed direction:in amount>0.001",
    "leg:token method:Deposit amount>0.001",
    "status:orphaned direction:out amount>0.001",
)


class Raw(ABC):
    """A driver's connection and nothing else."""

    @abstractmethod
    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """``?`` marks the values."""

    @abstractmethod
    def close(self) -> None: ...


class RawVault(Raw):
    """SQLCipher, keyed, with the program's page cache."""

    def __init__(self, place: dict[str, Any]) -> None:
        path = Path(place["vault"])
        self._connection = sqlcipher.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
        key = KeyFileStore(Path(place["key_file"])).load(path)
        self._connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(statement, tuple(values)))

    def close(self) -> None:
        self._connection.close()


class RawServer(Raw):
    """psycopg as the superuser, whom no policy binds."""

    def __init__(self, place: dict[str, Any]) -> None:
        self._connection = psycopg.connect(place["administration"], autocommit=True, prepare_threshold=1)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            statement.replace("%", "%%").replace("?", "%s").encode(), tuple(values)
        ).fetchall()

    def close(self) -> None:
        self._connection.close()


class RawQuestions:
    """The pages of 128 rows, all columns, that a person who knows the schema would ask for."""

    def __init__(self, raw: Raw, questions: dict[str, Any]) -> None:
        self._raw, self._questions = raw, questions
        (self._vault_id,) = raw.rows("SELECT id FROM vaults")[0]
        self._coins = [row[0] for row in raw.rows("SELECT id FROM currencies WHERE symbol = 'HUSD'")]
        self._wallets = dict(raw.rows("SELECT name, id FROM wallets"))
        self.measures: dict[str, Any] = {}

    def run(self) -> None:
        questions = self._questions
        self._timed("first rows", self._page("true", _NEWEST), right=questions["first"])
        self._timed("end", self._page("true", _OLDEST), right=questions["last"][::-1])
        keys = [self._key(tx_hash) for _number, tx_hash in questions["jumps"]]
        beyond = self._page("(t.occurred_at, t.id) < (?, ?)", _NEWEST)
        for key in keys[::2]:
            self._timed("jump", beyond, key)
        shown = self._page("(t.occurred_at, t.id) < (?, ?)", _NEWEST, _SHOWN_WITH, _SHOWN_FROM)
        for key in keys[1::2]:
            self._timed("jump, all that is shown", shown, key)
        for order, right in (("", "by_amount"), (" DESC", "by_amount_backward")) * 2:
            self._timed(
                "sort",
                self._page("true", f"t.amount_rank{order}, t.occurred_at{order}, t.id{order}"),
                right=questions[right],
            )
        for name, listed in (
            ("filter", questions["filters"]),
            ("filters combined", questions["combinations"]),
            ("hash fragment", [questions["fragment"]]),
            ("address fragment", [questions["address_fragment"]]),
        ):
            for asked in listed:
                condition = " AND ".join(self._own(Match(*each)).sql() for each in asked["matches"])
                done = self._timed(name, self._page(condition, _NEWEST), right=asked["right"])
                self.measures.setdefault("filters", {})[asked["name"]] = done
        self.measures["peak memory"] = peak_memory()

    def _page(self, condition: str, order: str, more: str = "", beside: str = "") -> str:
        return (
            f"SELECT t.*{more} FROM transactions t{beside} WHERE t.vault_id = {self._vault_id}"  # noqa: S608
            f" AND t.archived_at IS NULL AND {condition} ORDER BY {order} LIMIT {PAGE}"
        )

    def _key(self, tx_hash: str) -> tuple[int, int]:
        found = self._raw.rows(
            "SELECT occurred_at, id FROM transactions WHERE vault_id = ? AND tx_hash = ?", (self._vault_id, tx_hash)
        )
        return int(found[0][0]), int(found[0][1])

    def _own(self, match: Match) -> Match:
        """The ids of this place: they differ from the plain copy's, the names do not."""
        if match.column == "wallet_id":
            names = ["Workshop"] if len(match.values) == 1 else ["Treasury", "Household"]
            return match._replace(values=[self._wallets[name] for name in names])
        return match._replace(values=self._coins) if match.column == "currency_id" else match

    def _timed(self, name: str, statement: str, values: Sequence[Any] = (), *, right: Sequence[str] = ()) -> float:
        began = time.perf_counter()
        rows = self._raw.rows(statement, values)
        done = time.perf_counter() - began
        if not all(tx_hash in row for row, tx_hash in zip(rows, right, strict=False)) or len(rows) < len(right):
            raise RuntimeError(f"wrong rows: {name}")
        self.measures.setdefault(name, []).append(done)
        return done


class StorageQuestions:
    """Windows of 128 rows by ``Storage.windows``, as the grid asks for them but without one."""

    def __init__(self, storage: SqlStorage, told: dict[str, Any]) -> None:
        self._storage, self._questions, self._place = storage, told["questions"], told["place"]
        self.measures: dict[str, Any] = {}

    def run(self) -> None:
        questions, query = self._questions, TableQuery(TableName.TRANSACTIONS)
        before = memory_now()
        self._timed("first rows", query, 0)
        began = time.perf_counter()
        if self._storage.windows.count(query) != questions["rows"]:
            raise RuntimeError("wrong count")
        self._note("exact count", began)
        self._timed("end", query, max(questions["rows"] - PAGE, 0))
        for number, tx_hash in questions["jumps"]:
            self._timed("jump", query, int(number), [tx_hash])
        self.measures["jump, all that is shown"] = self.measures["jump"]  # ours is always that
        for descending in (False, True) * 2:
            right = questions["by_amount_backward" if descending else "by_amount"]
            self._timed("sort", TableQuery(query.table, sort=(Sort("amount", descending),)), 0, right)
        for name, listed in (
            ("filter", questions["filters"]),
            ("filters combined", questions["combinations"]),
            ("hash fragment", [questions["fragment"]]),
            ("address fragment", [questions["address_fragment"]]),
        ):
            for asked in listed:
                done = self._timed(name, parse_table_query(asked["text"], query.table), 0, asked["right"])
                self.measures.setdefault("filters", {})[asked["name"]] = done
        self.measures["memory"] = peak_memory() - before
        self._cancelled()

    def _timed(self, name: str, query: TableQuery, start: int, right: Sequence[str] = ()) -> float:
        column = TABLES[query.table].index("tx_hash")
        began = time.perf_counter()
        window = self._storage.windows.window(query, start, start + PAGE)
        done = self._note(name, began)
        shown = [row.values[column] for row in window.rows[: min(len(right), SHOWN)]]
        if shown != list(right):
            raise RuntimeError(f"wrong rows: {name}")
        return done

    def _note(self, name: str, began: float) -> float:
        done = time.perf_counter() - began
        self.measures.setdefault(name, []).append(done)
        return done

    def _cancelled(self) -> None:
        """Asked, called off a moment later: until the call is over, and on a server until no session works on it."""
        late = 0
        for number in range(_CANCELS):
            query = parse_table_query(SLOW[number % len(SLOW)], TableName.TRANSACTIONS)
            token, over = CancelToken(), threading.Event()
            ended: list[float] = []

            def ask(query: TableQuery = query, token: CancelToken = token, ended: list[float] = ended) -> None:
                try:
                    self._storage.windows.count(query, token=token)
                except OperationCancelled:
                    ended.append(time.perf_counter())

            worker = threading.Thread(target=lambda work=ask, done=over: (work(), done.set()))
            worker.start()
            if over.wait(0.02 + 0.005 * number):
                late += 1  # answered before anybody could call it off
                worker.join()
                continue
            began = time.perf_counter()
            token.cancel()
            worker.join()
            left = self._left_server() if self._place["administration"] else 0.0
            if ended:
                self.measures.setdefault("cancelled", []).append(max(ended[0], left) - began)
        self.measures["answered before the cancel"] = late

    def _left_server(self) -> float:
        with psycopg.connect(self._place["administration"], autocommit=True) as connection:
            while True:
                (working,) = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
                    " AND pid <> pg_backend_pid() AND query LIKE '%transactions%' AND backend_type = 'client backend'"
                ).fetchone() or (0,)
                if not working:
                    return time.perf_counter()


def main() -> int:
    told, kind = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2]
    place = told["place"]
    if kind == "raw":
        with closing(RawVault(place) if place["vault"] else RawServer(place)) as raw:
            asked = RawQuestions(raw, told["questions"])
            asked.run()
            print(json.dumps(asked.measures))
        return 0
    if place["vault"]:
        path = Path(place["vault"])
        storage = open_vault(path, KeyFileStore(Path(place["key_file"])).load(path))
    else:
        storage = open_database(place["url"])
    with closing(storage):
        session = StorageQuestions(storage, told)
        session.run()
        print(json.dumps(session.measures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
