"""The number of rows in words."""

from __future__ import annotations

from aether_desktop.ports.queries import Count


def count_text(count: Count) -> str:
    """Such as "about 10,000,000 rows"; exact ones without such a word."""
    how = "" if count.exact else "at least " if count.least else "about "
    return f"{how}{count.rows:,} {'row' if count.rows == 1 else 'rows'}"
