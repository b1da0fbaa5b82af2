"""What somebody with psql and their own password tries, and what comes of it. {words} are the scene's names and ids."""

from __future__ import annotations

import re
from contextlib import closing
from typing import NamedTuple

import psycopg
import pytest

from aether_desktop.storage.opening import open_shared
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.sql_storage import SqlStorage
from tests.access.psql import psql
from tests.access.rows import insert_sql
from tests.access.scene import OTHER, STRANGER, VERIFIER, Scene
from tests.storage import samples

DENIED, NOT_ALLOWED_VALUE, COPY_REFUSED = "42501", "22023", "0A000"


class Attempt(NamedTuple):
    """``state`` is the SQLSTATE of the last statement; ``said`` what it printed, None: does not matter."""

    name: str
    who: str
    sql: str
    state: str = DENIED
    said: str | None = None


ROLES = [
    Attempt("a group above", "mara", "SET ROLE aether_{tag}_zadokite"),
    Attempt("the owner", "zadok", "SET ROLE aether_{tag}_owner"),
    Attempt("the provisioner", "zadok", "SET ROLE aether_{tag}_provisioner"),
    Attempt("somebody else", "zadok", "SET ROLE {founder}"),
    Attempt("somebody else's session", "zadok", "SET SESSION AUTHORIZATION {founder}"),
    Attempt("by set_config", "mara", "SELECT set_config('role', 'aether_{tag}_zadokite', false)"),
    Attempt("session by set_config", "mara", "SELECT set_config('session_authorization', '{founder}', false)"),
    Attempt("one's own group to oneself", "mara", "GRANT aether_{tag}_zadokite TO {mara}"),
    Attempt("the owner to oneself", "zadok", "GRANT aether_{tag}_owner TO {zadok}"),
    Attempt("one's group to others", "zadok", "GRANT aether_{tag}_zadokite TO {mara}"),
    Attempt("a new role", "zadok", "CREATE ROLE intruder LOGIN"),
    Attempt("superuser", "zadok", "ALTER ROLE {zadok} SUPERUSER"),
    Attempt("past row security", "zadok", "ALTER ROLE {zadok} BYPASSRLS"),
    Attempt("creating roles", "zadok", "ALTER ROLE {zadok} CREATEROLE"),
    Attempt("another's password", "zadok", "ALTER ROLE {naomi} PASSWORD 'x'"),
    Attempt("another's end", "zadok", "DROP ROLE {naomi}"),
    Attempt("owning everything", "zadok", "REASSIGN OWNED BY aether_{tag}_owner TO {zadok}"),
    Attempt("pg_read_all_data", "zadok", "GRANT pg_read_all_data TO {zadok}"),
]
RULES = [
    Attempt("security off", "zadok", "ALTER TABLE transactions DISABLE ROW LEVEL SECURITY"),
    Attempt("force off", "zadok", "ALTER TABLE transactions NO FORCE ROW LEVEL SECURITY"),
    Attempt("ownership", "zadok", "ALTER TABLE transactions OWNER TO {zadok}"),
    Attempt("a policy less", "zadok", "DROP POLICY aether_read ON transactions"),
    Attempt("a wider policy", "zadok", "ALTER POLICY aether_read ON transactions USING (true)"),
    Attempt("a policy more", "zadok", "CREATE POLICY all_mine ON transactions USING (true)"),
    Attempt("a trigger", "zadok", "CREATE TRIGGER t BEFORE INSERT ON wallets EXECUTE FUNCTION aether_hold_number()"),
    Attempt("triggers off", "zadok", "ALTER TABLE vault_members DISABLE TRIGGER ALL"),
    Attempt("replication mode", "zadok", "SET session_replication_role = replica"),
    Attempt("a rule", "zadok", "CREATE RULE r AS ON SELECT TO wallets DO INSTEAD SELECT 1"),
    Attempt("a table less", "zadok", "DROP TABLE audit_entries"),
    Attempt("an index", "zadok", "CREATE INDEX ON wallets (name)"),
    Attempt(
        "another function body",
        "zadok",
        "CREATE OR REPLACE FUNCTION aether_tag() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
    ),
    Attempt("a table in public", "zadok", "CREATE TABLE public.mine (id int)"),
    Attempt("a function in public", "zadok", "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$"),
    Attempt("a schema", "zadok", "CREATE SCHEMA mine"),
    Attempt("an exclusive lock", "mara", "BEGIN; LOCK TABLE vault_members IN ACCESS EXCLUSIVE MODE"),
    Attempt("reading past the rules", "mara", "SET row_security = off; SELECT count(*) FROM transactions"),
    Attempt(
        "ending others' sessions",
        "zadok",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aether_admin'",
    ),
]
FUNCTIONS = [
    Attempt("a member raises itself", "mara", "SELECT aether_set_role({vault}, {mara_id}, 'zadokite')"),
    Attempt("an Aaronic raises itself", "aaron", "SELECT aether_set_role({vault}, {aaron_id}, 'zadokite')"),
    Attempt("in another vault", "goliath", "SELECT aether_set_role({vault}, {mara_id}, 'zadokite')"),
    Attempt("disabling in another vault", "goliath", "SELECT aether_disable_login({vault}, {mara_id})"),
    Attempt(
        "a login in another vault",
        "goliath",
        "SELECT aether_create_login({vault}, {mara_id}, '{prefix}x', '{verifier}', NULL)",
    ),
    Attempt("lifting a login's end in another vault", "goliath", "SELECT aether_admit_login({vault}, {mara_id})"),
    Attempt("lifting a login's end as an Aaronic", "aaron", "SELECT aether_admit_login({vault}, {mara_id})"),
    Attempt("lifting one's own end", "mara", "ALTER ROLE {mara} VALID UNTIL 'infinity'"),
    Attempt("taking a login in another vault", "goliath", "SELECT aether_release_login({vault}, {mara_id})"),
    Attempt("taking a login as an Aaronic", "aaron", "SELECT aether_release_login({vault}, {mara_id})"),
    Attempt("a role that is none", "zadok", "SELECT aether_set_role({vault}, {mara_id}, 'owner')", NOT_ALLOWED_VALUE),
    Attempt("no role", "zadok", "SELECT aether_set_role({vault}, {mara_id}, NULL)", NOT_ALLOWED_VALUE),
    Attempt("no vault", "zadok", "SELECT aether_set_role(NULL, {mara_id}, 'zadokite')", DENIED, None),
    Attempt(
        "a login outside the prefix",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, 'postgres', '{verifier}', NULL)",
        NOT_ALLOWED_VALUE,
    ),
    Attempt(
        "the owner as a login",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, 'aether_{tag}_owner', '{verifier}', NULL)",
        NOT_ALLOWED_VALUE,
    ),
    Attempt(
        "a name that is a statement",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, '{prefix}x\"; DROP', '{verifier}', NULL)",
        NOT_ALLOWED_VALUE,
    ),
    Attempt(
        "a password in plain text",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, '{prefix}x', 'secret', NULL)",
        NOT_ALLOWED_VALUE,
    ),
    Attempt(
        "a verifier with more behind it",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, '{prefix}x', '{verifier}'' SUPERUSER', NULL)",
        NOT_ALLOWED_VALUE,
    ),
    Attempt(
        "a weak verifier",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, '{prefix}x', replace('{verifier}', '$4096:', '$1000:'), NULL)",
        NOT_ALLOWED_VALUE,
    ),
    Attempt(
        "a second login",
        "zadok",
        "SELECT aether_create_login({vault}, {mara_id}, '{prefix}x', '{verifier}', NULL)",
        "P0002",
    ),
    Attempt("the inner function", "zadok", "SELECT aether_settle_login('{mara}')"),
    Attempt(
        "one's own login name in a row",
        "zadok",
        "UPDATE vault_members SET login = '{zadok}' WHERE user_id = {naomi_id}",
    ),
    Attempt(
        "a membership with a login",
        "zadok",
        "INSERT INTO vault_members (vault_id, user_id, role, joined_at, login)"
        " VALUES ({vault}, {spare_id}, 'zadokite', 0, '{zadok}')",
    ),
    Attempt("the last Zadokite leaves", "goliath", "UPDATE vault_members SET left_at = 1"),
    Attempt(
        "the last Zadokite steps down",
        "goliath",
        "SELECT aether_set_role(vault_id, user_id, 'member') FROM vault_members",
    ),
]
ORACLES = [
    Attempt("an id that is taken", "mara", "{wallet_with_taken_id}"),
    Attempt("an id that is free", "mara", "{wallet_with_free_id}"),
    Attempt("a taken id, quietly", "mara", "{wallet_with_taken_id} ON CONFLICT DO NOTHING"),
    Attempt("an id taken later", "mara", "UPDATE wallets SET id = {naomi_wallet}"),
    Attempt("another's wallet", "mara", "{transaction_in_taken_wallet}"),
    Attempt("no wallet", "mara", "{transaction_in_no_wallet}"),
    Attempt("moving to another's wallet", "mara", "UPDATE transactions SET wallet_id = {naomi_wallet}"),
    Attempt("words on another's row", "mara", "{words_on_taken_row}"),
    Attempt("words on no row", "mara", "{words_on_no_row}"),
    Attempt("giving a row away", "mara", "UPDATE wallets SET owner_id = {naomi_id}"),
    Attempt("an e-mail that is taken", "mara", "UPDATE users SET email_fold = 'naomi@example.org'"),
    Attempt("an e-mail that is free", "mara", "UPDATE users SET email_fold = 'nobody@example.org'"),
    Attempt("a user name", "mara", "UPDATE users SET username_fold = 'naomi'"),
    Attempt("a name that another wallet has", "mara", "{wallet_named_alike}", "00000", ""),
    Attempt(
        "another's client number",
        "mara",
        "UPDATE id_clients SET holder = 'me' WHERE number = {naomi_number}",
        "00000",
        "0",
    ),
]
READING = [
    Attempt("others' rows", "mara", "SELECT count(*) FROM wallets WHERE owner_id <> {mara_id}", "00000", "0"),
    Attempt("people", "mara", "SELECT count(*) FROM users", "00000", "1"),
    Attempt("another vault", "goliath", "SELECT count(*) FROM wallets", "00000", "0"),
    Attempt("another vault's people", "goliath", "SELECT count(*) FROM users", "00000", "1"),
    Attempt(
        "copying out", "mara", "COPY (SELECT DISTINCT owner_id = {mara_id} FROM transactions) TO STDOUT", "00000", "t"
    ),
    Attempt(
        "a setting of one's own",
        "mara",
        "SET aether.user_id = '{naomi_id}'; SELECT count(*) FROM wallets WHERE owner_id = {naomi_id}",
        "00000",
        "0",
    ),
    Attempt(
        "tables put before ours",
        "mara",
        "CREATE TEMP TABLE vault_members AS SELECT {vault}::bigint AS vault_id, {mara_id}::bigint AS user_id,"
        " 'zadokite'::text AS role, session_user::text AS login, NULL::bigint AS left_at;"
        " SET search_path = pg_temp, public; SELECT count(*) FROM wallets WHERE owner_id <> {mara_id}",
        "00000",
        "0",
    ),
    Attempt(
        "functions put before the server's",
        "mara",
        "CREATE FUNCTION pg_temp.array_position(text[], text) RETURNS int LANGUAGE sql AS $$ SELECT 9 $$;"
        " SET search_path = pg_temp, pg_catalog; SELECT public.aether_vaults('zadokite')",
        "00000",
        "{}",
    ),
    Attempt(
        "statistics of others' values",
        "mara",
        "SELECT count(*) FROM pg_stats WHERE tablename = 'wallets'",
        "00000",
        "0",
    ),
    Attempt("statistics behind the view", "mara", "SELECT count(*) FROM pg_statistic"),
    Attempt("verifiers", "zadok", "SELECT rolpassword FROM pg_authid"),
    Attempt(
        "others' statements",
        "mara",
        "SELECT count(*) FROM pg_stat_activity WHERE usename <> session_user"
        " AND query NOT IN ('<insufficient privilege>', '')",
        "00000",
        "0",
    ),
    Attempt("a file of the server", "zadok", "SELECT pg_read_file('postgresql.conf')"),
    Attempt("a program of the server", "zadok", "COPY wallets TO PROGRAM 'cat'"),
    Attempt("a file on the server", "zadok", "COPY wallets TO '/tmp/wallets'"),
    Attempt("a file as large object", "zadok", "SELECT lo_import('/etc/hostname')"),
    Attempt("the tally of the audit", "zadok", "SELECT count(*) FROM audit_tally"),
]
GROUPS = [
    Attempt("a group's key", "zadok", "{key_of_group}", "00000", ""),
    Attempt("a group's key by a member", "mara", "{key_of_group}"),
    Attempt("a person's key by a Zadokite", "zadok", "{key_of_naomi}"),
    Attempt(
        "a person's wrapped keys spoilt",
        "zadok",
        "UPDATE court_keys SET wrapped = '' WHERE owner_id = {naomi_id}",
        "00000",
        "0",
    ),
    Attempt("a signing device by hand", "mara", "{device}"),
]
AUDIT = [
    Attempt("changing an entry", "zadok", "UPDATE audit_entries SET action = 'nothing.happened'"),
    Attempt("deleting entries", "zadok", "DELETE FROM audit_entries"),
    Attempt("emptying the log", "zadok", "TRUNCATE audit_entries"),
    Attempt("an entry of somebody else", "zadok", "{entry_of_naomi}"),
    Attempt("loading entries", "zadok", "COPY audit_entries FROM STDIN;\n\\.\n", COPY_REFUSED),
    Attempt("an entry in another vault", "goliath", "{entry_of_naomi}"),
    Attempt(
        "another's entries read", "mara", "SELECT count(*) FROM audit_entries WHERE user_id <> {mara_id}", "00000", "0"
    ),
]


def words(scene: Scene) -> dict[str, object]:
    """What the statements are filled with."""
    mara, naomi = scene.people["mara"], scene.people[OTHER]
    maker, tables = scene.maker, METADATA.tables
    taken = naomi.keys["wallets"]["id"]
    free = taken + 4_000_000
    wallet = maker.make(tables["wallets"], mara, by=mara)
    movement = maker.make(tables["transactions"], mara, by=mara)
    note = maker.make(tables["annotations"], mara, by=mara)
    entry = maker.make(tables["audit_entries"], naomi, by=scene.people["zadok"])
    key = maker.make(tables["court_keys"], naomi, by=naomi)
    found: dict[str, object] = {
        "tag": scene.tag,
        "vault": scene.vault_id,
        "prefix": f"aether_{scene.tag}_u_",
        "verifier": VERIFIER,
        "founder": scene.people["miriam"].login,
        "naomi_wallet": taken,
        "naomi_number": naomi.number,
        "wallet_with_taken_id": insert_sql(tables["wallets"], {**wallet, "id": taken}),
        "wallet_with_free_id": insert_sql(tables["wallets"], {**wallet, "id": free}),
        "wallet_named_alike": insert_sql(tables["wallets"], {**wallet, "name_fold": "naomi's"}),
        "transaction_in_taken_wallet": insert_sql(tables["transactions"], {**movement, "wallet_id": taken}),
        "transaction_in_no_wallet": insert_sql(tables["transactions"], {**movement, "wallet_id": free}),
        "words_on_taken_row": insert_sql(tables["annotations"], {**note, "row_id": taken}),
        "words_on_no_row": insert_sql(tables["annotations"], {**note, "row_id": free}),
        "key_of_group": insert_sql(tables["court_keys"], {**key, "owner_id": free}),
        "key_of_naomi": insert_sql(tables["court_keys"], key),
        "device": insert_sql(tables["audit_devices"], maker.make(tables["audit_devices"], mara, by=mara)),
        "entry_of_naomi": insert_sql(tables["audit_entries"], entry),
    }
    for person in scene.people.values():
        found |= {person.name: person.login, f"{person.name}_id": person.user_id}
    return found


def tried(scene: Scene, attempt: Attempt) -> tuple[str, str, str]:
    """SQLSTATE, output and complaints of the last statement; whatever it did is undone."""
    sql = attempt.sql
    for word, value in words(scene).items():
        sql = sql.replace(f"{{{word}}}", str(value))
    *before, last = sql.split("; ")
    last = last if "COPY" in last and "STDIN" in last else f"{last};"
    script = "".join(
        f"{line}\n"
        for line in (
            "BEGIN;",
            *(f"{statement};" for statement in before),
            last,
            "\\set state :SQLSTATE",
            "\\set rows :ROW_COUNT",
            "ROLLBACK;",
            "\\echo :state :rows",
        )
    )
    done = psql(scene.url(attempt.who), script)
    *lines, figures = done.out.splitlines()
    state, rows = figures.split()
    said = rows if attempt.sql.startswith("UPDATE") else "\n".join(lines).strip()
    return state, said, done.err


@pytest.mark.parametrize(
    "attempt",
    [*ROLES, *RULES, *FUNCTIONS, *ORACLES, *READING, *GROUPS, *AUDIT],
    ids=lambda attempt: f"{attempt.who}: {attempt.name}",
)
def test_what_comes_of_it(attempt: Attempt, scene: Scene) -> None:
    state, said, complaint = tried(scene, attempt)
    assert state == attempt.state, complaint or said
    if attempt.said is not None:
        assert said == attempt.said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("an id that is taken", "an id that is free"),
        ("another's wallet", "no wallet"),
        ("words on another's row", "words on no row"),
        ("an e-mail that is taken", "an e-mail that is free"),
    ],
)
def test_refusals_do_not_tell_what_is_hidden(one: str, other: str, scene: Scene) -> None:
    found = {attempt.name: attempt for attempt in ORACLES}
    assert tried(scene, found[one])[2] == tried(scene, found[other])[2]


def test_a_function_of_ones_own_is_not_shown_hidden_rows(scene: Scene) -> None:
    """A cheap function in the condition would run first, were it not for row security."""
    script = """
    CREATE FUNCTION pg_temp.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
    AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
    SELECT count(*) FROM wallets WHERE pg_temp.peek(owner_id::text);
    """
    seen = set(re.findall(r"saw (\d+)", psql(scene.url("mara"), script).err))
    assert seen == {str(scene.people["mara"].user_id)}


def test_hints_carry_no_ids(copied_scene: Scene) -> None:
    with (
        psycopg.connect(copied_scene.url("mara"), autocommit=True) as ear,
        closing(open_shared(copied_scene.url(OTHER))) as vault,
    ):
        ear.execute("LISTEN aether_changes")
        storage = SqlStorage(vault)
        wallet = samples.wallet(storage, name="Hidden")
        storage.wallets.create(wallet)
        heard = [next(note.payload for note in ear.notifies(timeout=5) if "wallets" in note.payload)]
        heard += [note.payload for note in ear.notifies(timeout=0) if "wallets" in note.payload]
    assert heard
    for hint in heard:
        assert re.fullmatch(r"[0-9a-f]{8} [0-9a-f]{8} wallets", hint)
        for secret in (wallet.id, copied_scene.people[OTHER].user_id, copied_scene.vault_id):
            assert str(secret) not in hint
            assert f"{secret:x}" not in hint


def test_nobody_but_people_of_the_vault_connects(own_scene: Scene) -> None:
    with psycopg.connect(own_scene.administration, autocommit=True) as administrator:
        name = f"stranger_{own_scene.tag}"
        administrator.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'".encode())
        place = own_scene.administration.rpartition("@")[2]
        with pytest.raises(psycopg.OperationalError, match="CONNECT"):
            psycopg.connect(f"postgresql://{name}:x@{place}")


def test_the_stranger_is_at_home_only_in_their_own_vault(scene: Scene) -> None:
    said = psql(scene.url(STRANGER), "SELECT name FROM vaults; SELECT role FROM vault_members;")
    assert said.out.split() == ["Philistines", "zadokite"]
