"""How rows of an import read in a grid: the preview, and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from aether_desktop.domain.amounts import format_units
from aether_desktop.domain.times import from_micros
from aether_desktop.domain.transactions import Direction, Movement, TransactionStatus
from aether_desktop.ports.settings import Settings
from aether_desktop.services.importing import PreviewRow, RowState
from aether_desktop.sum_api import GENERIC_FIELDS
from aether_desktop.ui.models.cells import Cell, NumberCell, Sign, StatusCell, TextCell, TimeCell, Tone
from aether_desktop.ui.models.formatting import FRACTION_DIGITS, amount_cell, time_text
from aether_desktop.ui.models.value_table_model import ValueColumn
from aether_desktop.ui.wizards.column_mapping import title_of
from aether_desktop.ui.wizards.import_flow import RejectedRow
from aether_desktop.ui.zone import visible_zone, zone_name

_STATES = {
    RowState.NEW: StatusCell("New", Tone.OK, "add"),
    RowState.DUPLICATE: StatusCell("Already there", Tone.NEUTRAL, "check"),
    RowState.WRONG: StatusCell("Wrong", Tone.BAD),
}
_SIGNS = {Direction.IN: Sign.PLUS, Direction.OUT: Sign.MINUS}
_WORDS = {Direction.IN: "Received", Direction.OUT: "Sent", Direction.SELF: "To itself"}
_NOTHING = TextCell("")


def preview_columns(settings: Settings) -> Sequence[ValueColumn[PreviewRow]]:
    """The columns of the preview: what will be stored, or why not."""
    zone = visible_zone(settings)
    return (
        ValueColumn("row", "Row", lambda row: NumberCell(f"{row.row:,}"), width=5, right=True),
        ValueColumn("state", "State", lambda row: _STATES[row.state], width=15),
        ValueColumn("what", "What, or why not", lambda row: TextCell(_what(row)), width=24, whole=_what),
        ValueColumn("time", f"Time ({zone_name(settings)})", lambda row: _time(row.movement, zone), width=20),
        ValueColumn(
            "amount",
            "Amount",
            lambda row: _amount(row.movement),
            width=21,
            whole=lambda row: _whole_amount(row.movement),
            right=True,
            fraction_digits=FRACTION_DIGITS,
            unit_chars=5,
        ),
        ValueColumn("party", "Counterparty", lambda row: _short(_party(row.movement)), width=13, whole=_whole_party),
        ValueColumn("hash", "Hash", lambda row: _short(row.movement.tx_hash if row.movement else ""), width=13),
    )


def rejection_columns() -> Sequence[ValueColumn[RejectedRow]]:
    """File, row and reason of what was not stored."""
    return (
        ValueColumn("file", "File", lambda each: TextCell(each.file), width=24, whole=lambda each: each.file),
        ValueColumn("row", "Row", lambda each: _row_number(each.row), width=6, right=True),
        ValueColumn(
            "reason",
            "Why it was not stored",
            lambda each: TextCell(plain_reason(each.reason)),
            width=40,
            whole=lambda each: plain_reason(each.reason),
        ),
    )


def _row_number(row: int) -> Cell:
    return NumberCell(f"{row:,}") if row else TextCell("all", dim=True)


def _time(movement: Movement | None, zone: tzinfo) -> Cell:
    return _NOTHING if movement is None else TimeCell(time_text(from_micros(movement.occurred_at), zone))


def plain_reason(reason: str) -> str:
    """A reason of the generic CSV with the names that its fields have on screen."""
    fields, separator, rest = reason.partition(": ")
    keys = fields.split(", ")
    if not separator or any(key not in GENERIC_FIELDS for key in keys):
        return reason
    return f"{', '.join(title_of(key) for key in keys)}: {rest}"


def _what(row: PreviewRow) -> str:
    movement = row.movement
    if movement is None:
        return plain_reason(row.reason)
    word = _WORDS[movement.direction]
    if movement.status is TransactionStatus.CONFIRMED:
        return word
    return f"{word}, {movement.status.value}"


def _amount(movement: Movement | None) -> Cell:
    if movement is None:
        return _NOTHING
    return amount_cell(movement.units, movement.currency, sign=_SIGNS.get(movement.direction, Sign.NONE))


def _whole_amount(movement: Movement | None) -> str:
    if movement is None:
        return ""
    text = f"{format_units(movement.units, movement.currency.decimals)} {movement.currency.symbol}"
    if movement.fee_units and movement.fee_currency:
        fee = format_units(movement.fee_units, movement.fee_currency.decimals)
        text += f", fee {fee} {movement.fee_currency.symbol}"
    return text


def _party(movement: Movement | None) -> str:
    if movement is None:
        return ""
    return movement.from_address if movement.direction is Direction.IN else movement.to_address


def _whole_party(row: PreviewRow) -> str:
    return _party(row.movement)


def _short(text: str) -> Cell:
    return TextCell(text, mono=True, short=True)
