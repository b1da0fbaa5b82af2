"""What is said where no window can open, and a Wayland name without a compositor that is left aside."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.displays import settle_display


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Path]:
    """A runtime directory in which ``wayland-7`` answers."""
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        yield tmp_path


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "There is no display"),
        ({"DISPLAY": ":65000"}, "DISPLAY=:65000"),
        ({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/nowhere"}, "WAYLAND_DISPLAY=wayland-0"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "does not answer"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":65000"}, "WAYLAND_DISPLAY=wayland-0 and DISPLAY=:65000"),
        ({"QT_QPA_PLATFORM": "offscreen"}, ""),
        ({"QT_QPA_PLATFORM": "vnc:size=3x3"}, ""),
    ],
)
def test_what_is_said(environment: dict[str, str], said: str) -> None:
    told = settle_display(environment)
    assert said in told
    assert bool(told) == bool(said)


def test_a_compositor_that_answers_is_used(runtime: Path) -> None:
    environment = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(runtime)}
    assert settle_display(environment) == ""
    assert environment["WAYLAND_DISPLAY"] == "wayland-7"
    assert settle_display({"WAYLAND_DISPLAY": str(runtime / "wayland-7")}) == ""


def test_a_wayland_name_without_a_compositor_is_left_aside_where_x_answers(display: object) -> None:
    import os

    environment = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": os.environ["DISPLAY"], "QT_QPA_PLATFORM": "wayland"}
    assert settle_display(environment) == ""
    assert environment == {"DISPLAY": os.environ["DISPLAY"], "QT_QPA_PLATFORM": "xcb"}
