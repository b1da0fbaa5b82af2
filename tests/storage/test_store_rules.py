"""What each record store does beyond the contract of all, on both engines."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.contracts import Contract, ContractStatus
from aether_desktop.domain.monitoring import Severity
from aether_desktop.domain.payments import PaymentStatus
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema import VAULT_MEMBERS
from tests.storage import samples
from tests.storage.samples import LATER, NOW, same
from tests.support.storages import VaultPlace


class TestWallets:
    def test_names_are_unique_in_any_case_among_those_shown(self, storage: Storage) -> None:
        storage.wallets.create(first := samples.wallet(storage, name="Straße"))
        other = samples.wallet(storage, name="STRASSE", address=samples.evm_address(9))
        with pytest.raises(AlreadyExistsError) as refused:
            storage.wallets.create(other)
        assert refused.value.field == "name"
        storage.wallets.archive([first.id], LATER)
        storage.wallets.create(other)
        with pytest.raises(AlreadyExistsError) as refused:
            storage.wallets.restore([first.id])
        assert refused.value.field == "name"
        assert storage.wallets.get(first.id).archived_at == LATER

    def test_an_address_is_watched_once_per_chain_kind_and_symbol(self, storage: Storage) -> None:
        storage.wallets.create(samples.wallet(storage, name="One"))
        with pytest.raises(AlreadyExistsError) as refused:
            storage.wallets.create(samples.wallet(storage, name="Two"))
        assert refused.value.field == "address"
        storage.wallets.create(samples.wallet(storage, name="Three", chain="atc"))
        storage.wallets.create(samples.wallet(storage, name="Four", symbol="DAI"))
        assert [wallet.name for wallet in storage.wallets.all()] == ["Four", "One", "Three"]

    def test_renaming_onto_another_wallet_is_refused(self, storage: Storage) -> None:
        storage.wallets.create(samples.wallet(storage, name="One"))
        storage.wallets.create(two := samples.wallet(storage, name="Two", address=samples.evm_address(9)))
        with pytest.raises(AlreadyExistsError) as refused:
            storage.wallets.update(dataclasses.replace(two, name="ONE"))
        assert refused.value.field == "name"
        assert storage.wallets.get(two.id) == two

    def test_lists_leave_archived_ones_out_and_sort_by_name(self, storage: Storage, place: VaultPlace) -> None:
        other = samples.user(storage)
        storage.users.create(other)
        for number, name in enumerate(("beta", "Alpha", "gamma", "Öl")):
            storage.wallets.create(samples.wallet(storage, name=name, address=samples.evm_address(20 + number)))
        foreign = samples.wallet(storage, name="delta", address=samples.evm_address(30))
        storage.wallets.create(foreign)
        place.give("wallets", foreign.id, to=other.id)
        (gone,) = storage.wallets.by_name("GAMMA")
        storage.wallets.archive([gone.id], NOW)
        assert [wallet.name for wallet in storage.wallets.all()] == ["Alpha", "beta", "delta", "Öl"]
        assert [wallet.name for wallet in storage.wallets.of_user(storage.info.user_id)] == ["Alpha", "beta", "Öl"]
        assert storage.wallets.by_name("  ÖL ")[0].name == "Öl"
        assert storage.wallets.by_name("gamma") == []


class TestUsers:
    def test_names_and_addresses_are_unique_in_any_case(self, storage: Storage) -> None:
        storage.users.create(samples.user(storage))
        with pytest.raises(AlreadyExistsError) as refused:
            storage.users.create(samples.user(storage, username="TABITHA", email="other@example.org"))
        assert refused.value.field == "username"
        with pytest.raises(AlreadyExistsError) as refused:
            storage.users.create(samples.user(storage, username="Aaron", email="tabitha@EXAMPLE.org"))
        assert refused.value.field == "email"
        storage.users.create(samples.user(storage, username="Hur", email=""))
        storage.users.create(samples.user(storage, username="Jethro", email=""))

    def test_found_by_name_in_any_case(self, storage: Storage) -> None:
        storage.users.create(record := samples.user(storage))
        assert storage.users.by_username(" tABITHA ") == record
        assert record in storage.users.all()
        with pytest.raises(NotFoundError, match="Aaron"):
            storage.users.by_username("Aaron")

    def test_a_login_is_recorded(self, storage: Storage) -> None:
        storage.users.create(record := samples.user(storage))
        storage.users.record_login(record.id, LATER)
        assert storage.users.get(record.id) == dataclasses.replace(record, last_login_at=LATER)
        (entry, *_) = storage.audit.recent(1)
        assert (entry.action, entry.row_id) == ("users.login", record.id)
        with pytest.raises(NotFoundError):
            storage.users.record_login(storage.new_id(), LATER)

    def test_logins_are_recorded_once_an_hour(self, storage: Storage) -> None:
        storage.users.create(record := samples.user(storage))

        def recorded(minutes: int) -> tuple[datetime | None, int]:
            storage.users.record_login(record.id, LATER + timedelta(minutes=minutes))
            entries = [entry for entry in storage.audit.recent(20) if entry.action == "users.login"]
            return storage.users.get(record.id).last_login_at, len(entries)

        assert recorded(0) == (LATER, 1)
        assert recorded(59) == (LATER, 1)
        assert recorded(60) == (LATER + timedelta(hours=1), 2)
        assert recorded(-1) == (LATER - timedelta(minutes=1), 3), "a clock that went ahead does not stop it for good"

    def test_who_edits_a_person_is_not_in_conflict_with_their_login(self, storage: Storage) -> None:
        storage.users.create(record := samples.user(storage))
        storage.users.record_login(record.id, LATER)
        storage.users.update(dataclasses.replace(record, display_name="Tabitha"))  # as read before the login
        assert storage.users.get(record.id) == dataclasses.replace(
            record, display_name="Tabitha", last_login_at=LATER, version=2
        )
        (entry, *_) = storage.audit.recent(1)
        assert "last_login_at" not in entry.detail

    def test_archived_people_are_left_out_of_the_list(self, storage: Storage) -> None:
        storage.users.create(record := samples.user(storage))
        storage.users.archive([record.id], LATER)
        assert record.id not in {person.id for person in storage.users.all()}
        assert storage.users.by_username("tabitha").archived_at == LATER


class TestContracts:
    def test_status_and_lists(self, storage: Storage) -> None:
        storage.contracts.create(record := samples.contract(storage))
        storage.contracts.create(
            pending := samples.contract(storage, name="A", status=ContractStatus.PENDING, address="")
        )
        storage.contracts.set_status(record.id, ContractStatus.INACTIVE, version=1)
        assert storage.contracts.get(record.id).status is ContractStatus.INACTIVE
        assert [row.id for row in storage.contracts.of_user(storage.info.user_id)] == [pending.id, record.id]
        with pytest.raises(ConflictError) as refused:
            storage.contracts.set_status(record.id, ContractStatus.ACTIVE, version=1)
        assert isinstance(refused.value.mine, Contract)
        assert isinstance(refused.value.theirs, Contract)
        assert refused.value.mine.status is ContractStatus.ACTIVE
        assert refused.value.theirs.status is ContractStatus.INACTIVE
        with pytest.raises(InvalidInputError) as needs_address:
            storage.contracts.set_status(pending.id, ContractStatus.ACTIVE, version=1)
        assert needs_address.value.field == "address"


class TestMonitoring:
    def test_latest_first_and_summary(self, storage: Storage) -> None:
        entries = [
            samples.log_entry(storage, seen_at=NOW + timedelta(seconds=number), severity=severity)
            for number, severity in enumerate((Severity.INFO, Severity.CRITICAL, Severity.INFO, Severity.INFO))
        ]
        for entry in entries:
            storage.monitoring.create(entry)
        storage.monitoring.archive([entries[0].id], LATER)
        listed = storage.monitoring.of_user(storage.info.user_id, 2)
        assert [entry.id for entry in listed] == [entries[3].id, entries[2].id]
        assert storage.monitoring.summary(storage.info.user_id) == {
            Severity.INFO: 2,
            Severity.WARNING: 0,
            Severity.CRITICAL: 1,
        }


class TestContent:
    def test_metadata_and_lists(self, storage: Storage) -> None:
        storage.content.create(record := samples.content(storage))
        storage.content.set_metadata(record.id, {"note": "ünï", "deep": {"b": 1, "a": None}}, version=1)
        (found,) = storage.content.of_user(storage.info.user_id)
        assert found.metadata == {"note": "ünï", "deep": {"a": None, "b": 1}}
        assert found.version == 2
        with pytest.raises(ConflictError):
            storage.content.set_metadata(record.id, {}, version=1)


class TestPaymentMethods:
    def test_one_default_per_owner(self, storage: Storage) -> None:
        other = samples.user(storage)
        storage.users.create(other)
        first = samples.payment_method(storage, is_default=True)
        theirs = samples.payment_method(storage, is_default=True, owner_id=other.id)
        second = samples.payment_method(storage, name="Cash box")
        for method in (first, theirs, second):
            storage.payment_methods.create(method)
        changes = storage.payment_methods.update(dataclasses.replace(second, is_default=True))
        assert changes.ids == frozenset({first.id, second.id})
        listed = storage.payment_methods.of_user(storage.info.user_id)
        assert [(method.name, method.is_default) for method in listed] == [("Cash box", True), ("House card", False)]
        assert storage.payment_methods.get(first.id).version == 2  # an open form must not bring it back unasked
        assert storage.payment_methods.get(theirs.id).is_default

    def test_a_restored_default_yields_to_the_new_one(self, storage: Storage) -> None:
        first = samples.payment_method(storage, is_default=True)
        storage.payment_methods.create(first)
        storage.payment_methods.archive([first.id], LATER)
        assert storage.payment_methods.get(first.id).is_default
        storage.payment_methods.create(second := samples.payment_method(storage, is_default=True))
        storage.payment_methods.restore([first.id])
        assert not storage.payment_methods.get(first.id).is_default
        assert storage.payment_methods.get(second.id).is_default
        storage.payment_methods.archive([second.id], LATER)
        storage.payment_methods.restore([second.id])
        assert storage.payment_methods.get(second.id).is_default

    def test_two_defaults_restored_together_leave_one(self, storage: Storage) -> None:
        methods = []
        for _ in range(2):
            methods.append(samples.payment_method(storage, is_default=True))
            storage.payment_methods.create(methods[-1])
            storage.payment_methods.archive([methods[-1].id], LATER)
        storage.payment_methods.restore([method.id for method in methods])
        assert [storage.payment_methods.get(method.id).is_default for method in methods] == [True, False]


class TestPayments:
    def test_found_by_the_providers_id(self, storage: Storage) -> None:
        storage.payments.create(record := samples.payment(storage))
        assert same(record, storage.payments.by_external_id("Lydia Bank", "pay_1"))
        with pytest.raises(NotFoundError):
            storage.payments.by_external_id("Lydia Bank", "pay_2")
        with pytest.raises(NotFoundError):
            storage.payments.by_external_id("Lydia Bank", "")

    def test_the_providers_id_is_unique_where_given(self, storage: Storage) -> None:
        storage.payments.create(samples.payment(storage))
        with pytest.raises(AlreadyExistsError) as refused:
            storage.payments.create(samples.payment(storage))
        assert refused.value.field == "external_id"
        storage.payments.create(samples.payment(storage, provider="Other"))
        storage.payments.create(samples.payment(storage, external_id=""))
        storage.payments.create(samples.payment(storage, external_id=""))

    def test_history_and_status(self, storage: Storage) -> None:
        storage.wallets.create(wallet := samples.wallet(storage))
        storage.payment_methods.create(method := samples.payment_method(storage))
        payments = [
            samples.payment(
                storage,
                paid_at=NOW + timedelta(days=number),
                external_id="",
                wallet_id=wallet.id,
                payment_method_id=method.id,
            )
            for number in range(3)
        ]
        for payment in payments:
            storage.payments.create(payment)
        storage.payments.set_status(payments[0].id, PaymentStatus.COMPLETED, version=1)
        assert storage.payments.get(payments[0].id).status is PaymentStatus.COMPLETED
        history = storage.payments.history_of_user(storage.info.user_id, 2)
        assert [payment.id for payment in history] == [payments[2].id, payments[1].id]
        assert {payment.wallet_id for payment in history} == {wallet.id}

    def test_what_it_refers_to_must_exist(self, storage: Storage) -> None:
        for field, noun in (("wallet_id", "wallet"), ("payment_method_id", "payment method")):
            said = f"The {noun} that this payment refers to|a row that it refers to"
            with pytest.raises((NotFoundError, PermissionDeniedError), match=said):
                storage.payments.create(samples.payment(storage, **{field: storage.new_id()}))

    def test_amounts_are_exact(self, storage: Storage) -> None:
        for units in (0, 1, 255, 256, 2**64, 2**255, 2**256 - 1):
            record = samples.payment(storage, amount=Amount(units, samples.ETH), external_id=str(units))
            storage.payments.create(record)
            assert storage.payments.get(record.id).amount.base_units == units

    def test_a_known_currency_keeps_its_decimals_and_the_figure_stays(self, storage: Storage) -> None:
        storage.payments.create(samples.payment(storage))
        finer = dataclasses.replace(samples.EUR, decimals=4)
        storage.payments.create(record := samples.payment(storage, amount=Amount(15_000, finer), external_id="pay_2"))
        assert str(storage.payments.get(record.id).amount) == "1.5 EUR"
        with pytest.raises(InvalidInputError) as refused:
            storage.payments.create(samples.payment(storage, amount=Amount(15_001, finer), external_id="pay_3"))
        assert refused.value.field == "amount"


class TestTempleNodes:
    def test_status_configuration_and_lists(self, storage: Storage) -> None:
        storage.temple_nodes.create(record := samples.temple_node(storage))
        storage.temple_nodes.create(second := samples.temple_node(storage, node_id="court-7"))
        storage.temple_nodes.set_status(record.id, NodeStatus.DEGRADED, version=1)
        storage.temple_nodes.set_configuration(record.id, {"every": 55}, version=2)
        found = storage.temple_nodes.get(record.id)
        assert (found.status, found.configuration, found.version) == (NodeStatus.DEGRADED, {"every": 55}, 3)
        assert found.covenants == record.covenants
        assert [node.id for node in storage.temple_nodes.of_user(storage.info.user_id)] == [second.id, record.id]
        with pytest.raises(ConflictError):
            storage.temple_nodes.set_status(record.id, NodeStatus.UP, version=2)


def test_a_role_is_one_of_the_four(storage: Storage) -> None:
    storage.users.create(record := samples.user(storage, role=Role.ZADOKITE))
    assert storage.users.get(record.id).role is Role.ZADOKITE


def test_members_of_the_vault_keep_in_step_with_people(storage: Storage, database: Database) -> None:
    """``vault_members`` says who is in the vault and in which role."""
    columns = VAULT_MEMBERS.c

    def member(user_id: int) -> tuple[Role, datetime | None] | None:
        query = select(columns.role, columns.left_at).where(columns.user_id == user_id)
        row = database.fetch(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else (row.role, row.left_at)

    storage.users.create(record := samples.user(storage, role=Role.MEMBER))
    assert member(record.id) == (Role.MEMBER, None)
    storage.users.update(dataclasses.replace(record, role=Role.ZADOKITE))
    assert member(record.id) == (Role.ZADOKITE, None)
    storage.users.archive([record.id], LATER)
    assert member(record.id) == (Role.ZADOKITE, LATER)
    storage.users.restore([record.id])
    assert member(record.id) == (Role.ZADOKITE, None)
    assert member(storage.new_id()) is None
