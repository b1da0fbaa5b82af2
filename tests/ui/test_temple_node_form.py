"""The temple node form says which type the thresholds make while they are typed."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.domain.temple import MAX_THRESHOLD
from aether_desktop.ui.forms.temple_node_form import TempleNodeForm, type_words
from aether_desktop.ui.theme.theme import Theme


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        (["0", "1", "1"], "2 in all make a candidate, which serves nothing yet; a Levite needs 3."),
        (["1", "1", "1"], "3 in all make a node of type Levite: it may serve Outer Court."),
        (["3", "3", "1"], "7 in all make a node of type Aaronic: it may serve Outer Court and Holy Place."),
        (
            ["4", "4", "4"],
            "12 in all make a node of type Zadokite: it may serve Outer Court, Holy Place and Most Holy Place.",
        ),
    ],
)
def test_the_type_in_words(thresholds: list[str], expected: str) -> None:
    assert type_words(thresholds) == f"Thresholds of {expected}"


@pytest.mark.parametrize("wrong", ["", "x", "-1", "1.5", str(MAX_THRESHOLD + 1)])
def test_nothing_is_said_of_what_cannot_be_read(wrong: str) -> None:
    assert type_words(["1", wrong, "1"]) == ""


def test_the_form_follows_the_typing(theme: Theme, qtbot: QtBot) -> None:
    form = TempleNodeForm(theme)
    qtbot.addWidget(form)

    def said() -> str:
        return " ".join(label.text() for label in form._fields["tier"].findChildren(QLabel))

    assert "make a candidate" in said()
    form.fill({"storage_threshold": "6", "compute_threshold": "6"})
    assert "of type Zadokite" in said()
    form.fill({"compute_threshold": "many"})
    assert "Thresholds of" not in said()
