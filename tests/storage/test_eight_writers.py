"""Eight processes, each with a client and a login of its own, write at once while a file is imported beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aether_desktop.domain.audit import entry_leaf
from aether_desktop.domain.merkle import Frontier
from aether_desktop.domain.transactions import Movement
from aether_desktop.domain.users import Role
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.scram import scram_verifier
from aether_desktop.storage import import_run
from tests.storage import samples
from tests.storage.files import incoming, new_batch
from tests.support.audits import audit_of, device, log_of, verified
from tests.support.storages import FOUNDER, PASSWORD, VaultPlace

ROOT = Path(__file__).parents[2]
WRITERS = 8
MOST_ROWS = 60_000  # an import that holds the others up ends all the same
Program = subprocess.Popen[bytes]


def locations(place: VaultPlace) -> list[tuple[str, str]]:
    """(address, user name) of each writer: on PostgreSQL eight people, each with a login of their own."""
    if place.engine == "sqlite":
        return [(place.location, FOUNDER)] * WRITERS
    parts, found = urlsplit(place.location), []
    server, verifier = parts.netloc.rpartition("@")[2], scram_verifier(PASSWORD)
    with closing(place.open()) as storage:
        for number in range(WRITERS):
            name = f"writer{number}"
            storage.users.create(samples.user(storage, username=name, email=f"{name}@example.org", role=Role.MEMBER))
            login = storage.login_administration().create_login(name, Role.MEMBER, scram_verifier=verifier)
            found.append((parts._replace(netloc=f"{login}:{PASSWORD}@{server}").geturl(), name))
    return found


class Writer:
    """A forked process at the other end of two pipes."""

    def __init__(self) -> None:
        self.told, source = os.pipe()
        self._source = os.fdopen(source, "w")
        sink, self.tells = os.pipe()
        self._sink = os.fdopen(sink)

    def tell(self, line: str) -> None:
        self._source.write(line)
        self._source.flush()

    def stop(self) -> None:
        """It ends when it has written what it was about to."""
        self._source.close()

    def said(self) -> list[str]:
        return self._sink.readline().split()

    def close(self) -> None:
        self._source.close()
        self._sink.close()


@contextmanager
def writers(place: VaultPlace) -> Iterator[tuple[list[Writer], list[str], Program]]:
    """Eight processes that are ready to write, the ids of their keys, and the program that they are forks of."""
    with ExitStack() as running:
        started = [running.enter_context(closing(Writer())) for _ in range(WRITERS)]
        command = [sys.executable, "-m", "tests.support.wallet_writer", place.engine]
        for (location, name), writer in zip(locations(place), started, strict=True):
            command += [location, name, str(writer.told), str(writer.tells)]
        ends = [end for writer in started for end in (writer.told, writer.tells)]
        program = subprocess.Popen(command, cwd=ROOT, pass_fds=ends, start_new_session=True)
        running.enter_context(program)
        running.callback(end_group, program)
        for end in ends:
            os.close(end)
        ready = [writer.said() for writer in started]
        assert {word for word, _ in ready} == {"ready"}
        yield started, [key for _, key in ready], program


def end_group(program: Program) -> None:
    """It and its forks, while it waits for them."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGKILL)


def write_beside_an_import(place: VaultPlace, *, rows: int, folder: Path, until: int = 0) -> Counter[str]:
    """How many entries each writer's key brought into the log between the import's first and last chunk.

    The file is ``rows`` long, or longer, until the others had the time for ``until`` entries.
    """
    importing, watching = place.open(), place.open()
    importing.audit.sign_with(device())
    importing.wallets.create(wallet := samples.wallet(importing))
    with writers(place) as (children, keys, program):
        sizes: list[int] = []
        first = watching.audit.head().size

        def chunks() -> Iterator[list[Movement]]:
            step, others = import_run.CHUNK_ROWS, 0
            while len(sizes) * step < rows or (others < until and len(sizes) * step < MOST_ROWS):
                start = len(sizes) * step
                yield [incoming(number) for number in range(start + 1, start + step + 1)]
                sizes.append(watching.audit.head().size)
                others = sizes[-1] - sizes[0] - len(sizes)  # each part has an entry of its own at most

        for child in children:
            child.tell("go\n")
        batch, outcome = importing.imports.store(new_batch(importing, wallet.id), chunks(), [], token=CancelToken())
        for child in children:
            child.stop()
        stored = [int(child.said()[1]) for child in children]
        assert program.wait() == 0
    written = len(sizes) * import_run.CHUNK_ROWS
    assert written >= rows
    assert (outcome.new, importing.imports.get(batch.id)) == (written, batch)

    entries = log_of(watching)
    assert [entry.leaf_index for entry in entries] == list(range(watching.audit.head().size))
    frontier = Frontier()
    for entry in entries:
        frontier.append(entry_leaf(entry.entry, entry.signature))
    head = watching.audit.head()
    assert frontier.root == Frontier(head.size, head.peaks).root
    for key, count in zip(keys, stored, strict=True):
        mine = [entry.counter for entry in entries if (entry.key_id or b"").hex() == key]
        assert mine == list(range(1, count + 1))  # one chain, nothing lost, nothing twice
    assert verified(audit_of(watching, folder)).bad is None
    assert len(watching.wallets.all()) == 1 + sum(stored)
    told = [entry for entry in watching.audit.recent(len(entries)) if entry.action == "import.store"]
    assert sum(entry.rows for entry in told) == written
    assert watching.audit.unplaced() == 0

    watching.imports.undo(batch.id, samples.NOW)
    assert watching.transactions.of_wallet(wallet.id, limit=1) == []
    assert sizes[0] >= first
    during = entries[sizes[0] : sizes[-1]]
    return Counter(key for entry in during if (key := (entry.key_id or b"").hex()) in keys)


def test_eight_processes_beside_an_import(place: VaultPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_run, "CHUNK_ROWS", 300)
    during = write_beside_an_import(place, rows=1_500, folder=tmp_path / "pins", until=2 * WRITERS)
    assert during.total() >= WRITERS


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_rows_hold_none_of_the_eight_up(place: VaultPlace, tmp_path: Path) -> None:
    """Each of the eight commits while the import is under way: its transaction is open, or its parts go on."""
    during = write_beside_an_import(place, rows=100_000, folder=tmp_path / "pins")
    print(f"{place.engine}: {sum(during.values())} commits of others during the import")  # noqa: T201 - a figure
    assert len(during) == WRITERS
