"""One temple node on a page of its own: what it is now and why, what it was, how its harmony came about, its log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from aether_desktop.domain.permissions import Verb
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import NodeType
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import utc_now
from aether_desktop.ports.monitoring import MonitorBoard, NodeView
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.look import ChosenZone
from aether_desktop.ui.models.node_facts import NodeFacts, NodeHistory, Span, read_facts
from aether_desktop.ui.object_names import nodes_part_name
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.node_cards import BandCard, CovenantCard, HarmonyCard, LogCard, PlotCard, StateCard
from aether_desktop.ui.views.node_endpoints import EndpointsCard
from aether_desktop.ui.widgets.card_columns import CardColumns
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.page_header import PageHeader
from aether_desktop.ui.widgets.pop_up_menu import pop_up_under

_FRESH_MS = 30_000  # how often an open page reads what was measured since
_NAME = 120
SILENCES = (
    ("Silence for 1 hour", timedelta(hours=1)),
    ("Silence for 8 hours", timedelta(hours=8)),
    ("Silence for 3 days", timedelta(days=3)),
)


class NodePage(QWidget):
    """``show_node`` reads on the read lane; what the board says follows live. GUI thread only."""

    left = Signal()
    edit_asked = Signal(object)
    check_asked = Signal(object)
    silence_asked = Signal(object, object)
    """(node, timedelta or None: lift it)"""
    elevate_asked = Signal(object)
    """(TempleNode)"""
    covenant_asked = Signal(object, object, str)
    """(TempleNode, CovenantKind, note)"""
    endpoints_asked = Signal(object, object)
    """(node, drafts of its probes)"""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.setObjectName(nodes_part_name("node_page"))
        self.context = context
        theme, self._zone = context.theme, ChosenZone(context.settings)
        self._node_id: int | None = None
        self._facts: NodeFacts | None = None
        self._view: NodeView | None = None
        self._span = Span.DAY
        self._reading: JobHandle[NodeFacts] | None = None
        zone: Callable[[], ChosenZone] = lambda: self._zone  # noqa: E731 - one for all cards
        self.header = PageHeader(theme, "")
        self.state = StateCard(theme, zone)
        self.band = BandCard(theme, zone)
        self.latency = PlotCard(theme, "Latency", object_name=nodes_part_name("node_latency"), zero=True)
        self.height_card = PlotCard(theme, "Height", object_name=nodes_part_name("node_height"), zero=False)
        self.harmony = HarmonyCard(theme)
        self.covenants = CovenantCard(theme, zone)
        self.endpoints = EndpointsCard(theme)
        self.log = LogCard(theme, zone)
        self._cards = CardColumns(
            (self.state, self.harmony, self.endpoints, self.log),
            (self.band, self.latency, self.height_card, self.covenants),
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.M)
        self._column.addWidget(self.header)
        self._column.addWidget(self._cards, 1)
        self._fill_header()
        self._again = QTimer(self)
        self._again.setInterval(_FRESH_MS)
        self._again.timeout.connect(self.refresh)
        self.band.span_chosen.connect(self._on_span)
        self.covenants.perform_asked.connect(self._on_perform)
        self.covenants.refused.connect(context.messages.warn)
        self.endpoints.refused.connect(context.messages.warn)
        self.endpoints.save_asked.connect(self._on_save_endpoints)
        context.permissions.changed.connect(self._show_permissions)
        context.navigator.look_changed.connect(self._show_facts)

    @property
    def node_id(self) -> int | None:
        """The node on view."""
        return self._node_id

    @property
    def facts(self) -> NodeFacts | None:
        """What was read of it; None while it is on its way."""
        return self._facts

    def show_node(self, node_id: int, name: str = "") -> None:
        """Show another node; ``name`` until more is known."""
        if node_id != self._node_id:
            self._node_id, self._facts, self._view = node_id, None, None
            self.header.set_title(plain_line(name, _NAME))
            self.header.set_facts("")
            self.state.show_view(None, stale=False, sentence="Reading\u2026")
        self.show_board(self.context.board.board)
        self.refresh()

    def show_board(self, board: MonitorBoard) -> None:
        """What the monitor says now."""
        if self._node_id is None:
            return
        view = board.nodes.get(self._node_id)
        self._view = view
        if view is not None or self._facts is not None:
            self.state.show_view(view, stale=board.stale, sentence=board.sentence)
        if view is not None:
            self.header.set_title(plain_line(view.name, _NAME))
            self._show_where(view.type, view.tier.display_name)

    def refresh(self) -> None:
        """Read again; of several readings the last one counts."""
        node_id, span, storage = self._node_id, self._span, self.context.services.storage
        if node_id is None:
            return
        if self._reading is not None:
            self._reading.cancel()
        job = self.context.jobs.read(lambda _token, _progress: read_facts(storage, node_id, span, now=utc_now()))
        self._reading = job
        job.on_success(partial(self._on_read, job)).on_failure(self.context.messages.report)

    def forget(self) -> None:
        """No node is on view any more."""
        self._again.stop()
        self._node_id = None

    def drafts(self) -> list[str]:
        """What is typed here and not stored."""
        found = ["a covenant's note"] if self.covenants.typed() else []
        return [*found, *(["endpoints of a node"] if self.endpoints.changed else [])]

    def place_message_bar(self, bar: QWidget) -> None:
        """Messages stand under the title."""
        self._column.insertWidget(1, bar)

    # ------------------------------------------------------------------------------------------------------ reading
    def _on_read(self, job: JobHandle[NodeFacts], facts: NodeFacts) -> None:
        if job is not self._reading or facts.node.id != self._node_id:
            return
        self._facts = facts
        self._show_facts()

    def _show_facts(self) -> None:
        facts = self._facts
        if facts is None:
            return
        name = plain_line(facts.node.node_id, _NAME)
        self.header.set_title(name)
        self._show_where(facts.node.type, facts.node.tier.display_name)
        self._show_history(name, facts.history)
        self.harmony.show_facts(facts, self._zone)
        self.log.show_facts(facts)
        self._show_permissions()
        self.show_board(self.context.board.board)

    def _show_history(self, name: str, history: NodeHistory) -> None:
        self.band.show_history(name, history)
        self.latency.show_latencies(name, history)
        self.height_card.show_heights(name, history)

    def _show_where(self, kind: NodeType, tier: str) -> None:
        self.header.set_facts(f"{kind.display_name} \u00b7 {tier}")

    def _show_permissions(self) -> None:
        facts = self._facts
        if facts is None:
            return
        owner = facts.node.owner_id or None
        why = self.context.permissions.why_not(Verb.CHANGE, TableName.TEMPLE_NODES, owner_id=owner)
        performing = self.context.permissions.why_not(Verb.ADD, "covenants", owner_id=owner)
        self.covenants.show_facts(facts, refusal=performing)
        self.endpoints.show_probes(facts.node.id, facts.probes, refusal=why)
        for guard in (self._silence, self._edit):
            guard.refuse(why)
        rising = facts.node.type.next
        self._elevate.refuse(why or ("" if rising is not None else "It is a Zadokite: there is no higher type."))

    # ------------------------------------------------------------------------------------------------------ actions
    def _fill_header(self) -> None:
        add, theme = self.header.add_action, self.context.theme
        back = add("chevron_left", "Back to all nodes", object_name=nodes_part_name("node_back"), shortcut="Alt+Left")
        back.clicked.connect(self.left)
        silence = add("eye_off", "Silence", object_name=nodes_part_name("node_silence"))
        elevate = add("arrow_up", "Elevate", object_name=nodes_part_name("node_elevate"))
        edit = add("edit", "Edit", object_name=nodes_part_name("node_edit"), shortcut="F2")
        self._silence, self._elevate, self._edit = guards = tuple(
            Guard(button, theme) for button in (silence, elevate, edit)
        )
        check = self.header.set_primary("Probe now", object_name=nodes_part_name("node_check"))
        check.clicked.connect(lambda: self._emit(self.check_asked))
        self._silence.allowed.connect(lambda: self._offer_silences(silence))
        self._elevate.allowed.connect(self._on_elevate)
        self._edit.allowed.connect(lambda: self._emit(self.edit_asked))
        for guard in guards:
            guard.refused.connect(self.context.messages.warn)
        for keys, slot in (("Alt+Left", self.left.emit), ("F2", self._edit.press)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def _emit(self, signal: object) -> None:
        if self._node_id is not None:
            signal.emit(self._node_id)  # type: ignore[attr-defined]  # a bound signal

    def _offer_silences(self, button: QWidget) -> None:
        node_id = self._node_id
        if node_id is None:
            return
        menu = QMenu(self)
        silenced = self._view is not None and self._view.status is NodeStatus.SILENCED
        for text, span in SILENCES:
            menu.addAction(text, partial(self.silence_asked.emit, node_id, span))
        if silenced:
            menu.addSeparator()
            menu.addAction("End the silence", partial(self.silence_asked.emit, node_id, None))
        pop_up_under(menu, button)

    def _on_elevate(self) -> None:
        if self._facts is not None:
            self.elevate_asked.emit(self._facts.node)

    def _on_perform(self, kind: object, note: str) -> None:
        if self._facts is not None:
            self.covenant_asked.emit(self._facts.node, kind, note)

    def _on_save_endpoints(self, drafts: object) -> None:
        if self._node_id is not None:
            self.endpoints_asked.emit(self._node_id, drafts)

    def _on_span(self, span: Span) -> None:
        self._span = span
        self.refresh()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._again.start()
