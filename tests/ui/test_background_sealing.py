"""Older values are sealed behind the window's back: at once what is open, the rest after the step-up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.jobs.lanes import Lanes
from aether_desktop.services.plain_values import PlainValueSealer
from aether_desktop.storage.sql_storage import open_vault
from aether_desktop.ui.context import Messages
from aether_desktop.ui.jobs import JobRunner
from aether_desktop.ui.shell import background_sealing
from aether_desktop.ui.shell.background_sealing import BackgroundSealing
from tests.services.conftest import services_over
from tests.services.signers import Signers
from tests.support.storages import KEY, vault_template
from tests.ui.ledgers import WAIT


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    with closing(JobRunner(Lanes())) as runner:
        yield runner


@pytest.fixture
def old(tmp_path: Path, ledger_templates: Path) -> Iterator[tuple[PlainValueSealer, Signers]]:
    """The job of a vault with seven old values of level 2 and one of level 1."""
    path = tmp_path / "books.aether"
    shutil.copyfile(vault_template(ledger_templates), path)
    storage = open_vault(path, KEY)
    with closing(services_over(storage, tmp_path)) as services:
        for number in range(7):
            services.records.create(
                TableName.PAYMENT_METHODS, {"name": f"Card {number}", "kind": "card", "last_four": f"{number:04d}"}
            )
        services.records.create(TableName.USERS, {"username": "aaron", "email": "aaron@example.org"})
        signers = Signers(storage)
        sealer = signers.identity.sealer
        yield (
            PlainValueSealer(storage.plain_values, sealer, user_id=storage.info.user_id, owner_id=None, batch=2),
            signers,
        )


def test_it_goes_on_after_the_step_up(
    old: tuple[PlainValueSealer, Signers], jobs: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_sealing, "SLICE", 3)
    work, signers = old
    signers.levels.open = {Court.OUTER}
    messages = Messages()
    sealing = BackgroundSealing(work, jobs, messages)
    with qtbot.waitSignal(sealing.finished, timeout=WAIT):
        sealing.run()
    assert sum(work.pending().values()) == 7
    signers.levels.open = set(Court)
    with qtbot.assertNotEmitted(messages.shown), qtbot.waitSignal(sealing.finished, timeout=WAIT):
        sealing.run()
        sealing.run()  # a second step-up meanwhile
    assert work.pending() == {}


def test_a_vault_without_keys_has_nothing_to_do(jobs: JobRunner, qtbot: QtBot) -> None:
    sealing = BackgroundSealing(None, jobs, Messages())
    with qtbot.assertNotEmitted(sealing.finished):
        sealing.run()
