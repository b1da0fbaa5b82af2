"""Looking for a fragment on a shared database tells nobody of rows that they may not read."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.access.scene import OTHER, Scene, make_scene
from tests.support.postgres import PostgresCluster

PEOPLE = ("mara", OTHER, "levi", "zadok")
HASH = "0x" + "c0ffee" * 10 + "{:04x}"


@pytest.fixture(scope="module")
def written(postgres_cluster: PostgresCluster) -> Iterator[Scene]:
    """Everybody has a row with a hash, an address, words and a label that only differ in the end."""
    scene = make_scene(postgres_cluster)
    with psycopg.connect(scene.administration) as administration:
        for number, name in enumerate(PEOPLE):
            keys = scene.people[name].keys
            administration.execute(
                "UPDATE transactions SET tx_hash = %s, counterparty = %s, description = %s WHERE id = %s",
                (HASH.format(number), f"party-{number}", f"Bread {number}", keys["transactions"]["id"]),
            )
            words = (f"Offering {number}", keys["annotations"]["id"])
            administration.execute("UPDATE annotations SET label = %s WHERE id = %s", words)
        administration.execute("SELECT aether_search_settle(%s, 100000)", (scene.vault_id,))
        left = "SELECT count(*) FROM search_marks WHERE vault_id = %s"
        assert administration.execute(left, (scene.vault_id,)).fetchone() == (0,)
    yield scene
    postgres_cluster.drop_database(scene.administration.rpartition("/")[2])


def found(scene: Scene, name: str, kind: int, part: str) -> set[int]:
    with psycopg.connect(scene.url(name)) as person:
        rows = person.execute(
            "SELECT row_id FROM aether_search(%s, %s, %s, 100)", (scene.vault_id, [kind], [part])
        ).fetchall()
    return {row_id for (row_id,) in rows}


@pytest.mark.parametrize(
    ("kind", "table", "part"), [(1, "transactions", "FFEEc0"), (2, "transactions", "bread"), (3, "annotations", "ffer")]
)
def test_a_member_finds_their_own_rows_and_others_all(written: Scene, kind: int, table: str, part: str) -> None:
    every = {written.people[name].keys[table]["id"] for name in PEOPLE}
    for name in PEOPLE:
        own = {written.people[name].keys[table]["id"]}
        assert found(written, name, kind, part) == (own if name in {"mara", OTHER} else every)


def test_addresses_of_hidden_rows_are_not_told(written: Scene) -> None:
    told = {}
    for name in ("mara", "levi"):
        with psycopg.connect(written.url(name)) as person:
            asked = "SELECT value FROM aether_search_addresses(%s, %s, 100)"
            told[name] = {value for (value,) in person.execute(asked, (written.vault_id, ["party"])).fetchall()}
    assert told["mara"] == {"party-0"}
    assert told["levi"] == {"party-0", "party-1", "party-2", "party-3"}


def test_marks_of_others_are_hidden_and_settled_all_the_same(written: Scene) -> None:
    hers = written.people[OTHER].keys["transactions"]["id"]
    with psycopg.connect(written.url(OTHER)) as naomi, psycopg.connect(written.url("mara")) as mara:
        naomi.execute("UPDATE transactions SET description = 'Bread and wine' WHERE id = %s", (hers,))
        naomi.commit()
        assert mara.execute("SELECT count(*) FROM search_marks").fetchone() == (0,)
        assert naomi.execute("SELECT count(*) FROM search_marks").fetchone() == (1,)
        naomi.commit()
        assert mara.execute("SELECT aether_search_settle(%s, 10)", (written.vault_id,)).fetchone() == (1,)
        mara.commit()
    assert found(written, "mara", 2, "wine") == set()
    assert found(written, OTHER, 2, "wine") == {hers}


def test_a_check_and_a_new_beginning_are_about_one_s_own_rows(written: Scene) -> None:
    with psycopg.connect(written.url("mara")) as mara:
        mara.execute("SELECT aether_search_mark_all(%s)", (written.vault_id,))
        own = mara.execute("SELECT count(DISTINCT owner_id) FROM search_marks").fetchone()
        assert own == (1,)
        mara.rollback()
    assert len(found(written, "levi", 3, "ffer")) == len(PEOPLE)


def test_what_the_functions_ask_is_served_by_the_trigrams(written: Scene) -> None:
    """Under forced row security, as the owner of the tables, whose rights the functions have."""
    asked = {
        "ix_search_texts_keys": "SELECT row_id FROM search_texts x"
        " WHERE aether_search_keys(x.kind, x.owner_id, x.body) @> aether_search_keys(2, 5, 'bread')",
        "ix_search_parties_keys": "SELECT value FROM search_parties p"
        " WHERE aether_search_keys(12, p.owner_id, lower(p.value)) @> aether_search_keys(12, 5, 'party')",
    }
    with psycopg.connect(written.administration) as session:
        session.execute(f"SET ROLE aether_{written.tag}_owner".encode())
        session.execute("SET enable_seqscan = off")
        for index, question in asked.items():
            plan = session.execute(f"EXPLAIN {question}".encode()).fetchall()
            assert any(f"Bitmap Index Scan on {index}" in line for (line,) in plan), plan
