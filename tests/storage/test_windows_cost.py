"""What windows ask of the engine, counted in questions and rows: never more for more rows; on both engines."""

from __future__ import annotations

import random
import threading
import time
from typing import Any, NamedTuple

import psycopg
import pytest
from sqlalchemy import Connection, text

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.queries import Comparison, Place, Sort, TableQuery, Term
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage import anchor_walks
from aether_desktop.storage.anchors import STRIDE
from aether_desktop.storage.database import Database
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.window_order import Key
from aether_desktop.storage.window_question import Question
from tests.storage import samples
from tests.storage.samples import LATER
from tests.storage.test_database import ENDLESS
from tests.support.storages import VaultPlace

ROWS = 20_000
PAGE = 128
QUERY = TableQuery(TableName.MONITORING)


class Step(NamedTuple):
    """One reading of keys."""

    offset: int
    limit: int
    backward: bool
    keys: int


class Recorder:
    """What was read by ``Question.step``; how often everything was, by ``Question.every`` or ``Question.count``."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.wholes = 0

    def taken(self) -> list[Step]:
        """The steps since the last time."""
        steps, self.steps = self.steps, []
        return steps


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    step, every, count = Question.step, Question.every, Question.count

    def recorded(
        self: Question,
        connection: Connection,
        place: Key | None,
        *,
        offset: int = 0,
        limit: int,
        backward: bool = False,
    ) -> list[Key]:
        keys = step(self, connection, place, offset=offset, limit=limit, backward=backward)
        made.steps.append(Step(offset, limit, backward, len(keys)))
        return keys

    def whole(self: Question, *given: Any) -> Any:
        made.wholes += 1
        return every(self, *given)

    def counted(self: Question, connection: Connection, *conditions: Any) -> int:
        made.wholes += not conditions
        return count(self, connection, *conditions)

    monkeypatch.setattr(Question, "step", recorded)
    monkeypatch.setattr(Question, "every", whole)
    monkeypatch.setattr(Question, "count", counted)
    monkeypatch.setattr(anchor_walks, "_SLOW_SECONDS", 1e9)
    return made


@pytest.fixture
def ids(storage: SqlStorage, database: Database, place: VaultPlace) -> list[int]:
    """ROWS log entries, ten to a moment, put there by the administrator; their ids in the table's order."""
    made = list(database.reserve_ids(ROWS))
    listed = ",".join(map(str, made))
    fields = "vault_id, id, owner_id, version, created_at, seen_at, action, severity, description"
    into = f"INSERT INTO ai_monitoring_logs ({fields}) SELECT {database.vault_id}, n.id, {database.user_id}, 1,"
    rest = "'gas_optimization', 'info', 'entry'"
    if place.engine == "postgresql":
        source = f"unnest('{{{listed}}}'::bigint[]) WITH ORDINALITY AS n (id, number)"
        place.administer(
            "SET session_replication_role = replica",  # or each row costs a millisecond
            f"{into} 0, number / 10, {rest} FROM {source}",
            "ANALYZE ai_monitoring_logs",
        )
    else:
        with database.write(action="test.crowd", table="ai_monitoring_logs") as unit:
            source = f"(SELECT value AS id, key AS number FROM json_each('[{listed}]')) AS n"
            unit.connection.exec_driver_sql(f"{into} 0, number / 10, {rest} FROM {source}")
    storage.changes.publish(ChangeSet(frozenset({TableName.MONITORING}), None))
    return made[::-1]


@pytest.fixture
def storage(place: VaultPlace, vault: Any) -> SqlStorage:
    """The client that ``database`` is of."""
    return SqlStorage(vault)


def surveyed(storage: SqlStorage, query: TableQuery = QUERY) -> int:
    while not (count := storage.windows.survey(query)).exact:
        assert count.counting or count.rows
    return count.rows


def test_the_first_and_the_last_page_come_before_anything_is_counted(
    storage: SqlStorage, ids: list[int], recorder: Recorder
) -> None:
    first = storage.windows.window(QUERY, 0, PAGE, rough=True)
    assert [row.id for row in first.rows] == ids[:PAGE]
    assert recorder.taken() == [Step(0, PAGE, False, PAGE)]
    count = storage.windows.estimate(QUERY)
    assert recorder.taken() == []
    assert (count.exact, count.least) == (False, False)
    assert ROWS / 2 < count.rows < ROWS * 2
    last = storage.windows.window(QUERY, count.rows - PAGE, count.rows, rough=True)
    assert [row.id for row in last.rows] == ids[-PAGE:]
    assert recorder.taken() == [Step(0, PAGE, True, PAGE)]
    assert recorder.wholes == 0


def test_a_jump_reads_a_page_of_keys_past_no_more_than_a_hop(
    storage: SqlStorage, ids: list[int], recorder: Recorder
) -> None:
    assert surveyed(storage) == ROWS
    assert {step.limit for step in recorder.taken()} <= {1, STRIDE}
    chance = random.Random(5)
    for _ in range(40):
        start = chance.randrange(ROWS - PAGE)
        window = storage.windows.window(QUERY, start, start + PAGE)
        assert [row.id for row in window.rows] == ids[start : start + PAGE]
        (step,) = recorder.taken()
        assert (step.limit, step.keys) == (PAGE, PAGE)
        assert step.offset < STRIDE
    for number in (0, 1, 12_345, ROWS - 1):
        assert storage.windows.position(QUERY, ids[number]) == number
    assert recorder.taken() == []
    assert recorder.wholes == 0


def test_no_more_than_a_page_is_ever_skipped(storage: SqlStorage, ids: list[int], recorder: Recorder) -> None:
    for start in (ROWS - 1_500, 9_000):
        window = storage.windows.window(QUERY, start, start + 5)  # nothing is anchored yet
        assert [row.id for row in window.rows] == ids[start : start + 5]
    storage.monitoring.archive(ids[:300], LATER)  # more than are looked after one by one
    window = storage.windows.window(QUERY, 15_000, 15_005)
    assert [row.id for row in window.rows] == ids[15_300:15_305]
    assert max(step.offset for step in recorder.steps) < STRIDE
    assert sum(step.keys for step in recorder.steps) < 3 * STRIDE


def test_a_change_of_a_few_rows_counts_their_buckets_only(
    storage: SqlStorage, ids: list[int], recorder: Recorder
) -> None:
    surveyed(storage)
    storage.windows.window(QUERY, 5_000, 5_100)
    recorder.taken()
    storage.monitoring.archive(ids[5_010:5_012], LATER)
    count = storage.windows.estimate(QUERY)
    assert (count.rows, count.exact) == (ROWS - 2, True)
    storage.monitoring.create(entry := samples.log_entry(storage, seen_at=LATER))
    assert storage.windows.estimate(QUERY).rows == ROWS - 1
    storage.monitoring.restore(ids[5_010:5_011])
    assert storage.windows.estimate(QUERY).rows == ROWS
    assert sum(step.keys for step in recorder.taken()) <= 6 * STRIDE
    window = storage.windows.window(QUERY, 15_000, 15_005)
    assert [row.id for row in window.rows] == ids[15_000:15_005]
    assert storage.windows.position(QUERY, entry.id) == 0
    assert recorder.wholes == 0


def test_after_a_change_that_nobody_lists_the_place_is_kept_by_its_row(
    storage: SqlStorage, ids: list[int], recorder: Recorder
) -> None:
    surveyed(storage)
    storage.monitoring.archive(ids[:300], LATER)
    recorder.taken()
    count = storage.windows.estimate(QUERY)
    assert (count.rows, count.exact, count.least) == (ROWS, False, False)
    assert storage.windows.position(QUERY, ids[9_000], about=9_000) == 9_000
    window = storage.windows.window(QUERY, 8_960, 8_960 + PAGE, rough=True, near=Place(9_000, ids[9_000]))
    assert [row.id for row in window.rows] == ids[8_960 : 8_960 + PAGE]
    assert not window.exact
    assert sum(step.keys for step in recorder.taken()) <= PAGE + 2
    assert surveyed(storage) == ROWS - 300
    assert storage.windows.position(QUERY, ids[9_000], about=9_000) == 8_700


def test_changes_without_end_do_not_keep_counting_from_its_end(
    storage: SqlStorage, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor_walks, "_SLICE_SECONDS", 0.0)  # one hop
    for _ in range(3):
        for _hop in range(ROWS // STRIDE + 1):
            storage.changes.publish(ChangeSet(frozenset({TableName.MONITORING}), None))
            count = storage.windows.survey(QUERY)
            assert not count.exact
        assert not count.counting
        assert count.rows == ROWS
    assert surveyed(storage) == ROWS


def test_where_no_index_has_the_order_everything_is_read_once(
    storage: SqlStorage, ids: list[int], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor_walks, "_SLOW_SECONDS", -1.0)
    info = (Term("severity", Comparison.EQUAL, "info"),)
    for terms in ((), info):
        query = TableQuery(QUERY.table, terms, (Sort("severity"), Sort("id")))
        assert surveyed(storage, query) == ROWS
        assert recorder.wholes == 1
        assert len(recorder.taken()) == 1
        window = storage.windows.window(query, 15_000, 15_050)
        assert [row.id for row in window.rows] == sorted(ids)[15_000:15_050]
        recorder.wholes = 0
        recorder.taken()
    surveyed(storage, QUERY)  # by an index: going on costs what is passed, slow as it may be
    assert recorder.wholes == 0
    assert len(recorder.taken()) > ROWS // STRIDE


def test_a_page_that_nobody_looks_at_any_more_leaves_the_engine(
    storage: SqlStorage, database: Database, place: VaultPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a tenth of a second: the best of five, for machines that do other work."""
    running = threading.Event()
    step = Question.step

    def endless(_self: Question, connection: Connection, *_given: Any, **_how: Any) -> list[Key]:
        running.set()
        connection.execute(text(ENDLESS[database.dialect])).scalar()
        return []

    def cancel_soon(token: CancelToken, moments: list[float]) -> None:
        running.wait()
        moments.append(time.monotonic())
        token.cancel()

    monkeypatch.setattr(Question, "step", endless)
    asked = (
        lambda token: storage.windows.window(QUERY, 0, PAGE, rough=True, token=token),
        lambda token: storage.windows.survey(QUERY, token=token),
    )
    took: list[float] = []
    for question in (*asked, *asked, asked[0]):
        running.clear()
        token, moments = CancelToken(), list[float]()
        thread = threading.Thread(target=cancel_soon, args=(token, moments))
        thread.start()
        with pytest.raises(OperationCancelled):
            question(token)
        took.append(time.monotonic() - moments[0])
        thread.join()
    assert min(took) < 0.1
    if place.engine == "postgresql":
        with psycopg.connect(place.administration) as administrator:
            row = administrator.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
        assert row == (0,)
    monkeypatch.setattr(Question, "step", step)
    assert storage.windows.window(QUERY, 0, PAGE).rows == ()  # the connections are in order
