"""Conditions on fragments, addresses, hashes and content ids; ranges that an index serves where a text is a beginning.

Stored addresses are canonical: EIP-55 mixes cases, so a beginning of an EVM address stands for every mix of cases.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, func, or_, select

from aether_desktop.domain.addresses import is_evm_address, to_checksum
from aether_desktop.domain.text import fold
from aether_desktop.ports.tables import ColumnKind
from aether_desktop.storage.schema import WALLETS
from aether_desktop.storage.sums import fold as folded
from aether_desktop.storage.window_columns import TablePlan

_EVM = re.compile(r"0x([0-9a-f]*)\Z", re.ASCII | re.IGNORECASE)
# Bech32 and Filecoin. What could as well be hexadecimal digits from the middle of an EVM address is left to fragments.
_LOWER_CASE = re.compile(
    r"(?:(?:bc|tb)1[qp][0-9a-z]*|t[0-4][0-9a-z]{8,}|f[0-4](?=[0-9a-z]*[g-z])[0-9a-z]{8,})\Z", re.ASCII | re.IGNORECASE
)
_LONG_HEX = re.compile(r"[0-9a-f]{16,}\Z", re.ASCII | re.IGNORECASE)
_CONTENT_ID = re.compile(r"(?:Qm|baf[g-z])\w*\Z", re.ASCII)
_SHORTENED = re.compile(r"(\S+?)(?:…|\.{3})(\S+)\Z")  # 0x7a3f…91c2 as shown in narrow columns
_MAX_RANGES = 16


def is_whole_address(text: str) -> bool:
    """Whether ``:`` means this address alone."""
    return is_evm_address(text.lower())


def address_spellings(text: str) -> list[str]:
    """A whole address as it may be stored."""
    spellings = {text, text.lower()}
    if is_evm_address(text.lower()):
        spellings.add(to_checksum(text.lower()))
    return sorted(spellings)


def address_range(plan: TablePlan, column: ColumnElement[Any], text: str) -> ColumnElement[bool] | None:
    """``address_condition`` where an index serves it; None for a fragment."""
    served = _EVM.match(text) or _LOWER_CASE.match(text)
    return address_condition(plan, column, text) if served else None


def hash_range(column: ColumnElement[Any], text: str) -> ColumnElement[bool] | None:
    """``hash_condition`` where an index serves it; None for a fragment."""
    served = _CONTENT_ID.match(text) or _EVM.match(text) or _LONG_HEX.match(text)
    return hash_condition(column, text) if served else None


def exact_texts(plan: TablePlan, kind: ColumnKind, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """The whole address or hash in any of its spellings, or the address of the own wallet of this name."""
    if kind is ColumnKind.HASH:
        return column.in_(sorted({text, text.lower()}))
    return or_(column.in_(address_spellings(text)), _of_wallet(plan, column, text))


def address_condition(plan: TablePlan, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """What ``:`` means for an address: how it begins, else a fragment; or an own wallet's name."""
    if is_evm_address(text.lower()):
        return column.in_(address_spellings(text))
    evm = _EVM.match(text)
    if evm is not None:
        return _begins_in_any_case(column, f"0x{evm.group(1).lower()}")
    if _LOWER_CASE.match(text):
        # An own wallet may be called "f1"; a base58 address does not begin like this.
        return or_(_begins(column, text.lower()), _of_wallet(plan, column, text))
    return or_(_shortened_or_fragment(column, text), _of_wallet(plan, column, text))


def hash_condition(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """What ``:`` means for a hash or content id: how it begins (0x may be left out of a long one), else a fragment."""
    if _CONTENT_ID.match(text):
        return _begins(column, text)
    if _EVM.match(text):
        return or_(*(_begins(column, spelling) for spelling in sorted({text, text.lower()})))
    if _LONG_HEX.match(text):
        spellings = {text, text.lower(), f"0x{text.lower()}"}
        return or_(*(_begins(column, spelling) for spelling in sorted(spellings)))
    return _shortened_or_fragment(column, text)


def wallet_addresses(plan: TablePlan, name: str) -> Select[tuple[str]]:
    """The addresses of own wallets of this name."""
    wallets = WALLETS.c
    return select(wallets.address).where(
        wallets.vault_id == plan.vault_id, wallets.name_fold == fold(name), wallets.address != ""
    )


def _of_wallet(plan: TablePlan, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return column.in_(wallet_addresses(plan, name).correlate(None))


def _begins(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """A range instead of LIKE: an index serves it on both engines. The texts are plain ASCII."""
    return and_(column >= text, column < text[:-1] + chr(ord(text[-1]) + 1))


def _begins_in_any_case(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Ranges for every mix of cases of as many characters as stay few, then a look at the rest."""
    beginnings, used = [""], 0
    for character in text:
        if character.isalpha() and used >= len("0x"):
            if len(beginnings) * 2 > _MAX_RANGES:
                break
            beginnings = [begun + spelled for begun in beginnings for spelled in (character, character.upper())]
        else:
            beginnings = [begun + character for begun in beginnings]
        used += 1
    ranges = or_(*(_begins(column, beginning) for beginning in beginnings))
    if used == len(text):
        return ranges
    return and_(ranges, func.lower(column).like(f"{text}%"))


def identifier_parts(text: str) -> tuple[str, ...]:
    """What an address or hash that ``:`` finds holds: the text, or both ends of a shortened one."""
    short = _SHORTENED.match(text)
    return (text,) if short is None else short.groups()


def _shortened_or_fragment(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    short = _SHORTENED.match(text)
    if short is not None:
        begin, end = (like_escaped(part.lower()) for part in short.groups())
        return func.lower(column).like(f"{begin}%{end}", escape="\\")
    return func.lower(column).like(f"%{like_escaped(text.lower())}%", escape="\\")


def contains(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """The fragment in any case; LIKE's wildcards mean themselves."""
    pattern = bindparam(None, f"%{like_escaped(text)}%", type_=Text(), unique=True)
    return folded(column).like(folded(pattern), escape="\\")


def like_escaped(text: str) -> str:
    """For LIKE ... ESCAPE '\\': its wildcards mean themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
