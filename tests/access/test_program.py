"""The program itself as people of every role: what a role permits works, what it does not is explained."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.prices import Price
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, Leg, Movement, TransactionKind, TransactionStatus
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import NotFoundError, PermissionDeniedError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.columns import microseconds
from aether_desktop.storage.opening import open_shared
from aether_desktop.storage.sql_storage import SqlStorage
from tests.access.scene import OTHER, Scene
from tests.storage import samples


@contextmanager
def as_person(scene: Scene, name: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(open_shared(scene.url(name)))
    try:
        yield storage
    finally:
        storage.close()


def movements(count: int) -> list[Movement]:
    return [
        Movement(
            row=number + 2,
            occurred_at=microseconds(samples.NOW) + number,
            tx_hash=f"0x{number:064x}",
            kind=TransactionKind.RECEIVE,
            leg=Leg.NORMAL,
            direction=Direction.IN,
            status=TransactionStatus.CONFIRMED,
            units=10**18 + number,
            currency=samples.ETH,
            label="from the file" if number == 1 else "",
        )
        for number in range(count)
    ]


def batch(storage: SqlStorage, wallet_id: int, name: str = "history.csv") -> ImportBatch:
    return ImportBatch(
        id=storage.new_id(),
        wallet_id=wallet_id,
        file_name=name,
        sha256="0" * 64,
        format="generic",
        imported_at=samples.NOW,
        imported_by=storage.info.user_id,
        rows=0,
        new=0,
        duplicates=0,
        rejected=0,
    )


def test_a_member_works_with_their_own_rows(copied_scene: Scene) -> None:
    """Wallet, import (COPY to a temporary table), overlap, words, correction, undo; a colleague's rows stay unseen."""
    with as_person(copied_scene, "mara") as storage:
        wallet = samples.wallet(storage, name="Mara's", address=samples.evm_address(77))
        storage.wallets.create(wallet)
        first, done = storage.imports.store(batch(storage, wallet.id), [movements(300)], (), token=CancelToken())
        assert done.new == 300
        _, again = storage.imports.store(batch(storage, wallet.id, "b.csv"), [movements(310)], (), token=CancelToken())
        assert (again.new, again.duplicates) == (10, 300)
        row = storage.transactions.of_wallet(wallet.id)[0]
        storage.transactions.set_description(row.id, "coffee", version=row.version)
        storage.annotations.put(
            Annotation(id=storage.new_id(), table=TableName.WALLETS, row_id=wallet.id, label="mine", tags=("a", "b"))
        )
        assert {"a", "b"} <= set(storage.annotations.tags())
        storage.imports.undo(first.id, samples.LATER)
        storage.users.record_login(storage.info.user_id, samples.LATER)
        assert storage.users.get(storage.info.user_id).last_login_at == samples.LATER
        names = [found.name for found in storage.wallets.all()]
        assert "Mara's" in names
        owners = {found.owner_id for found in storage.wallets.all()}
        assert owners == {storage.info.user_id}


@pytest.mark.parametrize("name", ["levi", "aaron", "zadok"])
def test_those_who_read_all_change_only_what_their_role_may(name: str, copied_scene: Scene) -> None:
    naomi = copied_scene.people[OTHER]
    with as_person(copied_scene, name) as storage:
        wallet = storage.wallets.get(int(naomi.keys["wallets"]["id"]))
        with pytest.raises(PermissionDeniedError, match="other people's wallets"):
            storage.wallets.update(dataclasses.replace(wallet, name="Seized"))
        with pytest.raises(PermissionDeniedError, match="other people's wallets"):
            storage.wallets.archive([wallet.id], samples.LATER)
        assert storage.wallets.get(wallet.id) == wallet
        payment = storage.payments.get(int(naomi.keys["payments"]["id"]))
        described = dataclasses.replace(payment, description="checked")
        if name == "levi":
            with pytest.raises(PermissionDeniedError, match="Aaronic"):
                storage.payments.update(described)
        else:
            storage.payments.update(described)
            assert storage.payments.get(payment.id).description == "checked"
        row = int(naomi.keys["transactions"]["id"])
        storage.annotations.put(
            Annotation(id=storage.new_id(), table=TableName.TRANSACTIONS, row_id=row, label="looked at")
        )
    with as_person(copied_scene, OTHER) as storage:
        assert storage.annotations.of(TableName.TRANSACTIONS, [row])[row].label == "looked at"


def test_prices_are_the_treasury_s(copied_scene: Scene) -> None:
    price = Price(day=samples.NOW, symbol="ETH", currency="EUR", price="1234.56", source="file")
    with as_person(copied_scene, "mara") as storage, pytest.raises(PermissionDeniedError, match="Aaronic"):
        storage.prices.put([price])
    with as_person(copied_scene, "aaron") as storage:
        assert storage.prices.put([price, price]) == 1
        assert storage.prices.put([dataclasses.replace(price, price="1")]) == 1


def test_hidden_rows_are_not_there(copied_scene: Scene) -> None:
    naomi = copied_scene.people[OTHER]
    with as_person(copied_scene, "mara") as storage:
        for store, table in ((storage.wallets, "wallets"), (storage.payments, "payments")):
            with pytest.raises(NotFoundError):
                store.get(int(naomi.keys[table]["id"]))
        with pytest.raises(NotFoundError, match="wallet to import into"):
            storage.imports.store(
                batch(storage, int(naomi.keys["wallets"]["id"])), [movements(3)], (), token=CancelToken()
            )
        assert [user.username for user in storage.users.all()] == ["mara"]


def test_an_import_into_a_colleague_s_wallet_is_refused(copied_scene: Scene) -> None:
    naomi = copied_scene.people[OTHER]
    with as_person(copied_scene, "zadok") as storage, pytest.raises(PermissionDeniedError, match="imports"):
        storage.imports.store(batch(storage, int(naomi.keys["wallets"]["id"])), [movements(3)], (), token=CancelToken())


def test_decimals_of_a_coin_that_others_use_are_not_corrected_half(copied_scene: Scene) -> None:
    """A row that may not be changed stops the whole correction: counts are compared."""
    with as_person(copied_scene, "zadok") as storage:
        wallet = samples.wallet(storage, name="Zadok's", address=samples.evm_address(78))
        storage.wallets.create(wallet)
        storage.transactions.create(samples.transaction(storage, wallet.id))
        coin = next(
            coin for coin in storage.currencies.all() if coin.id == copied_scene.maker.shared["currencies"]["id"]
        )
        with pytest.raises(PermissionDeniedError):
            storage.currencies.rescale(coin.id, 17)
        assert next(each for each in storage.currencies.all() if each.id == coin.id).decimals == coin.decimals
    with as_person(copied_scene, "mara") as storage, pytest.raises(PermissionDeniedError, match="Zadokite"):
        storage.currencies.rescale(coin.id, 17)


def test_a_grid_follows_the_role_of_its_person(own_scene: Scene) -> None:
    """Own rows for a member, all rows once they are a Levite, and back, in the same open program."""
    mara = own_scene.people["mara"].user_id
    query = TableQuery(TableName.TRANSACTIONS)
    with as_person(own_scene, "mara") as storage, as_person(own_scene, "zadok") as zadok:
        logins = SqlLoginAdministration(zadok._database)
        owners = {row.owner_id for row in storage.windows.window(query, 0, 100).rows}
        assert owners <= {mara, 0}
        own = storage.windows.count(query)
        assert storage.totals.of_query(query).rows == own < zadok.totals.of_query(query).rows
        theirs = [row.id for row in zadok.windows.window(query, 0, 100).rows]
        assert storage.totals.of_rows(theirs).rows == own
        heard = threading.Event()
        storage.changes.subscribe(lambda changes: heard.set() if TableName.USERS in changes.tables else None)
        logins.set_role(mara, Role.LEVITE)
        assert heard.wait(20)
        assert storage.windows.count(query) > own
        heard.clear()
        logins.set_role(mara, Role.MEMBER)
        assert heard.wait(20)
        assert storage.windows.count(query) == own
