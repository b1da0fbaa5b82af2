"""Recounting the ledger: what differs is named and made of the rows again."""

from __future__ import annotations

from aether_desktop.services.ledger import LedgerService
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage.files import SHELL, add_wallet, bring, incoming
from tests.support.audits import tamper
from tests.support.storages import VaultPlace


def test_a_ledger_that_agrees_is_left_alone(sqlite_storage: SqlStorage) -> None:
    wallet = add_wallet(sqlite_storage)
    bring(sqlite_storage, wallet.id, [incoming(1, units=10)])
    ledger = LedgerService(sqlite_storage)
    assert ledger.waiting() == 1
    assert ledger.settle() == 1
    recount = ledger.recount()
    assert (recount.wrong, recount.sentence) == (0, "Every day of every wallet adds up to what its rows say.")


def test_what_differs_is_named_and_mended(sqlite_storage: SqlStorage, sqlite_place: VaultPlace) -> None:
    wallet = add_wallet(sqlite_storage)
    bring(sqlite_storage, wallet.id, [incoming(day * 24 * 60, units=10, currency=SHELL) for day in range(1, 8)])
    ledger = LedgerService(sqlite_storage)
    ledger.settle()
    tamper(sqlite_place, "UPDATE ledger_days SET counted = counted + 1")
    recount = ledger.recount()
    assert recount.wrong == 7
    assert "7 sums of days were not what the rows say (Treasury, 02 May 2024: SHL;" in recount.sentence
    assert "and 2 more" in recount.sentence
    assert ledger.waiting() == 0
    assert ledger.recount().wrong == 0
