"""The theme service: modes, palette, fonts, icons in the theme's colours."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.locations import resources_dir
from aether_desktop.ui.icons import Icons
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.theme.tokens import DARK, LIGHT, FontSize


def test_a_chosen_mode_paints_the_application_and_says_so(qtbot: QtBot, qapp: QApplication, theme: Theme) -> None:
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.background)
    with qtbot.waitSignal(theme.changed, timeout=1000):
        theme.set_mode(ThemeMode.LIGHT)
    assert not theme.is_dark
    assert theme.colours is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.background)
    assert LIGHT.background in qapp.styleSheet()
    assert DARK.background not in qapp.styleSheet()


def test_the_same_mode_again_is_silent(qtbot: QtBot, theme: Theme) -> None:
    with qtbot.assertNotEmitted(theme.changed):
        theme.set_mode(ThemeMode.DARK)


def test_system_mode_is_what_the_desktop_says(theme: Theme) -> None:
    theme.set_mode(ThemeMode.SYSTEM)
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    assert theme.mode is ThemeMode.SYSTEM
    assert theme.is_dark is dark


def test_the_application_sheet_is_understood_by_qt(qtbot: QtBot, theme: Theme) -> None:
    label = QLabel("dim")  # a sheet Qt cannot parse logs a warning, which fails the test
    label.setProperty("kind", "dim")
    qtbot.addWidget(label)
    label.ensurePolished()
    assert label.palette().color(QPalette.ColorRole.WindowText) == QColor(DARK.dim)


def test_figures_are_equally_wide(theme: Theme) -> None:
    metrics = QFontMetricsF(theme.fonts.interface())
    assert len({round(metrics.horizontalAdvance(figure * 8), 1) for figure in "0123456789"}) == 1
    assert theme.fonts.interface().featureValue(QFont.Tag("tnum")) == 1


def test_the_monospaced_face_is_monospaced_and_sizes_are_points(theme: Theme) -> None:
    metrics = QFontMetricsF(theme.fonts.mono())
    assert metrics.horizontalAdvance("iiii") == pytest.approx(metrics.horizontalAdvance("WWWW"))
    assert theme.fonts.mono().pointSizeF() == FontSize.SMALL
    assert theme.fonts.interface(FontSize.TITLE, bold=True).weight() == QFont.Weight.DemiBold


@pytest.mark.parametrize("name", sorted(path.stem for path in (resources_dir() / "icons").glob("*.svg")))
def test_an_icon_has_ink_and_takes_the_themes_colours(theme: Theme, name: str) -> None:
    normal = theme.icons.pixmap(name, DARK.dim, 24, ratio=2.0)
    assert normal.size() == QSize(48, 48)
    image = normal.toImage()
    inked = [image.pixelColor(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() == 255]
    assert inked, "nothing is drawn"
    assert all(_alike(ink, DARK.dim) for ink in inked)
    edge = [image.pixelColor(at, side).alpha() for at in range(48) for side in (0, 47)]
    assert not any(edge), "the drawing touches its edge"


def test_icons_know_their_states_and_follow_the_theme(theme: Theme) -> None:
    icon = theme.icons.icon("search")
    assert theme.icons.icon("search") is icon
    assert _alike(_ink(icon, QIcon.Mode.Normal), DARK.dim)
    assert _alike(_ink(icon, QIcon.Mode.Selected), DARK.accent)
    assert _alike(_ink(icon, QIcon.Mode.Disabled), DARK.faint)
    theme.set_mode(ThemeMode.LIGHT)
    assert _alike(_ink(theme.icons.icon("search"), QIcon.Mode.Normal), LIGHT.dim)


def test_an_unknown_icon_is_refused(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        Icons(resources_dir() / "icons", DARK).icon("no_such_drawing")


def _ink(icon: QIcon, mode: QIcon.Mode) -> QColor:
    image = icon.pixmap(QSize(16, 16), 1.0, mode).toImage()
    strongest = max(((x, y) for x in range(16) for y in range(16)), key=lambda at: image.pixelColor(*at).alpha())
    return image.pixelColor(*strongest)


def _alike(ink: QColor, wanted: str) -> bool:
    """Equal but for the rounding of half-covered pixels."""
    other = QColor(wanted)
    return (
        abs(ink.red() - other.red()) <= 3
        and abs(ink.green() - other.green()) <= 3
        and abs(ink.blue() - other.blue()) <= 3
    )
