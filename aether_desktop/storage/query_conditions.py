"""Terms of a filter to SQL conditions. Values only ever travel as parameters; columns come from an allow-list.

Every condition is true or false, never NULL: a negated term finds exactly the rows the term itself does not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, bindparam, false, not_, or_, select, true, tuple_

from aether_desktop.domain.amounts import InvalidAmountError
from aether_desktop.domain.text import fold as fold_name
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import InvalidInputError, PermissionDeniedError
from aether_desktop.ports.notes import NoteSeals, WordToken
from aether_desktop.ports.queries import Comparison, Term
from aether_desktop.ports.query_language import NO, ORDERED_KINDS, ORDERING, YES, choice_form
from aether_desktop.ports.tables import ColumnKind
from aether_desktop.storage.columns import figure_rank
from aether_desktop.storage.query_drives import TermPlan, drive_of
from aether_desktop.storage.query_identifiers import address_condition, contains, exact_texts, hash_condition
from aether_desktop.storage.query_search import search_drive
from aether_desktop.storage.query_times import read_interval
from aether_desktop.storage.schema import ANNOTATIONS, NOTE_WORDS
from aether_desktop.storage.search_index import SearchIndex
from aether_desktop.storage.stores.records import require_storable
from aether_desktop.storage.sums import fold
from aether_desktop.storage.window_columns import ColumnSource, TablePlan

MAX_TERMS = 64
MAX_VALUE = 2_000  # characters; SQLite refuses LIKE patterns beyond 50 000 bytes
_INT64 = 2**63
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?\Z", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}\Z", re.ASCII)
_Compare = Callable[[ColumnElement[Any], Comparison], ColumnElement[bool]]


def term_conditions(
    plan: TablePlan, terms: Sequence[Term], now: datetime, notes: NoteSeals | None = None
) -> list[ColumnElement[bool]]:
    """All of which must hold. ``now`` gives relative times their meaning, ``notes`` finds sealed notes by their words.

    Raises InvalidInputError naming the field: unknown, not comparable that way, or a value it cannot have; what
    ``notes.tokens`` does where a term asks for the note.
    """
    if len(terms) > MAX_TERMS:
        raise InvalidInputError(f"A filter has at most {MAX_TERMS} terms; this has {len(terms)}.", field="filter")
    return [_condition(plan, term, now, notes) for term in terms]


def term_plans(
    plan: TablePlan,
    terms: Sequence[Term],
    now: datetime,
    notes: NoteSeals | None = None,
    search: SearchIndex | None = None,
) -> list[TermPlan]:
    """The same terms with how they are tested in rows found otherwise, and how an index finds their rows.

    ``search`` finds fragments; without it they are met on a walk.

    Raises as ``term_conditions``.
    """
    conditions = term_conditions(plan, terms, now, notes)
    tested = term_conditions(plan.tested(), terms, now, notes)
    plans = []
    for term, condition, test in zip(terms, conditions, tested, strict=True):
        drive = drive_of(plan, term, condition)
        fragment = drive is None or not term.field or _source(plan, term.field).spec.kind is ColumnKind.TEXT
        if fragment and search is not None:
            # whole values and beginnings have an index of their own, other fragments have their trigrams
            drive = search_drive(search, plan, term, test, _sealed_part(plan, term, notes)) or drive
        plans.append(TermPlan(condition, test, drive))
    return plans


def _sealed_part(plan: TablePlan, term: Term, notes: NoteSeals | None) -> ColumnElement[bool] | None:
    """What a term says of sealed notes, in words that are not tested but asked."""
    if notes is None or term.negated or not term.value:
        return None
    if not term.field:
        return _sealed_words(plan, term.value, notes)
    is_note = _source(plan, term.field).spec.key == "note"
    return _with_words(plan, notes.tokens(term.value)) if is_note else None


def _condition(plan: TablePlan, term: Term, now: datetime, notes: NoteSeals | None) -> ColumnElement[bool]:
    field = term.field or "filter"
    if len(term.value) > MAX_VALUE:
        raise InvalidInputError(f"A value has at most {MAX_VALUE} characters.", field=field)
    require_storable(field, term.value)
    if not term.field:
        condition = _words_condition(plan, term.value, notes)
    elif notes is not None and term.value and _source(plan, term.field).spec.key == "note":
        condition = _note_condition(plan, term, notes)
    else:
        condition = _field_condition(plan, term, now)
    return not_(condition) if term.negated else condition


def _field_condition(plan: TablePlan, term: Term, now: datetime) -> ColumnElement[bool]:
    source = _source(plan, term.field)
    spec, comparison = source.spec, term.comparison
    if comparison is Comparison.NOT_EQUAL:
        positive = Term(term.field, Comparison.EQUAL, term.value)
        return not_(_field_condition(plan, positive, now))
    if comparison in ORDERING and spec.kind not in ORDERED_KINDS:
        raise InvalidInputError(
            f"{spec.title} has no order to compare by.", field=spec.key, hint=f"Use {spec.key}: or {spec.key}="
        )
    if not term.value and spec.kind not in (ColumnKind.CHOICE, ColumnKind.BOOLEAN):
        if comparison in ORDERING:
            raise InvalidInputError(f"{spec.title} needs a value to compare with.", field=spec.key)
        return not_(source.filled())
    if spec.kind in (ColumnKind.TIME, ColumnKind.DATE):
        return _moment(source, comparison, term.value, now)
    if spec.kind in (ColumnKind.ADDRESS, ColumnKind.HASH):
        return _identifier(plan, source, comparison, term.value)
    return _VALUES[spec.kind](source, comparison, term.value)


def _source(plan: TablePlan, name: str) -> ColumnSource:
    try:
        source = plan.sources[plan.spec.column(name.lower()).key]
    except KeyError:
        source = None
    if source is None or not source.spec.filterable:
        known = ", ".join(column.key for column in plan.spec.columns if column.filterable)
        raise InvalidInputError(
            f"{plan.spec.title} cannot be filtered by {name[:60]!r}.", field=name[:60], hint=f"Fields: {known}."
        )
    return source


def _note_condition(plan: TablePlan, term: Term, notes: NoteSeals) -> ColumnElement[bool]:
    """Sealed notes by all of the whole words; those that still wait to be sealed by any fragment."""
    source = _source(plan, term.field)
    tokens = notes.tokens(term.value)
    if term.comparison is not Comparison.HAS or not tokens:
        raise InvalidInputError(
            "Notes of a shared database are sealed; they are found by whole words only.",
            field="note",
            hint="Write note: and one or more whole words.",
        )
    return or_(source.matching(lambda column: contains(column, term.value)), _with_words(plan, tokens))


def _with_words(plan: TablePlan, tokens: Sequence[Sequence[WordToken]]) -> ColumnElement[bool]:
    words = NOTE_WORDS.c
    found = []
    for of_word in tokens:
        pairs = tuple_(words.owner_id, words.token).in_([tuple(each) for each in of_word])
        ids = select(words.annotation_id).where(words.vault_id == plan.vault_id, pairs)
        found.append(ANNOTATIONS.c.id.in_(ids))
    link = plan.sources["note"].link
    return false() if link is None else link.holding(and_(*found))


def _sealed_words(plan: TablePlan, text: str, notes: NoteSeals) -> ColumnElement[bool] | None:
    """None where there is nothing to look for: no word, or no key of anybody's notes."""
    try:
        tokens = notes.tokens(text)
    except (LevelLockedError, PermissionDeniedError):
        return None
    return _with_words(plan, tokens) if tokens else None


def _words_condition(plan: TablePlan, text: str, notes: NoteSeals | None) -> ColumnElement[bool]:
    """The word anywhere in what people wrote, in names, hashes and addresses; in sealed notes a whole word."""
    if not text:
        return true()
    found = []
    if notes is not None and (sealed := _sealed_words(plan, text, notes)) is not None:
        found.append(sealed)
    for key in plan.words:
        source = plan.sources[key]
        if source.spec.kind in (ColumnKind.ADDRESS, ColumnKind.HASH):
            found.append(_identifier(plan, source, Comparison.HAS, text))
        elif source.spec.kind is ColumnKind.TAGS:
            found.append(source.matching(lambda column: contains(column, fold_name(text))))
        else:
            found.append(source.matching(lambda column: contains(column, text)))
    return or_(*found)


# -- by kind of column -------------------------------------------------------------------------------------------


def _text_condition(source: ColumnSource, comparison: Comparison, value: str) -> ColumnElement[bool]:
    if comparison is Comparison.HAS:
        return source.matching(lambda column: contains(column, value))
    elsewhere = source.link is not None and source.spec.key != "label"  # names of the few wallets, coins and methods
    if source.folded is None or source.few or elsewhere:
        return source.matching(lambda column: fold(column) == fold(_text(value)))
    held = source.as_held(value)
    return replace(source, compared=source.folded).matching(lambda column: column == held)


def _tags(source: ColumnSource, _comparison: Comparison, value: str) -> ColumnElement[bool]:
    """The whole tag, in any case."""
    return source.matching(lambda column: column == fold_name(value.strip()))


def _choice(source: ColumnSource, _comparison: Comparison, value: str) -> ColumnElement[bool]:
    choice = {choice_form(name): name for name in source.spec.choices}.get(choice_form(value))
    if choice is not None:
        return source.matching(lambda column: column == choice)
    raise InvalidInputError(
        f"{source.spec.title} is never {value[:60]!r}.",
        field=source.spec.key,
        hint=f"Possible: {', '.join(source.spec.choices)}.",
    )


def _boolean(source: ColumnSource, _comparison: Comparison, value: str) -> ColumnElement[bool]:
    wanted = value.strip().casefold()
    if wanted not in YES | NO:
        raise InvalidInputError(
            f"{source.spec.title} is yes or no, not {value[:60]!r}.", field=source.spec.key, hint="Possible: yes, no."
        )
    return source.matching(lambda column: column == (wanted in YES))


def _amount(source: ColumnSource, comparison: Comparison, value: str) -> ColumnElement[bool]:
    """By the figure that people see, whatever the currency's decimals."""
    text = value.strip()
    try:
        if "," in text and not _GROUPED.match(text.lstrip("+")):
            raise InvalidAmountError("A comma separates thousands only; use a decimal point.")
        rank = figure_rank(text)
    except InvalidAmountError as error:
        raise _not_a(source, "an amount", value, error.reason) from error
    return source.matching(lambda column: _ORDERED_SQL[comparison](column, rank))


def _integer(source: ColumnSource, comparison: Comparison, value: str) -> ColumnElement[bool]:
    text = value.strip().replace(",", "")
    if not _INTEGER.match(text) or not -_INT64 <= int(text) < _INT64:
        raise _not_a(source, "a whole number", value)
    return source.matching(lambda column: _ORDERED_SQL[comparison](column, int(text)))


def _number(source: ColumnSource, comparison: Comparison, value: str) -> ColumnElement[bool]:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _not_a(source, "a number", value)
    return source.matching(lambda column: _ORDERED_SQL[comparison](column, number))


def _moment(source: ColumnSource, comparison: Comparison, value: str, now: datetime) -> ColumnElement[bool]:
    """A time given as a day, month or year means all of it: later than 2020 begins in 2021."""
    try:
        interval = read_interval(value, now)
    except ValueError as error:
        raise _not_a(source, "a time", value, str(error)) from error
    start: datetime | date = interval.start
    end: datetime | date | None = interval.end
    if source.spec.kind is ColumnKind.DATE:
        if not interval.whole_days:
            raise _not_a(source, "a day", value, "Leave the time of day out.")
        start, end = interval.start.date(), interval.end.date() if interval.end else None

    def compare(column: ColumnElement[Any]) -> ColumnElement[bool]:
        if comparison is Comparison.LESS:
            return column < start
        if comparison is Comparison.AT_LEAST:
            return column >= start
        if comparison is Comparison.GREATER:
            return false() if end is None else column >= end
        before_end = true() if end is None else column < end
        return before_end if comparison is Comparison.AT_MOST else and_(column >= start, before_end)

    return source.matching(compare)


def _identifier(plan: TablePlan, source: ColumnSource, comparison: Comparison, value: str) -> ColumnElement[bool]:
    """Addresses and hashes; the name of an own wallet stands for its address."""
    text = value.strip()
    if comparison is not Comparison.HAS:
        return source.matching(lambda column: exact_texts(plan, source.spec.kind, column, text))
    if source.spec.kind is ColumnKind.HASH:
        return source.matching(lambda column: hash_condition(column, text))
    return source.matching(lambda column: address_condition(plan, column, text))


def _not_a(source: ColumnSource, what: str, value: str, reason: str = "") -> InvalidInputError:
    return InvalidInputError(
        f"{source.spec.title} is compared with {what}; {value[:60]!r} is none.", field=source.spec.key, hint=reason
    )


def _text(value: str) -> ColumnElement[str]:
    return bindparam(None, value, type_=Text(), unique=True)


_ORDERED_SQL: Mapping[Comparison, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    Comparison.HAS: lambda column, value: column == value,
    Comparison.EQUAL: lambda column, value: column == value,
    Comparison.LESS: lambda column, value: column < value,
    Comparison.AT_MOST: lambda column, value: column <= value,
    Comparison.GREATER: lambda column, value: column > value,
    Comparison.AT_LEAST: lambda column, value: column >= value,
}
_VALUES: Mapping[ColumnKind, Callable[[ColumnSource, Comparison, str], ColumnElement[bool]]] = {
    ColumnKind.TEXT: _text_condition,
    ColumnKind.TAGS: _tags,
    ColumnKind.CHOICE: _choice,
    ColumnKind.BOOLEAN: _boolean,
    ColumnKind.AMOUNT: _amount,
    ColumnKind.INTEGER: _integer,
    ColumnKind.NUMBER: _number,
}
