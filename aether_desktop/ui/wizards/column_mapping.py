"""Which column of an unknown file holds what: the fields in people's words, a first guess, and what is still missing.

No Qt; any thread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aether_desktop.sum_api import GENERIC_FIELDS

_NOT_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class MappedField:
    """One field of the generic CSV. ``names`` are folded headings it usually stands under, the surest first."""

    key: str
    title: str
    help: str
    names: tuple[str, ...]


_FIELDS = (
    MappedField(
        "occurred_at",
        "Time",
        "When it happened. Needed.",
        ("date utc", "timestamp", "datetime", "date time", "time utc", "date", "time", "when", "created at", "day"),
    ),
    MappedField(
        "amount",
        "Amount",
        "What moved; a minus sign means sent. This, or the two below.",
        ("amount", "value", "quantity", "qty", "sum", "total"),
    ),
    MappedField(
        "sent_amount", "Amount sent", "For files with two columns.", ("sent amount", "sent", "out", "debit", "outgoing")
    ),
    MappedField(
        "received_amount",
        "Amount received",
        "For files with two columns.",
        ("received amount", "received", "in", "credit", "incoming"),
    ),
    MappedField(
        "symbol",
        "Coin or token",
        "Without it, the wallet's own coin.",
        ("symbol", "currency", "coin", "asset", "token", "ticker", "unit"),
    ),
    MappedField("fee", "Fee", "What the wallet paid for it.", ("fee", "fees", "fee amount", "network fee", "txn fee")),
    MappedField(
        "fee_symbol", "Fee's coin", "Without it, the wallet's own coin.", ("fee currency", "fee symbol", "fee coin")
    ),
    MappedField(
        "tx_hash",
        "Hash",
        "Tells rows apart for certain.",
        ("tx hash", "txhash", "transaction hash", "hash", "txid", "tx id", "transaction id"),
    ),
    MappedField("from_address", "From", "", ("from", "from address", "sender", "source")),
    MappedField("to_address", "To", "", ("to", "to address", "recipient", "receiver", "destination")),
    MappedField(
        "direction", "Direction", "Words such as in, out, sent, received.", ("direction", "side", "type", "in out")
    ),
    MappedField("status", "Status", "Words such as confirmed, pending, failed.", ("status", "state")),
    MappedField(
        "description", "Description", "", ("description", "memo", "details", "comment", "note", "notes", "reference")
    ),
    MappedField("label", "Label", "Becomes your own label of the row.", ("label", "name", "category", "tag")),
    MappedField("block_number", "Block", "", ("block", "block number", "blockno", "block no", "height")),
)
FIELDS: tuple[MappedField, ...] = tuple(sorted(_FIELDS, key=lambda field: GENERIC_FIELDS.index(field.key)))


@dataclass(frozen=True, slots=True)
class MappingProblem:
    """Why a mapping cannot be used yet; ``field`` is where to look."""

    field: str
    text: str


def guess_columns(heading: Sequence[str]) -> dict[str, str]:
    """Field -> heading, for a person to correct; each heading is used once, ambiguous ones are left alone."""
    folded = [_folded(name) for name in heading]
    free = [place for place, name in enumerate(folded) if name and folded.count(name) == 1]
    guess: dict[str, str] = {}
    for field in FIELDS:
        place = _best(field, folded, free)
        if place is not None:
            guess[field.key] = heading[place]
            free.remove(place)
    if "sent_amount" in guess and "received_amount" in guess:
        guess.pop("amount", None)
    else:
        guess.pop("sent_amount", None)
        guess.pop("received_amount", None)
    return guess


def mapping_problem(columns: Mapping[str, str]) -> MappingProblem | None:
    """What a person must still say, None when the mapping can be used."""
    chosen = {field: heading for field, heading in columns.items() if heading}
    if "occurred_at" not in chosen:
        return MappingProblem("occurred_at", "Say which column holds the time.")
    two = chosen.keys() & {"sent_amount", "received_amount"}
    if "amount" not in chosen and not two:
        return MappingProblem("amount", "Say which column holds the amount.")
    if "amount" in chosen and two:
        return MappingProblem("amount", "Either one amount, or what was sent and received: not both.")
    used: dict[str, str] = {}
    for field, heading in chosen.items():
        if heading in used:
            return MappingProblem(field, f"This column is already used for {title_of(used[heading]).lower()}.")
        used[heading] = field
    return None


def title_of(field: str) -> str:
    """The name of a field on screen. Raises StopIteration for an unknown one: a bug of the caller."""
    return next(each.title for each in FIELDS if each.key == field)


def _best(field: MappedField, folded: Sequence[str], free: Sequence[int]) -> int | None:
    for name in field.names:
        for place in free:
            if folded[place] == name:
                return place
    for name in field.names:
        starting = [place for place in free if folded[place].startswith(f"{name} ")]
        if len(starting) == 1:
            return starting[0]
    return None


def _folded(name: str) -> str:
    """ "Value_IN(ETH)" -> "value in eth"."""
    return _NOT_WORDS.sub(" ", name.casefold()).strip()
