"""The temple nodes section: the table, the map, the page of one node, and the history of notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.monitoring import MonitorBoard, NodeView, WatchState
from aether_desktop.ports.queries import Row, TableQuery
from aether_desktop.services.nodes import ProbeDraft
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.models.node_cells import latency_text
from aether_desktop.ui.object_names import nodes_part_name
from aether_desktop.ui.shell.sections import PageCommand
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.views.node_actions import NodeActions
from aether_desktop.ui.views.node_page import NodePage
from aether_desktop.ui.views.notices_sheet import NoticesSheet
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.widgets.buttons import IconButton
from aether_desktop.ui.widgets.labels import set_kind, text_label
from aether_desktop.ui.widgets.node_map import NodeMap
from aether_desktop.ui.widgets.node_map_layout import MapNode

_WORDS = TablePageWords(
    section="temple_nodes",
    icon="temple_nodes",
    sentence="The temple nodes you run or watch, by tier. Give a node an endpoint and it is watched from then on.",
    button="Add temple node",
    more="A node's type follows from its three thresholds. Many at once: aether-desktop nodes import FILE.csv",
)
_KEPT_AS = "temple_nodes.view"
_MAP: Final = "map"
_EMPTY_MAP = "No node is watched now. Nodes with an endpoint stand here, by tier, within a minute of watching."


class TempleNodesView(TablePage):
    """Grid or map, as the person left it; a node's page takes their place while it is open. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(TableName.TEMPLE_NODES, context, _WORDS)
        self._map_ground: QFrame | None = None
        self._map: NodeMap | None = None
        self._page: NodePage | None = None
        self._map_missed, self._map_stale = True, False
        self.actions_on_nodes = NodeActions(context, self)
        self._on_map = context.settings.get(_KEPT_AS) == _MAP
        self._map_button: IconButton = self.header.add_action(
            "temple_nodes", "Show the map", object_name=nodes_part_name("map_toggle"), shortcut="Ctrl+M"
        )
        self._map_button.clicked.connect(self.toggle_map)
        self._notices_button = self.header.add_action("activity", "Notices", object_name=nodes_part_name("notices"))
        self._notices_button.clicked.connect(self.open_notices)
        open_page = QAction("Open the node's page", self.grid)
        open_page.setShortcuts([QKeySequence("Return"), QKeySequence("Enter")])
        open_page.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        open_page.triggered.connect(self._open_current)
        self.grid.addAction(open_page)
        toggle = QAction("Map or table", self)
        toggle.setShortcut(QKeySequence("Ctrl+M"))
        toggle.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        toggle.triggered.connect(self.toggle_map)
        self.addAction(toggle)
        context.board.changed.connect(self._on_board)
        self._arrange()

    # -------------------------------------------------------------------------------------------------------- parts
    @property
    def map(self) -> NodeMap:
        """The map; made when first wanted."""
        if self._map is None:
            self._map = NodeMap(self.context.theme, object_name=nodes_part_name("map"), facts_of=self._facts_of)
            self._map.opened.connect(self.open_node)
            self._map_note = text_label(self.context.theme, "", kind="dim", wrap=True)
            self._map_note.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._map_ground = QFrame()
            self._map_ground.setProperty("kind", "card")
            column = QVBoxLayout(self._map_ground)
            column.setContentsMargins(Space.S, Space.S, Space.S, Space.S)
            column.addWidget(self._map_note)
            column.addWidget(self._map, 1)
            self._column.addWidget(self._map_ground, 1)
            self._map_ground.hide()
        return self._map

    @property
    def node_page(self) -> NodePage:
        """The page of one node; made when first wanted."""
        if self._page is None:
            self._page = page = NodePage(self.context)
            page.hide()
            page.left.connect(self.leave_node)
            page.edit_asked.connect(self._on_edit)
            page.check_asked.connect(self.actions_on_nodes.check)
            page.silence_asked.connect(self._on_silence)
            page.elevate_asked.connect(self._on_elevate)
            page.covenant_asked.connect(self._on_covenant)
            page.endpoints_asked.connect(self._on_endpoints)
            self._column.addWidget(page, 1)
        return self._page

    @property
    def on_map(self) -> bool:
        """Whether the map is on view in the table's place, or would be without a node's page over it."""
        return self._on_map

    @property
    def opened_node(self) -> int | None:
        """The node whose page is on view."""
        return None if self._page is None else self._page.node_id

    def toggle_map(self) -> None:
        """The map in place of the table, or the other way round; it is so the next time, too."""
        self._on_map = not self._on_map
        self.context.settings.set(_KEPT_AS, _MAP if self._on_map else None)
        self._arrange()
        (self.map if self._on_map else self.grid).setFocus(Qt.FocusReason.OtherFocusReason)

    def open_node(self, node_id: int) -> None:
        """The page of one node."""
        view = self.context.board.board.nodes.get(node_id)
        self.node_page.show_node(node_id, "" if view is None else view.name)
        self._arrange()
        self.node_page.setFocus(Qt.FocusReason.OtherFocusReason)

    def leave_node(self) -> None:
        """Back to the map or the table."""
        node_id = self.opened_node
        if self._page is None or node_id is None:
            return
        self._page.forget()
        self._arrange()
        if self._on_map:
            self.map.choose(node_id)
        (self.map if self._on_map else self.grid).setFocus(Qt.FocusReason.OtherFocusReason)

    def open_notices(self) -> None:
        """The history of notices, at the right of the table."""
        if self._on_map:
            self.toggle_map()
        sheet = NoticesSheet(self.context)
        sheet.node_asked.connect(self.open_node)
        if self.side.isHidden():
            self.toggle_details()
        self.side.open_sheet(sheet)

    def open_part(self, part: str) -> None:
        """A node by its id, the map, or the notices."""
        if part.isdecimal():
            self.open_node(int(part))
        elif part == "notices":
            self.leave_node()
            self.open_notices()
        elif part == _MAP and not self._on_map:
            self.leave_node()
            self.toggle_map()

    def show_query(self, query: TableQuery) -> None:
        """Rows asked for elsewhere are shown in the table, not behind a node's page or the map."""
        self.leave_node()
        if self._on_map:
            self.toggle_map()
        super().show_query(query)

    def add(self) -> None:
        """The form stands at the right of the table."""
        self.leave_node()
        if self._on_map:
            self.toggle_map()
        super().add()

    def run_page_command(self, command: PageCommand) -> bool:
        """The table's commands; on a node's page only those that make sense there."""
        if self.opened_node is not None and command is PageCommand.REFRESH:
            self.node_page.refresh()
            return True
        if self.opened_node is not None and command not in {PageCommand.UNDO, PageCommand.ADD}:
            return False
        return super().run_page_command(command)

    def drafts(self) -> list[str]:
        return [*super().drafts(), *(self._page.drafts() if self._page is not None else [])]

    def apply_changes(self, changes: ChangeSet) -> None:
        super().apply_changes(changes)
        if self.opened_node is not None and (changes.ids is None or self.opened_node in changes.ids):
            self.node_page.refresh()

    def place_message_bar(self, bar: QWidget) -> None:
        if self.opened_node is not None:
            self.node_page.place_message_bar(bar)
        else:
            super().place_message_bar(bar)

    # -------------------------------------------------------------------------------------------------------- board
    def _arrange(self) -> None:
        paged = self.opened_node is not None
        for part in (self.header, self.filter_bar, self._splitter):
            part.setVisible(not paged and (part is self.header or not self._on_map))
        if self._on_map or self._map_ground is not None:
            _ = self.map
            if self._map_ground is not None:
                self._map_ground.setVisible(self._on_map and not paged)
        if self._page is not None:
            self._page.setVisible(paged)
        name = "Show the table" if self._on_map else "Show the map"
        self._map_button.set_name(name, shortcut="Ctrl+M")
        self._map_button.set_drawing("overview" if self._on_map else "temple_nodes")
        for button in (self._export_button, self._columns_button, self._views_button, self._details_button):
            button.setVisible(not self._on_map)  # they are about the table
        self._on_board(self.context.board.board, None)

    def _on_board(self, board: MonitorBoard, ids: frozenset[int] | None) -> None:
        if self._page is not None and self.opened_node is not None:
            self._page.show_board(board)
        if not self._on_map or self._map is None or self.opened_node is not None or not self.isVisible():
            self._map_missed = True
        else:
            self._show_on_map(board, None if self._map_missed else ids)
            self._map_missed = False

    def _show_on_map(self, board: MonitorBoard, ids: frozenset[int] | None) -> None:
        self.header.set_facts(board_facts(board))
        said = board.sentence or ("" if board.nodes else _EMPTY_MAP)
        if board.state is WatchState.LOCKED:
            said = "Locked, not watching."
        self._map_note.setText(said)
        self._map_note.setVisible(bool(said))
        set_kind(self._map_note, "warn" if board.nodes and board.stale else "dim")
        stale, whole = board.stale, ids is None or board.stale is not self._map_stale
        self._map_stale = stale
        if not whole and ids is not None:
            found = [map_node(board.nodes[key], stale=stale) for key in ids if key in board.nodes]
            whole = len(found) < len(ids) or not self.map.change_nodes(found)
        if whole:
            self.map.show_nodes([map_node(board.nodes[key], stale=stale) for key in sorted(board.nodes)])

    def _facts_of(self, node_id: int) -> str:
        view = self.context.board.board.nodes.get(node_id)
        return "" if view is None else node_facts(view)

    # ------------------------------------------------------------------------------------------------------ actions
    def _open_current(self) -> None:
        row: Row | None = self.grid.current_row()
        if row is not None:
            self.open_node(row.id)

    def _on_edit(self, node_id: int) -> None:
        self.leave_node()
        if self._on_map:
            self.toggle_map()
        if self.side.isHidden():
            self.toggle_details()
        self.side.edit_row(node_id)

    def _on_silence(self, node_id: int, span: timedelta | None) -> None:
        self.actions_on_nodes.silence([node_id], span, then=self.node_page.refresh)

    def _on_elevate(self, node: TempleNode) -> None:
        self.actions_on_nodes.elevate(node, then=self.node_page.refresh)

    def _on_covenant(self, node: TempleNode, kind: CovenantKind, note: str) -> None:
        self.actions_on_nodes.perform(node, kind, note, then=partial(self._on_performed))

    def _on_endpoints(self, node_id: int, drafts: Sequence[ProbeDraft]) -> None:
        page = self.node_page
        self.actions_on_nodes.save_probes(node_id, drafts, page.endpoints, then=page.refresh)

    def _on_performed(self) -> None:
        self.node_page.covenants.forget()
        self.node_page.refresh()

    # Qt overrides

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_board(self.context.board.board, None)


def map_node(view: NodeView, *, stale: bool) -> MapNode:
    """A node of the board as the map draws it."""
    return MapNode(
        view.id,
        view.name,
        view.tier,
        view.status,
        stale=stale and view.status not in {NodeStatus.RETIRED, NodeStatus.CANDIDATE},
        throughput=view.throughput,
    )


def node_facts(view: NodeView) -> str:
    """What a tooltip says of a node after its state."""
    facts = [latency_text(view.latency), "" if view.height is None else f"height {view.height:,}"]
    return ", ".join(each for each in facts if each)


def board_facts(board: MonitorBoard) -> str:
    """The line beside the title: "61 nodes, 58 up"."""
    number = len(board.nodes)
    if not number:
        return ""
    up = sum(counts.get(NodeStatus.UP, 0) for counts in board.counts.values())
    nodes = f"{number:,} {'node' if number == 1 else 'nodes'}"
    return f"{nodes}, not to be believed now" if board.stale else f"{nodes}, {up:,} up"
