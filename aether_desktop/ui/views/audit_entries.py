"""Audit entries as the page shows them: read with the names of their people, as cells, and whole in the details."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, Final

from aether_desktop.domain.audit import Attestation, facts_of
from aether_desktop.domain.courts import Court
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import iso
from aether_desktop.ports.audit import AuditEntry, AuditFilter
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.person_names import person_names
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.models.cells import NumberCell, TextCell, TimeCell
from aether_desktop.ui.models.formatting import time_text, words
from aether_desktop.ui.models.value_table_model import MAX_ROWS, ValueColumn
from aether_desktop.ui.views.audit_amounts import Coins, amount_text, coins_of
from aether_desktop.ui.widgets.details_list import DetailEntry

_DETAIL: Final = 200
_VALUE: Final = 2_000
_ARROW: Final = "  \u2192  "
_NO_COINS: Final[Coins] = MappingProxyType({})
_VERBS: Final = ("inserted", "changed", "removed", "inserted or changed")
_PEOPLE: Final = frozenset({"person", "owner", "owner_id", "user_id", "recipient", "recipient_id"})
_TOLD_APART: Final = frozenset({"before", "after", "touched", "ids", "row", "noted"})


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry with the name of its person; ``people`` are the names of those it may speak of, by id, ``coins`` those
    of its amounts."""

    entry: AuditEntry
    person: str
    people: Mapping[int, str]
    coins: Coins = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of entries, newest first, and what a filter may ask for. ``older``: there are more behind the last."""

    rows: tuple[AuditRow, ...]
    older: bool
    people: tuple[tuple[int, str], ...]
    actions: tuple[str, ...]
    size: int
    problem: str


def read_page(
    services: ServiceSet, wanted: AuditFilter, *, before: AuditEntry | None, token: CancelToken | None = None
) -> AuditPage:
    """Worker threads only. Raises OperationCancelled, the StorageError family."""
    audit = services.audit
    found = audit.page(wanted, limit=MAX_ROWS + 1, before=before, token=token)
    found_names = person_names(services.storage, services.people, full=True)
    people = {user_id: plain_line(name, 80) for user_id, name in found_names.items()}
    coins = coins_of(services.storage, found[:MAX_ROWS], token=token)
    problem = audit.problem
    return AuditPage(
        rows=tuple(AuditRow(entry, _who(entry, people), people, coins.get(entry.id, {})) for entry in found[:MAX_ROWS]),
        older=len(found) > MAX_ROWS,
        people=tuple(sorted(people.items(), key=lambda each: each[1].casefold())),
        actions=tuple(audit.actions()),
        size=services.storage.audit.head().size,
        problem="" if problem is None else str(problem),
    )


def just_after(entry: AuditEntry) -> AuditEntry:
    """For ``before``: a page that begins with this very entry."""
    return entry._replace(id=entry.id + 1)


def action_words(action: str) -> str:
    """import.undo reads as "Import undo"; outside names stay as they are, on one line."""
    return plain_line(words(action.replace(".", " ")), 80)


def table_words(name: str) -> str:
    """The name of a table for people."""
    return words(plain_line(name, 40))


def what_changed(detail: str, people: Mapping[int, str], coins: Coins = _NO_COINS) -> str:
    """One line for the grid: which columns changed, or what else the entry says; people by their names, amounts in
    their coins."""
    facts = facts_of(detail)
    before, after = _part(facts, "before"), _part(facts, "after")

    def told(part: str, name: str) -> str:
        value = (before if part == "before" else after).get(name)
        return amount_text(value, coins.get((part, name))) or _told(name, value, people)

    if before:
        return ", ".join(f"{words(name)}: {told('before', name)} \u2192 {told('after', name)}" for name in after)
    rest = after or {name: value for name, value in facts.items() if name not in _TOLD_APART}
    first = sorted(rest, key=lambda name: name not in _PEOPLE)  # long ids would push the people out of sight
    if after:
        return ", ".join(f"{words(name)}: {told('after', name)}" for name in first)
    return ", ".join(f"{words(name)}: {_told(name, rest[name], people)}" for name in first)


def audit_facts(row: AuditRow, zone: tzinfo) -> list[DetailEntry]:
    """One entry whole: what was before and is now first, then what else it says; of people their ids too."""
    entry, people = row.entry, row.people
    facts = facts_of(entry.detail)
    before, after = _part(facts, "before"), _part(facts, "after")
    about = "" if entry.row_id is None else str(entry.row_id)
    entries = [
        DetailEntry("Time", time_text(entry.at, zone, year=True), copy=iso(entry.at)),
        DetailEntry("By", row.person, copy=""),
        DetailEntry("Table", table_words(entry.table), copy=""),
        DetailEntry("Row", _with_id(about, people) if entry.table == "users" else about, copy=about),
    ]
    for name in after:
        entries += _amounts(name, before, after, row.coins) or [_change(name, before, after, people)]
    entries += [
        DetailEntry(words(plain_line(name, 60)), _whole(name, value, people), copy=_shown(value))
        for name, value in facts.items()
        if name not in _TOLD_APART
    ]
    entries += [
        DetailEntry("Rows", "" if entry.row_id is not None and entry.rows == 1 else f"{entry.rows:,}", copy=""),
        DetailEntry("Rows by table", _touched(facts), copy=""),
        DetailEntry("Vouched for", _vouched(entry), copy=""),
        DetailEntry("Place in the log", "" if entry.leaf_index is None else f"{entry.leaf_index:,}", copy=""),
        DetailEntry("Action", entry.action),
        DetailEntry("Entry", str(entry.id)),
    ]
    return entries


def audit_columns(zone: tzinfo, zone_name: str) -> Sequence[ValueColumn[AuditRow]]:
    """Columns of the grid; times in ``zone``, which the heading names."""
    return (
        ValueColumn(
            "at", f"Time ({zone_name})", lambda row: TimeCell(time_text(row.entry.at, zone)), width=17,
            whole=lambda row: iso(row.entry.at), order=lambda row: (row.entry.at, row.entry.id),
        ),
        ValueColumn("person", "By", lambda row: TextCell(row.person), width=12, order=lambda row: row.person),
        ValueColumn(
            "action", "Action", lambda row: TextCell(action_words(row.entry.action)), width=18,
            whole=lambda row: row.entry.action, order=lambda row: row.entry.action,
        ),
        ValueColumn(
            "detail", "What changed",
            lambda row: TextCell(plain_line(what_changed(row.entry.detail, row.people, row.coins), _DETAIL)), width=30,
            whole=lambda row: row.entry.detail,
        ),
        ValueColumn(
            "table", "Table", lambda row: TextCell(table_words(row.entry.table), dim=True), width=14,
            order=lambda row: row.entry.table,
        ),
        ValueColumn(
            "rows", "Rows", lambda row: NumberCell(f"{row.entry.rows:,}"), width=6,
            whole=lambda row: str(row.entry.rows), order=lambda row: row.entry.rows, right=True,
        ),
        ValueColumn(
            "signed", "Vouched for", lambda row: TextCell(_short_vouched(row.entry), dim=True), width=10,
            order=lambda row: row.entry.attested.value,
        ),
    )  # fmt: skip


def _who(entry: AuditEntry, people: Mapping[int, str]) -> str:
    name = people.get(entry.user_id)
    if name is None:
        return plain_line(entry.login, 80) or ("the administrator" if entry.user_id == 0 else str(entry.user_id))
    return name


def _part(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = facts.get(name)
    return part if isinstance(part, dict) else {}


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any], people: Mapping[int, str]) -> DetailEntry:
    label, now = words(plain_line(name, 60)), _whole(name, after[name], people)
    if name in before:
        now = f"{_whole(name, before[name], people)}{_ARROW}{now}"
    return DetailEntry(label, now, copy=_shown(after[name]))


def _amounts(name: str, before: Mapping[str, Any], after: Mapping[str, Any], coins: Coins) -> list[DetailEntry]:
    """As people read it, then the base units that were signed; nothing for what is no amount of a known coin."""
    parts = [(part, told[name]) for part, told in (("before", before), ("after", after)) if name in told]
    shown = [amount_text(value, coins.get((part, name))) for part, value in parts]
    if not any(shown):
        return []
    raw = [_shown(value) for _, value in parts]
    label = words(plain_line(name, 60))
    return [
        DetailEntry(
            label, _ARROW.join(text or _bare(value) for text, (_, value) in zip(shown, parts, strict=True)), copy=""
        ),
        DetailEntry(f"{label} in base units", _ARROW.join(raw), copy=raw[-1]),
    ]


def _bare(units: object) -> str:
    return _shown(units) if units in (None, "") else f"{_shown(units)} base units"


def _told(name: str, value: object, people: Mapping[int, str]) -> str:
    """A fact in words: people by name, courts by title, keys by whose they are and for whom."""
    if name in _PEOPLE:
        return people.get(_id_of(value)) or _shown(value)
    if name == "court" and isinstance(value, int) and value in tuple(Court):
        return Court(value).title
    if name == "keys" and isinstance(value, list):
        return "; ".join(_key_words(each, people) for each in value)
    return _shown(value)


def _whole(name: str, value: object, people: Mapping[int, str]) -> str:
    """As ``_told``, with the ids of people."""
    return _with_id(value, people) if name in _PEOPLE else _told(name, value, people)


def _with_id(value: object, people: Mapping[int, str]) -> str:
    name = people.get(_id_of(value))
    return _shown(value) if name is None else f"{name} (id {_id_of(value)})"


def _id_of(value: object) -> int:
    """Ids beyond 2^53 are texts in JSON; -1 for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) else -1


def _key_words(key: object, people: Mapping[int, str]) -> str:
    """A court key that was wrapped: (owner, court, version, recipient)."""
    if not isinstance(key, list) or len(key) != 4:
        return _shown(key)
    owner, court, version, recipient = key
    whose, whom = (_told("owner", each, people) for each in (owner, recipient))
    return f"{_told('court', court, people)} of {whose}, number {_shown(version)}, for {whom}"


def _shown(value: object) -> str:
    if value in (None, ""):
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if isinstance(digest := value.get("sealed"), str):
            return f"sealed ({plain_line(digest, 8)})"
        if isinstance(digest := value.get("sha256"), str):
            return f"{value.get('length', '?')} characters (digest {plain_line(digest, 8)})"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return plain_line(text, _VALUE)


def _touched(facts: Mapping[str, Any]) -> str:
    said = []
    for table, counts in _part(facts, "touched").items():
        if isinstance(counts, list):
            told = [f"{count:,} {verb}" for count, verb in zip(counts, _VERBS, strict=False) if count]
            said.append(f"{table_words(table)}: {', '.join(told)}")
    return "; ".join(said)


def _vouched(entry: AuditEntry) -> str:
    match entry.attested:
        case Attestation.CLIENT:
            return "Signed by the person's device"
        case Attestation.SERVER:
            login = plain_line(entry.login, 63)
            return f"The database only{f' (login {login})' if login else ''}"
    return "Nobody: the entry is older than the log"


def _short_vouched(entry: AuditEntry) -> str:
    return {Attestation.CLIENT: "signed", Attestation.SERVER: "database", Attestation.NONE: ""}[entry.attested]
