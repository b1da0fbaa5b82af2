"""Pages that are made in several turns of the loop, and what happens when nobody can wait."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.ui.shell.page_builder import PageBuilder
from aether_desktop.ui.shell.page_stack import PageStack
from aether_desktop.ui.shell.sections import Section, Steps
from aether_desktop.ui.turns import next_turn


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def stack(qtbot: QtBot, done: list[str]) -> PageStack:
    def steps() -> Steps:
        for part in ("first", "second"):
            done.append(part)
            yield
        done.append("page")
        return QWidget()

    stack = PageStack()
    qtbot.addWidget(stack)
    stack.set_sections(
        [Section("slow", "Slow", "audit", QWidget, steps=steps), Section("quick", "Quick", "audit", QWidget)]
    )
    return stack


def test_one_step_at_a_time(stack: PageStack, done: list[str]) -> None:
    seen = []
    while not stack.is_made("slow"):
        stack.make_on("slow")
        seen.append(len(done))
    assert seen == [1, 2, 3]
    assert done == ["first", "second", "page"]
    stack.make_on("quick")
    assert stack.is_made("quick")


def test_who_cannot_wait_gets_the_whole_page_made_once(stack: PageStack, done: list[str]) -> None:
    stack.make_on("slow")
    page = stack.page("slow")
    assert done == ["first", "second", "page"]
    assert stack.page("slow") is page


def test_a_page_half_made_is_forgotten_with_its_section(stack: PageStack, done: list[str]) -> None:
    stack.make_on("slow")
    stack.clear_sections()
    assert not stack.is_made("slow")
    with pytest.raises(KeyError):
        stack.make_on("slow")


def test_a_step_that_fails_does_not_leave_a_broken_page(qtbot: QtBot) -> None:
    tries: list[int] = []

    def steps() -> Steps:
        tries.append(1)
        yield
        if len(tries) == 1:
            raise OSError("no icons")
        return QWidget()

    stack = PageStack()
    qtbot.addWidget(stack)
    stack.set_sections([Section("slow", "Slow", "audit", QWidget, steps=steps)])
    stack.make_on("slow")
    with pytest.raises(OSError, match="no icons"):
        stack.make_on("slow")
    assert isinstance(stack.page("slow"), QWidget)  # from the beginning


def test_a_builder_that_was_stopped_makes_nothing_more(qtbot: QtBot) -> None:
    made: list[str] = []

    def make(key: str) -> QWidget:
        made.append(key)
        page = QWidget()
        qtbot.addWidget(page)
        return page

    holder = QObject()
    builder = PageBuilder(make, ("wallets", "payments"), holder, busy=lambda: False)
    builder._on_turn()  # its turn comes with the next one of the loop
    builder.stop()
    later: list[bool] = []
    next_turn(holder, partial(later.append, True))  # behind it
    qtbot.waitUntil(lambda: bool(later))
    assert made == []
