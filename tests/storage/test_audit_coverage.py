"""What is changed past the program is in the audit log of its server, and many writers make one log."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator

import psycopg
import pytest

from aether_desktop.domain.audit import Attestation, LogEntry, entry_leaf
from aether_desktop.domain.merkle import Frontier
from aether_desktop.domain.transactions import Movement
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.counting import UNWATCHED
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples
from tests.storage.files import incoming, new_batch
from tests.support.audits import ask, device, log_of, root_of_head
from tests.support.storages import VaultPlace


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
