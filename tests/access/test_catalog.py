"""What pg_catalog says after provisioning: keys that answer no question, closed doors, nothing left to PUBLIC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import psycopg
import pytest

from aether_desktop.domain.permissions import RULES, Least
from aether_desktop.domain.users import Role
from aether_desktop.storage.access.functions import CALLED_OF_OWNER
from aether_desktop.storage.access.provisioning import migrate_shared
from aether_desktop.storage.schema import METADATA
from tests.access.psql import psql
from tests.access.scene import Scene
from tests.support.postgres import PostgresCluster
from tests.support.storages import as_founder, provision

Rows = list[tuple[object, ...]]
_KEYS = """
SELECT t.relname::text, k.relname::text, i.indisunique, ARRAY(
    SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY c(number, place)
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number ORDER BY c.place)
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class k ON k.oid = i.indexrelid
JOIN pg_am a ON a.oid = k.relam AND a.amname = 'btree'  -- those of trigrams are of tables that nobody reads
WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> 'aether_schema'
"""
_REFERENCES = """
SELECT c.conrelid::regclass::text, c.conname::text, ARRAY(
    SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(number, place)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place)
FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
"""
_EVERYBODY = Least(Role.MEMBER, Role.MEMBER)
# Written by a member, these columns are proven to be their own before the key is looked at: an id lies in a range
# leased by the login, a parent must be a row of the same owner, a signing key must be registered for them
# (storage/access/policies.py); the place in the log is given by the database alone.
_PROVEN = {"id", "wallet_id", "batch_id", "annotation_id", "node_id", "key_id", "leaf_index"}


@pytest.fixture(scope="module")
def ask(scene: Scene) -> Iterator[Callable[[str], Rows]]:
    with psycopg.connect(scene.administration) as session:
        yield lambda query: session.execute(query.encode()).fetchall()


def test_every_key_begins_with_the_vault(ask: Callable[[str], Rows]) -> None:
    for table, name, _unique, columns in ask(_KEYS):
        assert isinstance(columns, list)
        assert columns[0] == ("id" if table == "vaults" else "vault_id"), (table, name)
    for table, name, columns in ask(_REFERENCES):
        assert isinstance(columns, list)
        assert columns[0] == "vault_id", (table, name)


def test_unique_rules_of_private_rows_are_about_one_person_s_rows(ask: Callable[[str], Rows]) -> None:
    """Whoever sees all rows of a table, or may not add any, learns nothing from a refusal."""
    looked = 0
    for table, name, unique, columns in ask(_KEYS):
        rule = RULES[str(table)]
        least = rule.add.own or rule.add.others
        if not unique or rule.read == _EVERYBODY or least is not Role.MEMBER:
            continue
        looked += 1
        private = {rule.owner, "row_id"} | _PROVEN  # words on a row: the row must be one's own
        assert isinstance(columns, list)
        assert private & set(columns), (table, name, columns)
    assert looked > 15


def test_every_table_is_closed_and_owned(ask: Callable[[str], Rows], scene: Scene) -> None:
    found = ask(
        "SELECT relname::text, relrowsecurity, relforcerowsecurity, relowner::regrole::text FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'aether_schema'"
    )
    owner = f"aether_{scene.tag}_owner"
    assert {row[0] for row in found} == set(METADATA.tables)
    assert {row[1:] for row in found} == {(True, True, owner)}


def test_no_role_of_ours_can_log_in_and_people_can_do_nothing_else(ask: Callable[[str], Rows], scene: Scene) -> None:
    flags = "rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    people = {person.login for person in scene.people.values() if person.login}
    roles = {
        str(name): tuple(flag)
        for name, *flag in ask(f"SELECT rolname::text, {flags} FROM pg_roles WHERE rolname LIKE 'aether_{scene.tag}%'")
    }
    assert {name for name, flag in roles.items() if flag[0]} == people
    assert {flag for name, flag in roles.items() if name in people} == {(True, False, False, False, False, False)}
    assert [name for name, flag in roles.items() if flag[2]] == [f"aether_{scene.tag}_provisioner"]
    assert not any(flag[1] or any(flag[3:]) for flag in roles.values())


def test_functions_run_for_those_they_are_for(ask: Callable[[str], Rows], scene: Scene) -> None:
    found = ask(
        "SELECT p.proname::text, p.prosecdef, coalesce(p.proconfig::text, ''), p.proowner::regrole::text,"
        f" has_function_privilege('aether_{scene.tag}_member', p.oid, 'EXECUTE'),"
        f" has_function_privilege('aether_{scene.tag}_zadokite', p.oid, 'EXECUTE')"
        " FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
    )
    members = {row[0] for row in found if row[4]}
    of_the_audit = {signature.partition("(")[0] for signature in CALLED_OF_OWNER} & {row[0] for row in found}
    assert members == {"aether_seats", "aether_vaults", "aether_tag", "aether_access_revision", *of_the_audit}
    assert "aether_audit_device" in members
    assert {row[0] for row in found if row[5]} - members == {
        "aether_create_login",
        "aether_admit_login",
        "aether_release_login",
        "aether_set_role",
        "aether_disable_login",
        "aether_enable_login",
        "aether_end_sessions",
    }
    for name, definer, settings, owner, *_ in found:
        assert owner in {f"aether_{scene.tag}_owner", f"aether_{scene.tag}_provisioner"}, name
        if definer:
            assert "search_path=" in str(settings), name
            assert str(settings).rstrip('"}').endswith("pg_temp"), name


def test_nothing_is_left_to_everybody(ask: Callable[[str], Rows]) -> None:
    assert ask("SELECT has_schema_privilege('public', 'public', 'CREATE')") == [(False,)]
    assert ask("SELECT has_database_privilege('public', current_database(), 'CONNECT')") == [(False,)]
    assert ask("SELECT has_database_privilege('public', current_database(), 'TEMPORARY')") == [(False,)]
    tables = ask(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')"
        " AND has_table_privilege('public', oid, 'SELECT')"
    )
    assert tables == []


def test_policies_ask_once_a_statement(ask: Callable[[str], Rows]) -> None:
    """A function of ours stands in a sub-select of its own; PostgreSQL then runs it once."""
    texts: Iterable[tuple[object, ...]] = ask(
        "SELECT tablename::text, coalesce(qual, '') || ' ' || coalesce(with_check, '') FROM pg_policies"
    )
    for table, text in texts:
        plain = str(text).replace("SELECT aether_vaults(", "").replace("FROM aether_seats()", "")
        assert "aether_vaults(" not in plain, table
        assert "aether_seats(" not in plain, table


def test_the_owner_of_the_database_needs_no_superuser(
    postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]
) -> None:
    """As on a rented server: CREATEROLE and the database, nothing more; and again, after a migration."""
    url = postgres_database()
    with psycopg.connect(url, autocommit=True) as session:
        name = f"keeper_{session.info.dbname[-6:]}"
        session.execute(f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'x'".encode())
        session.execute(f"ALTER DATABASE {session.info.dbname} OWNER TO {name}".encode())
        session.execute(f"ALTER SCHEMA public OWNER TO {name}".encode())
        own = postgres_cluster.url(session.info.dbname, user=name, password="x")
    first = provision(own)
    assert first.made
    again = provision(own)
    assert (again.login, again.made) == (first.login, False)
    assert migrate_shared(own)[1] == first.after
    with psycopg.connect(as_founder(url)) as founder:
        assert founder.execute("SELECT count(*) FROM vaults").fetchone() == (1,)
        refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with refused:
            founder.execute("CREATE TABLE mine (id int)")


def test_a_vault_from_before_provisioning_is_adopted(postgres_database: Callable[..., str]) -> None:
    """Tables of the administrator's own and a founder without a login of their own, as the first version left them."""
    url = postgres_database()
    migrate_shared(url)
    with psycopg.connect(url) as session:
        session.execute("INSERT INTO vaults (id, name, created_at) VALUES (7, 'Old', 0)")
        session.execute(
            "INSERT INTO users (vault_id, id, owner_id, version, created_at, username, username_fold, role, membership,"
            " active) VALUES (7, 8, 8, 1, 0, 'miriam', 'miriam', 'zadokite', 'governing', true)"
        )
        session.execute(
            "INSERT INTO vault_members (vault_id, user_id, role, login, joined_at)"
            " VALUES (7, 8, 'zadokite', session_user, 0)"
        )
    done = provision(url, name="New", username="somebody")
    assert (done.vault_name, done.made) == ("Old", True)
    assert done.login.endswith("_u_miriam")
    with psycopg.connect(as_founder(url)) as founder:
        assert founder.execute("SELECT name FROM vaults").fetchall() == [("Old",)]


def test_what_was_loosened_is_tightened_again(own_scene: Scene) -> None:
    with psycopg.connect(own_scene.administration, autocommit=True) as session:
        for statement in (
            "ALTER TABLE wallets DISABLE ROW LEVEL SECURITY",
            'CREATE POLICY "all mine" ON payments USING (true)',
            "DROP POLICY aether_owner ON currencies",
            "GRANT ALL ON audit_entries TO PUBLIC",
            "GRANT EXECUTE ON FUNCTION aether_settle_login(text) TO PUBLIC",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
            "DROP TRIGGER aether_follow_member ON vault_members",
        ):
            session.execute(statement.encode())
    others = f"SELECT count(*) FROM wallets WHERE owner_id <> {own_scene.people['mara'].user_id};"
    assert psql(own_scene.url("mara"), others).out.strip() != "0"
    migrate_shared(own_scene.administration)
    said = psql(
        own_scene.url("mara"),
        f"{others} SELECT count(DISTINCT owner_id) FROM payments;"
        " UPDATE audit_entries SET action = 'x'; SELECT aether_settle_login('x'); CREATE TABLE mine (id int);",
    )
    assert said.out.split() == ["0", "1"]
    assert said.err.count("permission denied") == 3
    with psycopg.connect(own_scene.administration) as session:
        trigger = "SELECT count(*) FROM pg_trigger WHERE tgname = 'aether_follow_member'"
        assert session.execute(trigger.encode()).fetchone() == (1,)
