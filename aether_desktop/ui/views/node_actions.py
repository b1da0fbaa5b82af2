"""What can be done with a node, from its page, a notice or the tray: each on the write lane, each says what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from PySide6.QtCore import QObject

from aether_desktop.domain.courts import Court
from aether_desktop.domain.temple import CovenantKind
from aether_desktop.domain.temple_nodes import TempleNode
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import utc_now
from aether_desktop.services.nodes import ProbeDraft
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.views.node_endpoints import EndpointsCard
from aether_desktop.ui.widgets.state_band import span_words

_NAME = 80
_NOT_WATCHING = "Nothing is watched now, so nothing can be asked. Unlock the vault, or allow watching in the settings."


class NodeActions(QObject):
    """GUI thread only."""

    def __init__(self, context: UiContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context

    def check(self, node_id: int) -> None:
        """Ask a node's probes now."""
        engine, board = self._context.board.engine, self._context.board.board
        if engine is None or node_id not in board.nodes:
            self._context.messages.warn(_NOT_WATCHING)
            return
        engine.check_now([node_id])
        self._context.messages.info("Asked; the answers come as they do.")

    def silence(self, node_ids: Sequence[int], span: timedelta | None, *, then: Callable[[], None]) -> None:
        """Tell nothing of these for a while; None: tell again."""
        nodes = self._context.services.nodes
        until = None if span is None else utc_now() + span
        said = "The silence is ended." if span is None else f"Silent for {span_words(span.total_seconds())}."
        self._context.write(lambda: nodes.silence(node_ids, until), then=partial(self._changed, then), said=said)

    def elevate(self, node: TempleNode, *, then: Callable[[], None]) -> None:
        """One type up, where the thresholds allow it; the database says no otherwise."""
        nodes, name = self._context.services.nodes, plain_line(node.node_id, _NAME)
        rising = node.type.next
        kind = "" if rising is None else f" of type {rising.display_name}"
        said = f"{name} is a node{kind} now."
        self._context.write(lambda: nodes.elevate(node), then=partial(self._changed, then), said=said)

    def perform(self, node: TempleNode, kind: CovenantKind, note: str, *, then: Callable[[], None]) -> None:
        """A covenant, signed with the person's own keys."""
        nodes, name = self._context.services.nodes, plain_line(node.node_id, _NAME)
        job = self._context.with_level(
            Court.HOLY,
            f"To sign the {kind.display_name} of {name}.",
            lambda _token, _progress: nodes.perform(node.id, kind, note),
            title=f"{kind.display_name} of {name}",
        )

        def done(_covenant: object) -> None:
            self._context.messages.done(f"{kind.display_name} of {name}: performed, signed and on record.")
            then()

        job.on_success(done).on_failure(self._context.messages.report)

    def save_probes(
        self, node_id: int, drafts: Sequence[ProbeDraft], card: EndpointsCard, *, then: Callable[[], None]
    ) -> None:
        """Store a node's endpoints; what is wrong with one is said under its field."""
        nodes = self._context.services.nodes
        for number, draft in enumerate(drafts):
            for field, said in nodes.check_probe(draft).items():
                card.show_error(number, field, said)
                return

        def done() -> None:
            card.forget()
            then()

        said = "Stored; the endpoints are asked from now on."
        self._context.write(lambda: nodes.save_probes(node_id, drafts), then=partial(self._changed, done), said=said)

    def _changed(self, then: Callable[[], None]) -> None:
        if self._context.board.engine is not None:
            self._context.board.engine.reload()
        then()
