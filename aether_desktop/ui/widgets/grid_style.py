"""How every grid looks before anybody fills it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableView

from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.cell_delegate import CellDelegate


def dress_grid(view: QTableView, theme: Theme, *, compact: bool = False) -> None:
    """Give ``view`` our delegate, row height and header (GUI thread).

    Nothing here makes Qt allocate per row: one fixed section size, no stretched vertical header.
    """
    delegate = CellDelegate(theme, view)
    view.setItemDelegate(delegate)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setAlternatingRowColors(False)
    view.setFont(theme.fonts.interface())
    rows = view.verticalHeader()
    rows.setVisible(False)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    height = delegate.row_height
    if compact:
        height = max(Size.ROW_COMPACT, height - (Size.ROW - Size.ROW_COMPACT))
    rows.setMinimumSectionSize(height)
    rows.setDefaultSectionSize(height)
    head = view.horizontalHeader()
    head.setFont(theme.fonts.interface(bold=True))
    head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    head.setHighlightSections(False)
    head.setFixedHeight(max(Size.HEADER_ROW, head.fontMetrics().height() + Space.M))
