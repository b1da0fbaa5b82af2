"""Derivation paths (BIP-32) and the ones that accounts of EVM chains have (BIP-44, coin type 60 of SLIP-44)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

HARDENED: Final = 1 << 31
MAX_DEPTH: Final = 255  # BIP-32 keeps the depth in one byte
_STEP: Final = re.compile(r"([0-9]{1,10})(['hH]?)\Z", re.ASCII)


class InvalidPathError(ValueError):
    """A text that is no derivation path; ``reason`` is a plain sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class DerivationPath:
    """Child numbers from the master key down, hardened ones with ``HARDENED`` added.

    Raises InvalidPathError for numbers outside 32 bits, or for more than 255 steps.
    """

    steps: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.steps) > MAX_DEPTH:
            raise InvalidPathError(f"A derivation path has at most {MAX_DEPTH} steps.")
        if not all(0 <= step < 2 * HARDENED for step in self.steps):
            raise InvalidPathError("A step of a derivation path is a number under 2147483648.")

    @classmethod
    def parse(cls, text: str) -> DerivationPath:
        """``m/44'/60'/0'/0/0``; hardened steps end in ', h or H. Raises InvalidPathError."""
        root, *parts = text.strip().split("/")
        if root not in {"m", "M"}:
            raise InvalidPathError("A derivation path begins with m, for example m/44'/60'/0'/0/0.")
        steps = []
        for part in parts[: MAX_DEPTH + 1]:
            found = _STEP.match(part)
            if found is None or int(found[1]) >= HARDENED:
                raise InvalidPathError(
                    f"{part[:20]!r} is no step of a derivation path: a number under 2147483648, with ' where hardened."
                )
            steps.append(int(found[1]) + (HARDENED if found[2] else 0))
        return cls(tuple(steps))

    def __str__(self) -> str:
        return "/".join(("m", *(f"{step - HARDENED}'" if step >= HARDENED else str(step) for step in self.steps)))


_EVM: Final = (44 + HARDENED, 60 + HARDENED, HARDENED, 0)


def account_path(index: int) -> DerivationPath:
    """The ``index``-th account, from 0, as nearly every wallet program numbers them: m/44'/60'/0'/0/index.

    Raises InvalidPathError.
    """
    if not 0 <= index < HARDENED:
        raise InvalidPathError("An account's number is 0 to 2147483647.")
    return DerivationPath((*_EVM, index))
