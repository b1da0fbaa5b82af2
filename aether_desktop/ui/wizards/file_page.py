"""First page of the import: which files, into which wallet, and how their times are meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ui.object_names import import_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Size, Space
from aether_desktop.ui.widgets.buttons import IconButton, IconLabel, link_button, plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import ElidedLabel, text_label
from aether_desktop.ui.widgets.path_dialog import ask_files
from aether_desktop.ui.widgets.scrolling import scrolling
from aether_desktop.ui.wizards.import_flow import FileState, FlowFile, ImportFlow

_INVITATION = "Drop files here: Etherscan, Koinly, Ledger Live, Electrum, Bitcoin Core, or any other CSV."
_TABLES = "Tables (*.csv *.tsv *.txt *.json);;All files (*)"
_QUARTERS = tuple(range(-12 * 4, 14 * 4 + 1))
_ODD_ZONES = frozenset({-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765})  # minutes; the others are whole hours
_MARKS = {
    FileState.READING: ("waiting", "info"),
    FileState.READY: ("check_circle", "ok"),
    FileState.UNKNOWN: ("help", "warn"),
    FileState.REFUSED: ("cross_circle", "bad"),
}


def zone_choices() -> list[tuple[str, int]]:
    """Offsets in use, in minutes east of UTC, with their names."""
    minutes = [quarter * 15 for quarter in _QUARTERS if quarter % 4 == 0 or quarter * 15 in _ODD_ZONES]
    return [(_zone_title(each), each) for each in minutes]


class FilePage(QWidget):
    """Emits what the person chose; shows what the flow knows. GUI thread only."""

    files_chosen = Signal(object)
    remove_asked = Signal(object)
    wallet_chosen = Signal(object)
    add_wallet_asked = Signal()
    zone_chosen = Signal(int)
    account_chosen = Signal(object, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._wallets: dict[int, Wallet] = {}
        self._filling = False
        self.setAcceptDrops(True)
        self._card = Card(theme)
        self._card.setObjectName(import_part_name("files"))
        self.choose_button = plain_button(theme, "Choose files…", object_name=import_part_name("choose"))
        self._invitation = text_label(
            theme,
            _INVITATION,
            kind="dim",
            wrap=True,
        )
        self._list = QGridLayout()
        self._list.setHorizontalSpacing(Space.M)
        self._list.setVerticalSpacing(Space.S)
        self._list.setColumnStretch(1, 3)
        self._list.setColumnStretch(2, 2)
        self.wallet = FormField(theme, "Whose history is it?", QComboBox(), object_name=import_part_name("wallet"))
        self.add_wallet_button = link_button(theme, "Add a wallet", object_name=import_part_name("add_wallet"))
        self.zone = FormField(
            theme,
            "Times without a zone are in",
            QComboBox(),
            hint="Most files say theirs; this is for those that do not.",
            object_name=import_part_name("zone"),
        )
        for title, minutes in zone_choices():
            self.zone.editor.addItem(title, minutes)
        self.zone.editor.setCurrentIndex(self.zone.editor.findData(0))
        self._build_layout()
        self.setFocusProxy(self.choose_button)
        self.choose_button.clicked.connect(self._on_choose)
        self.add_wallet_button.clicked.connect(self.add_wallet_asked)
        self.wallet.editor.currentIndexChanged.connect(lambda _index: self._on_wallet())
        self.zone.editor.currentIndexChanged.connect(
            lambda _index: self.zone_chosen.emit(int(self.zone.editor.currentData()))
        )

    def set_wallets(self, wallets: Sequence[Wallet], chosen: int | None) -> None:
        """Offer these wallets; with one wallet only, it is chosen."""
        self._filling = True
        self._wallets = {wallet.id: wallet for wallet in wallets}
        box = self.wallet.editor
        box.clear()
        if len(wallets) != 1:
            box.addItem("Choose a wallet" if wallets else "There is no wallet yet", None)
        for wallet in wallets:
            box.addItem(f"{plain_line(wallet.name, 60)} ({CHAINS[wallet.chain].name})", wallet.id)
        index = box.findData(chosen) if chosen is not None else -1
        box.setCurrentIndex(max(index, 0))
        self._filling = False
        self._on_wallet()

    def show_flow(self, flow: ImportFlow) -> None:
        """Show the files as they are known now."""
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, file in enumerate(flow.files):
            self._add_row(row, file)
        self._invitation.setVisible(not flow.files)

    def _add_row(self, row: int, file: FlowFile) -> None:
        icon, tone = _MARKS[file.state]
        name = ElidedLabel(self._theme, file.name)
        said = ElidedLabel(self._theme, _said(file), kind="error" if file.refusal else "dim")
        remove = IconButton(self._theme, "close", f"Leave out {plain_line(file.name, 60)}")
        remove.setObjectName(f"{import_part_name('remove')}_{row}")
        remove.clicked.connect(lambda: self.remove_asked.emit(file))
        self._list.addWidget(IconLabel(self._theme, icon, tone=tone), row, 0)
        self._list.addWidget(name, row, 1)
        self._list.addWidget(said, row, 2)
        if file.kind is not None and len(file.kind.accounts) > 1:
            self._list.addWidget(self._account_box(row, file), row, 3)
        self._list.addWidget(remove, row, 4)

    def _account_box(self, row: int, file: FlowFile) -> QComboBox:
        box = QComboBox()
        box.setObjectName(f"{import_part_name('account')}_{row}")
        box.setAccessibleName(f"Account of {plain_line(file.name, 60)}")
        box.setMaximumWidth(Size.DETAILS_MIN)
        box.addItem("All accounts", "")
        for account in file.kind.accounts if file.kind else ():
            box.addItem(plain_line(account, 60), account)
        box.setCurrentIndex(max(box.findData(file.account), 0))
        box.currentIndexChanged.connect(lambda _index: self.account_chosen.emit(file, str(box.currentData() or "")))
        return box

    def _build_layout(self) -> None:
        self._card.body.addLayout(self._list)
        self._card.body.addWidget(self._invitation)
        self._card.body.addWidget(self.choose_button, 0, Qt.AlignmentFlag.AlignLeft)
        fields = QHBoxLayout()
        fields.setSpacing(Space.XL)
        wallet = QVBoxLayout()
        wallet.setSpacing(Space.XS)
        wallet.addWidget(self.wallet)
        wallet.addWidget(self.add_wallet_button, 0, Qt.AlignmentFlag.AlignLeft)
        wallet.addStretch(1)
        fields.addLayout(wallet, 1)
        fields.addWidget(self.zone, 1, Qt.AlignmentFlag.AlignTop)
        fields.addStretch(1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.L)
        column.addWidget(self._card)
        column.addLayout(fields)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inner, name="Files and wallet"))

    def _on_wallet(self) -> None:
        if not self._filling:
            chosen = self.wallet.editor.currentData()
            self.wallet_chosen.emit(self._wallets.get(chosen) if chosen is not None else None)

    def _on_choose(self) -> None:
        ask_files(self, "Choose files to import", filters=_TABLES, then=self.files_chosen.emit)

    def _mark_drop(self, *, over: bool) -> None:
        self._invitation.setText("Let go to take these files." if over else _INVITATION)
        self._invitation.setVisible(over or not self._list.count())

    # Qt overrides

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._mark_drop(over=True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._mark_drop(over=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark_drop(over=False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_chosen.emit(paths)


def _said(file: FlowFile) -> str:
    match file.state:
        case FileState.READING:
            return "Being read…"
        case FileState.REFUSED:
            return file.refusal
        case FileState.UNKNOWN:
            return "Not a kind we know: you say which column holds what."
        case FileState.READY:
            title = file.kind.title if file.kind else ""
            return title or "Any CSV, columns chosen by you"


def _zone_title(minutes: int) -> str:
    if minutes == 0:
        return "UTC"
    sign = "\u2212" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
