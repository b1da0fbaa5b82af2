"""The undo stack by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import ConflictError
from aether_desktop.services.undo import UndoStack, UndoStep


@dataclass
class Counter:
    """What the steps below change."""

    values: list[str] = field(default_factory=list)

    def step(self, name: str) -> UndoStep:
        self.values.append(name)
        return UndoStep(name, undo=self._drop, redo=lambda: self._add(name))

    def _drop(self) -> ChangeSet:
        self.values.pop()
        return ChangeSet()

    def _add(self, name: str) -> ChangeSet:
        self.values.append(name)
        return ChangeSet()


def test_steps_come_back_in_reverse_and_again_in_order() -> None:
    stack, counter = UndoStack(), Counter()
    for name in "abc":
        stack.push(counter.step(name))
    assert (stack.undo(), stack.undo()) == ("c", "b")
    assert counter.values == ["a"]
    assert (stack.undo_text, stack.redo_text) == ("a", "b")
    assert (stack.redo(), stack.redo(), stack.redo()) == ("b", "c", "")
    assert counter.values == ["a", "b", "c"]


def test_a_new_step_forgets_what_was_undone() -> None:
    stack, counter = UndoStack(), Counter()
    stack.push(counter.step("a"))
    stack.undo()
    stack.push(counter.step("b"))
    assert stack.redo_text == ""
    assert stack.undo() == "b"
    assert stack.undo() == ""


def test_a_refused_step_stays() -> None:
    def refuse() -> ChangeSet:
        raise ConflictError("changed since", mine=1, theirs=2)

    stack = UndoStack()
    stack.push(UndoStep("edit", undo=refuse, redo=refuse))
    with pytest.raises(ConflictError):
        stack.undo()
    assert stack.undo_text == "edit"


def test_only_so_many_steps_are_kept() -> None:
    stack, counter = UndoStack(limit=2), Counter()
    for name in "abc":
        stack.push(counter.step(name))
    assert [stack.undo(), stack.undo(), stack.undo()] == ["c", "b", ""]
    stack.clear()
    assert stack.redo_text == ""
