"""Labels, notes and tags on any row, and labels whose row is not here; on both engines."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from aether_desktop.domain.annotations import Annotation, ForeignLabel
from aether_desktop.domain.audit import facts_of
from aether_desktop.domain.records import InvalidRecordError, Record, TableName
from aether_desktop.domain.sealed_fields import UNREVISED, Sealed
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.audit import AuditFilter
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError, InvalidInputError, NotFoundError
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import ANNOTATIONS, NOTE_WORDS
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.stores import annotations as annotation_store
from aether_desktop.storage.stores.annotations import SqlAnnotationStore
from aether_desktop.storage.stores.wallets import SqlWalletStore
from tests.storage import samples
from tests.storage.samples import NOW, SAMPLES


def annotation(storage: Storage, record: Record, table: TableName = TableName.WALLETS, **words: object) -> Annotation:
    given: dict[str, object] = {"label": "rent", "note": "paid\nlate", "tags": ("home", "Fixed"), "extra": {"x": [1]}}
    return Annotation(id=storage.new_id(), table=table, row_id=record.id, **{**given, **words})  # type: ignore[arg-type]


def sealed(revision: int, *words: bytes) -> Sealed:
    """What a sealer might have made; the storage can neither open it nor make its words."""
    return Sealed.of(revision, bytes([1, 1]) + bytes(40) + b"".join(words), words=tuple(map(_token, words)))


def _token(word: bytes) -> bytes:
    return word.ljust(40, b"-")


def tokens(storage: SqlStorage) -> set[tuple[int, bytes]]:
    """What notes are found by, with their annotations' ids."""
    with storage._database.read() as connection:
        rows = connection.execute(select(NOTE_WORDS.c.annotation_id, NOTE_WORDS.c.token)).all()
    return {(row.annotation_id, bytes(row.token).rstrip(b"-")) for row in rows}


@pytest.fixture
def wallet(storage: Storage) -> Record:
    record = samples.wallet(storage)
    storage.wallets.create(record)
    return record


class TestPut:
    def test_a_row_of_any_table_takes_words(self, storage: Storage, subtests: pytest.Subtests) -> None:
        for sample in SAMPLES:
            with subtests.test(sample.table.value):
                record = sample.make(storage)
                sample.store(storage).create(record)
                heard: list[ChangeSet] = []
                stop = storage.changes.subscribe(heard.append)
                words = annotation(storage, record, sample.table)
                changes = storage.annotations.put(words)
                stop()
                assert changes == ChangeSet(frozenset({sample.table}), frozenset({record.id}), annotations=True)
                assert heard == [changes]
                assert storage.annotations.of(sample.table, [record.id, record.id + 1]) == {record.id: words}

    def test_words_are_replaced_one_version_up(self, storage: Storage, wallet: Record) -> None:
        words = annotation(storage, wallet)
        storage.annotations.put(words)
        changed = dataclasses.replace(words, label="", tags=("z", "a", "m"), extra={})
        storage.annotations.put(changed)
        assert storage.annotations.of(TableName.WALLETS, [wallet.id])[wallet.id] == dataclasses.replace(
            changed, version=2
        )

    def test_a_stale_version_is_refused_with_both(self, storage: Storage, wallet: Record) -> None:
        words = annotation(storage, wallet)
        storage.annotations.put(words)
        storage.annotations.put(words)
        with pytest.raises(ConflictError) as refused:
            storage.annotations.put(mine := dataclasses.replace(words, label="mine"))
        assert refused.value.mine == mine
        assert refused.value.theirs == dataclasses.replace(words, version=2)

    def test_two_who_annotate_first_do_not_overwrite_each_other(self, storage: Storage, wallet: Record) -> None:
        storage.annotations.put(theirs := annotation(storage, wallet, label="theirs"))
        with pytest.raises(ConflictError) as refused:
            storage.annotations.put(annotation(storage, wallet, label="mine"))
        assert refused.value.theirs == theirs

    def test_empty_words_are_removed_and_may_come_back(self, storage: Storage, wallet: Record) -> None:
        words = annotation(storage, wallet)
        storage.annotations.put(words)
        storage.annotations.put(dataclasses.replace(words, label="", note="", tags=(), extra={}))
        assert storage.annotations.of(TableName.WALLETS, [wallet.id]) == {}
        assert storage.annotations.tags() == []
        storage.annotations.put(dataclasses.replace(words, version=2))
        assert storage.annotations.of(TableName.WALLETS, [wallet.id])[wallet.id].version == 3

    def test_a_row_that_does_not_exist_takes_none(self, storage: Storage, wallet: Record) -> None:
        with pytest.raises(NotFoundError, match="contract"):
            storage.annotations.put(annotation(storage, wallet, TableName.CONTRACTS))
        assert list(storage.annotations.all()) == []

    def test_what_no_database_can_hold_is_refused(self, storage: Storage, wallet: Record) -> None:
        with pytest.raises(InvalidInputError) as refused:
            storage.annotations.put(annotation(storage, wallet, note="\udfff"))
        assert refused.value.field == "note"

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        label=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
        note=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=80),
        tags=st.lists(st.text("abcÄßж'%_\\-🕍", min_size=1, max_size=9), max_size=4),
    )
    def test_any_text_comes_back_as_it_was(
        self, storage: Storage, wallet: Record, label: str, note: str, tags: list[str]
    ) -> None:
        known = storage.annotations.of(TableName.WALLETS, [wallet.id]).get(wallet.id)
        base = known or annotation(storage, wallet)
        words = dataclasses.replace(base, label=label, note=note, tags=tuple(tags), extra={"label": label, "n": None})
        storage.annotations.put(words)
        found = storage.annotations.of(TableName.WALLETS, [wallet.id])[wallet.id]
        assert (found.label, found.note, found.tags, found.extra) == (words.label, words.note, words.tags, words.extra)


class TestLists:
    def test_all_goes_through_every_page(self, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(annotation_store, "_PAGE", 20)
        entries = [samples.log_entry(storage) for _ in range(63)]
        with storage.unit_of_work():
            for number, entry in enumerate(entries):
                storage.monitoring.create(entry)
                words = annotation(storage, entry, TableName.MONITORING, label=f"n{number}", tags=(f"t{number % 3}",))
                storage.annotations.put(words)
            storage.wallets.create(wallet := samples.wallet(storage))
            storage.annotations.put(annotation(storage, wallet))
        found = list(storage.annotations.all())
        assert len({each.id for each in found}) == len(found) == 64
        assert [each.row_id for each in found if each.table is TableName.MONITORING] == [entry.id for entry in entries]
        assert {each.tags for each in found if each.table is TableName.MONITORING} == {("t0",), ("t1",), ("t2",)}

    def test_tags_are_listed_once_whatever_their_case(self, storage: Storage, wallet: Record) -> None:
        storage.annotations.put(annotation(storage, wallet, tags=("rent", "Übrig", "Alpha")))
        storage.users.create(person := samples.user(storage))
        storage.annotations.put(annotation(storage, person, TableName.USERS, tags=("Rent", "zeta")))
        assert [tag.casefold() for tag in storage.annotations.tags()] == ["alpha", "rent", "zeta", "übrig"]

    def test_words_of_removed_rows_are_kept_but_not_shown(self, database: Database) -> None:
        """An undone import detaches words; they wait for the row to return."""
        wallets, words = SqlWalletStore(database), SqlAnnotationStore(database)
        record = Wallet(
            id=database.new_id(), owner_id=database.user_id, created_at=NOW, name="W", chain="ethereum",
            address=samples.evm_address(1),
        )  # fmt: skip
        wallets.create(record)
        words.put(Annotation(id=database.new_id(), table=TableName.WALLETS, row_id=record.id, label="l", tags=("t",)))
        with database.write(action="test.detach", table="annotations") as unit:
            unit.connection.execute(update(ANNOTATIONS).values(detached=True, wallet_id=record.id, identity=b"i" * 16))
        assert words.of(TableName.WALLETS, [record.id]) == {}
        assert list(words.all()) == []
        assert words.tags() == []


class TestForeignLabels:
    def test_unknown_labels_are_kept_whole_and_in_order(self, storage: Storage) -> None:
        labels = [
            ForeignLabel(
                "tx", "f91d", {"type": "tx", "ref": "f91d", "label": "Für Öl", "fee": 7, "heights": [1, None]}
            ),
            ForeignLabel("addr", "bc1q", {"type": "addr", "ref": "bc1q", "label": "a"}),
            ForeignLabel("tx", "f91d", {"type": "tx", "ref": "f91d", "label": "b", "origin": "wpkh([d3]/84h)"}),
        ]
        changes = storage.annotations.put_foreign_labels(labels)
        assert changes.annotations
        assert storage.annotations.foreign_labels() == labels

    def test_the_same_type_reference_and_origin_is_replaced(self, storage: Storage) -> None:
        first = ForeignLabel("tx", "f91d", {"label": "old"})
        other_origin = ForeignLabel("tx", "f91d", {"label": "o", "origin": "wpkh"})
        storage.annotations.put_foreign_labels([first, other_origin])
        second = ForeignLabel("tx", "f91d", {"label": "new"})
        latest = ForeignLabel("tx", "f91d", {"label": "newest"})
        storage.annotations.put_foreign_labels([second, latest])
        assert storage.annotations.foreign_labels() == [latest, other_origin]

    def test_none_is_nothing_to_do(self, storage: Storage) -> None:
        before = storage.audit.recent(10)
        assert storage.annotations.put_foreign_labels([]).annotations
        assert storage.audit.recent(10) == before


class TestPutMany:
    def test_new_changed_and_removed_words_in_one_entry(self, storage: Storage) -> None:
        records = [
            samples.wallet(storage, name=f"Treasury {number}", address=samples.evm_address(number))
            for number in range(4)
        ]
        for record in records:
            storage.wallets.create(record)
        kept, gone = annotation(storage, records[0]), annotation(storage, records[1])
        storage.annotations.put(kept)
        storage.annotations.put(gone)
        before = len(storage.audit.page(AuditFilter(), limit=100))
        wanted = [
            dataclasses.replace(kept, label="another", note="", tags=("new",), extra={"y": 2}),
            dataclasses.replace(gone, label="", note="", tags=(), extra={}),
            annotation(storage, records[2]),
            annotation(storage, records[3], label="only", tags=()),
        ]
        heard: list[ChangeSet] = []
        stop = storage.changes.subscribe(heard.append)
        changes = storage.annotations.put_many(wanted)
        stop()
        ids = frozenset(record.id for record in records)
        assert changes == ChangeSet(frozenset({TableName.WALLETS}), ids, annotations=True)
        assert heard == [changes]
        found = storage.annotations.of(TableName.WALLETS, sorted(ids))
        assert found == {
            records[0].id: dataclasses.replace(wanted[0], version=2),
            records[2].id: wanted[2],
            records[3].id: wanted[3],
        }
        assert storage.annotations.tags() == ["Fixed", "home", "new"]
        entries = storage.audit.page(AuditFilter(), limit=100)
        assert len(entries) == before + 1
        newest = entries[0]
        assert (newest.action, newest.rows) == ("wallets.annotate", 4)
        assert len(str(facts_of(newest.detail)["digest"])) == 64

    def test_one_stale_version_or_lost_row_refuses_all(self, storage: Storage, wallet: Record) -> None:
        other = samples.wallet(storage, name="Another", address=samples.evm_address(7))
        storage.wallets.create(other)
        theirs = annotation(storage, other, label="theirs")
        storage.annotations.put(theirs)
        good = annotation(storage, wallet)
        with pytest.raises(ConflictError):
            storage.annotations.put_many([good, annotation(storage, other, label="mine")])
        lost = dataclasses.replace(annotation(storage, wallet), row_id=storage.new_id())
        with pytest.raises(NotFoundError):
            storage.annotations.put_many([good, lost])
        with pytest.raises(InvalidRecordError):
            storage.annotations.put_many([dataclasses.replace(good, label="a\x00b")])
        assert storage.annotations.of(TableName.WALLETS, [wallet.id, other.id]) == {other.id: theirs}

    def test_sealed_notes_with_their_words(self, storage: Storage) -> None:
        """A new one that a file brought has no entry of its own; one that replaces another has."""
        assert isinstance(storage, SqlStorage)
        records = [
            samples.wallet(storage, name=f"Treasury {number}", address=samples.evm_address(number))
            for number in range(2)
        ]
        for record in records:
            storage.wallets.create(record)
        fresh = [annotation(storage, each, note=sealed(UNREVISED, b"one", b"two")) for each in records]
        storage.annotations.put_many(fresh)
        assert tokens(storage) == {(each.id, word) for each in fresh for word in (b"one", b"two")}
        assert [each.action for each in storage.audit.recent(1)] == ["wallets.annotate"]
        changed = dataclasses.replace(fresh[0], note=sealed(UNREVISED, b"three"))
        kept = dataclasses.replace(fresh[1], label="another")
        storage.annotations.put_many([changed, kept])
        assert tokens(storage) == {(changed.id, b"three"), (kept.id, b"one"), (kept.id, b"two")}
        assert {each.action: each.row_id for each in storage.audit.recent(2)} == {
            "wallets.annotate": None,
            "note.seal": changed.id,
        }
        storage.annotations.put_many([dataclasses.replace(kept, note="", version=2)])
        assert tokens(storage) == {(changed.id, b"three")}
        found = storage.annotations.of(TableName.WALLETS, [each.id for each in records])
        assert found[records[0].id].note == changed.note
        assert found[records[1].id].note == ""

    def test_only_different_rows_of_one_table(self, storage: Storage, wallet: Record) -> None:
        words = annotation(storage, wallet)
        with pytest.raises(ValueError, match="different rows"):
            storage.annotations.put_many([words, words])
        assert storage.annotations.put_many([]).ids == frozenset()
