"""The command line, in this process (quick) and as a real one (for what only a process shows)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aether_desktop.__main__ import main
from aether_desktop.locations import resources_dir

PASSWORD = "correct horse"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self, schema: str) -> Any:
        """Standard output, checked against its published schema."""
        value = json.loads(self.out)
        definition = json.loads((resources_dir() / "schemas" / f"{schema}.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(definition).validate(value)
        return value


Run = Callable[..., Done]


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """The global options of this test: everything below its own folder, the key and the password in files."""
    return [
        *("--data-dir", str(tmp_path / "data"), "--vault", str(tmp_path / "books.aether")),
        *("--password-file", str(secret_file(tmp_path / "books.password", PASSWORD))),
        *("--key-file", str(tmp_path / "books.key")),
    ]


def secret_file(path: Path, text: str) -> Path:
    """A file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
    return path


@pytest.fixture
def run(options: list[str], capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; fails on anything but the wanted exit code, and on a traceback anywhere."""

    def call(*arguments: str, code: int = 0, instead: Sequence[str] | None = None) -> Done:
        capfd.readouterr()
        actual = main([*(options if instead is None else instead), *arguments])
        sys.stdout.flush()
        captured = capfd.readouterr()
        done = Done(actual, captured.out, captured.err)
        assert actual == code, done
        assert "Traceback" not in done.err + done.out
        assert "Internal error" not in done.err
        return done

    return call


@pytest.fixture
def books(run: Run) -> Run:
    """``run`` over a new vault."""
    run("vault", "create")
    return run


def process(
    *arguments: str, environment: dict[str, str] | None = None, **extra: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "aether_desktop", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        **extra,
    )
