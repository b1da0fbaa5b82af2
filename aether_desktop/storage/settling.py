"""Pending rows that a later file knows the outcome of, and the way back when that file's batch is undone."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select, update

from aether_desktop.domain.amounts import InvalidAmountError, format_units, parse_units
from aether_desktop.domain.imports import BatchStatus
from aether_desktop.domain.transactions import Movement, TransactionStatus
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.storage.columns import json_text, rank_key
from aether_desktop.storage.database import Unit
from aether_desktop.storage.movements import Coins, stored_units
from aether_desktop.storage.schema import CURRENCIES, IMPORT_BATCHES, IMPORT_SIGHTINGS, TRANSACTIONS

SETTLED: Final = frozenset({TransactionStatus.CONFIRMED, TransactionStatus.FAILED})


def settle(unit: Unit, row_id: int, movement: Movement, coins: Coins) -> str:
    """Gives the row the file's status, block, error and fee; returns what it was, as JSON text for its sighting.

    Raises InvalidInputError naming the file's row.
    """
    before = _state(unit.connection, unit.vault_id, row_id)
    changes: dict[str, Any] = {"status": movement.status, "error": movement.error}
    if movement.block_number is not None:
        changes["block_number"] = movement.block_number
    if movement.fee_units is not None:
        coin = coins.of(movement.fee_currency or movement.currency)
        try:
            fee = stored_units(movement.fee_units, coin)
        except InvalidAmountError as error:
            raise InvalidInputError(f"Row {movement.row}: {error.reason}", field=str(movement.row)) from error
        changes |= {"fee": fee, "fee_currency_id": coin.id, "fee_rank": rank_key(fee, coin.decimals)}
    _change(unit, row_id, changes)
    return json_text({**before, "settled": movement.status.value})


def unsettle(unit: Unit, batch_id: int) -> list[int]:
    """Rows that ``batch_id`` settled are pending again, unless another batch knows the outcome, too, or a person
    changed it since. Returns their ids. Called before the batch's sightings are removed.
    """
    sightings, rows = IMPORT_SIGHTINGS.c, TRANSACTIONS.c
    settled = unit.connection.execute(
        select(sightings.transaction_id, sightings.before, rows.status)
        .join(TRANSACTIONS, (rows.vault_id == sightings.vault_id) & (rows.id == sightings.transaction_id))
        .where(sightings.vault_id == unit.vault_id, sightings.batch_id == batch_id, sightings.before.is_not(None))
    ).all()
    pending = []
    for row_id, before, status in settled:
        heir = _heir(unit, row_id, batch_id)
        if heir is not None:
            statement = update(IMPORT_SIGHTINGS).where(
                sightings.vault_id == unit.vault_id, sightings.batch_id == heir, sightings.transaction_id == row_id
            )
            unit.connection.execute(statement.values(before=before))
        elif status.value == before["settled"]:
            _change(unit, row_id, _columns(unit, before))
            pending.append(row_id)
    return pending


def _heir(unit: Unit, row_id: int, batch_id: int) -> int | None:
    """Another batch that saw the row and is not undone."""
    sightings, batches = IMPORT_SIGHTINGS.c, IMPORT_BATCHES.c
    found: int | None = unit.connection.scalar(
        select(sightings.batch_id)
        .join(IMPORT_BATCHES, (batches.vault_id == sightings.vault_id) & (batches.id == sightings.batch_id))
        .where(
            sightings.vault_id == unit.vault_id,
            sightings.transaction_id == row_id,
            sightings.batch_id > batch_id,
            batches.status == BatchStatus.STORED,
        )
        .order_by(sightings.batch_id)
        .limit(1)
    )
    return found


def _state(connection: Connection, vault_id: int, row_id: int) -> dict[str, object]:
    """The fee is kept as its figure, which a correction of decimals does not change."""
    rows, coins = TRANSACTIONS.c, CURRENCIES.c
    row = connection.execute(
        select(rows.status, rows.block_number, rows.error, rows.fee, rows.fee_currency_id, coins.decimals)
        .outerjoin(CURRENCIES, (coins.vault_id == rows.vault_id) & (coins.id == rows.fee_currency_id))
        .where(rows.vault_id == vault_id, rows.id == row_id)
    ).one()
    fee = None if row.fee is None else format_units(row.fee, row.decimals)
    return {
        "status": row.status.value,
        "block_number": row.block_number,
        "error": row.error,
        "fee": fee,
        "fee_currency_id": row.fee_currency_id,
    }


def _columns(unit: Unit, before: Any) -> dict[str, Any]:
    columns = {
        "status": TransactionStatus(before["status"]),
        "block_number": before["block_number"],
        "error": before["error"],
        "fee": None,
        "fee_rank": None,
        "fee_currency_id": before["fee_currency_id"],
    }
    if before["fee"] is not None:
        coins = CURRENCIES.c
        query = select(coins.decimals).where(coins.vault_id == unit.vault_id, coins.id == before["fee_currency_id"])
        decimals = unit.connection.execute(query).scalar_one()
        columns["fee"] = parse_units(before["fee"], decimals)
        columns["fee_rank"] = rank_key(columns["fee"], decimals)
    return columns


def _change(unit: Unit, row_id: int, columns: dict[str, Any]) -> None:
    rows = TRANSACTIONS.c
    statement = update(TRANSACTIONS).where(rows.vault_id == unit.vault_id, rows.id == row_id)
    unit.connection.execute(statement.values(**columns, version=rows.version + 1))
