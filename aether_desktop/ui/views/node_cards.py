"""The cards of a node's page: state and why, the band of states, latency and height, harmony, covenants, the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QTabBar

from aether_desktop.domain.covenants import Covenant, covenant_problem
from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.temple import MAX_HARMONY, CovenantKind
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.monitoring import NodeView
from aether_desktop.ui.models.formatting import time_text
from aether_desktop.ui.models.node_cells import covenant_columns, latency_text, sample_columns, share_text
from aether_desktop.ui.models.node_facts import NodeFacts, NodeHistory, Span, probe_names
from aether_desktop.ui.models.value_table_model import ValueTableModel
from aether_desktop.ui.object_names import nodes_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.widgets.buttons import plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.details_list import DetailEntry, DetailsList
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import text_label
from aether_desktop.ui.widgets.node_state import NodeState
from aether_desktop.ui.widgets.plot_series import prepare
from aether_desktop.ui.widgets.state_band import StateBand, span_words
from aether_desktop.ui.widgets.time_plot import TimePlot
from aether_desktop.ui.widgets.value_grid import ValueGrid

_SENTENCE = 600
_LOG_ROWS, _COVENANT_ROWS = 12, 5
_NOTHING_WHY = "Every probe of the last round was answered as it should be."


class StateCard(Card):
    """State now and why, and the latest figures."""

    def __init__(self, theme: Theme, zone: Callable[[], tzinfo]) -> None:
        super().__init__(theme)
        self._zone = zone
        self.state = NodeState(theme)
        self.why = text_label(theme, wrap=True)
        self.facts = DetailsList(theme)
        for widget in (self.state, self.why, self.facts):
            self.body.addWidget(widget)

    def show_view(self, view: NodeView | None, *, stale: bool, sentence: str) -> None:
        """What the board says; ``sentence`` is why it is not to be believed."""
        if view is None:
            self.state.hide()
            self.why.setText(
                sentence or "Nobody watches this node now. Give it probes, or open the vault that has them."
            )
            self.facts.set_entries(())
            return
        self.state.show()
        now = datetime.now(UTC)
        lasted = span_words((now - view.since).total_seconds())
        self.state.show_state(view.status, stale=stale, more=f"for {lasted}")
        why = plain_line(view.why, _SENTENCE) or _NOTHING_WHY
        self.why.setText(f"{plain_line(sentence, _SENTENCE)} {why}".strip() if stale else why)
        self.facts.set_entries(self._entries(view))

    def _entries(self, view: NodeView) -> list[DetailEntry]:
        lag = (
            ""
            if view.lag is None
            else f" ({view.lag:,} behind the best of its tier)"
            if view.lag
            else " (its tier's best)"
        )
        return [
            DetailEntry("Last heard", self._when(view.heard_at) or "never", copy=""),
            DetailEntry("Last check", self._when(view.checked_at) or "never", copy=""),
            DetailEntry("Next check", self._when(view.next_check), copy=""),
            DetailEntry("Latency", latency_text(view.latency), copy=""),
            DetailEntry("Height", "" if view.height is None else f"{view.height:,}{lag}"),
            DetailEntry("Peers", "" if view.peers is None else f"{view.peers:,}", copy=""),
            DetailEntry("Silenced until", self._when(view.silenced_until), copy=""),
            DetailEntry("Watched by", "" if view.ours else "another client of this database", copy=""),
        ]

    def _when(self, moment: datetime | None) -> str:
        return "" if moment is None else time_text(moment, self._zone())


class BandCard(Card):
    """States over a span, and how available it was; ``span_chosen`` asks for another span."""

    span_chosen = Signal(object)

    def __init__(self, theme: Theme, zone: Callable[[], tzinfo]) -> None:
        super().__init__(theme, "States")
        self.spans = QTabBar()
        self.spans.setObjectName(nodes_part_name("node_spans"))
        self.spans.setAccessibleName("How far back")
        self.spans.setDrawBase(False)
        for span in Span:
            self.spans.addTab(span.title)
        self.add_corner(self.spans)
        self.band = StateBand(theme, object_name=nodes_part_name("node_band"), zone=zone)
        self.facts = text_label(theme, kind="dim", wrap=True)
        self.pointed = text_label(theme, kind="dim", wrap=True)
        for widget in (self.band, self.facts, self.pointed):
            self.body.addWidget(widget)
        self.spans.currentChanged.connect(lambda at: self.span_chosen.emit(tuple(Span)[at]))
        self.band.pointed.connect(lambda words: self.pointed.setText(words or " "))

    def show_history(self, name: str, history: NodeHistory) -> None:
        """The band of a span."""
        title = history.span.title
        said = f"Available {share_text(history.availability)} over {title}"
        asked = f", {history.asked:,} probes" if history.asked else ""
        self.band.show_stretches(
            history.stretches, first=history.first, last=history.last, title=f"States of {name}, {title}. {said}"
        )
        self.facts.setText(f"{said}{asked}.")


class PlotCard(Card):
    """One figure over a span."""

    def __init__(self, theme: Theme, title: str, *, object_name: str, zero: bool) -> None:
        super().__init__(theme, title)
        self._title = title
        self.plot = TimePlot(theme, zero=zero, nothing="Nothing was measured in this time.")
        self.plot.setObjectName(object_name)
        self.facts = text_label(theme, kind="dim", wrap=True)
        self.body.addWidget(self.plot)
        self.body.addWidget(self.facts)
        self.plot.pointed.connect(self._on_pointed)
        self._said = ""

    def show_latencies(self, name: str, history: NodeHistory) -> None:
        """Medians, per probe."""
        lines = [prepare(line.points, name=line.name) for line in history.latencies]
        self.plot.show_lines(lines, decimals=3, unit="ms", span=(history.first, history.last))
        median = latency_text(history.median)
        self._say(name, f"Median {median} over {history.span.title}." if median else "")

    def show_heights(self, name: str, history: NodeHistory) -> None:
        """The highest head, per probe."""
        lines = [prepare(line.points, name=line.name) for line in history.heights]
        self.plot.show_lines(lines, span=(history.first, history.last))
        self.setVisible(bool(lines))
        self._say(name, "")

    def _say(self, name: str, said: str) -> None:
        self._said = said
        self.facts.setText(said)
        self.plot.setAccessibleName(f"{self._title} of {name}")
        self.plot.setAccessibleDescription(said or "Nothing was measured in this time.")

    def _on_pointed(self, words: str) -> None:
        self.facts.setText(words or self._said)


class HarmonyCard(Card):
    """The score and all it was made of."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Harmony")
        self.score = text_label(theme, bold=True, wrap=True)
        self.explanation = text_label(theme, wrap=True)
        self.elder = text_label(theme, kind="dim", wrap=True)
        for widget in (self.score, self.explanation, self.elder):
            self.body.addWidget(widget)

    def show_facts(self, facts: NodeFacts, zone: tzinfo) -> None:
        harmony = facts.harmony
        score = None if harmony is None else harmony.score
        self.score.setText("Not measured yet" if score is None else f"{int(score * 100) / 100:.2f} of {MAX_HARMONY:g}")
        self.explanation.setText(
            "It needs a day of probes: how often it answered, how fresh it was, how it agreed with its tier."
            if harmony is None
            else harmony.explanation
        )
        if facts.node.elder:
            said = "It sits in the council of Elders."
        elif harmony is not None and harmony.held_since is not None:
            said = f"An Elder's score since {time_text(harmony.held_since, zone)}; the council asks for seven days."
        else:
            said = "The council takes nodes that hold 23.76 or better for seven days; it has 24 seats."
        self.elder.setText(said)


class CovenantCard(Card):
    """What was performed, and performing one more: a signed, audited record."""

    perform_asked = Signal(object, str)
    """(CovenantKind, note)"""
    refused = Signal(str)

    def __init__(self, theme: Theme, zone: Callable[[], tzinfo]) -> None:
        super().__init__(theme, "Covenants")
        self._zone = zone
        self._facts: NodeFacts | None = None
        self._refusal = ""
        self.model: ValueTableModel[Covenant] = ValueTableModel(covenant_columns(zone()), key_of=lambda each: each.id)
        self.grid = ValueGrid(
            self.model,
            theme,
            name="Covenants of this node",
            object_name=nodes_part_name("node_covenants"),
            stretch="note",
        )
        self.model.setParent(self)
        self.grid.fit_rows(_COVENANT_ROWS)
        self.none = text_label(theme, "None was performed yet.", kind="dim", wrap=True)
        self.kind = FormField(theme, "Perform", Choice(), object_name=nodes_part_name("node_covenant_kind"))
        for kind in CovenantKind:
            self.kind.editor.addItem(kind.display_name, kind.value)
        self.note = FormField(
            theme,
            "Note",
            QLineEdit(),
            hint="Kept with the record for ever. Nothing secret.",
            object_name=nodes_part_name("node_covenant_note"),
        )
        self.note.editor.setMaxLength(500)
        self.button = plain_button(theme, "Perform and sign", object_name=nodes_part_name("node_covenant_perform"))
        self._guard = Guard(self.button, theme)
        for widget in (self.grid, self.none, self.kind, self.note):
            self.body.addWidget(widget)
        self.body.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.grid.hide()
        self.kind.editor.currentIndexChanged.connect(self._on_kind)
        self._guard.allowed.connect(lambda: self.perform_asked.emit(self.chosen(), self.typed()))
        self._guard.refused.connect(self.refused)

    def chosen(self) -> CovenantKind:
        """Which one is to be performed; Qt hands a word back for what is an enumeration here."""
        return CovenantKind(str(self.kind.editor.currentData()))

    def typed(self) -> str:
        """The note as it is typed."""
        return self.note.editor.text().strip()

    def forget(self) -> None:
        """It is performed: nothing typed is left."""
        self.note.editor.clear()

    def show_facts(self, facts: NodeFacts, *, refusal: str) -> None:
        """``refusal``: why this person may perform none; empty if they may."""
        self._facts, self._refusal = facts, refusal
        self.model.recolumn(covenant_columns(self._zone()))
        self.model.set_rows(facts.covenants)
        self.grid.setVisible(bool(facts.covenants))
        self.none.setVisible(not facts.covenants)
        self._on_kind()

    def _on_kind(self) -> None:
        if self._facts is None:
            return
        node, kind = self._facts.node, self.chosen()
        problem = covenant_problem(kind, node.type, elder=node.elder)
        self.kind.set_hint(problem or f"A {node.type.display_name} may perform it.")
        self._guard.refuse(self._refusal or problem)


class LogCard(Card):
    """The latest answers of the node's probes, whole in the tooltips."""

    def __init__(self, theme: Theme, zone: Callable[[], tzinfo]) -> None:
        super().__init__(theme, "Probe log")
        self._zone = zone
        self.model: ValueTableModel[Sample] = ValueTableModel(
            sample_columns({}, zone()), key_of=lambda each: (each.at, each.probe_id)
        )
        self.grid = ValueGrid(
            self.model, theme, name="Probe log", object_name=nodes_part_name("node_log"), stretch="reason"
        )
        self.model.setParent(self)
        self.grid.fit_rows(_LOG_ROWS)
        self.none = text_label(
            theme, "Nothing was asked yet. The first answers come within a minute of watching.", kind="dim", wrap=True
        )
        self.body.addWidget(self.grid)
        self.body.addWidget(self.none)
        self.grid.hide()

    def show_facts(self, facts: NodeFacts) -> None:
        self.model.recolumn(sample_columns(probe_names(facts.probes), self._zone()))
        self.model.set_rows(facts.log)
        self.grid.setVisible(bool(facts.log))
        self.none.setVisible(not facts.log)
