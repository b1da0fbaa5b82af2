"""Grants and row policies, made of domain/permissions.py and the tables' metadata. Anything not listed is refused.

Policies ask ``session_user``, which SET ROLE does not change, through functions in parentheses ``(SELECT f())``, so
that they run once a statement and not once a row. Whoever reads the whole vault is served by the first test alone.
"""
# ruff: noqa: S608 - every name comes from the metadata or the rules

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Table

from aether_desktop.domain.permissions import EVERYBODY, RANKS, RULES, SQL_NAMES, Least, TableRule, Verb
from aether_desktop.domain.times import to_micros
from aether_desktop.domain.users import Role
from aether_desktop.storage.access.names import AccessNames
from aether_desktop.storage.identifiers import CLIENT_BITS, CLIENTS, EPOCH, SEQUENCE_BITS
from aether_desktop.storage.schema import METADATA

_SQL_VERBS: Final = {Verb.READ: "SELECT", Verb.ADD: "INSERT", Verb.CHANGE: "UPDATE", Verb.REMOVE: "DELETE"}
_KEYS: Final = frozenset({"vault_id", "id", "created_at"})
_NOW: Final = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint"
_EPOCH_US: Final = to_micros(EPOCH)  # ids count milliseconds from there
_TIME_BITS: Final = CLIENT_BITS + SEQUENCE_BITS  # of an id stand below its time


def _owner_of_row() -> str:
    cases = " ".join(
        f"WHEN '{name.value}' THEN (SELECT r.{RULES[table].owner} FROM public.{table} r"
        " WHERE r.vault_id = annotations.vault_id AND r.id = annotations.row_id)"
        for name, table in SQL_NAMES.items()
    )
    return f"(detached OR owner_id = CASE table_name {cases} END)"


# Further conditions on what is written. Words on a row belong to its owner; who signs an entry signs with a key of
# their own; nobody performs a covenant as somebody else; a client number is taken over only when its holder gave it
# back or let it expire.
_WRITTEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "annotations": _owner_of_row(),
        "id_clients": "login = session_user::text",
        "node_covenants": ("(vault_id, performer_id) IN (SELECT s.vault_id, s.user_id FROM public.aether_seats() s)"),
        "audit_entries": (
            "(key_id IS NULL OR EXISTS (SELECT 1 FROM public.audit_devices d WHERE d.vault_id = audit_entries.vault_id"
            " AND d.user_id = audit_entries.user_id AND d.key_id = audit_entries.key_id))"
        ),
    }
)
_CHANGED: Final[Mapping[str, str]] = MappingProxyType(
    {"id_clients": f"(login = session_user::text OR released_at IS NOT NULL OR expires_at <= {_NOW})"}
)


def in_vaults(role: Role) -> str:
    """Rows of the vaults in which this person has at least ``role``."""
    return f"vault_id = ANY ((SELECT public.aether_vaults('{role.value}'))::bigint[])"


def belongs(owner: str, *, alias: str = "") -> str:
    """Rows of this person."""
    dot = f"{alias}." if alias else ""
    return f"({dot}vault_id, {dot}{owner}) IN (SELECT s.vault_id, s.user_id FROM public.aether_seats() s)"


def condition(table: str, rule: TableRule, least: Least) -> str | None:
    """Which rows; None: none."""
    parts = []
    if least.others is not None:
        parts.append(in_vaults(least.others))
    if least.own is not None and least.own is not least.others and not rule.common:
        own = _own(table, rule)
        parts.append(own if least.own is Role.MEMBER else f"({in_vaults(least.own)} AND {own})")
    if not parts:
        return None
    if rule.groups:
        nobody = (
            f"NOT EXISTS (SELECT 1 FROM public.users u WHERE u.vault_id = {table}.vault_id AND u.id = {table}.owner_id)"
        )
        parts.append(f"({in_vaults(Role.ZADOKITE)} AND {nobody})")
    text = " OR ".join(parts)
    return text.replace("vault_id = ANY", "id = ANY") if table == "vaults" else text


def _own(table: str, rule: TableRule) -> str:
    if rule.parent is None:
        return belongs(rule.owner)
    column, parent = rule.parent
    inside = belongs(RULES[parent].owner, alias="p")
    return (
        f"EXISTS (SELECT 1 FROM public.{parent} p WHERE p.vault_id = {table}.vault_id AND p.id = {table}.{column}"
        f" AND {inside})"
    )


def changeable(table: Table, rule: TableRule) -> Mapping[Role, tuple[str, ...]]:
    """The columns that may be changed, by the lowest role that may."""
    if rule.columns is not None:
        return rule.columns
    fixed = _KEYS | {rule.owner} | {column.name for column in table.primary_key}
    role = lowest(rule.change)
    return (
        {role: tuple(column.name for column in table.columns if column.name not in fixed)} if role is not None else {}
    )


def lowest(least: Least) -> Role | None:
    """The lowest role that may do it with any row."""
    roles = [role for role in (least.own, least.others) if role is not None]
    return min(roles, key=RANKS.index) if roles else None


def statements(names: AccessNames) -> Iterator[str]:
    """To run as the owner of the tables; running them again changes nothing."""
    for _, table in sorted(METADATA.tables.items()):
        yield from _of_table(table, names)


def _of_table(table: Table, names: AccessNames) -> Iterator[str]:
    name = table.name
    rule = RULES.get(name)
    yield f"ALTER TABLE public.{name} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE public.{name} FORCE ROW LEVEL SECURITY"
    yield f"REVOKE ALL ON public.{name} FROM PUBLIC, {names.provisioner}, {', '.join(names.groups)}"
    yield f"CREATE POLICY aether_owner ON public.{name} TO {names.owner} USING (true) WITH CHECK (true)"
    if rule is None:
        return
    for verb in _SQL_VERBS:
        rows = condition(name, rule, rule.least(verb))
        role = lowest(rule.least(verb))
        if rows is None or role is None:
            continue
        yield from _grants(table, rule, verb, role, names)
        written = " AND ".join(f"({part})" for part in (rows, *_checks(table, rule, verb)))
        yield (
            f"CREATE POLICY aether_{verb.value} ON public.{name} FOR {_SQL_VERBS[verb]} TO {names.everybody} "
            + _clauses(name, verb, rows, written)
        )


def _grants(table: Table, rule: TableRule, verb: Verb, role: Role, names: AccessNames) -> Iterator[str]:
    if verb is not Verb.CHANGE:
        given = f" ({', '.join(rule.given)})" if verb is Verb.ADD and rule.given else ""
        yield f"GRANT {_SQL_VERBS[verb]}{given} ON public.{table.name} TO {names.group(role)}"
        return
    for holder, named in changeable(table, rule).items():
        columns = [name for name in named if name in table.columns]
        yield f"GRANT UPDATE ({', '.join(columns)}) ON public.{table.name} TO {names.group(holder)}"


def _clauses(table: str, verb: Verb, rows: str, written: str) -> str:
    if verb is Verb.ADD:
        return f"WITH CHECK ({written})"
    if verb is Verb.CHANGE:
        extra = f" AND {_CHANGED[table]}" if table in _CHANGED else ""
        return f"USING (({rows}){extra}) WITH CHECK ({written})"
    return f"USING ({rows})"


def _checks(table: Table, rule: TableRule, verb: Verb) -> Iterator[str]:
    """What a written row must satisfy beyond being one's own."""
    if verb not in {Verb.ADD, Verb.CHANGE}:
        return
    yield from _references(table, rule)
    if table.name in _WRITTEN:
        yield _WRITTEN[table.name]
    if verb is Verb.ADD and "id" in table.columns and rule.add.own is Role.MEMBER and rule.read != EVERYBODY:
        yield _own_number(table.name)


def _references(table: Table, rule: TableRule) -> Iterator[str]:
    """A row refers only to rows of its own owner: a foreign key alone would say which hidden rows there are."""
    for key in sorted(table.foreign_key_constraints, key=lambda rule: tuple(rule.column_keys)):
        column, target = key.column_keys[-1], key.referred_table
        goal = RULES.get(target.name)
        if column in {"vault_id", "owner_id", rule.owner} or target.name == "users" or goal is None or not goal.owner:
            continue
        same_owner = f" AND t.{goal.owner} = {table.name}.{rule.owner}" if rule.owner else ""
        exists = (
            f"EXISTS (SELECT 1 FROM public.{target.name} t WHERE t.vault_id = {table.name}.vault_id"
            f" AND t.id = {table.name}.{column}{same_owner})"
        )
        yield f"({column} IS NULL OR {exists})" if table.columns[column].nullable else exists


def _own_number(table: str) -> str:
    """New ids lie in a range leased by this login: a taken id would tell that a hidden row exists.

    Whoever sees the whole vault learns nothing by it and is not asked.
    """
    return (
        f"({in_vaults(Role.LEVITE)} OR EXISTS (SELECT 1 FROM public.id_clients c"
        f" WHERE c.vault_id = {table}.vault_id AND c.number = (({table}.id >> {SEQUENCE_BITS}) & {CLIENTS - 1})"
        " AND c.login = session_user::text"
        f" AND {table}.id >> {_TIME_BITS} >= (c.starts_at - {_EPOCH_US}) / 1000"
        f" AND {table}.id >> {_TIME_BITS} < (c.expires_at - {_EPOCH_US}) / 1000))"
    )
