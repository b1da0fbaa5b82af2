"""A provisioned database with two vaults and people of every role, each with rows of their own in every table."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import psycopg

from aether_desktop.domain.users import Role
from aether_desktop.security.scram import scram_verifier
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.identifiers import milliseconds_now
from aether_desktop.storage.opening import open_shared
from aether_desktop.storage.schema import METADATA
from aether_desktop.storage.sql_storage import SqlStorage
from tests.access.rows import Person, RowMaker, insert_sql, tables
from tests.storage import samples
from tests.support.postgres import PostgresCluster
from tests.support.storages import FOUNDER, PASSWORD, as_founder, provision

VERIFIER = scram_verifier(PASSWORD)
ROLES = {"mara": Role.MEMBER, "levi": Role.LEVITE, "aaron": Role.AARONIC, "zadok": Role.ZADOKITE}
OTHER, STRANGER = "naomi", "goliath"  # another member; a Zadokite of another vault
_FOREVER = 4_000_000_000_000_000
_COMMON = ("currencies", "prices", "audit_heads", "membership_statements", "key_slots", "search_waters")


@dataclass
class Scene:
    """``administration`` is the superuser's address."""

    administration: str
    tag: str
    vault_id: int
    people: dict[str, Person]
    maker: RowMaker

    def url(self, name: str) -> str:
        """A person's own address."""
        parts = urlsplit(self.administration)
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{self.people[name].login}:{quote(PASSWORD)}@{place}").geturl()


def make_scene(cluster: PostgresCluster) -> Scene:
    """Takes about a second."""
    url = cluster.url(cluster.create_database())
    done = provision(url)
    logins: dict[str, tuple[int, str]] = {}
    with closing(open_shared(as_founder(url))) as vault:
        storage, administration = SqlStorage(vault), SqlLoginAdministration(vault.database)
        vault_id = vault.info.vault_id
        logins[FOUNDER] = (vault.info.user_id, done.login)
        for name, role in {**ROLES, OTHER: Role.MEMBER, "spare": Role.MEMBER}.items():
            user = samples.user(storage, username=name, email=f"{name}@example.org", role=role)
            storage.users.create(user)
            login = "" if name == "spare" else administration.create_login(name, role, scram_verifier=VERIFIER)
            logins[name] = (user.id, login)
    moment = milliseconds_now()
    maker = RowMaker(vault_id, moment)
    people = {
        name: Person(name, user_id, login, 1_000 + number)
        for number, (name, (user_id, login)) in enumerate(logins.items())
    }
    scene = Scene(url, done.tag, vault_id, people, maker)
    with psycopg.connect(url) as session:
        people[STRANGER] = _second_vault(session, scene, moment)
        session.execute("DELETE FROM vault_members WHERE user_id = %s", (logins["spare"][0],))
    for person in people.values():
        if person.login:
            with psycopg.connect(scene.url(person.name)) as own:
                own.execute(
                    "INSERT INTO id_clients (vault_id, number, holder, generation, writes, leased_at, expires_at)"
                    " SELECT vault_id, %s, 'psql', 1, 0, 0, %s FROM vault_members WHERE login = session_user",
                    (person.number, _FOREVER),
                )
    with psycopg.connect(url) as session:
        _fill(session, scene)
    return scene


def _fill(session: psycopg.Connection[tuple[object, ...]], scene: Scene) -> None:
    maker, spare = scene.maker, scene.people["spare"]
    founder = scene.people[FOUNDER]
    for table in tables():
        if table.name in _COMMON:
            row = maker.make(table, founder, by=founder)
            session.execute(f"{insert_sql(table, row)} ON CONFLICT DO NOTHING".encode())
            maker.shared[table.name] = maker.key_in(table, row)
    for name in (*ROLES, OTHER):
        person = scene.people[name]
        person.keys["users"] = {"vault_id": scene.vault_id, "id": person.user_id}
        person.keys["vault_members"] = {"vault_id": scene.vault_id, "user_id": person.user_id}
        person.keys["id_clients"] = {"vault_id": scene.vault_id, "number": person.number}
        for table in tables():
            if table.name in person.keys or table.name in {*_COMMON, "vaults", "council_seats"}:
                continue
            row = maker.make(table, person, by=person)
            session.execute(insert_sql(table, row).encode())
            person.keys[table.name] = maker.key_in(table, row)
        for more in ("wallets", "transactions", "temple_nodes"):
            row = maker.make(METADATA.tables[more], person, by=person)
            session.execute(insert_sql(METADATA.tables[more], row).encode())
            person.keys[f"more_{more}"] = maker.key_in(METADATA.tables[more], row)
        person.keys["spare_users"] = {"id": spare.user_id}
    seats = METADATA.tables["council_seats"]
    row = maker.make(seats, scene.people["mara"], by=founder)
    session.execute(insert_sql(seats, row).encode())
    maker.shared[seats.name] = maker.key_in(seats, row)


def _second_vault(session: psycopg.Connection[tuple[object, ...]], scene: Scene, moment: int) -> Person:
    """Another vault in the same database, with a Zadokite who is nobody in the first."""
    login = f"aether_{scene.tag}_u_{STRANGER}"
    vault_id, user_id = (moment << 22) | 5, (moment << 22) | 6
    session.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{VERIFIER}'".encode())
    session.execute(f"GRANT {login} TO aether_{scene.tag}_provisioner".encode())
    session.execute("INSERT INTO vaults (id, name, created_at) VALUES (%s, 'Philistines', 0)", (vault_id,))
    maker = RowMaker(vault_id, moment)
    person = Person(STRANGER, user_id, login, 1_500)
    users = METADATA.tables["users"]
    row = {**maker.make(users, person, by=person), "id": user_id, "owner_id": user_id, "role": "zadokite"}
    session.execute(insert_sql(users, row).encode())
    session.execute(
        "INSERT INTO vault_members (vault_id, user_id, role, login, joined_at) VALUES (%s, %s, 'zadokite', %s, 0)",
        (vault_id, user_id, login),
    )
    return person
