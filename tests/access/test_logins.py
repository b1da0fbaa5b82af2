"""People of a shared vault: their logins are made, raised, lowered, shut and opened again by a Zadokite only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
)
from aether_desktop.ports.people import LoginAdministration
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.opening import OpenVault, open_shared
from aether_desktop.storage.sql_storage import SqlStorage
from tests.access.psql import psql
from tests.access.rows import Person
from tests.access.scene import OTHER, VERIFIER, Scene
from tests.storage import samples


@contextmanager
def administration(scene: Scene, name: str) -> Iterator[tuple[OpenVault, SqlLoginAdministration]]:
    with closing(open_shared(scene.url(name))) as vault:
        yield vault, SqlLoginAdministration(vault.database)


def groups_of(scene: Scene, name: str) -> list[str]:
    """By pg_auth_members, as the server sees it."""
    with psycopg.connect(scene.administration) as session:
        found = session.execute(
            "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole",
            (scene.people[name].login,),
        ).fetchall()
    return [row[0].rpartition("_")[2] for row in found]


def test_it_is_what_the_service_of_people_wants(scene: Scene) -> None:
    with administration(scene, "zadok") as (_vault, logins):
        wanted: LoginAdministration = logins
        assert wanted is logins


def test_a_login_is_made_once_for_somebody_who_is_there(own_scene: Scene) -> None:
    with administration(own_scene, "zadok") as (vault, logins):
        storage = SqlStorage(vault)
        ruth = samples.user(storage, username="Ruth-Ü", email="ruth@example.org")
        storage.users.create(ruth)
        login = logins.create_login("RUTH-Ü", Role.LEVITE, scram_verifier=VERIFIER)
        assert login == f"aether_{own_scene.tag}_u_ruth_u"
        assert storage.users.get(ruth.id).role is Role.LEVITE
        with pytest.raises(AlreadyExistsError):
            logins.create_login("Ruth-Ü", Role.LEVITE, scram_verifier=VERIFIER)
        with pytest.raises(NotFoundError):
            logins.create_login("Boaz", Role.MEMBER, scram_verifier=VERIFIER)
        alike = samples.user(storage, username="ruth.u", email="other@example.org")
        storage.users.create(alike)
        with pytest.raises((InvalidInputError, StorageError)):
            logins.create_login("ruth.u", Role.MEMBER, scram_verifier="a password")
        assert logins.create_login("ruth.u", Role.MEMBER, scram_verifier=VERIFIER) == f"{login}_2"
    own_scene.people["ruth"] = Person("ruth", ruth.id, login, 0)
    assert groups_of(own_scene, "ruth") == ["levite"]
    with closing(open_shared(own_scene.url("ruth"))) as vault:
        assert vault.info.user_id == ruth.id


@pytest.mark.parametrize("name", ["mara", "levi", "aaron"])
def test_only_a_zadokite_may(name: str, scene: Scene) -> None:
    mara = scene.people["mara"].user_id
    with administration(scene, name) as (_vault, logins):
        with pytest.raises(PermissionDeniedError):
            logins.set_role(mara, Role.ZADOKITE)
        with pytest.raises(PermissionDeniedError):
            logins.disable(scene.people["zadok"].user_id)
        with pytest.raises(PermissionDeniedError):
            logins.enable(mara)


def test_a_role_counts_at_once_also_in_open_sessions(own_scene: Scene) -> None:
    mara = own_scene.people["mara"]
    others = "SELECT count(*) FROM wallets WHERE owner_id <> %s"
    with (
        psycopg.connect(own_scene.url("mara"), autocommit=True) as session,
        administration(own_scene, "zadok") as (vault, logins),
    ):
        assert session.execute(others, (mara.user_id,)).fetchone() == (0,)
        logins.set_role(mara.user_id, Role.AARONIC)
        assert session.execute(others, (mara.user_id,)).fetchone() != (0,)
        assert groups_of(own_scene, "mara") == ["aaronic"]
        logins.set_role(mara.user_id, Role.MEMBER)
        assert session.execute(others, (mara.user_id,)).fetchone() == (0,)
        assert groups_of(own_scene, "mara") == ["member"]
        assert SqlStorage(vault).users.get(mara.user_id).role is Role.MEMBER


def test_a_role_given_by_the_form_is_the_login_s_too(own_scene: Scene) -> None:
    """Whichever way a membership changes, the server's own groups follow."""
    mara = own_scene.people["mara"]
    with administration(own_scene, "zadok") as (vault, _logins):
        storage = SqlStorage(vault)
        storage.users.update(dataclasses.replace(storage.users.get(mara.user_id), role=Role.LEVITE))
    assert groups_of(own_scene, "mara") == ["levite"]


def test_disabled_people_are_out_at_once_and_may_come_back(own_scene: Scene) -> None:
    naomi = own_scene.people[OTHER]
    with administration(own_scene, "zadok") as (_vault, logins):
        session = psycopg.connect(own_scene.url(OTHER), autocommit=True)
        assert session.execute("SELECT count(*) FROM wallets").fetchone() != (0,)
        logins.disable(naomi.user_id)
        assert logins.end_sessions(naomi.user_id) == 0
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT count(*) FROM wallets")
        session.close()
        assert groups_of(own_scene, OTHER) == []
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            psycopg.connect(own_scene.url(OTHER))
        logins.enable(naomi.user_id)
    assert groups_of(own_scene, OTHER) == ["member"]
    assert psql(own_scene.url(OTHER), "SELECT count(*) > 0 FROM wallets").out.strip() == "t"


def test_who_lost_a_login_gets_another_and_the_old_one_is_shut(own_scene: Scene) -> None:
    mara = own_scene.people["mara"]
    with administration(own_scene, "zadok") as (vault, logins):
        session = psycopg.connect(own_scene.url("mara"), autocommit=True)
        with vault.database.unit_of_work():
            logins.release_login(mara.user_id)
            given = logins.create_login("mara", Role.MEMBER, scram_verifier=VERIFIER)
        assert given == f"{mara.login}_2"
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        session.close()
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            psycopg.connect(own_scene.url("mara"))
        with pytest.raises(PermissionDeniedError):
            logins.release_login(own_scene.people["zadok"].user_id)
    assert groups_of(own_scene, "mara") == []
    own_scene.people["mara"] = dataclasses.replace(mara, login=given)
    assert groups_of(own_scene, "mara") == ["member"]
    with closing(open_shared(own_scene.url("mara"))) as vault:
        assert vault.info.user_id == mara.user_id


def test_the_last_zadokite_stays(own_scene: Scene) -> None:
    founder, zadok = own_scene.people["miriam"], own_scene.people["zadok"]
    with administration(own_scene, "zadok") as (_vault, logins):
        logins.disable(founder.user_id)
        with pytest.raises(PermissionDeniedError, match="at least one Zadokite"):
            logins.disable(zadok.user_id)
        with pytest.raises(PermissionDeniedError, match="at least one Zadokite"):
            logins.set_role(zadok.user_id, Role.AARONIC)


def test_it_joins_the_change_it_is_part_of(own_scene: Scene) -> None:
    mara = own_scene.people["mara"]
    with administration(own_scene, "zadok") as (vault, logins):
        storage = SqlStorage(vault)
        with pytest.raises(ZeroDivisionError), storage.unit_of_work():
            logins.set_role(mara.user_id, Role.ZADOKITE)
            raise ZeroDivisionError
    assert groups_of(own_scene, "mara") == ["member"]
