"""The look as numbers: every colour, space, radius and size of the window comes from this module.

Colours are sRGB ``#RRGGBB``. Lengths are device-independent pixels, in steps of 4; font sizes are points, so that they
follow the desktop's text scaling. Rules (measured by a test, WCAG 2.2 contrast): text 4.5:1, shapes 3:1, in both
themes, on every surface where they may stand. Hairlines and ``faint`` are decoration and carry no meaning.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class ToneColours(NamedTuple):
    """One state's colours: ``shape`` for marks and plots, ``ink`` for words and signs, ``fill`` behind a pill."""

    shape: str
    ink: str
    fill: str


class Colours(NamedTuple):
    """One theme. Surfaces first, then what is drawn on them."""

    background: str  # the page
    panel: str  # navigation, cards, grids, fields
    raised: str  # buttons, pill of no tone, hovered rows
    pressed: str  # buttons while hovered or pressed
    selection: str  # selected rows, the open section
    line: str  # hairlines: decoration
    outline: str  # edge of fields and boxes, scroll handles: a shape
    text: str
    dim: str  # labels and units
    dim_selected: str  # the same, on a selected row
    faint: str  # decoration only
    accent: str  # gold: primary action, open section, focus, the person's own plots; never a state
    accent_hover: str
    on_accent: str
    neutral: ToneColours
    ok: ToneColours
    info: ToneColours
    warn: ToneColours
    bad: ToneColours
    series: tuple[str, ...]  # plots: golden-angle hues (137.5 degrees) of one lightness

    def tone(self, name: str) -> ToneColours:
        """Return the colours of "neutral", "ok", "info", "warn" or "bad"; KeyError for another name."""
        found = {"neutral": self.neutral, "ok": self.ok, "info": self.info, "warn": self.warn, "bad": self.bad}
        return found[name]


DARK: Final = Colours(
    background="#15171C",
    panel="#1B1E25",
    raised="#22262F",
    pressed="#2C313C",
    selection="#2E3442",
    line="#2C313C",
    outline="#6D7380",
    text="#E6E8EC",
    dim="#8C93A1",
    dim_selected="#A6ADBA",
    faint="#5C6370",
    accent="#D9A441",
    accent_hover="#E4B55C",
    on_accent="#1B1E25",
    neutral=ToneColours(shape="#8C93A1", ink="#A6ADBA", fill="#2D3139"),
    ok=ToneColours(shape="#4FB286", ink="#57B98D", fill="#233635"),
    info=ToneColours(shape="#5B9BE6", ink="#78ADEC", fill="#253244"),
    warn=ToneColours(shape="#E0A03C", ink="#E0A03C", fill="#3B3329"),
    bad=ToneColours(shape="#E5645A", ink="#EF847B", fill="#3B292D"),
    series=("#D9A850", "#3EC3E3", "#ED90B5", "#94C170", "#93ADFE", "#EF996C", "#3BCABB", "#D597DE"),
)

LIGHT: Final = Colours(
    background="#F7F7F5",
    panel="#FFFFFF",
    raised="#F1F1EE",
    pressed="#E6E6E1",
    selection="#F3EAD6",
    line="#E2E2DD",
    outline="#868B93",
    text="#1D2026",
    dim="#676D78",
    dim_selected="#5C626D",
    faint="#9AA0AA",
    accent="#9A6B12",
    accent_hover="#855B0C",
    on_accent="#FFFFFF",
    neutral=ToneColours(shape="#676D78", ink="#585E68", fill="#E7E8E9"),
    ok=ToneColours(shape="#1F7A54", ink="#1A6D4A", fill="#DBEAE4"),
    info=ToneColours(shape="#1F5FB0", ink="#1D5AA7", fill="#DBE5F2"),
    warn=ToneColours(shape="#9A5B00", ink="#8A5100", fill="#EFE5D6"),
    bad=ToneColours(shape="#B3261E", ink="#AC241C", fill="#F3DCDB"),
    series=("#8F5E00", "#00799A", "#A0446D", "#4A781C", "#4C62B3", "#A34D17", "#008073", "#8B4C94"),
)


class TrayColours(NamedTuple):
    """One set for every panel: each keeps 3:1 on light and on dark ground."""

    neutral: str
    ok: str
    warn: str
    bad: str


TRAY: Final = TrayColours(neutral="#7A828F", ok="#2B9468", warn="#BD7A12", bad="#DB4B41")


class Space(IntEnum):
    """Distances between things."""

    HAIR = 1
    XS = 4
    S = 8
    M = 12
    L = 16
    XL = 20
    XXL = 24
    HUGE = 40


class Radius(IntEnum):
    """Rounded corners."""

    SMALL = 6  # rows of lists, quiet buttons
    MEDIUM = 8  # fields, buttons, cards, grids
    LARGE = 10  # floating panels


class FontSize(IntEnum):
    """Points."""

    SMALL = 9
    BODY = 10
    HEADING = 14
    TITLE = 17
    HERO = 20


class Size(IntEnum):
    """Fixed lengths; what holds text grows beyond them when the font is larger."""

    ROW = 30
    ROW_COMPACT = 24
    HEADER_ROW = 32
    CONTROL = 32  # buttons and fields
    NAVIGATION_ROW = 36
    NAVIGATION_WIDTH = 196
    COLUMN_MIN = 48  # of a grid
    DETAILS_WIDTH = 264
    DETAILS_MIN = 220
    STATUS_BAR = 24
    ICON = 16
    ICON_LARGE = 20
    LOGO = 20
    HERO_ICON = 40
    PILL = 20
    SCROLLBAR = 10
    FOCUS = 2  # width of the focus ring
    FORM_WIDTH = 420
    PALETTE_WIDTH = 560
    WINDOW_WIDTH = 1280
    WINDOW_HEIGHT = 740
    WINDOW_MIN_WIDTH = 640
    WINDOW_MIN_HEIGHT = 360
