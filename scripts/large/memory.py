"""What this process holds, as Linux counts it, and which part of it are SQLite's page caches."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine

_ROLLUP = {"rss": "Rss", "pss": "Pss", "uss": "Private_Dirty"}


def peak_memory() -> int:
    """Bytes of this process, the most it ever held."""
    return _figure("status", "VmHWM")


def memory_now() -> int:
    """Bytes of this process."""
    gc.collect()
    return _figure("status", "VmRSS")


def forget_peak() -> None:
    """Count the peak from now on (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def shares() -> dict[str, int]:
    """Bytes: resident, its proportional part of what is shared with others, and what only this process wrote."""
    gc.collect()
    return {name: _figure("smaps_rollup", line) for name, line in _ROLLUP.items()}


def give_back() -> int:
    """Bytes that the allocator held free; they are the system's again."""
    before = memory_now()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)
    return before - memory_now()


def give_back_pages(engines: Iterable[Engine]) -> int:
    """Bytes of SQLite's page caches over these engines' connections; they are dropped."""
    before = memory_now()
    for engine in engines:
        held = [engine.connect() for _ in range(engine.pool.size())]  # type: ignore[attr-defined]  # a QueuePool
        for connection in held:
            connection.connection.driver_connection.execute("PRAGMA shrink_memory")  # type: ignore[union-attr]
            connection.close()
    give_back()
    return before - memory_now()


def _figure(file: str, name: str) -> int:
    for line in Path(f"/proc/self/{file}").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
