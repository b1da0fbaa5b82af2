"""Places of a build, its moment, and how its tools are run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "package"
DIST = ROOT / "dist"
LINUX = ROOT / "packaging" / "linux"
NAME = "aether-desktop"
FROZEN = BUILD / "frozen" / NAME
SITE = "https://aether-desktop.invalid"  # until the project has an address; .invalid never resolves (RFC 6761)
MAINTAINER = "Aether Desktop maintainers <maintainers@aether-desktop.invalid>"


@dataclass(frozen=True, slots=True)
class Release:
    """What is built. ``seconds``: the last commit's time, which every file carries; equal sources, equal bytes."""

    version: str
    seconds: int

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, tz=UTC)

    @property
    def environment(self) -> dict[str, str]:
        return {"SOURCE_DATE_EPOCH": str(self.seconds), "PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def run(command: Sequence[str | Path], *, cwd: Path = BUILD, env: Mapping[str, str] | None = None) -> str:
    """Run a build tool and return what it printed; SystemExit with its output if it fails."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        sys.exit(f"{result.stdout[-6000:]}\nfailed: {' '.join(map(str, command[:6]))}")
    return result.stdout


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"package: {text}", flush=True)


def python(*arguments: str | Path) -> list[str | Path]:
    """An isolated interpreter: this folder and the checkout stay out of its path."""
    return [sys.executable, "-I", *arguments]


def elf_files(folder: Path) -> list[Path]:
    """Programs and shared libraries below the folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found
