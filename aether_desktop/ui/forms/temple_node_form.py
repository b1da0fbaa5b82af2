"""The form of a temple node: says while one types which type the thresholds make, and what it may serve."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from aether_desktop.domain.records import Record, TableName
from aether_desktop.domain.temple import InvalidTempleError, NodeType, node_type
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.theme.theme import Theme

_THRESHOLDS = ("storage_threshold", "compute_threshold", "abundance_threshold")


class TempleNodeForm(RecordForm):
    """The hint under the tier follows the thresholds. GUI thread only."""

    def __init__(self, theme: Theme, *, record: Record | None = None) -> None:
        super().__init__(TableName.TEMPLE_NODES, theme, record=record)
        for key in _THRESHOLDS:
            editor = self._fields[key].editor
            if isinstance(editor, QLineEdit):
                editor.textChanged.connect(self._describe)
        self._describe()

    def _describe(self) -> None:
        self._fields["tier"].set_hint(type_words([self.text(key) for key in _THRESHOLDS]))


def type_words(thresholds: list[str]) -> str:
    """Which type three typed thresholds make; empty while one of them cannot be read."""
    try:
        storage, compute, abundance = (int(text) for text in thresholds)
        made = node_type(storage, compute, abundance)
    except (ValueError, InvalidTempleError):
        return ""
    total = storage + compute + abundance
    if made is NodeType.CANDIDATE:
        needed = NodeType.LEVITE.needed_sum
        return f"Thresholds of {total} in all make a candidate, which serves nothing yet; a Levite needs {needed}."
    tiers = [tier.display_name for tier in made.tiers]
    served = tiers[0] if len(tiers) == 1 else f"{', '.join(tiers[:-1])} and {tiers[-1]}"
    return f"Thresholds of {total} in all make a node of type {made.display_name}: it may serve {served}."
