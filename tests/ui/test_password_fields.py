"""Fields for secrets: hidden, emptied when read, judged while typed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.new_password import NewPasswordForm
from aether_desktop.ui.widgets.secret_field import SecretField

SECRET = "lantern over quiet water"


def shown_field(qtbot: QtBot, theme: Theme) -> SecretField:
    field = SecretField(theme, "Password", object_name="the_password")
    qtbot.addWidget(field)
    field.show()
    qtbot.waitExposed(field)
    return field


def test_it_is_hidden_until_the_eye_is_pressed(qtbot: QtBot, theme: Theme) -> None:
    field = shown_field(qtbot, theme)
    assert field.editor.echoMode() is QLineEdit.EchoMode.Password
    eye = field.findChild(QToolButton, "the_password_show")
    assert isinstance(eye, QToolButton)
    assert eye.accessibleName() == "Show: Password"
    eye.click()
    assert field.editor.echoMode() is QLineEdit.EchoMode.Normal
    assert eye.accessibleName() == "Hide: Password"
    field.hide()
    assert field.editor.echoMode() is QLineEdit.EchoMode.Password


def test_reading_empties_it_for_undo_as_well(qtbot: QtBot, theme: Theme) -> None:
    field = shown_field(qtbot, theme)
    QTest.keyClicks(field.editor, SECRET)
    assert field.take() == bytearray(SECRET.encode())
    assert not field.filled
    field.findChild(QToolButton, "the_password_show").click()  # type: ignore[union-attr]
    QTest.keyClick(field.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.editor.text() == ""


def test_a_factor_is_made_or_the_reason_is_under_the_field(qtbot: QtBot, theme: Theme) -> None:
    field = shown_field(qtbot, theme)
    assert field.take_factor() is None
    assert "empty" in field.error
    QTest.keyClicks(field.editor, SECRET)
    assert field.error == ""
    factor = field.take_factor()
    assert factor is not None
    assert factor.secret == SECRET.encode()
    assert SECRET not in repr(factor)


def test_capitals_without_shift_tell_of_caps_lock(qtbot: QtBot, theme: Theme) -> None:
    field = shown_field(qtbot, theme)
    QTest.sendKeyEvent(QTest.KeyAction.Click, field.editor, Qt.Key.Key_A, "A", Qt.KeyboardModifier.NoModifier)
    assert "Caps lock" in field.editor.accessibleDescription()
    QTest.sendKeyEvent(QTest.KeyAction.Click, field.editor, Qt.Key.Key_A, "A", Qt.KeyboardModifier.ShiftModifier)
    assert "Caps lock" not in field.editor.accessibleDescription()


def test_the_menu_of_line_edits_does_not_open(qtbot: QtBot, theme: Theme) -> None:
    field = shown_field(qtbot, theme)
    QTest.mouseClick(field.editor, Qt.MouseButton.RightButton)
    assert not field.editor.findChildren(QLabel)
    assert not field.editor.dragEnabled()


def test_a_new_password_is_judged_in_plain_words(qtbot: QtBot, theme: Theme) -> None:
    form = NewPasswordForm(theme, object_name="fresh", known=("books",))
    qtbot.addWidget(form)
    assert "few words" in form.strength.text()
    QTest.keyClicks(form.first.editor, "books2026")
    assert form.strength.text().startswith("Too easy")
    form.first.editor.setText("")
    QTest.keyClicks(form.first.editor, SECRET)
    assert form.strength.text().startswith("Very strong")
    assert SECRET not in form.strength.text()


def test_a_new_password_is_typed_twice(qtbot: QtBot, theme: Theme) -> None:
    form = NewPasswordForm(theme, object_name="fresh")
    qtbot.addWidget(form)
    form.first.editor.setText(SECRET)
    assert form.take() is None
    assert "once more" in form.second.error
    form.second.editor.setText(SECRET)
    factor = form.take()
    assert factor is not None
    assert factor.secret == SECRET.encode()
    assert (form.first.filled, form.second.filled) == (False, False)


def test_one_that_is_too_easy_is_refused_and_a_weak_one_is_taken(qtbot: QtBot, theme: Theme) -> None:
    form = NewPasswordForm(theme, object_name="fresh", known=("books",))
    qtbot.addWidget(form)
    for field in (form.first, form.second):
        field.editor.setText("books2026")
    assert form.take() is None
    assert "too easy" in form.first.error
    assert form.first.filled
    for field in (form.first, form.second):
        field.editor.setText("tr0ub4do r")
    assert form.strength.text().startswith("Weak")
    assert form.take() is not None
