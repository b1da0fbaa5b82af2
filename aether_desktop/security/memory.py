"""Secrets in memory: few copies, wiped after use, never shown; no core dumps.

Python cannot wipe ``bytes`` and ``str``: libraries that return or demand them leave copies to the allocator. What is
ours lies in bytearrays.
"""

from __future__ import annotations

import ctypes
import secrets
import sys
from contextlib import suppress
from typing import Final, NoReturn

_PR_SET_DUMPABLE: Final = 4  # prctl(2)


class Secret:
    """Bytes that are wiped at the end of a ``with`` block. Without repr, comparison by value, copying and pickling."""

    __slots__ = ("data",)

    def __init__(self, content: bytes | bytearray | int) -> None:
        """A copy of ``content``, or so many zero bytes to be filled."""
        self.data = bytearray(content)
        """The buffer itself, not a copy."""

    @classmethod
    def random(cls, size: int = 32) -> Secret:
        """From the operating system's generator."""
        return cls(secrets.token_bytes(size))

    def copy(self) -> Secret:
        """Another buffer, to be wiped on its own."""
        return Secret(self.data)

    def wipe(self) -> None:
        """Overwrite with zeros. Any thread; doing so twice is harmless."""
        self.data[:] = bytes(len(self.data))

    def __len__(self) -> int:
        return len(self.data)

    def __enter__(self) -> Secret:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"Secret({len(self.data)} bytes)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret is copied with copy() and wiped on its own")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a secret is copied with copy() and wiped on its own")


def forbid_core_dumps() -> None:
    """No core file of this process, and on Linux no reading of its memory by others of the same user.

    Never raises: a system that refuses leaves things as they were.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
