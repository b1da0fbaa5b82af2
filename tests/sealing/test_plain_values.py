"""Values stored before the vault had keys: sealed in batches, whole or not at all, as often as it takes."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.domain.payments import PaymentMethod
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed, SealedField
from aether_desktop.ports.errors import OperationCancelled
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.plain_values import PlainValueSealer
from aether_desktop.storage.sql_storage import SqlStorage
from tests.sealing.conftest import METHOD, Keyed
from tests.storage import samples
from tests.support.sealing_at_work import BATCH, keep_keys
from tests.support.storages import VaultPlace

ROOT = Path(__file__).parents[2]
METHODS, PAYMENTS = TableName.PAYMENT_METHODS, TableName.PAYMENTS
COUNT = 7


def fill(plain: Keyed, count: int = COUNT) -> list[int]:
    """Rows of a vault without keys; returns the ids of the methods."""
    for number in range(count):
        plain.add_payment(external_id=f"pay_{number}", metadata="")
    return [plain.add_method(name=f"Card {number}", last_four=f"{number:04d}").id for number in range(count)]


@pytest.fixture
def old(storage: SqlStorage, open_keyed: Callable[..., Keyed]) -> tuple[Keyed, list[int]]:
    """A vault with keys and with rows that are older."""
    ids = fill(open_keyed(storage, sealing=False))
    return open_keyed(storage), ids


def job(keyed: Keyed, *, batch: int = BATCH) -> PlainValueSealer:
    info = keyed.storage.info
    owner_id = None if info.engine == "sqlite" else info.user_id
    return PlainValueSealer(
        keyed.storage.plain_values,
        keyed.signers.identity.sealer,
        user_id=info.user_id,
        owner_id=owner_id,
        batch=batch,
    )


def test_everything_is_sealed_and_opens(old: tuple[Keyed, list[int]]) -> None:
    keyed, ids = old
    assert job(keyed).pending() == {
        SealedField.PAYMENT_METHOD_EXTERNAL_ID: COUNT,
        SealedField.PAYMENT_METHOD_LAST_FOUR: COUNT,
        SealedField.PAYMENT_METHOD_EXPIRY: COUNT,
        SealedField.PAYMENT_EXTERNAL_ID: COUNT,
    }
    told: list[tuple[int, int | None]] = []
    report = job(keyed).run(progress=lambda done, total, _text="": told.append((done, total)))
    assert (report.sealed, report.waiting, report.refused) == (4 * COUNT, (), ())
    assert told[-1] == (4 * COUNT, 4 * COUNT)
    assert job(keyed).pending() == {}
    for number, row_id in enumerate(ids):
        method = keyed.services.records.get(METHODS, row_id)
        assert isinstance(method, PaymentMethod)
        assert isinstance(method.last_four, Sealed)
        assert method.version == 1  # nothing that a person would call a change
        assert keyed.raw(method, "last_four", "provider_reference", "expires_on") == ("", "", None)
        assert keyed.reveal(method, "last_four") == f"{number:04d}"
        assert keyed.reveal(method, "expires_on") == str(METHOD["expires_on"])
    assert keyed.services.sealed.payment("Lydia Bank", "pay_3").external_id


def test_it_is_done_once(old: tuple[Keyed, list[int]]) -> None:
    keyed, _ = old
    job(keyed).run()
    entries = len(keyed.storage.audit.recent(1_000))
    assert job(keyed).run().sealed == 0
    assert len(keyed.storage.audit.recent(1_000)) == entries


def test_what_waits_for_a_level_waits(old: tuple[Keyed, list[int]]) -> None:
    keyed, _ = old
    keyed.lock()
    report = job(keyed).run()
    assert report.sealed == 0
    assert set(report.waiting) == set(job(keyed).pending())
    keyed.lock(above=Court.HOLY)
    assert job(keyed).run().sealed == 4 * COUNT


def test_cancelled_it_goes_on_from_there(old: tuple[Keyed, list[int]]) -> None:
    keyed, _ = old
    token = CancelToken()
    with pytest.raises(OperationCancelled):
        job(keyed).run(token=token, progress=lambda done, _total, _text="": token.cancel() if done else None)
    assert sum(job(keyed).pending().values()) == 4 * COUNT - BATCH
    job(keyed).run()
    assert job(keyed).pending() == {}


def test_it_can_be_done_in_slices(old: tuple[Keyed, list[int]]) -> None:
    keyed, _ = old
    reports = [job(keyed).run(at_most=2 * BATCH)]
    while reports[-1].more:
        reports.append(job(keyed).run(at_most=2 * BATCH))
    assert sum(report.sealed for report in reports) == 4 * COUNT
    assert len(reports) > 3
    assert max(report.sealed for report in reports) <= 3 * BATCH
    assert job(keyed).pending() == {}


def test_an_old_row_that_is_edited_first_is_sealed_then(old: tuple[Keyed, list[int]]) -> None:
    keyed, ids = old
    method = keyed.services.records.get(METHODS, ids[0])
    edited = keyed.services.records.edit(METHODS, method, {"name": "Other"})
    assert keyed.raw(edited, "last_four", "expires_on") == ("", None)
    assert keyed.reveal(edited, "last_four") == "0000"
    for entry in keyed.storage.audit.recent(3):
        assert "pm_planted_reference" not in entry.detail


def test_a_row_changed_meanwhile_is_left_alone(old: tuple[Keyed, list[int]]) -> None:
    keyed, ids = old
    field = SealedField.PAYMENT_METHOD_LAST_FOUR
    owner_id = None if keyed.storage.info.engine == "sqlite" else keyed.storage.info.user_id
    rows = keyed.storage.plain_values.page(field, owner_id=owner_id, after=-1, limit=2)
    method = keyed.services.records.get(METHODS, ids[0])
    edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
    stale = [(row, Sealed.of(0, b"\x01" * 60)) for row in rows]
    assert keyed.storage.plain_values.replace(field, stale) == 1
    assert keyed.reveal(edited, "last_four") == "1881"


def test_values_written_again_after_the_job_are_not_confused(old: tuple[Keyed, list[int]]) -> None:
    """Its revision is 0: put back after an edit it is an old value."""
    keyed, ids = old
    job(keyed).run()
    method = keyed.services.records.get(METHODS, ids[0])
    (before,) = keyed.raw(method, "last_four_sealed")
    edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
    assert before.revision == 0
    keyed.tamper(edited, last_four_sealed=before)
    with pytest.raises(Exception, match="put back"):
        keyed.reveal(edited, "last_four")


def test_killed_at_random_no_value_is_both_or_neither(
    place: VaultPlace, open_keyed: Callable[..., Keyed], tmp_path: Path
) -> None:
    with closing(place.open()) as storage:
        ids = fill(open_keyed(storage, sealing=False))
        signers = open_keyed(storage).signers
    keys = tmp_path / "keys"
    keep_keys(signers, keys)
    chance = random.Random(7)
    for _ in range(3):
        seal_and_kill(place, keys, batches=chance.randint(1, 3))
        with closing(place.open()) as storage:
            keyed = open_keyed(storage, signers)
            for number, row_id in enumerate(ids):
                method = storage.payment_methods.get(row_id)
                (plain, sealed) = keyed.raw(method, "last_four", "last_four_sealed")
                assert (plain == "") is (sealed is not None)
                assert keyed.services.sealed.text(METHODS, method, "last_four") == f"{number:04d}"
    with closing(place.open()) as storage:
        keyed = open_keyed(storage, signers)
        job(keyed).run()
        assert job(keyed).pending() == {}
        assert [keyed.services.sealed.reveal(METHODS, row_id, "last_four") for row_id in ids[:2]] == ["0000", "0001"]


def seal_and_kill(place: VaultPlace, keys: Path, *, batches: int) -> None:
    command = [sys.executable, "-m", "tests.support.sealing_at_work", place.engine, place.location, str(keys)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        for number, _line in enumerate(child.stdout, start=1):
            if number == batches:
                child.kill()
        errors = child.stderr.read()
    assert child.returncode in (-9, 0), errors


def test_only_one_s_own_rows_on_a_shared_database(storage: SqlStorage, open_keyed: Callable[..., Keyed]) -> None:
    plain = open_keyed(storage, sealing=False)
    other = samples.user(storage, username="Aaron", email="aaron@example.org")
    storage.users.create(other)
    keyed = open_keyed(plain.storage)
    report = job(keyed).run()
    waiting = job(keyed).pending()
    assert waiting == {}
    assert report.sealed == (1 if storage.info.engine == "sqlite" else 0)
    email = storage.users.get(other.id).email
    assert isinstance(email, Sealed) is (storage.info.engine == "sqlite")
