"""Every role, table and verb through psql with the person's own login: allowed and refused as written in matrix.csv."""

from __future__ import annotations

import pytest

from aether_desktop.domain.permissions import RANKS, RULES, Verb, least_role, refusal, title
from aether_desktop.domain.users import Role
from aether_desktop.storage.schema import METADATA
from tests.access.matrix import cells, expected, outcomes, read_file, script
from tests.access.psql import psql
from tests.access.scene import ROLES, Scene


def test_every_table_has_rules() -> None:
    """A new table is closed to everybody until somebody decides."""
    assert set(RULES) >= set(METADATA.tables)


def test_the_file_says_what_the_rules_say() -> None:
    kept = read_file()
    wanted = {
        (cell.table, cell.verb.value, cell.whose): {
            role.value: "yes" if expected(cell, role) else "no" for role in RANKS
        }
        for cell in cells()
    }
    assert set(kept) == set(wanted)
    assert {key: {role.value: row[role.value] for role in RANKS} for key, row in kept.items()} == wanted


@pytest.mark.parametrize("name", ROLES)
def test_psql_finds_the_matrix(name: str, scene: Scene) -> None:
    role, person = ROLES[name], scene.people[name]
    said = psql(scene.url(name), script(scene, person, role))
    found = outcomes(said.out)
    kept = read_file()
    wrong = {}
    tried = [cell for cell in cells() if cell.table in METADATA.tables]
    for cell in tried:
        wanted = kept[(cell.table, cell.verb.value, cell.whose)][role.value] == "yes"
        allowed, figures = found[cell.name]
        if allowed is not wanted:
            wrong[cell.name] = (f"wanted {wanted}", figures)
    assert not wrong, said.err[-3000:]
    assert len(found) == len(tried)


@pytest.mark.parametrize("role", Role)
def test_every_refusal_says_why(role: Role) -> None:
    for cell in cells():
        own = cell.whose == "own"
        why = refusal(cell.verb, cell.table, own=own, role=role)
        assert (why is None) is expected(cell, role)
        if why is None:
            continue
        assert RULES[cell.table].noun in why.rule
        needed = least_role(cell.verb, cell.table, own=own)
        if needed is not None:
            assert title(needed) in why.rule
            assert title(role) in why.rule
            assert "Zadokite" in why.lift
        assert why.rule.endswith(".")
        assert why.lift.endswith(".")


def test_nobody_changes_the_audit() -> None:
    for verb in (Verb.CHANGE, Verb.REMOVE, Verb.EMPTY):
        for own in (True, False):
            assert least_role(verb, "audit_entries", own=own) is None
    why = refusal(Verb.CHANGE, "audit_entries", own=True)
    assert why is not None
    assert "worth reading" in why.lift
