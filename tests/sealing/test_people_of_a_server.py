"""Sealed fields of two people on one server, each with a login of their own: roles give verbs, grants give keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.courts import Court
from aether_desktop.domain.payments import PaymentMethod
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.tables import TABLES
from aether_desktop.security.audit_signing import DeviceAuditSigner
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.people import PeopleService
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.sums.built_in import BUILT_IN
from tests.sealing.conftest import METHOD
from tests.services.identities import Seat
from tests.services.shared_people import founded
from tests.storage import samples
from tests.support.postgres import PostgresCluster

METHODS, USERS = TableName.PAYMENT_METHODS, TableName.USERS


class Client(NamedTuple):
    """One person's program."""

    seat: Seat
    services: ServiceSet

    @property
    def id(self) -> int:
        return self.seat.id

    def reveal(self, row_id: int, name: str, table: TableName = METHODS) -> str:
        return self.services.sealed.reveal(table, row_id, name)


class Couple(NamedTuple):
    miriam: Client  # the founder, a Zadokite
    aaron: Client  # an Aaronic
    people: PeopleService  # the founder's


@pytest.fixture
def couple(
    postgres_cluster: PostgresCluster, postgres_database: Callable[..., str], tmp_path: Path
) -> Iterator[Couple]:
    with (
        founded(postgres_cluster, postgres_database, tmp_path) as begun,
        closing(SettingsFile(tmp_path / "settings.json")) as settings,
    ):
        second = begun.come("aaron", Role.AARONIC)
        second.people.make_own_courts()
        begun.founder.identity.settled()
        yield Couple(_client(begun.founder, settings), _client(second, settings), begun.people)


def _client(one: Seat, settings: SettingsFile) -> Client:
    one.storage.audit.sign_with(DeviceAuditSigner(one.identity.keyring()))
    services = build_services(
        one.storage,
        settings,
        ModuleService(settings, BUILT_IN),
        on_close=one.storage.close,
        sealer=one.identity.sealer,
    )
    return Client(one, services)


def test_a_role_shows_the_mask_and_a_grant_opens_it(couple: Couple) -> None:
    miriam, aaron, _people = couple
    card = miriam.services.records.create(METHODS, METHOD)
    (row,) = aaron.seat.storage.windows.rows(TableQuery(METHODS))  # an Aaronic reads and changes the vault's methods
    assert str(row.values[TABLES[METHODS].index("last_four")]) == MASK
    with pytest.raises(PermissionDeniedError) as refused:
        aaron.reveal(card.id, "last_four")
    assert "grant" in str(refused.value)
    assert not [entry for entry in aaron.seat.storage.audit.recent(20) if entry.action == "sealed.reveal"]

    miriam.seat.people.grant_court(Court.HOLY, aaron.id)
    aaron.seat.identity.settled()
    assert aaron.reveal(card.id, "last_four") == "4242"
    told = miriam.seat.storage.audit.recent(5)
    assert [(entry.user_id, entry.row_id) for entry in told if entry.action == "sealed.reveal"] == [(aaron.id, card.id)]


def test_others_are_changed_without_their_key_but_not_sealed(couple: Couple) -> None:
    miriam, aaron, _people = couple
    card = miriam.services.records.create(METHODS, METHOD)
    renamed = aaron.services.records.edit(METHODS, aaron.services.records.get(METHODS, card.id), {"name": "Ours"})
    with pytest.raises(PermissionDeniedError, match="key"):
        aaron.services.records.edit(METHODS, renamed, {"last_four": "1881"})
    assert miriam.reveal(card.id, "last_four") == "4242"

    miriam.seat.people.grant_court(Court.HOLY, aaron.id)
    aaron.seat.identity.settled()
    edited = aaron.services.records.edit(METHODS, renamed, {"last_four": "1881"})
    assert isinstance(edited, PaymentMethod)
    assert miriam.reveal(card.id, "last_four") == "1881"  # what a grant lets them seal, its owner reads


def test_what_is_written_after_a_revocation_stays_shut(couple: Couple) -> None:
    miriam, aaron, _people = couple
    card = miriam.services.records.create(METHODS, METHOD)
    miriam.seat.people.grant_court(Court.HOLY, aaron.id)
    aaron.seat.identity.settled()
    miriam.seat.people.revoke_court(Court.HOLY, aaron.id)
    miriam.seat.rotation.resume(miriam.id, Court.HOLY)
    aaron.seat.identity.settled()
    with pytest.raises(PermissionDeniedError):
        aaron.reveal(card.id, "last_four")
    assert miriam.reveal(card.id, "last_four") == "4242"


def test_a_person_seals_their_own_address_and_nobody_elses(couple: Couple) -> None:
    miriam, aaron, _people = couple
    me = aaron.services.records.get(USERS, aaron.id)
    mine = aaron.services.records.edit(USERS, me, {"email": "aaron@example.org"})
    assert aaron.reveal(aaron.id, "email", USERS) == "aaron@example.org"
    with pytest.raises(PermissionDeniedError):
        miriam.reveal(aaron.id, "email", USERS)
    with pytest.raises(PermissionDeniedError):
        miriam.services.records.edit(USERS, miriam.services.records.get(USERS, aaron.id), {"email": "x@example.org"})
    assert aaron.services.records.get(USERS, aaron.id) == mine


def test_each_seals_their_own_older_rows(couple: Couple) -> None:
    miriam, aaron, _people = couple
    fields = {"name": "Older", "kind": "card", "last_four": "1111"}
    ids = {}
    for client in (miriam, aaron):
        before = build_services(
            client.seat.storage, client.services.settings, client.services.modules, on_close=lambda: None
        )
        store = client.seat.storage.payment_methods
        store._seals_required = False  # as a program without keys
        ids[client.id] = before.records.create(METHODS, fields).id
        store.require_seals()
    assert aaron.services.plain_values is not None
    assert miriam.services.plain_values is not None
    assert aaron.services.plain_values.run().sealed == 1
    left = miriam.seat.storage.payment_methods.get(ids[miriam.id])
    assert left.last_four == "1111"
    assert miriam.services.plain_values.run().sealed == 1
    for client in (miriam, aaron):
        assert isinstance(client.seat.storage.payment_methods.get(ids[client.id]).last_four, Sealed)
        assert client.reveal(ids[client.id], "last_four") == "1111"


def test_a_payment_is_found_by_whoever_has_the_key(couple: Couple) -> None:
    miriam, aaron, _people = couple
    amount = Amount(1_250, samples.EUR)
    values = {"paid_at": samples.NOW, "amount": amount, "provider": "Lydia Bank", "external_id": "pay_1"}
    payment = miriam.services.records.create(TableName.PAYMENTS, values)
    assert aaron.services.search.find("pay_1") == []
    miriam.seat.people.grant_court(Court.HOLY, aaron.id)
    aaron.seat.identity.settled()
    assert aaron.services.sealed.payment("Lydia Bank", "pay_1").id == payment.id
    assert [hit.row_id for hit in aaron.services.search.find("pay_1")] == [payment.id]
