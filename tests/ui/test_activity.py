"""Running jobs: listed, shown with what is left, stopped."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.activity import JobView, words_for_time_left
from aether_desktop.ui.widgets.activity_panel import ActivityPanel
from aether_desktop.ui.widgets.job_list import JobList


def a_job(number: int, title: str, stopped: list[int] | None = None) -> JobHandle[None]:
    """A real handle, as the job runner makes them."""
    noted: list[int] = [] if stopped is None else stopped
    return JobHandle(number, title, lambda: noted.append(number))


def texts(panel: ActivityPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel)]


def test_a_handle_is_what_the_panel_needs() -> None:
    job: JobView = a_job(1, "Import")
    assert job.seconds_left() is None


def test_jobs_come_and_go(qtbot: QtBot, theme: Theme) -> None:
    jobs = JobList()
    counts: list[int] = []
    jobs.count_changed.connect(counts.append)
    early, late, short = a_job(1, "Import a.csv"), a_job(2, "Back up"), a_job(3, "")
    jobs.job_started(early)
    panel = ActivityPanel(theme, jobs)  # made while one runs already
    qtbot.addWidget(panel)
    jobs.job_started(late)
    jobs.job_started(short)
    jobs.job_started(late)
    assert counts == [1, 2]
    assert {"Import a.csv", "Back up"} <= set(texts(panel))
    jobs.job_ended(short)
    jobs.job_ended(early)
    jobs.job_ended(late)
    assert counts == [1, 2, 1, 0]
    assert "Nothing is running." in texts(panel)


def test_progress_is_shown_whatever_is_counted(qtbot: QtBot, theme: Theme) -> None:
    jobs = JobList()
    panel = ActivityPanel(theme, jobs)
    qtbot.addWidget(panel)
    job = a_job(1, "Import <b>a.csv</b>")
    jobs.job_started(job)
    bar = panel.findChildren(QProgressBar)[0]
    assert (bar.minimum(), bar.maximum()) == (0, 0)  # no end known yet
    job.done, job.total, job.message = 5_000_000_000, 20_000_000_000, "Storing"
    jobs.job_changed(job)
    assert bar.value() * 4 == bar.maximum()
    line = next(text for text in texts(panel) if "Storing" in text)
    assert line.startswith("5,000,000,000 of 20,000,000,000 · Storing · ")
    assert "Import <b>a.csv</b>" in texts(panel)


def test_cancel_asks_once_and_says_so(qtbot: QtBot, theme: Theme) -> None:
    stopped: list[int] = []
    jobs = JobList()
    panel = ActivityPanel(theme, jobs)
    qtbot.addWidget(panel)
    jobs.job_started(a_job(7, "Import", stopped))
    cancel = panel.findChildren(QPushButton)[0]
    assert cancel.accessibleName() == "Cancel: Import"
    for _ in range(2):
        QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert stopped == [7]
    assert cancel.text() == "Stopping"


def test_the_panel_grows_with_its_list(qtbot: QtBot, theme: Theme) -> None:
    jobs = JobList()
    panel = ActivityPanel(theme, jobs)
    qtbot.addWidget(panel)
    before = panel.sizeHint().height()
    with qtbot.waitSignal(panel.resized, timeout=1000):
        for number in range(3):
            jobs.job_started(a_job(number, "Import"))
    assert panel.sizeHint().height() > before + 60


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (1.2, "a few seconds left"),
        (31, "about 30 s left"),
        (100, "about 2 min left"),
        (3 * 3600, "about 3 h left"),
    ],
)
def test_time_left_in_words(seconds: float | None, words: str) -> None:
    assert words_for_time_left(seconds) == words
