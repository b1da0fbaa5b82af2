"""QR codes as squares. Worker threads: the library takes a tenth of a second to load."""

from __future__ import annotations

from typing import TypeAlias

QrMatrix: TypeAlias = tuple[bytes, ...]
"""Row by row, 1 for dark; without the quiet zone around it."""


def qr_matrix(text: str) -> QrMatrix:
    """Error correction M (15 %). Raises ValueError for more than 2,331 bytes."""
    import segno  # noqa: PLC0415 - see above

    return tuple(bytes(row) for row in segno.make(text, error="m", micro=False, boost_error=False).matrix)
