"""No text is clipped: at the usual size, at 150 and 200 %, and in the smallest window."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.support.display import VirtualDisplay
from tests.ui.clipping import clipped_texts, overlapping


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((1366, 768), {}),
        ((683, 384), {"QT_SCALE_FACTOR": "2"}),
        ((910, 512), {"QT_FONT_DPI": "144"}),  # how desktops tell a finer screen
        ((640, 360), {}),
    ],
    ids=["plain", "200 percent", "150 percent", "smallest window"],
)
def test_nothing_is_clipped(display: VirtualDisplay, size: tuple[int, int], scale: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.clipping", *map(str, size)],
        env=os.environ | display.environment | scale,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == ""
    assert done.returncode == 0, done.stderr


def test_the_search_for_clipped_text_finds_it(qtbot: QtBot) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    for widget in (QLabel("wide enough for nobody"), QPushButton("neither is this one"), QLabel("free")):
        column.addWidget(widget)
    window.findChildren(QLabel)[0].setFixedWidth(20)
    window.findChildren(QPushButton)[0].setFixedSize(30, 6)
    qtbot.addWidget(window)
    window.show()
    assert len(clipped_texts(window)) == 2
    assert not overlapping(window)
    window.findChildren(QLabel)[1].setGeometry(window.findChildren(QLabel)[0].geometry())
    assert len(overlapping(window)) == 1
