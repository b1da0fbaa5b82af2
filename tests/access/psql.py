"""The real ``psql`` program, as somebody with their own login and password would use it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from tests.support.postgres import binaries


@dataclass(frozen=True)
class Said:
    """What a session said: tuples without decoration, and complaints."""

    out: str
    err: str
    code: int


def psql(url: str, script: str, *, stop: bool = False) -> Said:
    """Run a script; without ``stop`` it goes on after an error, as a person would."""
    command = [str(binaries() / "psql"), "-X", "-q", "-A", "-t", "-d", url]
    if stop:
        command += ["-v", "ON_ERROR_STOP=1"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, input=script, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return Said(done.stdout, done.stderr, done.returncode)
