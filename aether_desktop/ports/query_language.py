"""The typed query: ``amount>1 status:pending label:"the rent" -tag:old date<2020-01-01 sort:-date archived:yes``.

Space-separated terms, all of which must hold. A term is ``field:value`` (or ``= != < <= > >= ≤ ≥``) or a free word; a
leading ``-`` negates it. Values and words with spaces stand in quotation marks, where a backslash makes the next
character literal. ``sort:`` and ``archived:`` are settings of the query, not conditions. Pure; any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import QuerySyntaxError
from aether_desktop.ports.queries import ArchivedRows, Comparison, Sort, TableQuery, Term
from aether_desktop.ports.tables import TABLES, ColumnKind, ColumnSpec, TableSpec

YES = frozenset({"yes", "true", "1"})
NO = frozenset({"no", "false", "0"})

_FIELD = re.compile(r"([^\W\d]\w*)(:|!=|<=|>=|≤|≥|=|<|>)")
_OPERATOR = re.compile(r":|!=|<=|>=|≤|≥|=|<|>")
_SYNONYMS = {"≤": Comparison.AT_MOST, "≥": Comparison.AT_LEAST}
ORDERED_KINDS = frozenset({ColumnKind.AMOUNT, ColumnKind.TIME, ColumnKind.DATE, ColumnKind.INTEGER, ColumnKind.NUMBER})
ORDERING = frozenset({Comparison.LESS, Comparison.AT_MOST, Comparison.GREATER, Comparison.AT_LEAST})
_SORT, _ARCHIVED = "sort", "archived"
_ARCHIVED_WORDS = {"no": ArchivedRows.HIDDEN, "yes": ArchivedRows.INCLUDED, "only": ArchivedRows.ONLY}
_ARCHIVED_TEXTS = {value: word for word, value in _ARCHIVED_WORDS.items()}


class _Token(NamedTuple):
    """One term as written; ``position`` is where it begins, ``value_position`` where its value does."""

    position: int
    negated: bool
    field: str
    operator: str
    value: str
    value_position: int


@dataclass(frozen=True, slots=True)
class Span:
    """The characters [start, end) of a query that a completion replaces."""

    start: int
    end: int


def parse_table_query(text: str, table: TableName) -> TableQuery:
    """A query, aliases resolved to column keys. Raises QuerySyntaxError with the position."""
    spec = TABLES[table]
    query = TableQuery(table)
    terms: list[Term] = []
    for token in _tokens(text):
        if token.field == _SORT:
            query = replace(query, sort=_parse_sort(token, spec))
        elif token.field == _ARCHIVED:
            query = replace(query, archived=_parse_archived(token))
        else:
            terms.append(_term(token, spec))
    return replace(query, terms=tuple(terms))


def format_query(terms: Iterable[Term]) -> str:
    """The text that ``parse_table_query`` reads back as exactly these terms."""
    return " ".join(_format_term(term) for term in terms)


def format_table_query(query: TableQuery) -> str:
    """The text that ``parse_table_query`` reads back as exactly this query, without the groups it is within."""
    parts = [format_query(query.terms)] if query.terms else []
    if query.sort:
        keys = ",".join(("-" if sort.descending else "") + sort.column for sort in query.sort)
        parts.append(f"{_SORT}:{keys}")
    if query.archived is not ArchivedRows.HIDDEN:
        parts.append(f"{_ARCHIVED}:{_ARCHIVED_TEXTS[query.archived]}")
    return " ".join(parts)


def complete(text: str, cursor: int, spec: TableSpec) -> list[str]:
    """What the term before the cursor may become, as whole terms: fields first, then a field's choices.

    ``completion_span`` says which characters they replace. Empty where nothing is known.
    """
    span = completion_span(text, cursor)
    typed = text[span.start : cursor]
    sign = "-" if typed.startswith("-") else ""
    typed = typed.removeprefix("-")
    if '"' in typed:
        return []
    match = _FIELD.match(typed)
    if match is None:
        return [sign + name for name in _field_completions(typed.casefold(), spec)]
    field, operator, begun = match.group(1), match.group(2), typed[match.end() :].casefold()
    return [f"{sign}{field}{operator}{value}" for value in _values(field, spec) if value.casefold().startswith(begun)]


def completion_span(text: str, cursor: int) -> Span:
    """The term the cursor stands in or at the end of; quotation marks hold a term together."""
    start, quoted, index = 0, False, 0
    while index < cursor:
        character = text[index]
        if quoted and character == "\\":
            index += 1
        elif character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = index + 1
        index += 1
    end = cursor
    while end < len(text) and not text[end].isspace():
        end += 1
    return Span(min(start, cursor), end)


# ------------------------------------------------------------------------------------------------------- reading


def _tokens(text: str) -> Iterator[_Token]:
    position, length = 0, len(text)
    while position < length:
        if text[position].isspace():
            position += 1
            continue
        token, position = _token(text, position)
        yield token


def _token(text: str, start: int) -> tuple[_Token, int]:
    position = start
    negated = text[position] == "-"
    if negated:
        position += 1
        if position == len(text) or text[position].isspace():
            raise QuerySyntaxError("Nothing follows the minus sign.", position=start)
    match = _FIELD.match(text, position)
    if match is None:
        if _OPERATOR.match(text, position):
            raise QuerySyntaxError(
                "A comparison needs its field directly before it, without a space.",
                position=position,
                hint='Words that begin like this stand in quotation marks, for example ">5".',
            )
        value, end = _value(text, position)
        if not value:
            raise QuerySyntaxError("There is nothing between the quotation marks.", position=position)
        return _Token(start, negated, "", ":", value, position), end
    at = match.end()
    if at == len(text) or text[at].isspace():
        raise QuerySyntaxError(
            f"A value is missing after {match.group(0)}", position=at, hint='For an empty one write "".'
        )
    value, end = _value(text, at)
    return _Token(start, negated, match.group(1).lower(), match.group(2), value, at), end


def _value(text: str, start: int) -> tuple[str, int]:
    """The value that begins at ``start``, and where it ends."""
    if text[start] != '"':
        end = start
        while end < len(text) and not text[end].isspace():
            end += 1
        return text[start:end], end
    characters: list[str] = []
    position = start + 1
    while position < len(text):
        character = text[position]
        if character == '"':
            position += 1
            if position < len(text) and not text[position].isspace():
                raise QuerySyntaxError("A space is missing after the quotation mark.", position=position)
            return "".join(characters), position
        if character == "\\":
            position += 1
            if position == len(text):
                break
            character = text[position]
        characters.append(character)
        position += 1
    raise QuerySyntaxError("The quotation mark is not closed.", position=start)


def _term(token: _Token, spec: TableSpec) -> Term:
    if not token.field:
        return Term("", Comparison.HAS, token.value, token.negated)
    column = _column(token.field, spec)
    if column is None or not column.filterable:
        raise QuerySyntaxError(
            f"{spec.title} cannot be filtered by {token.field[:60]!r}.",
            position=token.position + token.negated,
            hint=f"Fields: {', '.join(_fields(spec))}. Text with a colon stands in quotation marks.",
        )
    comparison = _SYNONYMS.get(token.operator) or Comparison(token.operator)
    if comparison in ORDERING and column.kind not in ORDERED_KINDS:
        raise QuerySyntaxError(
            f"{column.title} has no order to compare by; use {column.key}: or {column.key}=",
            position=token.value_position - len(token.operator),
        )
    _check_value(token, column)
    return Term(column.key, comparison, token.value, token.negated)


def _check_value(token: _Token, column: ColumnSpec) -> None:
    allowed: tuple[str, ...] = ()
    if column.kind is ColumnKind.CHOICE:
        allowed = column.choices
    elif column.kind is ColumnKind.BOOLEAN:
        allowed = (*sorted(YES), *sorted(NO))
    if allowed and choice_form(token.value) not in {choice_form(choice) for choice in allowed}:
        shown = ("yes", "no") if column.kind is ColumnKind.BOOLEAN else allowed
        raise QuerySyntaxError(
            f"{column.title} is never {token.value[:60]!r}.",
            position=token.value_position,
            hint=f"Possible: {', '.join(shown)}.",
        )


def choice_form(text: str) -> str:
    """Choices are compared in any case; spaces, hyphens and underscores are one."""
    return text.strip().casefold().replace(" ", "_").replace("-", "_")


def _parse_sort(token: _Token, spec: TableSpec) -> tuple[Sort, ...]:
    _plain_setting(token)
    sorts = []
    for part in token.value.split(","):
        column = _column(part.removeprefix("-").casefold(), spec)
        if column is None or not column.sortable:
            known = ", ".join(each.key for each in spec.columns if each.sortable)
            raise QuerySyntaxError(
                f"{spec.title} cannot be sorted by {part[:60]!r}.",
                position=token.value_position,
                hint=f"Columns: {known}.",
            )
        sorts.append(Sort(column.key, part.startswith("-")))
    return tuple(sorts)


def _parse_archived(token: _Token) -> ArchivedRows:
    _plain_setting(token)
    try:
        return _ARCHIVED_WORDS[token.value.casefold()]
    except KeyError:
        raise QuerySyntaxError("archived: takes yes, no or only.", position=token.value_position) from None


def _plain_setting(token: _Token) -> None:
    if token.negated or token.operator not in (":", "="):
        raise QuerySyntaxError(f"Write {token.field}:value, without a minus sign.", position=token.position)


def _column(name: str, spec: TableSpec) -> ColumnSpec | None:
    try:
        return spec.column(name)
    except KeyError:
        return None


# ------------------------------------------------------------------------------------------- writing, completing


def _format_term(term: Term) -> str:
    sign = "-" if term.negated else ""
    if not term.field:
        return sign + (_quoted(term.value) if _word_needs_quotes(term.value) else term.value)
    value = term.value
    if not value or value[0] in '"=' or any(character.isspace() for character in value):
        value = _quoted(value)
    return f"{sign}{term.field}{term.comparison.value}{value}"


def _word_needs_quotes(word: str) -> bool:
    if not word or word[0] in '-"' or any(character.isspace() for character in word):
        return True
    return _FIELD.match(word) is not None or _OPERATOR.match(word) is not None


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fields(spec: TableSpec) -> list[str]:
    return [column.key for column in spec.columns if column.filterable]


def _field_completions(begun: str, spec: TableSpec) -> list[str]:
    names: list[str] = []
    for column in spec.columns:
        if column.filterable:
            names += [f"{name}:" for name in (column.key, *column.aliases) if name.startswith(begun)]
    names += [f"{name}:" for name in (_SORT, _ARCHIVED) if name.startswith(begun)]
    return names


def _values(field: str, spec: TableSpec) -> tuple[str, ...]:
    name = field.casefold()
    if name == _ARCHIVED:
        return tuple(_ARCHIVED_WORDS)
    if name == _SORT:
        keys = [column.key for column in spec.columns if column.sortable]
        return (*keys, *(f"-{key}" for key in keys))
    column = _column(name, spec)
    if column is None:
        return ()
    return ("yes", "no") if column.kind is ColumnKind.BOOLEAN else column.choices
