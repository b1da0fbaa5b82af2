"""The settings section: how the window looks, facts of the vault, backups and checks, labels and prices."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import page_name, settings_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.turns import next_turn
from aether_desktop.ui.views.look_card import LookCard
from aether_desktop.ui.views.networks_card import NetworksCard
from aether_desktop.ui.views.security_card import SecurityCard
from aether_desktop.ui.views.updates_card import UpdatesCard
from aether_desktop.ui.views.vault_tasks import DataCard, SafekeepingCard
from aether_desktop.ui.views.watching_card import WatchingCard
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.card_columns import CardColumns
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList
from aether_desktop.ui.widgets.page_header import PageHeader


class SettingsView(QWidget):
    """Choices act at once; what takes long shows its progress in place. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.setObjectName(page_name("settings"))
        self.look = LookCard(context)
        self._context = context
        self._safekeeping: SafekeepingCard | None = None
        self._data: DataCard | None = None
        self._networks: NetworksCard | None = None
        self._security: SecurityCard | None = None
        self._watching: WatchingCard | None = None
        self._updates: UpdatesCard | None = None
        header = PageHeader(context.theme, "Settings")
        header.set_facts("Kept on this computer; passwords and keys never are")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.M)
        self._column.addWidget(header)
        self._cards = CardColumns((self.look, _facts_card(context)), ())
        self._column.addWidget(self._cards, 1)

    @property
    def safekeeping(self) -> SafekeepingCard:
        """Backup, restore, check; made when first wanted."""
        if self._safekeeping is None:
            self._safekeeping = SafekeepingCard(self._context)
            self._cards.add_card(self._safekeeping)
        return self._safekeeping

    @property
    def data(self) -> DataCard:
        """Labels and prices; made when first wanted, under the safekeeping."""
        if self._data is None:
            _ = self.safekeeping
            self._data = DataCard(self._context)
            self._data.prices_changed.connect(self.look.load_fiats)
            self._cards.add_card(self._data)
        return self._data

    @property
    def watching(self) -> WatchingCard:
        """Watching nodes; made when first wanted, under the data."""
        if self._watching is None:
            _ = self.data
            self._watching = WatchingCard(self._context)
            self._cards.add_card(self._watching)
        return self._watching

    @property
    def networks(self) -> NetworksCard:
        """EVM networks and their endpoints; made when first wanted, under the data."""
        if self._networks is None:
            _ = self.data
            self._networks = NetworksCard(self._context)
            self._cards.add_card(self._networks)
        return self._networks

    @property
    def updates(self) -> UpdatesCard:
        """Where newer versions are told of; made when first wanted, under the networks."""
        if self._updates is None:
            _ = self.networks
            self._updates = UpdatesCard(self._context)
            self._cards.add_card(self._updates)
        return self._updates

    @property
    def security(self) -> SecurityCard | None:
        """Password, kit, levels; None where there is no vault of ours to lock: the sample, a shared database."""
        access = self._context.services.access
        if self._security is None and access is not None:
            self._security = SecurityCard(self._context, access)
            self._cards.add_card(self._security, on_top=True)
        return self._security

    def complete(self) -> None:
        """The other cards, a turn for each: when nobody waits for them, or when the page is shown."""
        if self._safekeeping is None:
            _ = self.safekeeping
        elif self._data is None:
            _ = self.data
        elif self._watching is None:
            _ = self.watching
        elif self._networks is None:
            _ = self.networks
        elif self._updates is None:
            _ = self.updates
        else:
            security = self.security
            if security is not None and self.isVisible():
                security.refresh()
            if self.isVisible():
                self.watching.refresh()
            return
        next_turn(self, self.complete)

    def place_message_bar(self, bar: QWidget) -> None:
        """Messages stand under the title."""
        self._column.insertWidget(1, bar)

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        self.complete()
        super().showEvent(event)
        self.look.refresh()
        if self._security is not None:
            self._security.refresh()
        if self._watching is not None:
            self._watching.refresh()
        if self._updates is not None:
            self._updates.refresh()


def vault_facts(info: StorageInfo) -> list[DetailEntry]:
    """What a person may want to tell somebody who helps; no passwords, for there are none here."""
    embedded = info.engine == "sqlite"
    if not embedded:
        encrypted = "Sealed fields only; the server's administrator can read the rest"
    elif info.encrypted:
        encrypted = "Yes, the whole file"
    else:
        encrypted = "No: whoever has the file can read it"
    return [
        DetailEntry("Name", info.vault_name),
        DetailEntry("Place" if embedded else "Server", info.location),
        DetailEntry("Engine", info.engine_version),
        DetailEntry("Encrypted", encrypted, copy=""),
        DetailEntry("Schema revision", info.schema_revision),
    ]


def _facts_card(context: UiContext) -> Card:
    card = Card(context.theme, "This vault")
    facts = DetailsList(context.theme)
    facts.setObjectName(settings_part_name("connection"))
    facts.setAccessibleName("Facts of this vault")
    facts.set_entries(vault_facts(context.services.info))
    facts.copied.connect(lambda _text: context.messages.info("Copied."))
    card.body.addWidget(facts)
    return card
