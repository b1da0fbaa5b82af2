"""Style sheet from the tokens. Widgets say what they are by the dynamic property ``kind``; fonts are set in code.

Properties read here: QPushButton ``kind`` = primary | link | status · QFrame ``kind`` = card | floating | side |
status | rule | edge | search | message (with ``tone``) · QLabel ``kind`` = dim | error | warn | ok · QWidget ``kind``
= page · item views ``kind`` = bare · fields ``invalid`` = true. A changed property shows after
``theme.repolish(widget)``.
"""

from __future__ import annotations

from pathlib import Path

from aether_desktop.ui.theme.tokens import Colours, Radius, Size, Space


def build_stylesheet(colours: Colours, *, marks: Path) -> str:
    """Return the application style sheet; ``marks`` is the folder with the theme's check mark and arrow."""
    return "\n".join(
        (_surfaces(colours), _labels(colours), _buttons(colours), _fields(colours, marks), _choices(colours, marks),
         _items(colours, marks), _scrolling(colours), _floating(colours))
    )  # fmt: skip


def _surfaces(c: Colours) -> str:
    return f"""
QMainWindow, QWidget[kind="page"] {{ background: {c.background}; }}
QFrame[kind="card"] {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: {Radius.MEDIUM}px; }}
QFrame[kind="side"] {{ background: {c.panel}; border: none; border-right: 1px solid {c.line}; }}
QFrame[kind="status"] {{ background: {c.panel}; border: none; border-top: 1px solid {c.line}; }}
QFrame[kind="rule"] {{ background: {c.line}; border: none; max-height: 1px; min-height: 1px; }}
QFrame[kind="message"][tone="info"] {{ background: {c.info.fill}; border: none; border-radius: {Radius.MEDIUM}px; }}
QFrame[kind="message"][tone="warn"] {{ background: {c.warn.fill}; border: none; border-radius: {Radius.MEDIUM}px; }}
QFrame[kind="message"][tone="bad"] {{ background: {c.bad.fill}; border: none; border-radius: {Radius.MEDIUM}px; }}
QSplitter::handle {{ background: transparent; }}
QSplitter::handle:hover {{ background: {c.line}; }}
"""


def _labels(c: Colours) -> str:
    return f"""
QLabel {{ background: transparent; }}
QLabel, QMessageBox, QToolTip {{ qproperty-textFormat: PlainText; }}
QLabel[kind="dim"] {{ color: {c.dim}; }}
QLabel[kind="error"] {{ color: {c.bad.ink}; }}
QLabel[kind="warn"] {{ color: {c.warn.ink}; }}
QLabel[kind="ok"] {{ color: {c.ok.ink}; }}
"""


def _buttons(c: Colours) -> str:
    height = Size.CONTROL - 2 * Space.XS - 2  # borders and padding come on top
    return f"""
QPushButton {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.line};
  border-radius: {Radius.MEDIUM}px; padding: {Space.XS}px {Space.M}px; min-height: {height}px; }}
QPushButton:hover, QPushButton:pressed {{ background: {c.pressed}; }}
QPushButton:focus {{ border: {Size.FOCUS}px solid {c.accent}; {_held(Space.M)} }}
QPushButton:disabled {{ color: {c.faint}; background: {c.panel}; }}
QPushButton[refused="true"], QPushButton[refused="true"]:hover {{
  color: {c.dim}; background: {c.panel}; border-style: dashed; border-color: {c.line}; }}
QPushButton[refused="true"]:focus {{ border: {Size.FOCUS}px solid {c.accent}; {_held(Space.M)} }}
QPushButton:checked {{ background: {c.selection}; }}
QPushButton[kind="primary"] {{ background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent}; }}
QPushButton[kind="primary"]:hover, QPushButton[kind="primary"]:pressed {{
  background: {c.accent_hover}; border-color: {c.accent_hover}; }}
QPushButton[kind="primary"]:focus {{ border: {Size.FOCUS}px solid {c.text}; }}
QPushButton[kind="primary"]:disabled {{ background: {c.raised}; color: {c.faint}; border-color: {c.line}; }}
QPushButton[kind="primary"][refused="true"], QPushButton[kind="primary"][refused="true"]:hover {{
  color: {c.dim}; background: {c.panel}; border-style: dashed; border-color: {c.line}; }}
QPushButton[kind="primary"][refused="true"]:focus {{ border: {Size.FOCUS}px solid {c.accent}; }}
QPushButton[kind="link"] {{ background: transparent; color: {c.text}; border: {Size.FOCUS}px solid transparent;
  text-decoration: underline; padding: 0 {Space.XS}px; text-align: left; border-radius: {Radius.SMALL}px; }}
QPushButton[kind="link"]:hover, QPushButton[kind="link"]:pressed {{ background: {c.raised}; }}
QPushButton[kind="link"]:focus {{ border-color: {c.accent}; padding: 0 {Space.XS}px; }}
QToolButton {{ background: transparent; border: {Size.FOCUS}px solid transparent; color: {c.text};
  border-radius: {Radius.SMALL}px; padding: {Space.XS}px; }}
QToolButton[kind="small"] {{ padding: 0; border-width: 1px; }}
QToolButton:hover, QToolButton:pressed, QToolButton:checked {{ background: {c.pressed}; }}
QToolButton:focus {{ border-color: {c.accent}; }}
QToolButton:disabled {{ color: {c.faint}; }}
QToolButton::menu-indicator {{ image: none; }}
QFrame[kind="message"] QPlainTextEdit {{ background: transparent; border: none; padding: 0; }}
QFrame[kind="message"] QToolButton:hover, QFrame[kind="message"] QPushButton:hover {{ background: {c.pressed}; }}
QPushButton[kind="status"] {{ background: transparent; border: 1px solid transparent; color: {c.dim};
  padding: 0 {Space.S}px; min-height: 0; border-radius: {Space.XS}px; text-align: left; }}
QPushButton[kind="status"]:hover, QPushButton[kind="status"]:pressed {{ background: {c.pressed}; }}
QPushButton[kind="status"]:focus {{ border-color: {c.accent}; padding: 0 {Space.S}px; }}
"""


def _fields(c: Colours, marks: Path) -> str:
    height = Size.CONTROL - 2 * Space.XS - 2
    fields = "QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QAbstractSpinBox"
    return f"""
{fields} {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.outline};
  border-radius: {Radius.MEDIUM}px; padding: {Space.XS}px {Space.S}px; }}
QLineEdit, QPlainTextEdit, QTextEdit {{ selection-background-color: {c.dim}; selection-color: {c.panel}; }}
QLineEdit, QComboBox, QAbstractSpinBox {{ min-height: {height}px; }}
{_each(fields, ":focus")} {{ border: {Size.FOCUS}px solid {c.accent}; {_held(Space.S)} }}
{_each(fields, '[invalid="true"]')} {{ border-color: {c.bad.shape}; }}
{_each(fields, ":disabled")} {{ color: {c.faint}; border-color: {c.line}; }}
{_each(fields, '[readOnly="true"]')} {{ border-color: {c.line}; }}
QFrame[kind="search"] {{ background: {c.panel}; border: 1px solid {c.outline}; border-radius: {Radius.MEDIUM}px; }}
QFrame[kind="search"][focused="true"] {{ border: {Size.FOCUS}px solid {c.accent}; }}
QFrame[kind="search"][invalid="true"] {{ border-color: {c.bad.shape}; }}
QFrame[kind="bare"] {{ background: transparent; border: none; }}
QFrame[kind="search"] QLineEdit, QFrame[kind="bare"] QLineEdit {{
  background: transparent; border: none; padding: 0; min-height: 0; }}
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus, QComboBox QLineEdit, QComboBox QLineEdit:focus {{
  background: transparent; border: none; padding: 0; min-height: 0; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView::item {{ min-height: {height + 2}px; padding: 0 {Space.XS}px; }}
QComboBox QAbstractItemView {{ border: 1px solid {c.outline}; border-radius: 0; padding: {Space.XS}px;
  selection-background-color: {c.selection}; selection-color: {c.text}; }}
QComboBox::drop-down, QDateTimeEdit::drop-down {{ border: none; background: transparent; width: {Space.XXL}px; }}
QComboBox::down-arrow, QDateTimeEdit::down-arrow {{ image: url("{_url(marks, "chevron-down")}");
  width: 12px; height: 12px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; background: transparent; width: 20px; }}
QAbstractSpinBox::up-arrow {{ image: url("{_url(marks, "chevron-up")}"); width: 10px; height: 10px; }}
QAbstractSpinBox::down-arrow {{ image: url("{_url(marks, "chevron-down")}"); width: 10px; height: 10px; }}
"""


def _choices(c: Colours, marks: Path) -> str:
    return f"""
QCheckBox, QRadioButton {{ spacing: {Space.S}px; background: transparent; border: {Size.FOCUS}px solid transparent;
  border-radius: {Radius.SMALL}px; padding: 2px; }}
QCheckBox:focus, QRadioButton:focus {{ border-color: {c.accent}; }}
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator {{ width: 14px; height: 14px;
  border: 1px solid {c.outline}; background: {c.panel}; }}
QCheckBox::indicator, QAbstractItemView::indicator {{ border-radius: 4px; }}
QRadioButton::indicator {{ border-radius: 8px; }}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{ background: {c.text};
  border-color: {c.text}; image: url("{_url(marks, "check")}"); }}
QRadioButton::indicator:checked {{ border: 5px solid {c.text}; width: 6px; height: 6px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {c.faint}; }}
QProgressBar {{ background: {c.pressed}; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }}
QProgressBar::chunk {{ background: {c.info.shape}; border-radius: 2px; }}
QProgressBar[tone="bad"]::chunk {{ background: {c.bad.shape}; }}
QProgressBar[tone="warn"]::chunk {{ background: {c.warn.shape}; }}
QProgressBar[tone="ok"]::chunk {{ background: {c.ok.shape}; }}
"""


def _items(c: Colours, marks: Path) -> str:
    return f"""
QAbstractItemView {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.line};
  border-radius: {Radius.MEDIUM}px; outline: none; selection-background-color: {c.selection};
  selection-color: {c.text}; gridline-color: {c.line}; }}
QTableView:focus, QTreeView:focus {{ border-color: {c.accent}; }}
QListView[kind="bare"], QTreeView[kind="bare"] {{ background: transparent; border: none; border-radius: 0; }}
QTableView[kind="bare"] {{ border: none; border-radius: 0; }}
QHeaderView {{ background: transparent; border: none; }}
QFrame[kind="edge"] {{ background: {c.outline}; border: none; border-radius: 0; }}
QHeaderView::section {{ background: {c.panel}; color: {c.dim}; border: none; border-bottom: 1px solid {c.line};
  padding: 0 {Space.S}px; font-weight: 600; }}
QHeaderView::section:horizontal:first {{ border-top-left-radius: {Radius.MEDIUM - 1}px; }}
QHeaderView::section:horizontal:last {{ border-top-right-radius: {Radius.MEDIUM - 1}px; }}
QHeaderView::section:hover {{ color: {c.text}; }}
QHeaderView::up-arrow, QHeaderView::down-arrow {{ width: 10px; height: 10px; right: {Space.XS}px;
  subcontrol-origin: padding; subcontrol-position: center right; }}
QHeaderView::up-arrow {{ image: url("{_url(marks, "chevron-up")}"); }}
QHeaderView::down-arrow {{ image: url("{_url(marks, "chevron-down")}"); }}
QTableCornerButton::section {{ background: {c.panel}; border: none; }}
QTabBar::tab {{ background: transparent; color: {c.dim}; border: none; border-bottom: 2px solid transparent;
  padding: {Space.XS}px {Space.M}px; }}
QTabBar::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
QTabBar::tab:focus {{ color: {c.text}; background: {c.raised}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {c.line}; }}
"""


def _scrolling(c: Colours) -> str:
    wide, inset = Size.SCROLLBAR, 2
    return f"""
QScrollArea, QScrollArea > QWidget, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: {wide}px; }}
QScrollBar:horizontal {{ height: {wide}px; }}
QScrollBar::handle {{ background: {c.outline}; border-radius: {(wide - 2 * inset) // 2}px; margin: {inset}px; }}
QScrollBar::handle:vertical {{ min-height: {Size.ROW}px; }}
QScrollBar::handle:horizontal {{ min-width: {Size.ROW}px; }}
QScrollBar::handle:hover {{ background: {c.dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
"""


def _floating(c: Colours) -> str:
    return f"""
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.outline}; padding: {Space.XS}px; }}
QMenu {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.outline}; padding: {Space.XS}px; }}
QMenu::item {{ padding: 6px {Space.XXL}px 6px {Space.S}px; border-radius: {Radius.SMALL}px; }}
QMenu::item:selected {{ background: {c.selection}; }}
QMenu::item:disabled {{ color: {c.faint}; }}
QMenu::separator {{ height: 1px; background: {c.line}; margin: {Space.XS}px {Space.S}px; }}
QMenu::icon {{ padding-left: {Space.S}px; }}
QFrame[kind="floating"] {{ background: {c.panel}; border: 1px solid {c.outline}; border-radius: {Radius.LARGE}px; }}
"""


def _each(selectors: str, suffix: str) -> str:
    return ", ".join(part.strip() + suffix for part in selectors.split(","))


def _url(marks: Path, name: str) -> str:
    return (marks / f"{name}.svg").as_posix()


def _held(aside: Space) -> str:
    """The padding of what has the focus: less by what its border grew, so that what it holds does not move."""
    grown = Size.FOCUS - 1
    return f"padding: {Space.XS - grown}px {aside - grown}px;"
