"""Buttons and rows in places narrower than their words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.folding import FoldingRow, ShrinkingButton
from aether_desktop.ui.widgets.guarded_button import Guard
from tests.ui.clipping import clipped_texts, overlapping


@pytest.fixture
def button(theme: Theme, qtbot: QtBot) -> Iterator[ShrinkingButton]:
    made, ground = ShrinkingButton(theme, "Revoke & replace the key", object_name="revoke"), QWidget()
    QVBoxLayout(ground).addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
    ground.resize(600, 60)
    qtbot.addWidget(ground)
    ground.show()
    qtbot.waitExposed(ground)
    yield made
    ground.hide()  # it lives until here


def ground_of(widget: QWidget) -> QWidget:
    ground = widget.parentWidget()
    assert ground is not None
    return ground


def test_with_room_it_is_an_ordinary_button(button: ShrinkingButton) -> None:
    assert (button.text(), button.accessibleName()) == ("Revoke && replace the key", "Revoke & replace the key")
    assert not button.cut
    assert button.toolTip() == ""
    assert button.width() == button.sizeHint().width()


def pictured(theme: Theme, text: str, like: QWidget) -> QImage:
    """An ordinary button of the same place and size."""
    plain = plain_button(theme, text)
    plain.setParent(like.parentWidget())
    plain.resize(like.size())
    picture = plain.grab().toImage()
    plain.deleteLater()
    return picture


def test_without_room_it_ends_in_dots_and_says_all_in_its_tooltip(button: ShrinkingButton, theme: Theme) -> None:
    ground_of(button).resize(120, 60)
    assert button.cut
    assert button.width() < 120
    assert button.toolTip() == "Revoke & replace the key"
    drawn, text = button.grab().toImage(), "Revoke & replace the key"
    fitting = [end for end in range(3, 20) if pictured(theme, f"{text[:end]}\u2026", button) == drawn]
    assert fitting
    ground_of(button).resize(600, 60)
    assert button.toolTip() == ""
    assert clipped_texts(ground_of(button)) == []


def test_why_it_is_refused_comes_before_its_own_words(button: ShrinkingButton, theme: Theme) -> None:
    guard = Guard(button, theme)
    ground_of(button).resize(120, 60)
    guard.refuse("Only the owner may.")
    assert button.toolTip() == "Only the owner may."
    guard.refuse("")
    assert button.toolTip() == "Revoke & replace the key"


def test_a_row_folds_when_its_words_do_not_fit_and_unfolds_again(theme: Theme, qtbot: QtBot) -> None:
    one, two = ShrinkingButton(theme, "Disable"), ShrinkingButton(theme, "Invite again")
    row = FoldingRow(one, two)
    qtbot.addWidget(row)
    row.resize(400, 80)
    row.show()
    qtbot.waitExposed(row)
    assert one.y() == two.y()
    row.resize(two.sizeHint().width() + 4, 80)
    qtbot.waitUntil(lambda: two.y() >= one.geometry().bottom())
    assert [one.cut, two.cut] == [False, False]
    two.hide()
    qtbot.waitUntil(lambda: not row.folded)
    two.show()
    qtbot.waitUntil(lambda: row.folded)
    row.resize(400, 80)
    qtbot.waitUntil(lambda: not row.folded)
    assert overlapping(row) == clipped_texts(row) == []
