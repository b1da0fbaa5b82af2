"""A virtual screen of our own, which only holders of its cookie can reach."""

from __future__ import annotations

import os
import secrets
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import Child, bound_to_parent, tool

SIZE = (1366, 768)
_WILD = 0xFFFF  # Xauthority family that fits any host


class VirtualDisplay:
    """Xvfb on a free display number."""

    def __init__(self, *, size: tuple[int, int] = SIZE, folder: Path | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="aether-x-", dir=folder))
        cookie = self._folder / "Xauthority"
        cookie.touch(0o600)
        name, data = b"MIT-MAGIC-COOKIE-1", secrets.token_bytes(16)
        cookie.write_bytes(struct.pack(">HHHH", _WILD, 0, 0, len(name)) + name + struct.pack(">H", len(data)) + data)
        reading, writing = os.pipe()
        command = [
            tool("Xvfb"),
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            f"{size[0]}x{size[1]}x24",
            "-nolisten",
            "tcp",
            "-auth",
            str(cookie),
            "-noreset",
        ]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self._child = Child(
            bound_to_parent(command),
            env=env,
            ready=lambda _line: False,
            name="xvfb",
            pass_fds=[writing],
        )
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()  # written when the screen is ready; empty if Xvfb ended
        if not number:
            self._child.stop(signal=9)
            raise RuntimeError(f"Xvfb did not start:\n{self._child.output}")
        self.environment: Mapping[str, str] = {"DISPLAY": f":{number}", "XAUTHORITY": str(cookie)}

    def close(self) -> None:
        """End the screen."""
        self._child.stop()
        for path in self._folder.iterdir():
            path.unlink()
        self._folder.rmdir()
