"""sample --rows: a large generated ledger in a new encrypted vault, or in an empty shared database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run


def test_a_new_encrypted_vault_with_rows(run: Run, options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "large.aether"
    made = run("sample", "--rows", "700", "--seed", "5", str(path))
    assert made.out.strip() == str(path)
    assert "700 generated transactions" in made.err
    assert path.stat().st_mode & 0o777 == 0o600
    assert not path.read_bytes().startswith(b"SQLite format 3")
    own = [*options[:2], "--vault", str(path), *options[4:]]
    assert len(run("transactions", "list", "--limit", "2000", "--json", instead=own).json("transactions")) == 700
    assert run("vault", "info", "--json", instead=own).json("vault-info")["vault"] == "large"
    assert "already there" in run("sample", "--rows", "700", str(path), code=1).err
    assert not list(tmp_path.glob("*building*"))
    assert "no vault" in run("wallet", "list", code=1).err  # the vault that the options name was not made


def test_the_next_start_opens_what_it_did_before(books: Run, options: list[str], tmp_path: Path) -> None:
    books("sample", "--rows", "10", str(tmp_path / "large.aether"))
    remembered = [*options[:2], *options[4:]]
    assert books("vault", "info", "--json", instead=remembered).json("vault-info")["vault"] == "books"


def test_interrupted_nothing_is_left(options: list[str], tmp_path: Path) -> None:
    path = tmp_path / "large.aether"
    command = [sys.executable, "-m", "aether_desktop", *options, "sample", "--rows", "3000000", str(path)]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        wal = tmp_path / ".large.aether.building-wal"
        deadline = time.monotonic() + 50
        while not (wal.exists() and wal.stat().st_size > 1_000_000):
            assert started.poll() is None, started.communicate()
            assert time.monotonic() < deadline
            os.sched_yield()
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "")
    assert err == "Cancelled; nothing was stored.\n"
    assert not list(tmp_path.glob("*large*"))


@pytest.mark.parametrize(
    "arguments",
    [["sample"], ["sample", "--rows", "5"], ["sample", "--rows", "-5", "x.aether"], ["sample", "--seed", "1"]],
)
def test_a_place_must_be_named(run: Run, arguments: list[str]) -> None:
    assert run(*arguments, code=2).out == ""


def test_a_shared_database_is_filled_once(run: Run, postgres_database: Callable[..., str], tmp_path: Path) -> None:
    url = postgres_database()
    here = ["--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "key")]
    own = run("postgres", "provision", url, instead=here).out.strip()
    there = [*here, "--database", own]
    run("sample", "--rows", "500", instead=there)
    assert len(run("transactions", "list", "--limit", "2000", "--json", instead=there).json("transactions")) == 500
    assert "in use" in run("sample", "--rows", "500", instead=there, code=1).err
    run("sample", "--rows", "500", str(tmp_path / "x.aether"), instead=there, code=2)
