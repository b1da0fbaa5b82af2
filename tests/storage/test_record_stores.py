"""The contract of every record store, on both engines."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.stores import records as record_store
from tests.storage import samples
from tests.storage.samples import LATER, NOW, SAMPLES, Sample, same


def heard_by(storage: Storage) -> tuple[list[ChangeSet], Callable[[], None]]:
    heard: list[ChangeSet] = []
    return heard, storage.changes.subscribe(heard.append)


class TestEveryStore:
    def test_a_record_comes_back_as_it_was_stored(self, storage: Storage, subtests: pytest.Subtests) -> None:
        for sample in SAMPLES:
            with subtests.test(sample.table.value):
                heard, stop = heard_by(storage)
                record = sample.make(storage)
                changes = sample.store(storage).create(record)
                stop()
                assert same(sample.store(storage).get(record.id), record)
                assert changes.tables == {sample.table}
                assert changes.ids == {record.id}
                assert [change for change in heard if sample.table in change.tables] == [changes]

    def test_an_update_stores_all_fields_one_version_up(self, storage: Storage, subtests: pytest.Subtests) -> None:
        for sample in SAMPLES:
            with subtests.test(sample.table.value):
                record = sample.make(storage)
                sample.store(storage).create(record)
                changed = dataclasses.replace(record, **sample.change)  # type: ignore[arg-type]  # each table's own fields
                assert sample.store(storage).update(changed).ids == {record.id}
                assert same(sample.store(storage).get(record.id), dataclasses.replace(changed, version=2))

    def test_a_lost_update_is_refused_with_both_versions(self, storage: Storage, subtests: pytest.Subtests) -> None:
        for sample in SAMPLES:
            with subtests.test(sample.table.value):
                store, record = sample.store(storage), sample.make(storage)
                store.create(record)
                store.update(record)
                mine = dataclasses.replace(record, **sample.change)  # type: ignore[arg-type]
                heard, stop = heard_by(storage)
                with pytest.raises(ConflictError) as refused:
                    store.update(mine)
                stop()
                assert refused.value.mine == mine
                assert same(refused.value.theirs, dataclasses.replace(record, version=2))
                assert same(store.get(record.id), dataclasses.replace(record, version=2))
                assert heard == []

    def test_archived_rows_are_kept_and_come_back(self, storage: Storage, subtests: pytest.Subtests) -> None:
        for sample in SAMPLES:
            with subtests.test(sample.table.value):
                store, record = sample.store(storage), sample.make(storage)
                store.create(record)
                with pytest.raises(NotFoundError):
                    store.archive([record.id, storage.new_id()], LATER)  # all or nothing
                assert same(store.get(record.id), record)
                assert store.archive([record.id, record.id], LATER).ids == {record.id}
                assert same(store.get(record.id), dataclasses.replace(record, version=2, archived_at=LATER))
                assert store.archive([record.id], NOW).ids == frozenset()  # stays as it is
                assert store.get(record.id).archived_at == LATER
                assert store.restore([record.id]).ids == {record.id}
                assert same(store.get(record.id), dataclasses.replace(record, version=3))

    def test_what_does_not_exist_is_not_found(self, storage: Storage) -> None:
        for sample in SAMPLES:
            store, record = sample.store(storage), sample.make(storage)
            with pytest.raises(NotFoundError):
                store.get(record.id)
            with pytest.raises(NotFoundError):
                store.update(record)
            with pytest.raises(NotFoundError):
                store.archive([record.id], NOW)
            with pytest.raises(NotFoundError):
                store.restore([record.id])

    def test_an_unknown_owner_is_refused(self, storage: Storage) -> None:
        """A shared server does not say which ids there are."""
        for sample in SAMPLES:
            record = sample.make(storage, owner_id=storage.new_id())
            with pytest.raises((NotFoundError, PermissionDeniedError), match=r"person|people|does not exist"):
                sample.store(storage).create(record)
            with pytest.raises(NotFoundError):
                sample.store(storage).get(record.id)

    def test_an_id_is_given_once(self, storage: Storage) -> None:
        for sample in SAMPLES:
            record = sample.make(storage)
            sample.store(storage).create(record)
            with pytest.raises(AlreadyExistsError):
                sample.store(storage).create(record)

    def test_each_write_leaves_one_audit_entry(self, storage: Storage) -> None:
        for sample in SAMPLES:
            store, record, name = sample.store(storage), sample.make(storage), sample.table.value
            store.create(record)
            store.archive([record.id], LATER)
            latest, first = [entry for entry in storage.audit.recent(5) if entry.table == name][:2]
            assert (first.action, first.table, first.rows) == (f"{name}.create", name, 1)
            assert (latest.action, latest.user_id) == (f"{name}.archive", storage.info.user_id)
            assert json.loads(latest.detail)["ids"] == [record.id]
            assert latest.at >= first.at > datetime(2024, 1, 1, tzinfo=UTC)

    def test_a_refused_unit_of_work_leaves_nothing(self, storage: Storage) -> None:
        before = storage.audit.recent(100)
        for sample in SAMPLES:
            record = sample.make(storage)
            with pytest.raises(NotFoundError), storage.unit_of_work():
                self.store_then_fail(storage, sample, record)
            with pytest.raises(NotFoundError):
                sample.store(storage).get(record.id)
        assert storage.audit.recent(100) == before

    def store_then_fail(self, storage: Storage, sample: Sample, record: Any) -> None:
        sample.store(storage).create(record)
        assert same(sample.store(storage).get(record.id), record)
        sample.store(storage).get(storage.new_id())

    def test_half_characters_are_refused_by_field(self, storage: Storage) -> None:
        fields = {
            "users": "display_name",
            "monitoring": "description",
            "temple_nodes": "node_id",
            "payments": "provider",
        }
        for sample in SAMPLES:
            name = fields.get(sample.table.value, "name")
            with pytest.raises(InvalidInputError) as refused:
                sample.store(storage).create(sample.make(storage, **{name: "a\ud800b"}))
            assert refused.value.field == name

    def test_two_threads_cannot_both_win(self, storage: Storage) -> None:
        record = samples.wallet(storage)
        storage.wallets.create(record)
        outcomes: list[str] = []
        together = threading.Barrier(2)

        def attempt(name: str) -> None:
            together.wait(10)
            try:
                storage.wallets.update(dataclasses.replace(record, name=name))
                outcomes.append(name)
            except ConflictError as refused:
                outcomes.append(f"refused: {getattr(refused.theirs, 'name', None)}")

        threads = [threading.Thread(target=attempt, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        winner = storage.wallets.get(record.id).name
        assert sorted(outcomes) == sorted([winner, f"refused: {winner}"])


class TestManyRows:
    def test_more_rows_than_one_statement_carries(self, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
        """Archiving thousands announces "many" rather than every id."""
        monkeypatch.setattr(record_store, "IDS_AT_ONCE", 40)
        monkeypatch.setattr(record_store, "LISTED_IDS", 90)
        entries = [samples.log_entry(storage) for _ in range(100)]
        with storage.unit_of_work():
            for entry in entries:
                storage.monitoring.create(entry)
        changes = storage.monitoring.archive([entry.id for entry in entries], LATER)
        assert changes == ChangeSet(frozenset({TableName.MONITORING}), None)
        assert storage.monitoring.of_user(storage.info.user_id, 10) == []
        assert storage.audit.recent(1)[0].rows == 100
