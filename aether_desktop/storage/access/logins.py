"""Logins of people on a shared server, over functions that act for a Zadokite (functions.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from aether_desktop.domain.records import TableName
from aether_desktop.domain.text import fold
from aether_desktop.domain.times import to_micros
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AlreadyExistsError, NotFoundError
from aether_desktop.storage.access.names import AccessNames
from aether_desktop.storage.access.session import tag_of
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.schema import USERS, VAULT_MEMBERS


class SqlLoginAdministration:
    """Implements ``ports.people.LoginAdministration`` on PostgreSQL. Worker threads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def free_login(self, username: str) -> str:
        """The name that ``create_login`` would give now. Raises NotFoundError, AlreadyExistsError."""
        return self._database.fetch(lambda connection: self._free_name(connection, username))

    def create_login(self, username: str, role: Role, *, scram_verifier: str, until: datetime | None = None) -> str:
        """The login of a person who has none yet; the server ends it at ``until`` unless it is admitted before.

        Raises PermissionDeniedError, NotFoundError for an unknown person or one with a login, AlreadyExistsError,
        InvalidInputError for what is no verifier.
        """
        with self._database.write(action="login.create", table=VAULT_MEMBERS.name) as unit:
            user_id, held = self._member(unit.connection, username)
            login = self._free_name(unit.connection, username)
            if held != role.value:
                self._call(unit.connection, "aether_set_role(:vault, :person, :role)", user_id, role=role.value)
            self._call(
                unit.connection,
                "aether_create_login(:vault, :person, :login, :verifier, :until)",
                user_id,
                login=login,
                verifier=scram_verifier,
                until=None if until is None else to_micros(until),
            )
            self._done(unit, user_id, login=login, role=role.value)
        return login

    def admit_login(self, user_id: int) -> None:
        """Lift the end that ``create_login`` set; harmless without one. Raises PermissionDeniedError, NotFoundError."""
        with self._database.write(action="login.admit", table=VAULT_MEMBERS.name) as unit:
            self._call(unit.connection, "aether_admit_login(:vault, :person)", user_id)
            self._done(unit, user_id)

    def release_login(self, user_id: int) -> None:
        """Shut whatever login the person has here, and end its sessions; harmless without one.

        Raises PermissionDeniedError (also for one's own), NotFoundError.
        """
        with self._database.write(action="login.release", table=VAULT_MEMBERS.name) as unit:
            self._call(unit.connection, "aether_release_login(:vault, :person)", user_id)
            self._done(unit, user_id)

    def set_role(self, user_id: int, role: Role) -> None:
        """Rights change at once, in open sessions too. Raises PermissionDeniedError, NotFoundError."""
        with self._database.write(action="login.role", table=VAULT_MEMBERS.name) as unit:
            self._call(unit.connection, "aether_set_role(:vault, :person, :role)", user_id, role=role.value)
            self._done(unit, user_id, role=role.value)

    def disable(self, user_id: int) -> None:
        """Raises PermissionDeniedError (also for the last Zadokite), NotFoundError."""
        with self._database.write(action="login.disable", table=VAULT_MEMBERS.name) as unit:
            self._call(unit.connection, "aether_disable_login(:vault, :person)", user_id)
            self._done(unit, user_id)

    def enable(self, user_id: int) -> None:
        """Raises PermissionDeniedError, NotFoundError."""
        with self._database.write(action="login.enable", table=VAULT_MEMBERS.name) as unit:
            self._call(unit.connection, "aether_enable_login(:vault, :person)", user_id)
            self._done(unit, user_id)

    def end_sessions(self, user_id: int) -> int:
        """Of somebody disabled, once that is committed: sessions that began meanwhile. Returns how many.

        Raises PermissionDeniedError.
        """
        return self._database.fetch(
            lambda connection: int(self._call(connection, "aether_end_sessions(:vault, :person)", user_id) or 0)
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _done(self, unit: Unit, user_id: int, **facts: str) -> None:
        unit.audit(rows=0, person=str(user_id), **facts)
        unit.changed(ChangeSet(frozenset({TableName.USERS}), frozenset({user_id})))

    def _call(self, connection: Connection, function: str, user_id: int, **values: object) -> Any:
        given = {"vault": self._database.vault_id, "person": user_id, **values}
        return connection.execute(text(f"SELECT public.{function}"), given).scalar()

    def _member(self, connection: Connection, username: str) -> tuple[int, str]:
        row = connection.execute(
            VAULT_MEMBERS.select()
            .with_only_columns(VAULT_MEMBERS.c.user_id, VAULT_MEMBERS.c.role, VAULT_MEMBERS.c.login)
            .join(USERS, (USERS.c.vault_id == VAULT_MEMBERS.c.vault_id) & (USERS.c.id == VAULT_MEMBERS.c.user_id))
            .where(VAULT_MEMBERS.c.vault_id == self._database.vault_id, USERS.c.username_fold == fold(username.strip()))
        ).first()
        if row is None:
            raise NotFoundError(f"Nobody here has the user name {username.strip()[:100]!r}.")
        if row.login:
            raise AlreadyExistsError(f"{username} has a login already.", field="username", hint="Enable it instead.")
        return int(row.user_id), str(row.role)

    def _free_name(self, connection: Connection, username: str) -> str:
        tag = tag_of(connection)
        if tag is None:
            raise NotFoundError("This database has no logins of people.", hint="It was never provisioned.")
        names = AccessNames(tag)
        wanted = names.login(username)
        query = text("SELECT rolname FROM pg_catalog.pg_roles WHERE starts_with(rolname::text, :wanted)")
        taken = set(connection.execute(query, {"wanted": wanted}).scalars())
        login = next((name for name in names.logins(username) if name not in taken), None)
        if login is None:
            raise AlreadyExistsError(f"All names like {wanted} are taken.", field="username")
        return login
