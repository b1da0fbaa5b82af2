"""Our own export as text: column names of amounts, and text that no spreadsheet takes for a formula."""

from __future__ import annotations

# An amount is written as several columns: the figure people see under the column's own key, and these beside it.
BASE_UNITS, SYMBOL, DECIMALS, CONTRACT = "_base_units", "_symbol", "_decimals", "_contract"
AMOUNT_PARTS = ("", BASE_UNITS, SYMBOL, DECIMALS, CONTRACT)

# What makes a spreadsheet read a cell as a formula, its full-width forms, and the apostrophe that prevents it.
# A tab in front would not prevent it: Excel takes it off.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")


def guarded(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would calculate with it (or it has one already)."""
    return "'" + text if text.startswith(_RISKY) else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given."""
    return text[1:] if text.startswith("'") else text
