"""Cells as values, and what the delegate makes of them: measured in pixels."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem, QTableView, QToolTip
from pytestqt.qtbot import QtBot

from aether_desktop.ui.models.cells import (
    ELLIPSIS,
    MINUS,
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
from aether_desktop.ui.models.roles import HeaderRole, Role
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import DARK, Size
from aether_desktop.ui.widgets.cell_delegate import CellDelegate, tooltip_text
from aether_desktop.ui.widgets.cell_painter import CellPainter, CellState, ColumnHint
from aether_desktop.ui.widgets.grid_style import dress_grid
from tests.ui.sample_pages import SampleModel, sample_rows

HASH = "0x7a3fdec1416803a39d50760c697fb26f4c5391c2"
EVERY_KIND: tuple[Cell, ...] = (
    TextCell("Treasury"),
    TextCell(HASH, mono=True, short=True),
    TimeCell("24 Nov 14:02:11", "2 min ago"),
    NumberCell("4,344,952", "25", "blocks"),
    AmountCell("1,250", "500000", "ATC", Sign.MINUS, truncated=True),
    StatusCell("Pending 4/12", Tone.INFO, "waiting"),
    AddressCell("Node operator 7", HASH),
    TagsCell(("rent", "2026")),
    FlagCell(on=True),
)
PLAIN = CellState()


class TestValues:
    def test_amounts_say_sign_digits_and_unit(self) -> None:
        assert AmountCell("1,250", "5", "ATC", Sign.PLUS).plain() == "+1,250.5 ATC"
        assert AmountCell("12", "", "FTC", Sign.MINUS).plain() == f"{MINUS}12 FTC"
        assert AmountCell("0", "123456", "ATC", truncated=True).plain() == f"0.123456{ELLIPSIS} ATC"

    def test_an_exact_zero_is_no_gain_and_no_loss(self) -> None:
        assert AmountCell("0", "000000", "ATC", Sign.PLUS).plain() == "0.000000 ATC"
        assert AmountCell("0", "", "ATC", Sign.MINUS).shown_sign is Sign.NONE

    def test_a_zero_that_hides_digits_keeps_its_sign(self) -> None:
        assert AmountCell("0", "000000", "ATC", Sign.MINUS, truncated=True).shown_sign is Sign.MINUS

    def test_no_value_is_not_a_zero(self) -> None:
        assert AmountCell("", "", "EUR").plain() == ""

    def test_addresses_begin_with_the_name_people_know(self) -> None:
        assert AddressCell("Treasury", HASH).plain() == f"Treasury {HASH}"
        assert AddressCell("", HASH).plain() == HASH

    def test_long_names_are_shortened_in_the_middle(self) -> None:
        assert shorten(HASH) == "0x7a3f…91c2"
        assert shorten("f01234") == "f01234"

    def test_words_for_the_rest(self) -> None:
        assert TimeCell("24 Nov 14:02:11", "2 min ago").plain() == "24 Nov 14:02:11 · 2 min ago"
        assert NumberCell("4", "25").plain() == "4.25"
        assert TagsCell(("a", "b")).plain() == "a, b"
        assert (FlagCell(on=True).plain(), FlagCell(on=False, word_off="watched").plain()) == ("yes", "watched")
        assert StatusCell("Failed", Tone.BAD).plain() == "Failed"

    @given(st.text())
    def test_one_line_is_one_line_without_hidden_turns(self, text: str) -> None:
        line = one_line(text)
        assert len(line.splitlines()) <= 1
        assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\x00\x1b") & set(line)


def paint(theme: Theme, cell: Cell, *, width: int, hint: ColumnHint | None = None, state: CellState = PLAIN) -> QImage:
    """The cell in a frame of 20 pixels of nothing, so that strokes outside of it show."""
    image = QImage(width + 40, Size.ROW + 40, QImage.Format.Format_RGB32)
    image.fill(QColor(DARK.panel))
    painter = QPainter(image)
    rect = QRect(20, 20, width, Size.ROW)
    CellPainter(theme).draw(painter, rect, cell, hint=hint or ColumnHint(), state=state)
    painter.end()
    return image


def inked_columns(image: QImage, ground: str = DARK.panel) -> list[int]:
    """Columns of the image where anything was drawn."""
    rgb = QColor(ground).rgb()
    return [x for x in range(image.width()) if any(image.pixel(x, y) != rgb for y in range(image.height()))]


def inked_rows(image: QImage) -> list[int]:
    rgb = QColor(DARK.panel).rgb()
    return [y for y in range(image.height()) if any(image.pixel(x, y) != rgb for x in range(image.width()))]


def has_colour(image: QImage, colour: str) -> bool:
    rgb = QColor(colour).rgb()
    return any(image.pixel(x, y) == rgb for x in range(image.width()) for y in range(image.height()))


class TestPainting:
    @pytest.mark.parametrize("width", [24, 40, 90, 140, 400])
    @pytest.mark.parametrize("cell", EVERY_KIND, ids=lambda cell: type(cell).__name__)
    def test_nothing_is_drawn_outside_of_the_cell(self, theme: Theme, cell: Cell, width: int) -> None:
        image = paint(theme, cell, width=width, hint=ColumnHint(6, 4))
        columns, rows = inked_columns(image), inked_rows(image)
        assert not columns or (columns[0] >= 20 and columns[-1] < 20 + width)
        assert not rows or (rows[0] >= 20 and rows[-1] < 20 + Size.ROW)

    @pytest.mark.parametrize("cell", EVERY_KIND, ids=lambda cell: type(cell).__name__)
    def test_the_measured_width_shows_all_of_it(self, theme: Theme, cell: Cell) -> None:
        hint = ColumnHint(6, 4)
        needed = round(CellPainter(theme).width_of(cell, hint)) + 1
        whole = inked_columns(paint(theme, cell, width=needed, hint=hint))
        roomy = inked_columns(paint(theme, cell, width=needed + 200, hint=hint))
        assert len(whole) == len(roomy) > 0

    def test_points_of_a_column_align(self, theme: Theme) -> None:
        hint = ColumnHint(6, 4)
        ends = {
            inked_columns(paint(theme, AmountCell(whole, "", ""), width=220, hint=hint))[-1]
            for whole in ("1", "21", "1,001", "121,251")
        }
        assert len(ends) == 1
        starts = {
            inked_columns(paint(theme, AmountCell("1", digits, ""), width=220, hint=hint))[0]
            for digits in ("", "5", "25", "000441")
        }
        assert len(starts) == 1

    def test_units_of_a_column_align(self, theme: Theme) -> None:
        hint = ColumnHint(6, 4)

        def unit_starts(whole: str) -> int:
            with_unit = set(inked_columns(paint(theme, AmountCell(whole, "", "ATC"), width=260, hint=hint)))
            without = set(inked_columns(paint(theme, AmountCell(whole, "", ""), width=260, hint=hint)))
            return min(with_unit - without)

        assert len({unit_starts(whole) for whole in ("1", "21", "121,251")}) == 1

    def test_part_of_a_number_is_never_shown(self, theme: Theme) -> None:
        """A cut number is a wrong number: dots alone take its place."""
        amount = AmountCell("115,792,089,237,316,195", "", "ATC")
        narrow = inked_columns(paint(theme, amount, width=80))
        dots = inked_columns(paint(theme, TextCell(ELLIPSIS), width=80))
        assert 0 < len(narrow) <= len(dots) + 2  # they may fall between pixels

    def test_gains_are_green_losses_and_zeros_are_not(self, theme: Theme) -> None:
        def green(cell: AmountCell) -> bool:
            return has_colour(paint(theme, cell, width=200), DARK.ok.ink)

        assert green(AmountCell("1,111", "1", "ATC", Sign.PLUS))
        assert not green(AmountCell("1,111", "1", "ATC", Sign.MINUS))
        assert not green(AmountCell("0", "0", "ATC", Sign.PLUS))
        assert not green(AmountCell("1,111", "1", "ATC"))

    def test_no_value_draws_nothing(self, theme: Theme) -> None:
        assert inked_columns(paint(theme, AmountCell("", "", "EUR"), width=200)) == []

    @pytest.mark.parametrize("tone", list(Tone))
    def test_a_status_has_its_fill_and_its_ink(self, theme: Theme, tone: Tone) -> None:
        image = paint(theme, StatusCell("Illicit", tone), width=200)
        colours = DARK.tone(tone.value)
        assert has_colour(image, colours.fill)
        assert has_colour(image, colours.ink)

    def test_states_differ_by_more_than_colour(self, theme: Theme) -> None:
        def shape(tone: Tone) -> bytes:
            image = paint(theme, StatusCell("Same", tone), width=120)
            ink = QColor(DARK.tone(tone.value).ink).rgb()
            return bytes(image.pixel(x, y) == ink for x in range(image.width()) for y in range(image.height()))

        assert len({shape(tone) for tone in Tone}) == len(Tone)

    def test_archived_rows_are_dim(self, theme: Theme) -> None:
        image = paint(theme, TextCell("Illicit HILT"), width=200, state=CellState(archived=True))
        assert not has_colour(image, DARK.text)
        assert has_colour(image, DARK.dim)

    def test_a_hundred_tags_end_in_a_count(self, theme: Theme) -> None:
        image = paint(theme, TagsCell(tuple(f"tag{number}" for number in range(100))), width=200)
        assert inked_columns(image)[-1] < 220

    def test_ten_megabytes_in_a_cell_cost_no_more_than_a_line(self, theme: Theme) -> None:
        for cell in (TextCell("x" * 10_000_000), AddressCell("y" * 10_000_000, HASH), TagsCell(("z" * 10_000_000,))):
            assert inked_columns(paint(theme, cell, width=200))


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme) -> QTableView:
    view = QTableView()
    model = SampleModel(sample_rows())
    model.setParent(view)
    view.setModel(model)
    dress_grid(view, theme)
    qtbot.addWidget(view)
    view.resize(900, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def model_of(view: QTableView) -> SampleModel:
    model = view.model()
    assert isinstance(model, SampleModel)
    return model


class TestDelegate:
    def test_rows_are_as_high_as_the_tokens_say(self, grid: QTableView) -> None:
        assert grid.rowHeight(0) == Size.ROW

    def test_no_row_has_a_section_of_its_own(self, grid: QTableView) -> None:
        rows = grid.verticalHeader()
        assert rows.sectionResizeMode(0) == rows.ResizeMode.Fixed
        assert not rows.stretchLastSection()

    def test_a_column_fits_itself_to_its_cells(self, grid: QTableView) -> None:
        grid.resizeColumnToContents(3)
        assert grid.columnWidth(3) > 200  # the widest amount, whole

    def test_a_row_on_its_way_is_a_quiet_bar(self, grid: QTableView) -> None:
        model_of(grid).loading_rows = frozenset({0})
        image = grid.viewport().grab(grid.visualRect(grid.model().index(0, 1))).toImage()
        assert has_colour(image, DARK.raised)
        assert not has_colour(image, DARK.text)

    def test_a_row_that_cannot_be_shown_says_why_once(self, qtbot: QtBot, theme: Theme) -> None:
        class Failing(SampleModel):
            def data(self, index: object, role: int = 0) -> object:
                return "This row cannot be read." if role == Role.ERROR else None

        view = QTableView()
        model = Failing(sample_rows())
        model.setParent(view)
        view.setModel(model)
        dress_grid(view, theme)
        qtbot.addWidget(view)
        delegate = view.itemDelegate()
        assert isinstance(delegate, CellDelegate)
        option = QStyleOptionViewItem()
        assert delegate.sizeHint(option, model.index(0, 0)).width() > 100
        assert delegate.sizeHint(option, model.index(0, 1)).width() < 30

    def test_selection_and_focus_are_seen(self, grid: QTableView) -> None:
        delegate = grid.itemDelegate()
        image = QImage(100, Size.ROW, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        option = QStyleOptionViewItem()
        option.rect = QRect(0, 0, 100, Size.ROW)
        option.state = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus
        delegate.paint(painter, option, grid.model().index(0, 1))
        painter.end()
        assert has_colour(image, DARK.selection)
        assert has_colour(image, DARK.accent)

    def test_what_is_cut_is_whole_in_the_tooltip(self, qtbot: QtBot, grid: QTableView) -> None:
        grid.setColumnWidth(2, 60)
        at = grid.visualRect(grid.model().index(0, 2)).center()
        QApplication.sendEvent(grid.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, grid.viewport().mapToGlobal(at)))
        cell = grid.model().index(0, 2).data(Role.CELL)
        assert QToolTip.text() == cell.plain()
        grid.setColumnWidth(2, 800)
        QToolTip.showText(QPoint(), "")
        qtbot.waitUntil(lambda: not QToolTip.isVisible())

    def test_the_header_knows_its_column(self, grid: QTableView) -> None:
        digits = grid.model().headerData(3, Qt.Orientation.Horizontal, HeaderRole.FRACTION_DIGITS)
        assert digits == 6

    def test_a_screen_of_cells_stays_far_under_a_frame(self, qtbot: QtBot, grid: QTableView) -> None:
        grid.resize(1100, 760)
        grid.viewport().grab()  # widths are measured once
        start = perf_counter()
        for _ in range(5):
            grid.viewport().grab()
        assert (perf_counter() - start) / 5 < 0.05


class TestTooltips:
    def test_short_ones_stay(self) -> None:
        assert tooltip_text("24 Nov") == "24 Nov"

    def test_long_ones_wrap_and_end(self) -> None:
        lines = tooltip_text("word " * 2_000_000).splitlines()
        assert len(lines) <= 21
        assert max(map(len, lines)) <= 100
        assert lines[-1] == "…"

    def test_breaks_are_kept(self) -> None:
        assert tooltip_text("a\n\nb") == "a\n\nb"
