"""Painting of typed cells: amounts aligned on the point, status pills, addresses with the known name first.

Everything is drawn directly, without styled sub-widgets: a full screen of cells has to stay far under a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from aether_desktop.ui.models.cells import (
    ELLIPSIS,
    AddressCell,
    AmountCell,
    Cell,
    FlagCell,
    NumberCell,
    Sign,
    StatusCell,
    TagsCell,
    TextCell,
    TimeCell,
    Tone,
    one_line,
    shorten,
)
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Colours, FontSize, Size, Space

_PAD = Space.S
_MOST = 400  # characters of one text that are looked at; no screen is wider
_KEPT = 4096  # widths remembered per face
_PILL_ICON = 14
_LEAST_UNIT = 3
_DASH = "\u2013"
_TONE_ICONS = {
    Tone.NEUTRAL: "dot",
    Tone.OK: "check_circle",
    Tone.INFO: "info",
    Tone.WARN: "warning",
    Tone.BAD: "cross_circle",
}


@dataclass(frozen=True, slots=True)
class ColumnHint:
    """What all cells of a column share: digits after the point, and the widest unit in characters (0: no unit)."""

    fraction_digits: int = 0
    unit_chars: int = 0


@dataclass(frozen=True, slots=True)
class CellState:
    """How the row stands."""

    selected: bool = False
    archived: bool = False


class _Face:
    """A font with its measures; widths of texts are remembered, since measuring costs as much as drawing."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self._metrics = QFontMetricsF(font)
        self._widths: dict[str, float] = {}
        self.height = self._metrics.height()
        self.ascent = self._metrics.ascent()
        self.figure = self.width("0")
        self.capital = self.width("ABCDMNUS") / 8
        self.dots = self.width(ELLIPSIS)

    def width(self, text: str) -> float:
        found = self._widths.get(text)
        if found is None:
            if len(self._widths) >= _KEPT:
                self._widths.clear()
            found = self._widths[text] = self._metrics.horizontalAdvance(text)
        return found

    def fit(self, text: str, room: float) -> str:
        return text if self.width(text) <= room else self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)


class CellPainter:
    """Draws and measures cells in the theme's colours. GUI thread only."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._body = _Face(theme.fonts.interface())
        self._mono = _Face(theme.fonts.mono())
        self._small = _Face(theme.fonts.interface(FontSize.SMALL))
        self._drawers: dict[type, Callable[..., None]] = {
            TextCell: self._draw_text,
            TimeCell: self._draw_time,
            NumberCell: self._draw_number,
            AmountCell: self._draw_amount,
            StatusCell: self._draw_status,
            AddressCell: self._draw_address,
            TagsCell: self._draw_tags,
            FlagCell: self._draw_flag,
        }
        self._pens: dict[str, QPen] = {}

    @property
    def row_height(self) -> int:
        """Least height of a row that clips nothing."""
        return max(Size.ROW, round(self._body.height) + Space.S, self._pill_height() + Space.S)

    def draw(self, painter: QPainter, rect: QRect, cell: Cell, *, hint: ColumnHint, state: CellState) -> None:
        """Draw ``cell`` into ``rect``; never outside of it."""
        room = QRectF(rect).adjusted(_PAD, 0, -_PAD, 0)
        if room.width() > 0:
            self._drawers[type(cell)](painter, room, cell, hint, state)

    def draw_placeholder(self, painter: QPainter, rect: QRect, *, column: int) -> None:
        """Draw a row that is on its way: a quiet bar, of a width that differs between columns."""
        share = 0.35 + 0.3 * ((column * 0.618) % 1)
        width = max(0.0, (rect.width() - 2 * _PAD) * share)
        bar = QRectF(rect.left() + _PAD, rect.center().y() - 3, width, 7)
        self._rounded(painter, bar, self._theme.colours.raised, 3)

    def width_of(self, cell: Cell, hint: ColumnHint) -> float:
        """Return the room that shows all of ``cell``, in logical pixels."""
        return 2 * _PAD + self._content_width(cell, hint)

    # ------------------------------------------------------------------------------------------------- the cells
    def _draw_text(self, painter: QPainter, room: QRectF, cell: TextCell, _hint: ColumnHint, state: CellState) -> None:
        face = self._mono if cell.mono else self._body
        dim = cell.dim or (cell.mono and cell.short)
        self._write(painter, room, self._shown(cell), face, self._ink(state, dim=dim))

    def _draw_time(self, painter: QPainter, room: QRectF, cell: TimeCell, _hint: ColumnHint, state: CellState) -> None:
        after = self._write(painter, room, cell.text, self._body, self._ink(state, dim=True))
        rest = room.adjusted(after + Space.S, 0, 0, 0)
        if cell.relative and rest.width() > self._small.dots:
            self._write(painter, rest, cell.relative, self._small, self._ink(state, dim=True))

    def _draw_number(
        self, painter: QPainter, room: QRectF, cell: NumberCell, hint: ColumnHint, state: CellState
    ) -> None:
        amount = AmountCell(cell.text_integer, cell.text_fraction, cell.unit)
        self._draw_amount(painter, room, amount, hint, state)

    def _draw_amount(
        self, painter: QPainter, room: QRectF, cell: AmountCell, hint: ColumnHint, state: CellState
    ) -> None:
        if not cell.text_integer:
            return
        face, sign = self._body, cell.shown_sign
        whole, fraction = sign.value + cell.text_integer, self._fraction(cell)
        unit_room = self._unit_room(hint)
        point = room.right() - unit_room - self._fraction_room(hint)
        if point - face.width(whole) < room.left() or point + face.width(fraction) > room.right() - self._unit_gap():
            unit_room = face.width(cell.unit[:_MOST]) + self._unit_gap() if cell.unit else 0.0
            point = room.right() - unit_room - face.width(fraction)  # alignment is given up before a digit is
        if point - face.width(whole) < room.left():  # part of a number would be a wrong number
            self._write_at(painter, room.right() - face.dots, room, ELLIPSIS, face, colour=self._ink(state, dim=True))
            return
        ink = self._theme.colours.ok.ink if sign is Sign.PLUS and not state.archived else self._ink(state, dim=False)
        self._write_at(painter, point - face.width(whole), room, whole + fraction, face, colour=ink)
        if cell.unit:
            left = room.right() - unit_room + self._unit_gap()
            unit = face.fit(one_line(cell.unit[:_MOST]), room.right() - left)
            self._write_at(painter, left, room, unit, face, colour=self._ink(state, dim=True))

    def _draw_status(
        self, painter: QPainter, room: QRectF, cell: StatusCell, _hint: ColumnHint, state: CellState
    ) -> None:
        if not cell.word or room.width() < _PILL_ICON:
            return
        tone = self._theme.colours.tone(cell.tone.value)
        height = self._pill_height()
        width = min(room.width(), self._pill_width(cell.word))
        pill = QRectF(room.left(), room.center().y() - height / 2, width, height)
        self._rounded(painter, pill, tone.fill, height / 2)
        ink = self._theme.colours.dim if state.archived else tone.ink
        inset = min(float(Space.S), (width - _PILL_ICON) / 2)
        self._picture(painter, cell.icon or _TONE_ICONS[cell.tone], ink, pill.left() + inset, room)
        words = pill.adjusted(Space.S + _PILL_ICON + Space.XS, 0, -Space.S, 0)
        if words.width() > self._body.dots:
            self._write(painter, words, one_line(cell.word), self._body, ink)

    def _draw_address(
        self, painter: QPainter, room: QRectF, cell: AddressCell, _hint: ColumnHint, state: CellState
    ) -> None:
        rest = room
        if cell.name:
            used = self._write(painter, room, one_line(cell.name[:_MOST]), self._body, self._ink(state, dim=False))
            rest = room.adjusted(used + Space.S, 0, 0, 0)
        if cell.address and rest.width() > self._mono.dots:
            self._write(painter, rest, one_line(shorten(cell.address)), self._mono, self._ink(state, dim=True))

    def _draw_tags(self, painter: QPainter, room: QRectF, cell: TagsCell, _hint: ColumnHint, state: CellState) -> None:
        face, tone, height = self._small, self._theme.colours.neutral, self._pill_height()
        ink = self._theme.colours.dim if state.archived else tone.ink
        at = room.left()
        for number, tag in enumerate(cell.tags):
            left = len(cell.tags) - number
            more = f"+{left}"
            reserve = 0.0 if left == 1 else face.width(f"+{left - 1}") + Space.XS
            text = face.fit(one_line(tag[:_MOST]), max(face.dots, room.width() - 2 * Space.S - reserve))
            width = face.width(text) + 2 * Space.S
            if at + width + reserve > room.right() + 0.5:
                self._write_at(painter, at, room, face.fit(more, room.right() - at), face, colour=ink)
                return
            pill = QRectF(at, room.center().y() - height / 2, width, height)
            self._rounded(painter, pill, tone.fill, height / 2)
            self._write(painter, pill.adjusted(Space.S, 0, 0, 0), text, face, ink)
            at += width + Space.XS

    def _draw_flag(self, painter: QPainter, room: QRectF, cell: FlagCell, _hint: ColumnHint, state: CellState) -> None:
        if cell.on:
            self._picture(painter, "check", self._ink(state, dim=False), room.left(), room)
        else:
            self._write(painter, room, _DASH, self._body, self._ink(state, dim=True))

    # --------------------------------------------------------------------------------------------------- measures
    def _content_width(self, cell: Cell, hint: ColumnHint) -> float:
        body, mono, small = self._body, self._mono, self._small
        match cell:
            case TextCell():
                return (mono if cell.mono else body).width(self._shown(cell))
            case TimeCell():
                relative = small.width(cell.relative) + Space.S if cell.relative else 0.0
                return body.width(cell.text) + relative
            case NumberCell():
                return self._content_width(AmountCell(cell.text_integer, cell.text_fraction, cell.unit), hint)
            case AmountCell():
                fraction = max(self._fraction_room(hint), body.width(self._fraction(cell)))
                unit = body.width(cell.unit[:_MOST]) + self._unit_gap() if cell.unit else 0.0
                return (
                    body.width(cell.shown_sign.value + cell.text_integer) + fraction + max(self._unit_room(hint), unit)
                )
            case StatusCell():
                return self._pill_width(cell.word)
            case AddressCell():
                name = body.width(one_line(cell.name[:_MOST])) + Space.S if cell.name else 0.0
                return name + mono.width(shorten(cell.address))
            case TagsCell():
                return sum(small.width(one_line(tag[:_MOST])) + 2 * Space.S + Space.XS for tag in cell.tags)
            case FlagCell():
                return _PILL_ICON

    def _fraction(self, cell: AmountCell) -> str:
        text = f".{cell.text_fraction}" if cell.text_fraction else ""
        return text + ELLIPSIS if cell.truncated else text

    def _fraction_room(self, hint: ColumnHint) -> float:
        return self._body.width(".") + hint.fraction_digits * self._body.figure if hint.fraction_digits else 0.0

    def _unit_gap(self) -> float:
        """Between number and unit; the dots of digits not shown stand in it."""
        return self._body.dots + Space.XS

    def _unit_room(self, hint: ColumnHint) -> float:
        if not hint.unit_chars:
            return 0.0
        return max(hint.unit_chars, _LEAST_UNIT) * self._body.capital + self._unit_gap()

    def _pill_height(self) -> int:
        return max(Size.PILL, round(self._body.height) + 2)

    def _pill_width(self, word: str) -> float:
        return Space.S + _PILL_ICON + Space.XS + self._body.width(one_line(word)) + Space.S + 2

    def _shown(self, cell: TextCell) -> str:
        text = one_line(cell.text[:_MOST])
        return shorten(cell.text) if cell.short else text

    # ---------------------------------------------------------------------------------------------------- strokes
    def _ink(self, state: CellState, *, dim: bool) -> str:
        colours: Colours = self._theme.colours
        if dim or state.archived:
            return colours.dim_selected if state.selected else colours.dim
        return colours.text

    def _pen(self, colour: str) -> QPen:
        found = self._pens.get(colour)
        if found is None:
            found = self._pens[colour] = QPen(QColor(colour))
        return found

    def _write(self, painter: QPainter, room: QRectF, text: str, face: _Face, colour: str) -> float:
        """Write what fits and return its width."""
        fitting = face.fit(text, room.width())
        self._write_at(painter, room.left(), room, fitting, face, colour=colour)
        return face.width(fitting)

    def _write_at(self, painter: QPainter, left: float, room: QRectF, text: str, face: _Face, *, colour: str) -> None:
        painter.setFont(face.font)
        painter.setPen(self._pen(colour))
        baseline = room.top() + (room.height() - face.height) / 2 + face.ascent
        painter.drawText(QPointF(left, round(baseline)), text)

    def _rounded(self, painter: QPainter, rect: QRectF, colour: str, radius: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(rect, radius, radius)

    def _picture(self, painter: QPainter, icon: str, colour: str, left: float, room: QRectF) -> None:
        pixmap = self._theme.icons.pixmap(icon, colour, _PILL_ICON, ratio=painter.device().devicePixelRatio())
        painter.drawPixmap(QPointF(left, round(room.center().y() - _PILL_ICON / 2)), pixmap)
