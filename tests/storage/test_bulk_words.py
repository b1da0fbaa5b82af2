"""A label, a note and tags on every row of a query: in batches, counted, cancelled, taken back; on both engines."""

from __future__ import annotations

import pytest

from aether_desktop.domain.annotations import Annotation
from aether_desktop.ports.audit import AuditFilter
from aether_desktop.ports.errors import ConflictError, InvalidInputError, OperationCancelled
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.services import bulk_words
from aether_desktop.services.bulk_words import BulkSurvey, BulkWords, BulkWordService
from aether_desktop.services.undo import UndoStack
from tests.storage.ledger import TRANSACTIONS, store_ledger

ALL = TableQuery(TRANSACTIONS)


class Bulk:
    """A service with its undo stack, over the small ledger: six rows, two labelled."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.undo = storage, UndoStack()
        self.ids = store_ledger(storage)
        self.service = BulkWordService(storage, self.undo)

    def words(self, name: str) -> Annotation:
        row_id = self.ids[name]
        return self.storage.annotations.of(TRANSACTIONS, [row_id]).get(row_id) or Annotation(
            id=0, table=TRANSACTIONS, row_id=row_id
        )

    def labels(self) -> dict[str, str]:
        return {name: self.words(name).label for name in ("gift", "rent", "failed", "pending", "self", "btc")}


@pytest.fixture
def bulk(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Bulk:
    monkeypatch.setattr(bulk_words, "BATCH", 2)
    return Bulk(storage)


def test_the_survey_is_exact(bulk: Bulk) -> None:
    assert bulk.service.survey(ALL) == BulkSurvey(rows=6, labelled=2)
    assert bulk.service.survey(parse_table_query("label:lamp direction:in", TRANSACTIONS)) == BulkSurvey(1, 1)
    assert bulk.service.survey_rows(TRANSACTIONS, [bulk.ids["rent"], bulk.ids["gift"]]) == BulkSurvey(2, 1)


def test_rows_that_have_a_label_keep_it_unless_it_is_replaced(bulk: Bulk) -> None:
    kept = bulk.service.write_on_query(ALL, BulkWords(label="old house"))
    assert (kept.rows, kept.changed, kept.same, kept.whole, kept.undoable) == (6, 4, 2, True, True)
    assert bulk.labels() == dict.fromkeys(("gift", "failed", "pending", "self"), "old house") | {
        "rent": "Lamp ÖL",
        "btc": "lamp",
    }
    replaced = bulk.service.write_on_query(ALL, BulkWords(label="new", tags=("home", "late"), keep=False))
    assert (replaced.changed, set(bulk.labels().values())) == (6, {"new"})
    assert bulk.words("rent").tags == ("home", "Fixed", "late")
    assert bulk.words("rent").note == "see 50%\nfile"
    assert bulk.service.write_on_query(ALL, BulkWords(label="new")).changed == 0


def test_a_filter_that_labelling_empties_is_written_on_whole(bulk: Bulk) -> None:
    query = parse_table_query('label:""', TRANSACTIONS)
    assert bulk.service.write_on_query(query, BulkWords(label="seen")).changed == 4
    assert bulk.storage.windows.count(query) == 0


def test_it_is_taken_back_and_done_again_in_one_step(bulk: Bulk) -> None:
    before = bulk.labels()
    bulk.service.write_on_query(ALL, BulkWords(label="x", note="n", keep=False))
    assert bulk.undo.undo() == "label 6 rows"
    assert bulk.labels() == before
    assert bulk.words("gift").is_empty
    assert bulk.words("rent").note == "see 50%\nfile"
    bulk.undo.redo()
    assert set(bulk.labels().values()) == {"x"}
    annotate_again(bulk, "gift", "mine")
    with pytest.raises(ConflictError):
        bulk.undo.undo()
    assert bulk.labels()["rent"] == "x"  # all or none


def test_rows_without_words_are_taken_back_like_the_others(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_words, "UNDO_LIMIT", 2)  # two have a label; of the others only ids are kept
    before = {name: bulk.words(name) for name in bulk.labels()}
    assert bulk.service.write_on_query(ALL, BulkWords(label="x", tags=("home",), keep=False)).undoable
    assert {bulk.words(name).label for name in before} == {"x"}
    assert bulk.undo.undo() == "label 6 rows"
    after = {name: bulk.words(name) for name in before}
    assert {name: (each.label, each.tags, each.note) for name, each in after.items()} == {
        name: (each.label, each.tags, each.note) for name, each in before.items()
    }
    assert [name for name, each in after.items() if each.id == 0] == ["gift", "failed", "pending", "self"]
    bulk.undo.redo()
    assert set(bulk.labels().values()) == {"x"}
    annotate_again(bulk, "gift", "mine")
    with pytest.raises(ConflictError):
        bulk.undo.undo()
    assert bulk.labels()["self"] == "x"


def test_others_write_between_two_batches(bulk: Bulk) -> None:
    """Nothing is held from one batch to the next, also when all is done by one job."""
    seen: list[bool] = []

    def look(done: int, total: int | None, message: str = "") -> None:
        annotate_again(bulk, "rent", f"mine {len(seen)}")
        seen.append(True)

    ids = [bulk.ids[name] for name in ("gift", "failed", "pending", "self")]
    result = bulk.service.write_on_rows(TRANSACTIONS, ids, BulkWords(label="x"), progress=look)
    assert (result.changed, len(seen), bulk.labels()["rent"]) == (4, 2, "mine 1")


def annotate_again(bulk: Bulk, name: str, label: str) -> None:
    words = bulk.words(name)
    bulk.storage.annotations.put(
        Annotation(id=words.id, table=TRANSACTIONS, row_id=words.row_id, label=label, version=words.version)
    )


def test_too_many_changes_are_no_step_and_the_result_says_so(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_words, "NEW_LIMIT", 3)
    result = bulk.service.write_on_query(ALL, BulkWords(label="x"))
    assert (result.changed, result.undoable, bulk.undo.undo_text) == (4, False, "")
    monkeypatch.setattr(bulk_words, "UNDO_LIMIT", 1)
    result = bulk.service.write_on_query(ALL, BulkWords(label="y", keep=False))
    assert (result.changed, result.undoable, bulk.undo.undo_text) == (6, False, "")
    assert "cannot be taken back" in result.sentence


def test_cancelled_in_the_middle_what_is_done_stays_and_is_counted(bulk: Bulk) -> None:
    token = CancelToken()

    def stop(done: int, total: int | None, message: str = "") -> None:
        assert (done, total) == (2, 6)
        token.cancel()

    result = bulk.service.write_on_query(ALL, BulkWords(label="x", keep=False), token=token, progress=stop)
    assert (result.changed, result.whole) == (2, False)
    assert "4 rows not looked at" in result.sentence
    assert list(bulk.labels().values()).count("x") == 2
    with pytest.raises(OperationCancelled):
        bulk.service.write_on_query(ALL, BulkWords(label="x"), token=token)


def test_rows_that_go_meanwhile_are_counted(bulk: Bulk) -> None:
    ids = [bulk.ids["gift"], 12345, bulk.ids["self"]]
    result = bulk.service.write_on_rows(TRANSACTIONS, ids, BulkWords(label="x"))
    assert (result.rows, result.changed, result.gone, result.whole) == (3, 2, 1, True)


def test_what_cannot_be_stored_is_refused_before_anything_is_written(bulk: Bulk) -> None:
    before = bulk.labels()
    for words, field in (
        (BulkWords(), "label"),
        (BulkWords(label="x" * 256), "label"),
        (BulkWords(tags=("two words",)), "tags"),
        (BulkWords(label="a\x00"), "label"),
        (BulkWords(note="x" * 20_001), "note"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            bulk.service.write_on_query(ALL, words)
        assert refused.value.field == field
    assert bulk.labels() == before


def test_a_batch_is_one_entry_in_the_audit(bulk: Bulk) -> None:
    before = bulk.storage.audit.count(AuditFilter())
    bulk.service.write_on_query(ALL, BulkWords(label="x", keep=False))
    assert bulk.storage.audit.count(AuditFilter()) == before + 3  # six rows, two at a time


def test_a_refusal_in_the_middle_is_told_with_what_was_done(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    put_many = bulk.storage.annotations.put_many
    calls = []

    def refuse_later(annotations: list[Annotation]) -> object:
        calls.append(len(annotations))
        if len(calls) > 1:
            raise InvalidInputError("The disk is tired.", field="label")
        return put_many(annotations)

    monkeypatch.setattr(bulk.storage.annotations, "put_many", refuse_later)
    result = bulk.service.write_on_query(ALL, BulkWords(label="x", keep=False))
    assert (result.changed, result.problem, result.whole) == (2, "The disk is tired.", False)
