"""The first page: what is held, since when, what came in last, and what needs attention."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from aether_desktop.domain.imports import ImportBatch
from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.ports.identity import MembershipError
from aether_desktop.ports.storage import WalletStore
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.attention import Attention, AttentionKind, access_attention, keys_attention
from aether_desktop.services.balances import Overview, Series, WalletBalance
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import FIAT
from aether_desktop.services.vault_access import AccessState
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.formatting import time_text
from aether_desktop.ui.object_names import overview_part_name, page_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.history_card import HistoryCard
from aether_desktop.ui.views.overview_cards import AttentionCard, BalancesCard, LastImportCard, TotalsCard
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.card_columns import CardColumns
from aether_desktop.ui.widgets.empty_state import EmptyState
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.widgets.scrolling import scrolling
from aether_desktop.ui.wizards.import_flow import rows_of_batch
from aether_desktop.ui.zone import visible_zone, zone_name

_MONEY_TABLES = frozenset({TableName.WALLETS, TableName.TRANSACTIONS})


@dataclass(frozen=True, slots=True)
class _Found:
    overview: Overview
    series: tuple[Series, ...]
    wallets: tuple[Wallet, ...]
    last_wallet: str
    safety: tuple[Attention, ...]


class OverviewParts:
    """The cards, made one by one. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        self._context = context

    def make(self) -> Iterator[QWidget]:
        """Make them all; each is given as it is made."""
        theme = self._context.theme
        self.totals = TotalsCard(theme)
        yield self.totals
        self.balances = BalancesCard(theme)
        yield self.balances
        self.history = HistoryCard(self._context)
        yield self.history
        self.attention = AttentionCard(theme)
        self.last_import = LastImportCard(theme)
        yield self.last_import
        self.cards = CardColumns((self.totals, self.history, self.last_import), (self.attention, self.balances))
        self.cards.setObjectName(overview_part_name("cards"))
        yield self.cards


class OverviewView(QWidget):
    """Computed on the read lane, once at a time; changes that come meanwhile are answered by one more look."""

    def __init__(self, context: UiContext, parts: OverviewParts | None = None) -> None:
        """``parts`` were made before; without them all are made now."""
        super().__init__()
        self.setObjectName(page_name("overview"))
        if parts is None:
            parts = OverviewParts(context)
            deque(parts.make(), maxlen=0)
        self._context = context
        self._running = False
        self._stale = True
        self.shown: Overview | None = None
        theme = context.theme
        self.header = PageHeader(theme, "Overview")
        self.totals, self.balances, self.history = parts.totals, parts.balances, parts.history
        self.attention, self.last_import, cards = parts.attention, parts.last_import, parts.cards
        self._empty = scrolling(self._make_empty(), name="Beginning")
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        self._stack.addWidget(cards)
        self._stack.addWidget(self._empty)
        self._cards = cards
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.M)
        self._column.addWidget(self.header)
        self._column.addWidget(self._stack, 1)
        self._connect()

    def refresh(self) -> None:
        """Look again, now or when the page is next seen."""
        self._stale = True
        if self.isVisible() and not self._running:
            self._load()

    def apply_changes(self, changes: ChangeSet) -> None:
        """Whatever touches wallets, rows or imports may change every figure here."""
        if _MONEY_TABLES & changes.tables or (changes.foreign and not changes.tables):
            self.refresh()

    def place_message_bar(self, bar: QWidget) -> None:
        """Messages stand under the title."""
        self._column.insertWidget(1, bar)

    def run_page_command(self, command: PageCommand) -> bool:
        """Import, add a wallet, look again, undo."""
        actions = {
            PageCommand.IMPORT: self._context.navigator.open_import,
            PageCommand.ADD: self._on_add_wallet,
            PageCommand.REFRESH: self.refresh,
            PageCommand.UNDO: self._context.undo,
        }
        if command not in actions:
            return False
        actions[command]()
        return True

    def _load(self) -> None:
        services, fiat = self._context.services, FIAT.get(self._context.settings)

        def work(token: CancelToken, _progress: Progress) -> _Found:
            overview = services.balances.overview(fiat=fiat, token=token)
            safety = _safety(services)
            wallets = tuple(services.storage.wallets.all())
            series = tuple(services.balances.history(token=token))
            last = _wallet_of(overview.last_import, services.storage.wallets)
            return _Found(overview, series, wallets, last, safety)

        self._running, self._stale = True, False
        job = self._context.jobs.read(work)
        job.on_success(self._on_found).on_failure(self._on_failed).on_cancelled(self._on_ended)

    def _on_found(self, found: _Found) -> None:
        overview = found.overview
        self.shown = overview
        has_anything = bool(found.wallets)
        self._stack.setCurrentWidget(self._cards if has_anything else self._empty)
        self.header.set_facts(_facts(found) if has_anything else "")
        self.totals.show_overview(overview)
        self.balances.show_overview(overview)
        self.history.show_series(found.series)
        self.attention.show_attention((*found.safety, *overview.attention))
        self._safety.show_attention(found.safety)
        self._safety.setVisible(bool(found.safety))
        self.last_import.show_batch(
            overview.last_import, when=self._when(overview.last_import), wallet=found.last_wallet
        )
        self._on_ended()

    def _when(self, batch: ImportBatch | None) -> str:
        if batch is None:
            return ""
        settings = self._context.settings
        return f"{time_text(batch.imported_at, visible_zone(settings), year=True)} ({zone_name(settings)})"

    def _on_failed(self, error: BaseException) -> None:
        self._context.messages.report(error)
        self._on_ended()

    def _on_ended(self) -> None:
        self._running = False
        if self._stale and self.isVisible():
            self._load()

    def _connect(self) -> None:
        navigator = self._context.navigator
        self.balances.opened.connect(self._on_balance)
        self.attention.acted.connect(self._on_attention)
        self.attention.rows_asked.connect(navigator.open_rows)
        self._safety.acted.connect(self._on_attention)
        navigator.locks_changed.connect(self.refresh)
        self.last_import.rows_asked.connect(lambda batch: navigator.open_rows(rows_of_batch(batch.id)))
        self.last_import.all_asked.connect(lambda: navigator.open_section("imports"))
        self.last_import.import_asked.connect(navigator.open_import)
        navigator.look_changed.connect(self.refresh)

    def _on_balance(self, balance: WalletBalance) -> None:
        self._context.navigator.open_rows(self._context.services.balances.rows_behind(balance))

    def _on_attention(self, each: Attention) -> None:
        navigator = self._context.navigator
        match each.kind:
            case AttentionKind.NO_PASSWORD:
                navigator.first_password_asked.emit()
            case AttentionKind.NO_KIT:
                navigator.kit_asked.emit()
            case AttentionKind.OLDER_KEYS:
                self._accept_keys()
            case AttentionKind.OLD_COPIES:
                self._forget_copies()
            case AttentionKind.NO_KEYS:
                navigator.open_section("people/keys")
            case AttentionKind.DIP | AttentionKind.NO_HISTORY:
                navigator.open_import(each.wallet_id)
            case AttentionKind.ASSUMED_DECIMALS:
                navigator.open_section(f"tokens/{each.currency.id}" if each.currency else "tokens")
            case AttentionKind.REJECTED_ROWS:
                navigator.open_section(f"imports/{each.batch_id}")
            case AttentionKind.NO_PRICE:
                navigator.open_section("settings")
            case AttentionKind.NO_WALLET:
                self._on_add_wallet()

    def _accept_keys(self) -> None:
        context = self._context
        if (access := context.services.access) is None:
            return
        job = context.jobs.write(lambda _token, _progress: access.accept_keys(), repeatable=False)
        job.on_success(lambda _none: self._on_safer("This computer takes the key file as it is from now on."))
        job.on_failure(self._on_not_safer)

    def _forget_copies(self) -> None:
        context = self._context
        services, access = context.services, context.services.access
        if access is None:
            return

        def work(token: CancelToken, progress: Progress) -> int:
            return len(access.forget_copies(lambda: services.storage.check(token=token, progress=progress)))

        job = context.jobs.write(work, repeatable=False)
        job.on_success(lambda _count: self._on_safer("The vault verifies; the older copy is deleted."))
        job.on_failure(self._on_not_safer)

    def _on_safer(self, said: str) -> None:
        self._context.messages.done(said)
        self._context.navigator.locks_changed.emit()

    def _on_not_safer(self, error: BaseException) -> None:
        self._context.messages.report(error)
        self.attention.forget()
        self._safety.forget()
        self.refresh()

    def _on_import(self) -> None:
        self._context.navigator.open_import()

    def _on_add_wallet(self) -> None:
        self._context.navigator.open_section("wallets/add")

    def _make_empty(self) -> QWidget:
        theme = self._context.theme
        state = EmptyState(
            theme,
            icon="overview",
            sentence="Here you will see what you hold, how it came about, and what needs a look.",
            button="Add a wallet",
            more="Then import its history: Etherscan, Koinly, Ledger Live, Electrum, Bitcoin Core or any CSV.",
            object_name=overview_part_name("empty"),
        )
        state.started.connect(self._on_add_wallet)
        begin = plain_button(theme, "Import history", object_name=overview_part_name("start_import"))
        begin.clicked.connect(self._on_import)
        state.add_below(begin)
        self._safety = AttentionCard(theme, part="safety", act="safety_act")
        self._safety.hide()
        state.add_below(self._safety, wide=True)
        return state

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and not self._running:
            QTimer.singleShot(0, self, self._load_if_seen)

    def _load_if_seen(self) -> None:
        if self._stale and not self._running and self.isVisible():
            self._load()


def _wallet_of(batch: ImportBatch | None, wallets: WalletStore) -> str:
    if batch is None:
        return ""
    try:
        return wallets.get(batch.wallet_id).name
    except NotFoundError:
        return "a wallet that is gone"


def _facts(found: _Found) -> str:
    wallets, currencies = len(found.wallets), len(found.overview.totals)
    parts = [f"{wallets:,} {'wallet' if wallets == 1 else 'wallets'}"]
    parts.append(f"{currencies:,} {'currency' if currencies == 1 else 'currencies'}")
    if found.overview.fiat_total is not None:
        parts.append(f"values in {found.overview.fiat}")
    return " · ".join(parts)


def _safety(services: ServiceSet) -> tuple[Attention, ...]:
    access, people = services.access, services.people
    if access is None:
        return ()
    found = list(access_attention(access))
    if people is not None and access.state is AccessState.OPEN:
        with suppress(MembershipError):  # the page of people says why the log is not trusted
            found.extend(keys_attention(people))
    return tuple(found)
