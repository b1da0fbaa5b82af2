"""Folders that are full or read-only for real, for a child process in a mount namespace of its own."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _unshare() -> list[str]:
    command = ["unshare", "--mount", "--map-root-user"]
    probe = subprocess.run([*command, "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this machine does not let tests mount anything")
    return command


def error_of(code: str, folder: Path, *, full: bool = False) -> tuple[str, str]:
    """Run Python ``code`` (it sees ``folder``, ``arguments``) with the folder read-only, or on a disk of 2 MiB.

    Returns the class and message of the AetherError it raised; ("", "") for none.
    """
    place = shlex.quote(str(folder))
    if full:
        keep = shlex.quote(f"{folder}-kept")
        mount = f"cp -a {place} {keep} && mount -t tmpfs -o size=2m,mode=700 tmpfs {place} && cp -a {keep}/. {place}/"
    else:
        mount = f"mount --bind {place} {place} && mount -o remount,bind,ro {place}"
    wrapped = (
        "import json, sys\nfrom pathlib import Path\n"
        "from aether_desktop.ports.errors import AetherError\n"
        f"folder = Path({str(folder)!r})\n"
        "def run():\n" + "\n".join(f"    {line}" for line in code.strip().splitlines()) + "\n"
        "try:\n    run()\nexcept AetherError as error:\n"
        "    found = [type(error).__name__, str(error)]\nelse:\n    found = ['', '']\n"
        "print(json.dumps([found, sorted(path.name for path in folder.iterdir())]))\n"
    )
    script = f"{mount} && exec {shlex.quote(sys.executable)} -c {shlex.quote(wrapped)}"
    done = subprocess.run(
        [*_unshare(), "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    (name, message), left = json.loads(done.stdout)
    assert not [entry for entry in left if entry.startswith(".")], left  # no passing files
    return name, message
