"""Keys, the membership log, invitations and rotations: one contract on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Table, insert

from aether_desktop.domain.courts import Court
from aether_desktop.domain.users import User
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.identity import (
    StoredCourtKey,
    StoredInvitation,
    StoredPersonKeys,
    StoredRotation,
    StoredStatement,
)
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema.keys import COURT_KEYS, MEMBERSHIP_STATEMENTS, PERSON_KEYS, ROTATION_JOURNAL
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.stores.identity import SqlIdentityStores
from tests.storage.samples import LATER, NOW, user
from tests.support.storages import VaultPlace


@pytest.fixture
def stores(storage: SqlStorage) -> SqlIdentityStores:
    return storage.identity


@pytest.fixture
def other(storage: SqlStorage) -> User:
    """A second person of the vault."""
    person = user(storage)
    storage.users.create(person)
    return person


def line(index: int, body: bytes = b"body") -> StoredStatement:
    return StoredStatement(index, body, b"signature" * 400)


def court_key(storage: SqlStorage, recipient: int, *, version: int = 1, court: Court = Court.HOLY) -> StoredCourtKey:
    owner = storage.info.user_id
    return StoredCourtKey(owner, court, version, recipient, bytes(range(32)), b"wrapped" * 160, NOW)


class TestMembership:
    def test_lines_come_back_in_order(self, stores: SqlIdentityStores) -> None:
        assert stores.membership.statements() == []
        stores.membership.append([line(0), line(1, b"\0\xff")])
        stores.membership.append([line(2)])
        stores.membership.append([])
        assert stores.membership.statements() == [line(0), line(1, b"\0\xff"), line(2)]
        assert stores.membership.statements(2) == [line(2)]
        assert stores.membership.statements(3) == []

    @pytest.mark.parametrize("index", [0, 2, 5])
    def test_a_line_has_its_place(self, stores: SqlIdentityStores, index: int) -> None:
        stores.membership.append([line(0)])
        with pytest.raises(AlreadyExistsError) as caught:
            stores.membership.append([line(index)])
        assert caught.value.field == "position"
        assert len(stores.membership.statements()) == 1

    def test_two_clients_never_both_append(self, storage: SqlStorage, open_second: Callable[[], SqlStorage]) -> None:
        second = open_second()
        storage.identity.membership.append([line(0)])
        with pytest.raises(AlreadyExistsError) as caught:
            second.identity.membership.append([line(0, b"theirs")])
        assert caught.value.field == "position"
        assert second.identity.membership.statements() == [line(0)]

    def test_a_failed_transaction_leaves_no_line(self, storage: SqlStorage) -> None:
        with pytest.raises(RuntimeError), storage.unit_of_work():
            storage.identity.membership.append([line(0)])
            assert len(storage.identity.membership.statements()) == 1
            raise RuntimeError
        assert storage.identity.membership.statements() == []


class TestPersonKeys:
    def test_generations_latest_first(self, storage: SqlStorage, stores: SqlIdentityStores, other: User) -> None:
        first = StoredPersonKeys(storage.info.user_id, 1, b"bundle", b"sealed", NOW)
        second = first._replace(generation=2, bundle=b"another", created_at=LATER)
        stores.person_keys.add(first)
        stores.person_keys.add(second)
        assert stores.person_keys.of(first.user_id) == [second, first]
        assert stores.person_keys.of(other.id) == []
        with pytest.raises(AlreadyExistsError):
            stores.person_keys.add(second)

    def test_resealing_changes_the_private_half_only(self, storage: SqlStorage, stores: SqlIdentityStores) -> None:
        row = StoredPersonKeys(storage.info.user_id, 1, b"bundle", b"sealed", NOW)
        stores.person_keys.add(row)
        stores.person_keys.reseal(row._replace(bundle=b"ignored", sealed=b"again"))
        assert stores.person_keys.of(row.user_id) == [row._replace(sealed=b"again")]
        with pytest.raises(NotFoundError):
            stores.person_keys.reseal(row._replace(generation=9))

    def test_keys_belong_to_somebody(self, stores: SqlIdentityStores) -> None:
        with pytest.raises((NotFoundError, PermissionDeniedError)):  # a shared server does not even look
            stores.person_keys.add(StoredPersonKeys(4711, 1, b"bundle", b"sealed", NOW))


class TestCourtKeys:
    def test_found_by_recipient_and_by_owner(self, storage: SqlStorage, stores: SqlIdentityStores, other: User) -> None:
        me = storage.info.user_id
        keys = [
            court_key(storage, me, version=2),
            court_key(storage, me, court=Court.OUTER),
            court_key(storage, me),
            court_key(storage, other.id),
        ]
        stores.court_keys.put(keys)
        stores.court_keys.put([])
        assert stores.court_keys.of_recipient(me) == [keys[1], keys[2], keys[0]]
        assert stores.court_keys.of_recipient(other.id) == [keys[3]]
        held = stores.court_keys.of_owner(me, Court.HOLY)
        assert {(key.version, key.recipient_id) for key in held} == {(1, me), (1, other.id), (2, me)}
        assert [key.version for key in held] == [1, 1, 2]

    def test_wrapping_again_replaces(self, storage: SqlStorage, stores: SqlIdentityStores) -> None:
        key = court_key(storage, storage.info.user_id)
        again = key._replace(wrapped=b"to the new key", recipient_key=bytes(32), created_at=LATER)
        stores.court_keys.put([key])
        stores.court_keys.put([again])
        assert stores.court_keys.of_recipient(key.recipient_id) == [again]

    def test_a_group_may_own(self, storage: SqlStorage, stores: SqlIdentityStores) -> None:
        key = court_key(storage, storage.info.user_id)._replace(owner_id=storage.new_id())
        stores.court_keys.put([key])
        assert stores.court_keys.of_recipient(key.recipient_id) == [key]

    def test_seals_are_counted_over_all_recipients(self, place: VaultPlace, storage: SqlStorage, other: User) -> None:
        me = storage.info.user_id

        def count(version: int, more: int) -> int:
            keys = storage.identity.court_keys
            return keys.count_seals(me, Court.HOLY, version=version, recipient_id=me, more=more)

        assert [count(1, 256), count(1, 512), count(2, 5)] == [256, 768, 5]
        given = (
            f"UPDATE seal_counts SET recipient_id = {other.id} WHERE key_version = 1"  # they are somebody else's now
        )
        if place.engine == "sqlite":
            with storage._database.write(action="test.give", table="seal_counts") as unit:
                unit.connection.exec_driver_sql(given)
        else:
            with psycopg.connect(place.administration) as administrator:
                administrator.execute(given.encode())
        assert count(1, 100) == 868

    def test_counting_joins_a_transaction(self, storage: SqlStorage, stores: SqlIdentityStores) -> None:
        me = storage.info.user_id
        with storage.unit_of_work():
            stores.court_keys.put([court_key(storage, me)])
            assert stores.court_keys.count_seals(me, Court.HOLY, version=1, recipient_id=me, more=7) == 7
        assert stores.court_keys.count_seals(me, Court.HOLY, version=1, recipient_id=me, more=1) == 8


class TestInvitations:
    def invitation(self, storage: SqlStorage, person: User) -> StoredInvitation:
        return StoredInvitation(
            storage.new_id(), person.id, storage.info.user_id, NOW, NOW + timedelta(days=7), b"body", b"sealed"
        )

    def test_from_open_to_settled(self, storage: SqlStorage, stores: SqlIdentityStores, other: User) -> None:
        one, two = self.invitation(storage, other), self.invitation(storage, other)
        stores.invitations.add(one)
        stores.invitations.add(two)
        assert stores.invitations.open() == [one, two]
        stores.invitations.set_reply(one.id, b"reply")
        stores.invitations.set_reply(one.id, b"reply")
        with pytest.raises(AlreadyExistsError):
            stores.invitations.set_reply(one.id, b"another")
        stores.invitations.settle(one.id, LATER)
        assert stores.invitations.get(one.id) == one._replace(reply=b"reply", settled_at=LATER)
        assert stores.invitations.open() == [two]

    def test_a_settled_one_takes_no_reply(self, storage: SqlStorage, stores: SqlIdentityStores, other: User) -> None:
        one = self.invitation(storage, other)
        stores.invitations.add(one)
        stores.invitations.settle(one.id, LATER)
        with pytest.raises(AlreadyExistsError):
            stores.invitations.set_reply(one.id, b"late")

    def test_none(self, stores: SqlIdentityStores) -> None:
        for refused in (
            lambda: stores.invitations.get(1),
            lambda: stores.invitations.settle(1, NOW),
            lambda: stores.invitations.set_reply(1, b""),
        ):
            with pytest.raises(NotFoundError):
                refused()


class TestRotations:
    def test_progress_is_kept(self, storage: SqlStorage, stores: SqlIdentityStores) -> None:
        me = storage.info.user_id
        begun = StoredRotation(me, Court.HOLY, 2, NOW)
        stores.rotations.put(begun)
        stores.rotations.put(begun._replace(field="payment.metadata", row_id=2**62, rows_done=500))
        found = stores.rotations.unfinished(me, Court.HOLY)
        assert found == begun._replace(field="payment.metadata", row_id=2**62, rows_done=500)
        assert stores.rotations.unfinished(me, Court.OUTER) is None
        later = begun._replace(version=3, started_at=LATER)
        stores.rotations.put(later)
        assert stores.rotations.unfinished(me, Court.HOLY) == later
        stores.rotations.put(later._replace(finished_at=LATER))
        assert [journal.version for journal in stores.rotations.all()] == [2, 3]


def test_what_is_stored_is_audited(storage: SqlStorage, stores: SqlIdentityStores) -> None:
    stores.membership.append([line(0)])
    stores.court_keys.put([court_key(storage, storage.info.user_id)])
    entries = storage.audit.recent(10)
    assert {entry.action for entry in entries} >= {"membership.append", "court.wrap"}
    assert not any("wrapped" in entry.detail for entry in entries)


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        (COURT_KEYS, {"court": 4}),
        (COURT_KEYS, {"key_version": 0}),
        (COURT_KEYS, {"recipient_key": b"short"}),
        (MEMBERSHIP_STATEMENTS, {"position": -1}),
        (ROTATION_JOURNAL, {"rows_done": -1}),
        (PERSON_KEYS, {"generation": 0}),
    ],
    ids=lambda value: value.name if isinstance(value, Table) else next(iter(value)),
)
def test_the_database_itself_refuses_impossible_rows(database: Database, table: Table, wrong: dict[str, Any]) -> None:
    me = database.user_id
    fitting = {"vault_id": database.vault_id, "created_at": NOW, "started_at": NOW, "user_id": me, "owner_id": me}
    fitting |= {"recipient_id": me, "recipient_key": bytes(32), "court": 1, "key_version": 1, "generation": 1}
    fitting |= {"position": 0, "row_id": 1, "rows_done": 0, "field": ""}
    fitting |= dict.fromkeys(("bundle", "sealed", "wrapped", "body", "signature"), b"x")
    row = {name: value for name, value in fitting.items() if name in table.columns}
    with pytest.raises(InvalidInputError), database.write(action="test.break", table=table.name) as unit:
        unit.connection.execute(insert(table).values({**row, **wrong}))
    with database.write(action="test.fits", table=table.name) as unit:
        unit.connection.execute(insert(table).values(row))
