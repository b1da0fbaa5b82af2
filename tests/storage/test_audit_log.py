"""Writing the audit log: every change has its entry, every entry its place; nothing is written around it."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import psycopg
import pytest

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.audit import Attestation, LogEntry, entry_leaf
from aether_desktop.domain.merkle import Frontier
from aether_desktop.domain.prices import Price
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Movement
from aether_desktop.ports.audit import AuditError, AuditFault, AuditFilter
from aether_desktop.ports.errors import AetherError, StorageError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.counting import UNWATCHED, RowCounts
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.files import incoming, new_batch
from tests.support.audits import ask, device, log_of, tamper
from tests.support.storages import VaultPlace


def detail_of(storage: Storage) -> dict[str, object]:
    """Of the latest entry."""
    read = json.loads(storage.audit.recent(1)[0].detail)
    assert isinstance(read, dict)
    return read


def root_of_head(storage: Storage) -> bytes:
    head = storage.audit.head()
    return Frontier(head.size, head.peaks).root


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


# -- PostgreSQL: what is changed past the program --------------------------------------------------------------------


@pytest.fixture
def shared(place: VaultPlace) -> VaultPlace:
    if place.engine != "postgresql":
        pytest.skip("in a vault file there is nobody else")
    return place


class TestCoverage:
    def test_every_table_is_watched(self, shared: VaultPlace) -> None:
        found = ask(shared, "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'aether_audit_update'")
        assert {name for (name,) in found} == set(METADATA.tables) - UNWATCHED

    def test_a_change_by_psql_has_an_entry_of_the_server(self, storage: SqlStorage, shared: VaultPlace) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        with psycopg.connect(shared.location) as person:  # their own login, their own row
            person.execute("UPDATE wallets SET name = 'By hand' WHERE id = %s", (wallet.id,))
            login = person.info.user
        entry = storage.audit.recent(1)[0]
        assert (entry.action, entry.table, entry.rows) == ("database.change", "wallets", 1)
        assert (entry.attested, entry.login, entry.user_id) == (Attestation.SERVER, login, storage.info.user_id)
        assert entry.row_id == wallet.id
        assert json.loads(entry.detail)["touched"] == {"wallets": [0, 1, 0, 0]}
        assert entry.leaf_index == storage.audit.head().size - 1

    def test_the_administrator_s_changes_are_seen_as_well(self, storage: SqlStorage, shared: VaultPlace) -> None:
        with psycopg.connect(shared.administration) as administrator:
            login = administrator.info.user
            administrator.execute("UPDATE users SET email = 'x@example.org'")
            administrator.execute("DELETE FROM prices")
        entry = storage.audit.recent(1)[0]
        assert (entry.table, entry.rows, entry.login) == ("users", 1, login)

    def test_what_is_rolled_back_leaves_nothing(self, storage: SqlStorage, shared: VaultPlace) -> None:
        before = storage.audit.head()
        with psycopg.connect(shared.administration) as administrator:
            administrator.execute("UPDATE users SET email = 'x@example.org'")
            administrator.rollback()
            administrator.execute("SAVEPOINT a")
            administrator.execute("UPDATE users SET email = 'x@example.org'")
            administrator.execute("ROLLBACK TO SAVEPOINT a")
        assert storage.audit.head() == before
        assert ask(shared, "SELECT count(*) FROM audit_tally") == [(0,)]

    def test_an_entry_that_claims_what_did_not_happen_fails_the_commit(
        self, storage: SqlStorage, shared: VaultPlace
    ) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        before = storage.audit.head()
        claims = (
            '{"touched":{"wallets":[0,2,0,0]}}',
            '{"touched":{"payments":[1,0,0,0]}}',
            '{"touched":{"wallets":[0,1,-1,0]}}',
        )
        for claim in claims:
            with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.CheckViolation):
                person.execute("UPDATE wallets SET name = name || '!' WHERE id = %s", (wallet.id,))
                self.claim(person, storage, claim)
                person.commit()
        with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.CheckViolation):
            self.claim(person, storage, '{"touched":{}}')  # speaks of one row
        assert storage.audit.head() == before

    def claim(self, person: psycopg.Connection[object], storage: SqlStorage, detail: str) -> None:
        person.execute(
            "INSERT INTO audit_entries (vault_id, id, at, user_id, action, table_name, row_count, detail)"
            " VALUES (%s, %s, 1, %s, 'wallets.update', 'wallets', 1, %s)",
            (storage.info.vault_id, storage.new_id(), storage.info.user_id, detail),
        )

    def test_an_entry_covers_its_own_part_and_the_server_says_the_rest(
        self, storage: SqlStorage, shared: VaultPlace
    ) -> None:
        storage.wallets.create(first := samples.wallet(storage))
        storage.wallets.create(second := samples.wallet(storage, name="second", address=samples.evm_address(60)))
        with psycopg.connect(shared.location) as person:
            person.execute("UPDATE wallets SET name = name || '!' WHERE id IN (%s, %s)", (first.id, second.id))
            self.claim(person, storage, '{"touched":{"wallets":[0,1,0,0]}}')
        claimed, rest = (storage.audit.get(row.id) for row in log_of(storage)[-2:])
        if claimed.action == "database.change":
            claimed, rest = rest, claimed
        assert (rest.action, rest.rows) == ("database.change", 1)
        assert (claimed.action, claimed.attested) == ("wallets.update", Attestation.SERVER)

    def test_nothing_suppresses_the_count(self, storage: SqlStorage, shared: VaultPlace) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        size = storage.audit.head().size
        attempts = (
            "SET session_replication_role = replica",
            "ALTER TABLE wallets DISABLE TRIGGER ALL",
            "DELETE FROM audit_tally",
            "SELECT set_config('aether.quiet', 'on', true)",
            "CREATE FUNCTION pg_temp.aether_audit_count() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "TRUNCATE wallets CASCADE",
        )
        for number, attempt in enumerate(attempts, 1):
            with psycopg.connect(shared.location) as person:
                try:
                    person.execute(attempt.encode())
                except psycopg.errors.InsufficientPrivilege:
                    person.rollback()
                person.execute("UPDATE wallets SET name = %s WHERE id = %s", (f"attempt {number}", wallet.id))
            assert storage.audit.head().size == size + number, attempt
        assert ask(shared, "SELECT count(*) FROM audit_tally") == [(0,)]

    def test_settling_may_be_pulled_forward_but_not_past(self, storage: SqlStorage, shared: VaultPlace) -> None:
        """Migrations do it; changes behind it are refused: their entries would have no place in the log."""
        storage.wallets.create(wallet := samples.wallet(storage))
        size = storage.audit.head().size
        change = f"UPDATE wallets SET name = name || '!' WHERE id = {wallet.id}"
        now, later = "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"
        refused: tuple[tuple[str, ...], ...] = ((now, change), (change, now, change))
        for statements in refused:
            with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.FeatureNotSupported):
                for statement in statements:
                    person.execute(statement.encode())
        assert (storage.wallets.get(wallet.id).name, storage.audit.head().size) == (wallet.name, size)
        taken: tuple[tuple[str, ...], ...] = ((change, now), (change, now, later, change))
        for statements in taken:
            with psycopg.connect(shared.location) as person:
                for statement in statements:
                    person.execute(statement.encode())
        assert storage.wallets.get(wallet.id).name == f"{wallet.name}!!!"
        assert storage.audit.head().size == size + 3
        assert [row.leaf_index for row in log_of(storage)] == list(range(size + 3))
        assert storage.audit.unplaced() == 0
        assert ask(shared, "SELECT count(*) FROM audit_tally") == [(0,)]

    def test_the_log_is_only_added_to(self, storage: SqlStorage, shared: VaultPlace) -> None:
        for statement in (
            "UPDATE audit_entries SET action = 'nothing'",
            "DELETE FROM audit_entries",
            "TRUNCATE audit_entries",
            "UPDATE audit_entries SET leaf_index = leaf_index + 1",
        ):
            for address in (shared.location, shared.administration):
                with psycopg.connect(address) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
                    person.execute(statement.encode())

    def test_nobody_writes_as_somebody_else(self, storage: SqlStorage, shared: VaultPlace) -> None:
        values = (storage.info.vault_id, storage.new_id())
        with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(
                "INSERT INTO audit_entries (vault_id, id, at, user_id, action, table_name, row_count, detail)"
                " VALUES (%s, %s, 1, 77, 'said', '', 0, '{}')",
                values,
            )
        key = device()
        with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(
                "SELECT * FROM aether_audit_device(%s, %s, 77, %s)",
                (storage.info.vault_id, key.key_id, key.public_key),
            )

    def test_a_signed_entry_says_what_its_columns_say(self, storage: SqlStorage, shared: VaultPlace) -> None:
        storage.audit.sign_with(key := device())
        storage.audit.note("said")
        last = log_of(storage)[-1]
        entry = dataclasses.replace(
            LogEntry.decode(last.entry),
            id=storage.new_id(),
            counter=2,
            previous=entry_leaf(last.entry, last.signature),
        )
        content = entry.encode()
        columns = "vault_id, id, at, user_id, action, table_name, row_count, detail, attested, key_id, counter,"
        marks = ", ".join(["%s"] * 14)
        statement = f"INSERT INTO audit_entries ({columns} previous, entry, signature) VALUES ({marks})"
        head = (entry.vault_id, entry.id, entry.at, entry.user_id)
        tail = (entry.table, entry.rows, entry.detail, "client", key.key_id)
        signed = (content, key.sign(content))
        for values in (
            (*head, "another action", *tail, 2, entry.previous, *signed),  # columns
            (*head, entry.action, *tail, 3, entry.previous, *signed),  # counter
        ):
            with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.CheckViolation):
                person.execute(statement.encode(), values)
        forked = dataclasses.replace(entry, previous=bytes(32)).encode()
        with psycopg.connect(shared.location) as person, pytest.raises(psycopg.errors.CheckViolation):
            values = (*head, entry.action, *tail, 2, bytes(32), forked, key.sign(forked))
            person.execute(statement.encode(), values)
            person.commit()
        with psycopg.connect(shared.location) as person:
            person.execute(statement.encode(), (*head, entry.action, *tail, 2, entry.previous, *signed))
        assert log_of(storage)[-1].counter == 2


class TestManyWriters:
    def test_eight_writers_make_one_log(self, place: VaultPlace) -> None:
        clients = [place.open() for _ in range(8)]
        signers = [device() for _ in clients]
        errors: list[BaseException] = []
        start = clients[0].audit.head().size

        def write(number: int) -> None:
            client = clients[number]
            client.audit.sign_with(signers[number])
            try:
                for turn in range(6):
                    address = samples.evm_address(1000 + number * 10 + turn)
                    client.wallets.create(samples.wallet(client, name=f"{number}-{turn}", address=address))
            except BaseException as error:  # noqa: BLE001 - looked at below
                errors.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        rows = log_of(clients[0])
        assert [row.leaf_index for row in rows] == list(range(start + 48))
        for signer in signers:
            mine = [row for row in rows if row.key_id == signer.key_id]
            assert [row.counter for row in mine] == [1, 2, 3, 4, 5, 6]
        frontier = Frontier()
        for row in rows:
            frontier.append(entry_leaf(row.entry, row.signature))
        assert (frontier.size, frontier.root) == (clients[0].audit.head().size, root_of_head(clients[0]))

    def test_a_long_import_holds_nobody_up(self, shared: VaultPlace) -> None:
        """Another client writes while the import is in the middle of its transaction."""
        importing, other = shared.open(), shared.open()
        importing.wallets.create(wallet := samples.wallet(importing))
        written: list[int] = []

        def chunks() -> Iterator[list[Movement]]:
            for chunk in range(4):
                yield [incoming(chunk * 100 + number) for number in range(1, 101)]
                size = other.audit.head().size
                address = samples.evm_address(300 + chunk)
                other.wallets.create(samples.wallet(other, name=f"during {chunk}", address=address))
                written.append(other.audit.head().size - size)

        importing.imports.store(new_batch(importing, wallet.id), chunks(), [], token=CancelToken())
        assert written == [1, 1, 1, 1]
        actions = [row.action for row in log_of(importing)]
        assert actions[-1] == "import.store"
        assert actions[-5:-1].count("wallets.create") >= 3
