"""Temporary files of a run lie in memory, and are gone with the run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.memory_folder import MemoryFolder, memory_folder

NO_NEED = 0


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MemoryFolder]:
    folder = memory_folder({}, place=tmp_path, needed=NO_NEED)
    assert folder is not None
    yield folder
    folder.close()


def aged(folder: Path) -> None:
    then = time.time() - 3_600
    os.utime(folder, (then, then))


def test_a_run_deletes_its_own(made: MemoryFolder) -> None:
    (made.root / "books.aether").touch()
    made.close()
    assert not made.root.exists()


def test_what_a_living_run_holds_is_left_alone(made: MemoryFolder, tmp_path: Path) -> None:
    aged(made.root)
    again = memory_folder({}, place=tmp_path, needed=NO_NEED)
    assert again is not None
    assert made.root.exists()
    again.close()


def test_what_was_kept_or_left_behind_goes_with_the_next_run(made: MemoryFolder, tmp_path: Path) -> None:
    made.keep = True
    made.close()
    assert made.root.exists()
    for young in (True, False):
        again = memory_folder({}, place=tmp_path, needed=NO_NEED)
        assert again is not None
        again.close()
        assert made.root.exists() == young
        if young:
            aged(made.root)


def test_a_chosen_folder_and_a_small_memory_are_respected(tmp_path: Path) -> None:
    assert memory_folder({"TMPDIR": str(tmp_path)}, place=tmp_path, needed=NO_NEED) is None
    assert memory_folder({}, place=tmp_path, needed=1 << 60) is None
    assert memory_folder({}, place=tmp_path / "absent", needed=NO_NEED) is None
    assert list(tmp_path.iterdir()) == []


def test_children_use_it_too(made: MemoryFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    environment: dict[str, str] = {}
    made.apply(environment)
    assert environment == {"TMPDIR": str(made.root)}
    assert made.root.stat().st_mode & 0o777 == 0o711
