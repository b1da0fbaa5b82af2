"""A program that rotates keys and invites people is killed at random: every row opens, the log holds, it goes on."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.security.pin_stores import FilePinStore
from aether_desktop.storage.sql_storage import open_vault
from tests.services.identities import fill, founder, require_readable
from tests.support.people_at_work import reopened
from tests.support.storages import KEY

ROOT = Path(__file__).parents[2]
ROWS = 40
LONGEST = 1.2  # seconds of work before a kill: about one round of everything


def kill_after(vault: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "tests.support.people_at_work", str(vault)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "ready\n", child.stderr.read()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        errors = child.stderr.read()
    assert child.returncode == -9, errors


def kill_repeatedly(vault: Path, times: int, seed: int) -> None:
    with closing(open_vault(vault, KEY)) as storage:
        one = founder(storage, pins=FilePinStore(vault.parent))
        fill(one, ROWS)
    chance, versions = random.Random(seed), set()
    for _ in range(times):
        kill_after(vault, chance.uniform(0, LONGEST))
        storage, one = reopened(vault)
        with closing(storage):
            one.identity.settled()  # the log verifies, and agrees with what was remembered before
            assert require_readable(one, storage._database) == ROWS
            versions.add(one.identity.state().court(one.id, Court.HOLY).version)
            invited = {each.user_id for each in one.people.open_invitations()}
            known = set(one.identity.state().people)
            for user in storage.users.all():
                assert (user.id in known) != (user.id in invited), user.username  # never both, never neither
    storage, one = reopened(vault)
    with closing(storage):
        finished = one.rotation.rotate(one.id, Court.HOLY)
        require_readable(one, storage._database, version=finished.version)
        assert storage.check() == []
    assert len(versions) > 1


def test_three_kills_leave_everything_readable(vault_file: Path) -> None:
    kill_repeatedly(vault_file, 3, seed=3)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_kills_leave_everything_readable(vault_file: Path) -> None:
    started = time.monotonic()
    kill_repeatedly(vault_file, 200, seed=200)
    assert time.monotonic() - started < 1500
