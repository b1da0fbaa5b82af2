"""Writing the audit log: every change has its entry, every entry its place; nothing is written around it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from itertools import pairwise

import pytest

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.audit import Attestation, LogEntry, entry_leaf
from aether_desktop.domain.merkle import Frontier
from aether_desktop.domain.prices import Price
from aether_desktop.domain.records import TableName
from aether_desktop.ports.audit import AuditError, AuditFault, AuditFilter
from aether_desktop.ports.errors import AetherError, StorageError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.counting import RowCounts
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.files import incoming, new_batch
from tests.support.audits import ask, device, log_of, root_of_head, tamper
from tests.support.storages import VaultPlace


def detail_of(storage: Storage) -> dict[str, object]:
    """Of the latest entry."""
    read = json.loads(storage.audit.recent(1)[0].detail)
    assert isinstance(read, dict)
    return read


class TestEntries:
    def test_the_founding_is_the_first_entry(self, storage: SqlStorage) -> None:
        first = log_of(storage)[0]
        assert (first.action, first.leaf_index) == ("vault.create", 0)
        assert storage.audit.head().size == len(log_of(storage)) == storage.audit.last_index() + 1

    def test_an_edit_shows_what_was_and_what_is(self, storage: SqlStorage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        created = detail_of(storage)
        assert created["after"]["name"] == wallet.name  # type: ignore[index]
        assert "before" not in created
        storage.wallets.update(dataclasses.replace(wallet, name="Savings"))
        changed = storage.audit.recent(1)[0]
        facts = json.loads(changed.detail)
        assert facts["before"] == {"name": wallet.name}
        assert facts["after"] == {"name": "Savings"}
        assert (changed.row_id, changed.table, changed.rows) == (wallet.id, "wallets", 1)
        storage.wallets.archive([wallet.id], samples.NOW)
        facts = detail_of(storage)
        assert facts["before"] == {"archived_at": None}
        assert facts["after"] == {"archived_at": samples.NOW.isoformat()}

    def test_own_words_are_told_too(self, storage: SqlStorage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        words = Annotation(
            id=storage.new_id(), table=TableName.WALLETS, row_id=wallet.id, label="Old house", tags=("roof",)
        )
        storage.annotations.put(words)
        entry = storage.audit.recent(1)[0]
        facts = json.loads(entry.detail)
        assert (entry.action, entry.row_id) == ("wallets.annotate", wallet.id)
        assert facts["before"]["label"] == ""
        assert (facts["after"]["label"], facts["after"]["tags"]) == ("Old house", "roof")

    def test_an_import_is_one_entry_with_count_and_digest(self, storage: SqlStorage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        before = storage.audit.head().size
        rows = [incoming(number) for number in range(1, 51)]
        stored, outcome = storage.imports.store(new_batch(storage, wallet.id), [rows], [], token=CancelToken())
        assert outcome.new == 50
        entries = [entry for entry in storage.audit.recent(10) if entry.action == "import.store"]
        facts = json.loads(entries[0].detail)
        assert (entries[0].rows, facts["batch"], entries[0].row_id) == (50, stored.id, stored.id)
        assert facts["touched"]["transactions"] == [50, 0, 0, 0]
        assert len(bytes.fromhex(facts["digest"])) == 32
        assert storage.audit.head().size - before <= 2  # a currency may be new

    def test_many_rows_are_named_by_their_digest(self, storage: SqlStorage) -> None:
        entries = [samples.log_entry(storage) for _ in range(120)]
        with storage.unit_of_work():
            for entry in entries:
                storage.monitoring.create(entry)
        storage.monitoring.archive([entry.id for entry in entries], samples.NOW)
        facts = detail_of(storage)
        assert "ids" not in facts
        assert len(str(facts["digest"])) == 64
        assert facts["touched"] == {"ai_monitoring_logs": [0, 120, 0, 0]}

    def test_what_changes_no_row_can_be_noted(self, storage: SqlStorage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        storage.audit.note("field.reveal", table="wallets", row_id=wallet.id, field="note")
        entry = storage.audit.recent(1)[0]
        assert (entry.action, entry.row_id, entry.rows) == ("field.reveal", wallet.id, 0)
        assert json.loads(entry.detail)["field"] == "note"

    def test_the_head_is_the_tree_over_the_entries(self, storage: SqlStorage) -> None:
        for number in range(9):
            storage.wallets.create(samples.wallet(storage, name=f"w{number}", address=samples.evm_address(number + 50)))
        rows = log_of(storage)
        frontier = Frontier()
        for row in rows:
            frontier.append(entry_leaf(row.entry, row.signature))
        assert [row.leaf_index for row in rows] == list(range(len(rows)))
        assert (frontier.size, frontier.root) == (storage.audit.head().size, root_of_head(storage))
        assert storage.audit.unplaced() == 0


class TestSigning:
    def test_signed_entries_form_a_chain(self, storage: SqlStorage) -> None:
        storage.audit.sign_with(signer := device())
        for number in range(3):
            storage.wallets.create(samples.wallet(storage, name=f"w{number}", address=samples.evm_address(number + 50)))
        signed = [row for row in log_of(storage) if row.key_id]
        assert [row.counter for row in signed] == [1, 2, 3]
        assert {row.attested for row in signed} == {Attestation.CLIENT.value}
        assert signed[0].previous == b""
        for one, following in pairwise(signed):
            assert following.previous == entry_leaf(one.entry, one.signature)
        entry = LogEntry.decode(signed[-1].entry)
        assert (entry.key_id, entry.user_id, entry.login) == (signer.key_id, storage.info.user_id, "")
        (known,) = storage.audit.devices()
        assert known == (signer.key_id, storage.info.user_id, signer.public_key)

    def test_units_of_one_transaction_follow_one_another(self, storage: SqlStorage) -> None:
        storage.audit.sign_with(device())
        with storage.unit_of_work():
            for number in range(4):
                address = samples.evm_address(number + 50)
                storage.wallets.create(samples.wallet(storage, name=f"w{number}", address=address))
        assert [row.counter for row in log_of(storage) if row.key_id] == [1, 2, 3, 4]

    def test_one_device_in_two_programs_makes_one_chain(
        self, storage: SqlStorage, open_second: Callable[[], SqlStorage]
    ) -> None:
        second, signer = open_second(), device()
        for number, client in enumerate((storage, second, second, storage)):
            client.audit.sign_with(signer)
            client.wallets.create(samples.wallet(client, name=f"w{number}", address=samples.evm_address(number + 50)))
        assert [row.counter for row in log_of(storage) if row.key_id] == [1, 2, 3, 4]

    def test_a_refused_change_leaves_no_gap(self, storage: SqlStorage) -> None:
        storage.audit.sign_with(device())
        storage.wallets.create(wallet := samples.wallet(storage))
        with pytest.raises(AetherError):
            storage.wallets.create(wallet)
        storage.wallets.archive([wallet.id], samples.NOW)
        assert [row.counter for row in log_of(storage) if row.key_id] == [1, 2]

    def test_without_a_signature_nothing_is_changed(self, storage: SqlStorage) -> None:
        class Locked:
            public_key = bytes(32)
            key_id = device().key_id

            def sign(self, message: bytes) -> bytes:
                raise StorageError("locked")

        signer = device()
        Locked.public_key, Locked.key_id = signer.public_key, signer.key_id
        storage.audit.sign_with(Locked())
        with pytest.raises(StorageError, match="locked"):
            storage.wallets.create(wallet := samples.wallet(storage))
        storage.audit.sign_with(None)
        storage.wallets.create(wallet)


class TestUnavailable:
    def test_without_its_table_nothing_is_changed(self, storage: SqlStorage, place: VaultPlace) -> None:
        wallet = samples.wallet(storage)
        tamper(place, "ALTER TABLE audit_entries RENAME TO elsewhere")
        with pytest.raises(AetherError):
            storage.wallets.create(wallet)
        tamper(place, "ALTER TABLE elsewhere RENAME TO audit_entries")
        assert storage.wallets.all() == []
        storage.wallets.create(wallet)

    def test_without_permission_nothing_is_changed(self, storage: SqlStorage, place: VaultPlace) -> None:
        wallet = samples.wallet(storage)
        if place.engine == "sqlite":
            tamper(
                place,
                "CREATE TRIGGER no_entries BEFORE INSERT ON audit_entries BEGIN SELECT raise(ABORT, 'no'); END",
            )
        else:
            roles = ask(
                place,
                "SELECT DISTINCT grantee FROM information_schema.role_table_grants"
                " WHERE table_name = 'audit_entries' AND privilege_type = 'INSERT'",
            )
            tamper(place, *(f'REVOKE INSERT ON audit_entries FROM "{name}"' for (name,) in roles))
        with pytest.raises(AetherError):
            storage.wallets.create(wallet)
        assert storage.wallets.all() == []

    def test_a_head_that_does_not_fit_is_not_built_upon(self, storage: SqlStorage, place: VaultPlace) -> None:
        if place.engine == "postgresql":
            pytest.skip("there the client notices when it compares with what it remembers")
        storage.wallets.create(samples.wallet(storage))
        tamper(place, "DELETE FROM audit_entries WHERE leaf_index = (SELECT max(leaf_index) FROM audit_entries)")
        with pytest.raises(AuditError) as refusal:
            storage.wallets.create(samples.wallet(storage, name="second", address=samples.evm_address(60)))
        assert refusal.value.fault is AuditFault.HEAD


class TestReading:
    def test_filters(self, storage: SqlStorage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        storage.wallets.archive([wallet.id], samples.NOW)
        storage.prices.put([Price(day=samples.NOW, symbol="ETH", currency="EUR", price="1.5", source="file")])
        audit = storage.audit
        page = audit.page(AuditFilter(row_id=wallet.id), limit=10)
        assert [entry.action for entry in page] == ["wallets.archive", "wallets.create"]
        assert [entry.action for entry in audit.page(AuditFilter(table="prices"), limit=10)] == ["price.put"]
        assert audit.count(AuditFilter(action="wallets.create")) == 1
        assert audit.count(AuditFilter(user_id=storage.info.user_id)) == audit.count(AuditFilter())
        assert audit.count(AuditFilter(user_id=1)) == 0
        assert audit.count(AuditFilter(since=page[0].at, until=page[0].at)) == 0
        assert {"price.put", "vault.create", "wallets.archive", "wallets.create"} <= set(audit.actions())

    def test_pages_follow_one_another(self, storage: SqlStorage) -> None:
        for number in range(7):
            storage.wallets.create(samples.wallet(storage, name=f"w{number}", address=samples.evm_address(number + 50)))
        every = storage.audit.page(AuditFilter(), limit=100)
        found, last = [], None
        while page := storage.audit.page(AuditFilter(), limit=3, before=last):
            found += page
            last = page[-1]
        assert found == every
        assert storage.audit.get(every[0].id) == every[0]


class TestCounting:
    @pytest.mark.parametrize(
        ("statement", "counted"),
        [
            ("INSERT INTO wallets (id) VALUES (1)", {"wallets": [3, 0, 0, 0]}),
            ('UPDATE "wallets" SET name = 1', {"wallets": [0, 3, 0, 0]}),
            ("DELETE FROM wallets", {"wallets": [0, 0, 3, 0]}),
            ("INSERT INTO prices (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1", {"prices": [0, 0, 0, 3]}),
            ("INSERT INTO currencies (a) VALUES (1) ON CONFLICT DO NOTHING", {"currencies": [3, 0, 0, 0]}),
            ("UPDATE audit_heads SET size = 1", {}),
            ("UPDATE another SET size = 1", {}),
            ("SELECT 1", {}),
        ],
    )
    def test_verbs(self, statement: str, counted: dict[str, list[int]]) -> None:
        counts = RowCounts()
        counts.note(statement, 3)
        counts.note(statement, 0)
        counts.note(statement, -1)
        assert counts.by_table == counted
