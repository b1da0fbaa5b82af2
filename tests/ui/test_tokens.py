"""Contrast (WCAG 2.2) of every pair that meets on screen, steps of four, one source of colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import aether_desktop.ui
from aether_desktop.locations import resources_dir
from aether_desktop.ui.theme.tokens import DARK, LIGHT, Colours, Radius, Space, ToneColours

THEMES = pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
TONES = ("neutral", "ok", "info", "warn", "bad")
SOURCE = Path(aether_desktop.ui.__file__).parent


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour, WCAG 2.2."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_agrees_with_the_standards_own_ends() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@THEMES
def test_words_reach_4_5_on_every_surface_where_they_stand(colours: Colours) -> None:
    surfaces = (colours.background, colours.panel, colours.raised)
    pairs = [(ink, on) for ink in (colours.text, colours.dim) for on in surfaces]
    pairs += [(colours.text, colours.selection), (colours.text, colours.pressed)]
    pairs += [(colours.dim_selected, colours.selection), (colours.on_accent, colours.accent)]
    pairs += [(colours.on_accent, colours.accent_hover), (colours.panel, colours.dim)]
    for name in TONES:
        tone: ToneColours = getattr(colours, name)
        pairs += [(tone.ink, on) for on in (*surfaces, colours.selection, tone.fill)]
        pairs += [(colours.text, tone.fill)]
    weak = [f"{ink} on {on}: {contrast(ink, on):.2f}" for ink, on in pairs if contrast(ink, on) < 4.5]
    assert not weak


@THEMES
def test_shapes_reach_3_on_every_surface_where_they_stand(colours: Colours) -> None:
    surfaces = (colours.background, colours.panel, colours.raised)
    shapes = [colours.accent, *(getattr(colours, name).shape for name in TONES)]
    pairs = [(shape, on) for shape in shapes for on in surfaces]
    pairs += [(colours.accent, colours.selection)]
    pairs += [(colours.outline, on) for on in (colours.background, colours.panel)]
    pairs += [(shape, colours.panel) for shape in colours.series]
    weak = [f"{shape} on {on}: {contrast(shape, on):.2f}" for shape, on in pairs if contrast(shape, on) < 3]
    assert not weak


@THEMES
def test_gold_is_never_a_state(colours: Colours) -> None:
    states = {value for name in TONES for value in _tone_values(getattr(colours, name))}
    assert colours.accent not in states


def test_spaces_step_by_four_and_corners_are_six_to_ten() -> None:
    assert [space % 4 for space in Space if space is not Space.HAIR] == [0] * (len(Space) - 1)
    assert all(6 <= radius <= 10 for radius in Radius)


def test_no_module_but_the_tokens_writes_a_colour() -> None:
    written = re.compile(r"""["']#[0-9A-Fa-f]{3,8}["']|QColor\(\s*\d|rgba?\(""")
    found = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in SOURCE.rglob("*.py")
        if path.name != "tokens.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if written.search(line)
    ]
    assert not found


@pytest.mark.parametrize(("name", "colours"), [("dark", DARK), ("light", LIGHT)])
def test_the_ready_coloured_marks_use_the_tokens(name: str, colours: Colours) -> None:
    allowed = {value.upper() for value in _all_values(colours)}
    for path in (resources_dir() / "icons" / "marks" / name).glob("*.svg"):
        used = {match.upper() for match in re.findall(r"#[0-9A-Fa-f]{6}", path.read_text(encoding="utf-8"))}
        assert used, path.name
        assert used <= allowed, path.name


def _all_values(colours: Colours) -> list[str]:
    values: list[str] = []
    for value in colours:
        if isinstance(value, str):
            values.append(value)
        elif isinstance(value, ToneColours):
            values += _tone_values(value)
        else:
            values += value
    return values


def _tone_values(tone: ToneColours) -> list[str]:
    return [tone.shape, tone.ink, tone.fill]
