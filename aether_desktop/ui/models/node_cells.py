"""How probes, notices and covenants read in small grids. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from aether_desktop.domain.covenants import Covenant
from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.notices import Notice, NoticeFate, NoticeKind
from aether_desktop.domain.probes import ProbeOutcome
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import iso
from aether_desktop.ui.models.cells import Cell, NumberCell, StatusCell, TextCell, TimeCell, Tone
from aether_desktop.ui.models.formatting import time_text, words
from aether_desktop.ui.models.value_table_model import ValueColumn

_LINE = 300
_OUTCOMES = {
    ProbeOutcome.ANSWERED: Tone.OK,
    ProbeOutcome.UNSUPPORTED: Tone.NEUTRAL,
    ProbeOutcome.NOT_ASKED: Tone.NEUTRAL,
}
_GRADES = {Grade.GOOD: Tone.OK, Grade.POOR: Tone.WARN, Grade.BAD: Tone.BAD, Grade.NOTHING: Tone.NEUTRAL}
_KINDS = {
    NoticeKind.PROBLEM: Tone.BAD,
    NoticeKind.RECOVERY: Tone.OK,
    NoticeKind.FLAPPING: Tone.WARN,
    NoticeKind.UNKNOWN: Tone.NEUTRAL,
    NoticeKind.TIER: Tone.BAD,
    NoticeKind.MONITOR: Tone.INFO,
}
_FATES = {
    NoticeFate.SHOWN: "Shown",
    NoticeFate.QUIET: "Kept quiet",
    NoticeFate.FAILED: "Could not be shown",
    NoticeFate.HISTORY: "History only",
}


def latency_text(seconds: float | None) -> str:
    """ "38 ms", "1.24 s"; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < 0.001:
        return f"{seconds * 1_000_000:.0f} \u00b5s"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def share_text(share: float | None) -> str:
    """A share as a percentage that never rounds up to all: 99.99 % stays below 100 %."""
    if share is None:
        return "not measured"
    return "100 %" if share == 1 else f"{int(share * 10_000) / 100:.2f} %"


def sample_columns(names: Mapping[int, str], zone: tzinfo) -> Sequence[ValueColumn[Sample]]:
    """The probe log."""
    return (
        ValueColumn(
            "at", "Time", lambda each: TimeCell(time_text(each.at, zone)), width=14,
            whole=lambda each: iso(each.at), order=lambda each: each.at,
        ),
        ValueColumn(
            "probe", "Probe", lambda each: TextCell(plain_line(_probe(names, each), 80)), width=9,
            order=lambda each: _probe(names, each),
        ),
        ValueColumn("outcome", "Answer", _outcome, width=14, order=lambda each: each.outcome.value),
        ValueColumn("latency", "Latency", _latency, width=8, order=lambda each: each.latency or 0.0, right=True),
        ValueColumn(
            "reason", "What was amiss", lambda each: TextCell(plain_line(each.reason, _LINE)), width=20,
            whole=lambda each: plain_line(each.reason, _LINE),
        ),
        ValueColumn("height", "Height", _height, width=10, order=lambda each: each.height or -1, right=True),
    )  # fmt: skip


def notice_columns(zone: tzinfo) -> Sequence[ValueColumn[Notice]]:
    """The history of notices."""
    return (
        ValueColumn("title", "What", _title, width=26, whole=lambda each: plain_line(each.title, _LINE)),
        ValueColumn(
            "at", "Time", lambda each: TimeCell(time_text(each.at, zone)), width=14,
            whole=lambda each: iso(each.at), order=lambda each: each.at,
        ),
        ValueColumn("kind", "Kind", lambda each: StatusCell(words(each.kind.value), _KINDS[each.kind]), width=10),
        ValueColumn("fate", "Told", lambda each: TextCell(_FATES[each.fate], dim=True), width=12),
    )  # fmt: skip


def covenant_columns(zone: tzinfo) -> Sequence[ValueColumn[Covenant]]:
    """What a node performed."""
    return (
        ValueColumn(
            "at", "Time", lambda each: TimeCell(time_text(each.performed_at, zone)), width=14,
            whole=lambda each: iso(each.performed_at), order=lambda each: each.performed_at,
        ),
        ValueColumn("kind", "Covenant", lambda each: TextCell(each.kind.display_name), width=16),
        ValueColumn("signed", "Signed", _signed, width=10),
        ValueColumn("note", "Note", lambda each: TextCell(plain_line(each.note, _LINE)), width=14),
    )  # fmt: skip


def fate_text(fate: NoticeFate) -> str:
    """What became of a notice."""
    return _FATES[fate]


def _probe(names: Mapping[int, str], sample: Sample) -> str:
    return names.get(sample.probe_id, "earlier")


def _outcome(sample: Sample) -> Cell:
    tone = _OUTCOMES.get(sample.outcome, Tone.BAD)
    if tone is Tone.OK:
        tone = _GRADES[sample.grade]
    return StatusCell(words(sample.outcome.value), tone)


def _latency(sample: Sample) -> Cell:
    text = latency_text(sample.latency)
    number, _, unit = text.partition(" ")
    return NumberCell(number, unit=unit) if text else TextCell("")


def _height(sample: Sample) -> Cell:
    return TextCell("") if sample.height is None else NumberCell(f"{sample.height:,}")


def _title(notice: Notice) -> Cell:
    return TextCell(plain_line(notice.title, _LINE), dim=notice.read_at is not None)


def _signed(covenant: Covenant) -> Cell:
    return StatusCell("Signed", Tone.OK) if covenant.signature else StatusCell("Not signed", Tone.NEUTRAL)
