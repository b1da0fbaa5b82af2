"""What is asked of a node: its endpoints, one row each, edited in place and stored together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.probes import (
    DEFAULT_INTERVAL,
    LONGEST_INTERVAL,
    LONGEST_TARGET,
    MOST_PROBES,
    SHORTEST_INTERVAL,
    Probe,
    ProbeKind,
)
from aether_desktop.domain.text import plain_line
from aether_desktop.services.nodes import ProbeDraft
from aether_desktop.ui.object_names import nodes_part_name
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.theme.tokens import Space
from aether_desktop.ui.widgets.buttons import IconButton, button_row, plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.guarded_button import Guard
from aether_desktop.ui.widgets.labels import rule, text_label

_KINDS = {
    ProbeKind.EVM: ("EVM node", "https://node.example:8545"),
    ProbeKind.IPFS: ("IPFS node", "http://127.0.0.1:5001"),
    ProbeKind.HTTP: ("Web address", "https://node.example/health"),
    ProbeKind.TCP: ("TCP port", "node.example:30303"),
    ProbeKind.TLS: ("TLS certificate", "node.example:443"),
}
_TEACH = "Nothing is asked of this node yet. Add an endpoint, and it is watched from then on."


class EndpointsCard(Card):
    """``save_asked`` carries the drafts. GUI thread only."""

    save_asked = Signal(object)
    refused = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Endpoints")
        self._theme = theme
        self._node_id: int | None = None
        self._shown: tuple[Probe, ...] = ()
        self._rows: list[_Row] = []
        self._none = text_label(theme, _TEACH, kind="dim", wrap=True)
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.M)
        self.add_button = plain_button(theme, "Add an endpoint", object_name=nodes_part_name("node_add"))
        self.save_button = plain_button(theme, "Save endpoints", object_name=nodes_part_name("node_save"))
        self.body.addWidget(self._none)
        self.body.addLayout(self._column)
        self.body.addLayout(button_row(self.add_button, self.save_button))
        self._add, self._save = Guard(self.add_button, theme), Guard(self.save_button, theme)
        self._add.allowed.connect(lambda: self._append(None))
        self._save.allowed.connect(lambda: self.save_asked.emit(self.drafts()))
        for guard in (self._add, self._save):
            guard.refused.connect(self.refused)

    @property
    def changed(self) -> bool:
        """Whether something was typed that is not stored."""
        stored = [(each.kind, each.target, each.network, each.interval, each.essential) for each in self._shown]
        typed = [(each.kind, each.target, each.network, each.interval, each.essential) for each in self.drafts()]
        return typed != stored

    def drafts(self) -> list[ProbeDraft]:
        """The rows as they are typed."""
        return [row.draft() for row in self._rows]

    def show_probes(self, node_id: int, probes: Sequence[Probe], *, refusal: str) -> None:
        """Show what is stored; what is being typed for the same node stays."""
        self._add.refuse(refusal)
        self._save.refuse(refusal)
        if node_id == self._node_id and self.changed:
            return
        self._node_id, self._shown = node_id, tuple(probes)
        for row in self._rows:
            self._column.removeWidget(row)
            row.deleteLater()
        self._rows = []
        for probe in probes:
            self._append(probe)
        self._tell()

    def forget(self) -> None:
        """It is stored: what is shown next is what was stored."""
        self._node_id = None

    def show_error(self, number: int, field: str, said: str) -> None:
        """Say under a field what is wrong with it."""
        if 0 <= number < len(self._rows):
            self._rows[number].show_error(field, said)

    def _append(self, probe: Probe | None) -> None:
        row = _Row(self._theme, len(self._rows), probe)
        row.removed.connect(lambda: self._remove(row))
        self._rows.append(row)
        self._column.addWidget(row)
        self._tell()
        if probe is None:
            row.target.editor.setFocus()

    def _remove(self, row: _Row) -> None:
        self._rows.remove(row)
        self._column.removeWidget(row)
        row.deleteLater()
        for number, each in enumerate(self._rows):
            each.renumber(number)
        self._tell()

    def _tell(self) -> None:
        self._none.setVisible(not self._rows)
        self.save_button.setVisible(bool(self._rows) or bool(self._shown))
        self.add_button.setEnabled(len(self._rows) < MOST_PROBES)


class _Row(QWidget):
    removed = Signal()

    def __init__(self, theme: Theme, number: int, probe: Probe | None) -> None:
        super().__init__()
        self._probe = probe
        self.kind = FormField(theme, "What it is", Choice())
        for kind, (word, _example) in _KINDS.items():
            self.kind.editor.addItem(word, kind.value)
        if probe is not None and self.kind.editor.findData(probe.kind) < 0:  # brought by a module
            self.kind.editor.addItem(plain_line(probe.kind, 40), probe.kind)
        self.target = FormField(theme, "Address", QLineEdit())
        self.target.editor.setMaxLength(LONGEST_TARGET)
        self.network = FormField(theme, "Network", Choice())
        self.network.editor.addItem("Any", "")
        for key, chain in CHAINS.items():
            self.network.editor.addItem(chain.name, key)
        self.interval = FormField(theme, "Seconds between", QSpinBox())
        self.interval.editor.setRange(SHORTEST_INTERVAL, LONGEST_INTERVAL)
        self.essential = QCheckBox("The node is down without it")
        self.essential.setFont(theme.fonts.interface())
        self.remove = IconButton(theme, "close", "Remove this endpoint")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.M)
        grid.setVerticalSpacing(Space.S)
        grid.addWidget(self.kind, 0, 0)
        grid.addWidget(self.target, 0, 1)
        grid.addWidget(self.remove, 0, 2)
        grid.addWidget(self.interval, 1, 0)
        grid.addWidget(self.network, 1, 1)
        grid.addWidget(self.essential, 2, 0, 1, 3)
        grid.addWidget(rule(), 3, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self.remove.clicked.connect(self.removed)
        self.kind.editor.currentIndexChanged.connect(self._on_kind)
        self._fill(probe)
        self.renumber(number)

    def renumber(self, number: int) -> None:
        """Names follow the place."""
        named: tuple[tuple[QWidget, str, str], ...] = (
            (self.kind.editor, "kind", "What it is"),
            (self.target.editor, "target", "Address"),
            (self.network.editor, "network", "Network"),
            (self.interval.editor, "interval", "Seconds between"),
            (self.essential, "essential", "The node is down without it"),
            (self.remove, "remove", "Remove this endpoint"),
        )
        for widget, part, name in named:
            widget.setObjectName(nodes_part_name(f"node_{part}_{number}"))
            widget.setAccessibleName(f"{name}, endpoint {number + 1}")

    def draft(self) -> ProbeDraft:
        """As it is typed."""
        before, kind = self._probe, str(self.kind.editor.currentData())
        bare = ProbeDraft(
            kind=kind,
            target=self.target.editor.text().strip(),
            network=str(self.network.editor.currentData()) if kind == ProbeKind.EVM.value else "",
            interval=self.interval.editor.value(),
            essential=self.essential.isChecked(),
        )
        if before is None:
            return bare
        same = before.settings if before.kind == kind else bare.settings
        return replace(bare, id=before.id, timeout=before.timeout, settings=same)

    def show_error(self, field: str, said: str) -> None:
        """Under the field it is about; the address where that is none of these."""
        fields: dict[str, FormField[Any]] = {
            "kind": self.kind,
            "network": self.network,
            "interval": self.interval,
        }
        fields.get(field, self.target).set_error(said)

    def _fill(self, probe: Probe | None) -> None:
        self.interval.editor.setValue(DEFAULT_INTERVAL if probe is None else probe.interval)
        self.essential.setChecked(probe is None or probe.essential)
        if probe is not None:
            self.kind.editor.setCurrentIndex(self.kind.editor.findData(probe.kind))
            self.network.editor.setCurrentIndex(max(0, self.network.editor.findData(probe.network)))
            self.target.editor.setText(probe.target)
        self._on_kind()

    def _on_kind(self) -> None:
        kind = str(self.kind.editor.currentData())
        example = next((each for key, (_word, each) in _KINDS.items() if key.value == kind), "")
        self.target.editor.setPlaceholderText(example)
        self.network.setVisible(kind == ProbeKind.EVM.value)
        self.target.set_error("")
