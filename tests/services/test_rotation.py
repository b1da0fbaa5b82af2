"""Replacing a court's key over a real vault: whatever stops it, every row opens and it goes on from there."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import NotFoundError, OperationCancelled, PermissionDeniedError
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.sql_storage import SqlStorage
from tests.services.identities import FIELDS, SECRETS, Seat, fill, founder, joined, require_readable, seat


@pytest.fixture
def miriam(sqlite_storage: SqlStorage) -> Seat:
    one = founder(sqlite_storage)
    fill(one, 20)
    return one


def test_every_row_goes_over_with_its_search_token(miriam: Seat) -> None:
    seen: list[tuple[int, int | None]] = []
    journal = miriam.rotation.rotate(
        miriam.id, Court.HOLY, progress=lambda done, total, _="": seen.append((done, total))
    )
    assert journal.finished_at is not None
    assert (journal.version, journal.rows_done) == (2, 34)  # 20 and 14
    assert seen[0] == (0, 34)
    assert seen[-1] == (34, 34)
    assert sorted(seen) == seen
    assert require_readable(miriam, miriam.storage._database, version=2) == 20
    assert len(miriam.identity.sealer.blind(FIELDS[0], b"x", owner_id=miriam.id)) == 1
    assert (miriam.rotation.unfinished(), miriam.rotation.waiting()) == ([], [])
    assert miriam.rotation.rotate(miriam.id, Court.HOLY).version == 3


def test_an_empty_court_is_rotated_too(miriam: Seat) -> None:
    assert miriam.rotation.rotate(miriam.id, Court.MOST_HOLY).rows_done == 0


class _Stop(Exception):  # noqa: N818 - stands for a power cut
    pass


@pytest.mark.parametrize("after", range(8))
def test_stopped_after_any_batch_it_goes_on(miriam: Seat, after: int) -> None:
    steps = 0

    def stop(done: int, total: int | None, message: str = "") -> None:
        nonlocal steps
        steps += 1
        if steps > after:
            raise _Stop

    with pytest.raises(_Stop):
        miriam.rotation.rotate(miriam.id, Court.HOLY, progress=stop)
        raise _Stop  # it was done before
    again = seat(miriam.storage, miriam.id, levels=miriam.levels, pins=miriam.pins)
    assert require_readable(again, miriam.storage._database) == 20
    unfinished = again.rotation.unfinished()
    if unfinished:
        begun = unfinished[0].rows_done
        journal = again.rotation.rotate(miriam.id, Court.HOLY)
        assert (journal.version, journal.rows_done) == (2, 34)
        assert begun < 34 or after >= 5
    require_readable(again, miriam.storage._database, version=2)


def test_cancelled_it_keeps_what_is_done(miriam: Seat) -> None:
    token = CancelToken()

    def watch(done: int, total: int | None, message: str = "") -> None:
        if done >= 14:
            token.cancel()

    with pytest.raises(OperationCancelled):
        miriam.rotation.rotate(miriam.id, Court.HOLY, progress=watch, token=token)
    (journal,) = miriam.rotation.unfinished()
    assert journal.rows_done == 14
    (waiting,) = miriam.rotation.waiting()
    assert (waiting.mine, waiting.court, waiting.name) == (True, Court.HOLY, "miriam")
    assert "14 values" in waiting.reason
    assert require_readable(miriam, miriam.storage._database) == 20
    assert miriam.rotation.resume(miriam.id, Court.HOLY).rows_done == 34
    with pytest.raises(NotFoundError):
        miriam.rotation.resume(miriam.id, Court.HOLY)


def test_rows_written_meanwhile_are_under_the_new_key_already(miriam: Seat) -> None:
    miriam.rotation.start(miriam.id, Court.HOLY)
    fill(miriam, 5, first=100)
    miriam.rotation.resume(miriam.id, Court.HOLY)
    assert require_readable(miriam, miriam.storage._database, version=2) == 25


def test_what_a_program_unaware_of_the_new_key_sealed_is_found(miriam: Seat) -> None:
    unaware = seat(miriam.storage, miriam.id, levels=miriam.levels, pins=miriam.pins)
    fill(unaware, 1, first=50)
    token_done = False

    def interfere(done: int, total: int | None, message: str = "") -> None:
        nonlocal token_done
        if not token_done:
            token_done = True
            fill(unaware, 1, first=0)  # an id that the cursor has passed when this is called the second time

    miriam.rotation.start(miriam.id, Court.HOLY)
    miriam.rotation.resume(miriam.id, Court.HOLY, progress=interfere)
    assert require_readable(miriam, miriam.storage._database, version=2) == 22


def test_a_second_rotation_overtakes_an_unfinished_one(miriam: Seat) -> None:
    miriam.rotation.start(miriam.id, Court.HOLY)
    miriam.rotation.start(miriam.id, Court.HOLY)
    assert miriam.rotation.resume(miriam.id, Court.HOLY).version == 3
    assert miriam.rotation.unfinished() == []
    require_readable(miriam, miriam.storage._database, version=3)


def test_a_row_that_does_not_open_stops_it_and_is_named(miriam: Seat) -> None:
    with miriam.storage._database.write(action="test.break", table=SECRETS.name) as unit:
        unit.connection.execute(update(SECRETS).where(SECRETS.c.id == 9).values(metadata=None, external_id=bytes(60)))
    with pytest.raises(SealError) as caught:
        miriam.rotation.rotate(miriam.id, Court.HOLY)
    assert caught.value.field is SealedField.PAYMENT_EXTERNAL_ID
    assert miriam.rotation.unfinished()[0].rows_done == 7


def test_it_needs_the_levels_and_being_the_owner(miriam: Seat) -> None:
    aaron = joined(miriam, "aaron")
    with pytest.raises(PermissionDeniedError, match="owner"):
        aaron.rotation.start(miriam.id, Court.HOLY)
    miriam.rotation.start(miriam.id, Court.HOLY)
    with pytest.raises(PermissionDeniedError, match="owner"):
        aaron.rotation.resume(miriam.id, Court.HOLY)
    miriam.levels.open = {Court.OUTER}
    with pytest.raises(LevelLockedError):
        miriam.rotation.start(miriam.id, Court.HOLY)
    with pytest.raises(LevelLockedError):
        miriam.rotation.resume(miriam.id, Court.HOLY)


def test_nothing_is_left_half_made_when_the_log_is_taken_by_others(miriam: Seat) -> None:
    """Two programs at once: one signs again on top of the other."""
    other = seat(miriam.storage, miriam.id, levels=miriam.levels, pins=miriam.pins)
    sign, calls = other.identity.sign, 0

    def late(facts: object) -> object:
        nonlocal calls
        calls += 1
        signed = sign(facts)  # type: ignore[arg-type]
        if calls == 1:
            miriam.rotation.start(miriam.id, Court.OUTER)
        return signed

    other.identity.sign = late  # type: ignore[method-assign,assignment]
    assert other.rotation.start(miriam.id, Court.HOLY).version == 2
    assert calls == 2
    state = miriam.identity.state()
    assert (state.court(miriam.id, Court.OUTER).version, state.court(miriam.id, Court.HOLY).version) == (2, 2)
