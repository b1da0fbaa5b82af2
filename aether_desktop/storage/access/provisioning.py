"""The administrator's work on a shared database: roles, tables, rules, the first vault and its founder's login.

Everything happens in one transaction and may be run again. It needs a superuser, or a login that owns the database and
has CREATEROLE; DDL runs as the owner role, and what it changes in rows is counted, because a missing policy would make
it change none without an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, exists, func, select, text, update

from aether_desktop.domain.users import Role, User
from aether_desktop.ports.errors import NotAVaultError, PermissionDeniedError, StorageError
from aether_desktop.storage.access import functions, policies
from aether_desktop.storage.access.names import AccessNames, new_tag
from aether_desktop.storage.access.revision import marks
from aether_desktop.storage.access.session import tag_of
from aether_desktop.storage.addresses import read_address
from aether_desktop.storage.failures import translated
from aether_desktop.storage.founding import founder_named, insert_vault
from aether_desktop.storage.postgresql import PostgresKit, open_postgresql
from aether_desktop.storage.schema import INVITATIONS, METADATA, PERSON_KEYS, USERS, VAULT_MEMBERS, VAULTS
from aether_desktop.storage.upgrade import (
    MIGRATION_LOCK,
    VERSION_TABLE,
    Migrations,
    SchemaState,
    require_migratable,
)

_ROLE_OPTIONS_FROM: Final = 160000


@dataclass(frozen=True, slots=True)
class Provisioned:
    """``made``: the founder's login was made now, with the verifier given; else it was there already."""

    tag: str
    login: str
    vault_name: str
    made: bool
    before: str | None
    after: str


def provision_shared(
    url: str,
    *,
    name: str,
    username: str,
    verifier: str,
    password: str | None = None,
    replace_password: bool = False,
    migrations: Migrations | None = None,
) -> Provisioned:
    """Make or renew everything; the first vault is made where there is none, its founder gets a login of their own.

    ``verifier`` is the SCRAM-SHA-256 verifier of that login's password. ``replace_password``: also where the login is
    there already. Raises PermissionDeniedError naming the missing right, NotAVaultError for a database of another
    program, SchemaTooNewError, InvalidInputError, the StorageError family.
    """
    founder = founder_named(name, username)
    steps = Migrations() if migrations is None else migrations
    with _administration(url, password) as (kit, connection):
        work = _Administration(kit, connection, steps)
        work.require_rights()
        before = work.require_ours()
        work.make_roles()
        work.hand_over()
        work.migrate()
        work.apply_rules()
        login, vault_name, made = work.seat_founder(founder, name=name, verifier=verifier, replace=replace_password)
        work.finish()
        return Provisioned(work.names.tag, login, vault_name, made, before, steps.head)


def migrate_shared(
    url: str, *, password: str | None = None, into_foreign: bool = False, migrations: Migrations | None = None
) -> tuple[str | None, str]:
    """The administrator's ``migrate``: returns the revisions (before, after).

    On a provisioned database as its owner role, and the rules are renewed. Raises SchemaTooNewError, NotAVaultError for
    tables of another program unless ``into_foreign``, PermissionDeniedError, StorageUnavailableError.
    """
    steps = Migrations() if migrations is None else migrations
    with _administration(url, password) as (kit, connection):
        work = _Administration(kit, connection, steps)
        before = work.require_ours(into_foreign=into_foreign)
        if work.provisioned:
            work.require_rights()
            work.make_roles()
            work.hand_over()
            work.migrate()
            work.apply_rules()
            work.finish()
        elif before != steps.head:
            steps.run(connection)
        return before, steps.head


@contextmanager
def _administration(url: str, password: str | None) -> Iterator[tuple[PostgresKit, Connection]]:
    kit = open_postgresql(read_address(url, password=password))
    try:
        with translated(where=kit.location), kit.writer.connect() as connection, connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            yield kit, connection
    finally:
        kit.dispose()


class _Administration:
    """The steps, in the order of ``provision_shared``; inside one transaction."""

    def __init__(self, kit: PostgresKit, connection: Connection, migrations: Migrations) -> None:
        self._kit = kit
        self._connection = connection
        self._migrations = migrations
        tag = tag_of(connection)
        self.provisioned = tag is not None
        self.names = AccessNames(tag or new_tag())
        version = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar()))
        self._role_options = version >= _ROLE_OPTIONS_FROM
        self._superuser = connection.exec_driver_sql("SHOW is_superuser").scalar() == "on"

    def _run(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    @contextmanager
    def _acting_as(self, role: str) -> Iterator[None]:
        self._run(f"SET LOCAL ROLE {role}")
        yield
        self._run("RESET ROLE")  # after an error the whole transaction is undone

    # -- before ------------------------------------------------------------------------------------------------

    def require_rights(self) -> None:
        """Raises PermissionDeniedError that names each missing right and who may give it."""
        row = self._connection.exec_driver_sql(
            "SELECT session_user::text AS who, r.rolcreaterole AS creates, current_database() AS base,"
            " pg_has_role(d.datdba, 'USAGE') AS owns,"
            " has_schema_privilege('public', 'CREATE WITH GRANT OPTION') AS gives"
            " FROM pg_catalog.pg_roles r, pg_catalog.pg_database d"
            " WHERE r.rolname = current_user AND d.datname = current_database()"
        ).one()
        if self._superuser:
            return
        missing = []
        if not row.creates:
            missing.append(f"CREATEROLE (a superuser gives it with: ALTER ROLE {row.who} CREATEROLE)")
        if not row.owns:
            missing.append(
                f"ownership of the database (its owner gives it with: ALTER DATABASE {row.base} OWNER TO {row.who})"
            )
        if not row.gives:
            missing.append(
                "the right to grant on the schema public (its owner gives it with: "
                f"ALTER SCHEMA public OWNER TO {row.who})"
            )
        if missing:
            raise PermissionDeniedError(
                f"{row.who} may not set up {self._kit.location}; it lacks {'; and '.join(missing)}.",
                hint="Ask for these rights, or run this as a superuser. Nothing was changed.",
            )

    def require_ours(self, *, into_foreign: bool = False) -> str | None:
        """The schema's revision. Raises as ``upgrade.require_migratable``."""
        return require_migratable(self._connection, self._migrations, where=self._kit.location, foreign=into_foreign)

    # -- roles -------------------------------------------------------------------------------------------------

    def make_roles(self) -> None:
        """Owner, provisioner and groups, none of which can log in; each group is in the one below it."""
        names = self.names
        for role, options in (
            (names.owner, "NOLOGIN"),
            (names.provisioner, "NOLOGIN CREATEROLE"),
            *((group, "NOLOGIN") for group in names.groups),
        ):
            if not self._role_exists(role):
                self._run(f"CREATE ROLE {role} {options}")
        for lower, higher in zip(names.groups, names.groups[1:], strict=False):
            self._run(f"GRANT {lower} TO {higher}")
        self._let_administer()
        base = self._connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar()
        for statement in (
            f"REVOKE ALL ON DATABASE {base} FROM PUBLIC",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {base} TO {names.everybody}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            f"GRANT USAGE, CREATE ON SCHEMA public TO {names.owner}",
            f"GRANT USAGE, CREATE ON SCHEMA public TO {names.provisioner}",  # CREATE is taken back by ``finish``
            f"GRANT USAGE ON SCHEMA public TO {names.everybody}",
        ):
            self._run(statement)
        if self._connection.exec_driver_sql(
            f"SELECT has_schema_privilege('{names.everybody}', 'public', 'CREATE')"
        ).scalar():
            raise PermissionDeniedError(
                f"Everybody may make tables in the schema public of {self._kit.location}, and you may not change that.",
                hint="The schema's owner runs: REVOKE CREATE ON SCHEMA public FROM PUBLIC. Nothing was changed.",
            )

    def _let_administer(self) -> None:
        """The administrator may act as owner and provisioner, the provisioner may give the groups.

        From PostgreSQL 16 on CREATEROLE alone gives neither: membership needs SET, giving a group needs ADMIN (run
        on 16.2 and 18.6); on 14 and 15 CREATEROLE suffices for both.
        """
        names = self.names
        options = " WITH INHERIT TRUE, SET TRUE" if self._role_options else ""
        if not self._superuser:
            for role in (names.owner, names.provisioner):
                self._run(f"GRANT {role} TO CURRENT_USER{options}")
        if self._role_options:
            for group in names.groups:
                self._run(f"GRANT {group} TO {names.provisioner} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")

    def _role_exists(self, role: str) -> bool:
        query = text("SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = :role)")
        return bool(self._connection.execute(query, {"role": role}).scalar())

    # -- tables and rules --------------------------------------------------------------------------------------

    def hand_over(self) -> None:
        """Tables and functions of ours that another role made become the owner's."""
        known = [*METADATA.tables, VERSION_TABLE]
        tables = text(
            "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND (c.relkind IN ('r', 'p') AND c.relname IN :known OR c.relkind = 'S' AND c.relname LIKE 'aether\\_%')"
            " AND c.relowner <> CAST(:owner AS regrole)"
        ).bindparams(bindparam("known", expanding=True))
        for name in self._connection.execute(tables, {"known": known, "owner": self.names.owner}).scalars().all():
            self._run(f"ALTER TABLE public.{name} OWNER TO {self.names.owner}")
        routines = text(
            "SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
            " AND (p.proname LIKE 'aether\\_%' OR p.proname LIKE 'audit\\_%')"
            " AND p.proowner NOT IN (CAST(:owner AS regrole), CAST(:provisioner AS regrole))"
        )
        who = {"owner": self.names.owner, "provisioner": self.names.provisioner}
        for signature in self._connection.execute(routines, who).scalars().all():
            self._run(f"ALTER FUNCTION {signature} OWNER TO {self.names.owner}")

    def migrate(self) -> None:
        """Bring the tables up to date, as their owner."""
        self._require_owners_sight()
        with self._acting_as(self.names.owner):
            state, _ = self._migrations.state_of(self._connection)
            if state is not SchemaState.CURRENT:
                self._migrations.run(self._connection)
                self._run("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit would stop ALTER TABLE
                self._run("SET CONSTRAINTS ALL DEFERRED")

    def _require_owners_sight(self) -> None:
        """Without a policy of its own the owner would change no row of a table, and nobody would notice."""
        blind = self._connection.execute(
            text(
                "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relnamespace = 'public'::regnamespace"
                " AND c.relforcerowsecurity AND c.relowner = CAST(:owner AS regrole) AND NOT EXISTS"
                " (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'aether_owner')"
            ),
            {"owner": self.names.owner},
        ).scalars()
        for table in blind.all():
            with self._acting_as(self.names.owner):
                self._run(f"CREATE POLICY aether_owner ON public.{table} TO {self.names.owner} USING (true)")

    def apply_rules(self) -> None:
        """All grants, policies, functions and triggers anew."""
        names = self.names
        old = self._connection.execute(
            text(
                "SELECT quote_ident(policyname), tablename FROM pg_catalog.pg_policies"
                " WHERE schemaname = 'public' AND tablename IN :known"
            ).bindparams(bindparam("known", expanding=True)),
            {"known": list(METADATA.tables)},
        ).all()  # also those that somebody else added
        with self._acting_as(names.owner):
            self._run("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
            self._revoke_execute()
        with self._acting_as(names.provisioner):
            self._run("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
            for statement in functions.of_provisioner(names, role_options=self._role_options):
                self._run(statement)
            for signature in functions.INTERNAL:
                self._run(f"GRANT EXECUTE ON FUNCTION public.{signature} TO {names.owner}")
        with self._acting_as(names.owner):
            for policy, table in old:
                self._run(f"DROP POLICY {policy} ON public.{table}")
            for statement in policies.statements(names):
                self._run(statement)
            for statement in functions.of_owner(names):
                self._run(statement)
            for statement in marks(names):
                self._run(statement)
            self._run(f"GRANT SELECT ON public.{VERSION_TABLE} TO {names.everybody}")
            for signature in functions.CALLED_OF_OWNER:
                if self._connection.exec_driver_sql(f"SELECT to_regprocedure('public.{signature}')").scalar():
                    self._run(f"GRANT EXECUTE ON FUNCTION public.{signature} TO {names.everybody}")
        self._limit_invited()

    def _limit_invited(self) -> None:
        """Logins of invitations that an earlier program made end with them, too; who has keys has come already."""
        seats, invited, keys = VAULT_MEMBERS.c, INVITATIONS.c, PERSON_KEYS.c
        came = exists().where(keys.vault_id == seats.vault_id, keys.user_id == seats.user_id)
        open_ones = (
            select(seats.login, func.max(invited.expires_at).label("until"))
            .join(INVITATIONS, (invited.vault_id == seats.vault_id) & (invited.user_id == seats.user_id))
            .where(invited.settled_at.is_(None), seats.left_at.is_(None), seats.login != "", ~came)
            .group_by(seats.login)
        )
        with self._acting_as(self.names.owner):
            ends = [(each.login, each.until) for each in self._connection.execute(open_ones)]
        with self._acting_as(self.names.provisioner):
            for login, until in ends:
                if self.names.is_login(login) and self._role_exists(login):
                    self._run(f"ALTER ROLE {login} VALID UNTIL '{until.isoformat()}'")

    def _revoke_execute(self) -> None:
        """EXECUTE on what the owner already has; who needs a function is granted it by name."""
        mine = text(
            "SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p"
            " WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = CAST(:owner AS regrole)"
        )
        for signature in self._connection.execute(mine, {"owner": self.names.owner}).scalars().all():
            self._run(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")

    def finish(self) -> None:
        """The provisioner makes nothing more."""
        self._run(f"REVOKE CREATE ON SCHEMA public FROM {self.names.provisioner}")

    # -- the founder -------------------------------------------------------------------------------------------

    def seat_founder(self, founder: User, *, name: str, verifier: str, replace: bool) -> tuple[str, str, bool]:
        """The founder's login, the vault's name, and whether ``verifier`` counts now."""
        found = self._founder_of_vault()
        if found is None:
            login = self._new_login(founder.username, verifier)
            with self._acting_as(self.names.owner):
                insert_vault(self._connection, founder, name=name, login=login)
            return login, name.strip(), True
        vault_id, vault_name, user_id, username, login = found
        if self.names.is_login(login) and self._role_exists(login):
            if replace:
                with self._acting_as(self.names.provisioner):
                    self._run(f"ALTER ROLE {login} PASSWORD '{_checked(verifier)}'")
            return login, vault_name, replace
        login = self._new_login(username, verifier)
        with self._acting_as(self.names.owner):
            seat = update(VAULT_MEMBERS).where(VAULT_MEMBERS.c.vault_id == vault_id, VAULT_MEMBERS.c.user_id == user_id)
            _expect(self._connection.execute(seat.values(login=login)).rowcount, 1)
        return login, vault_name, True

    def _founder_of_vault(self) -> tuple[int, str, int, str, str] | None:
        """The Zadokite who has been in the oldest vault for longest. Raises NotAVaultError when there is none."""
        seats = VAULT_MEMBERS.c
        with self._acting_as(self.names.owner):
            vault = self._connection.execute(select(VAULTS).order_by(VAULTS.c.id).limit(1)).first()
            if vault is None:
                return None
            founder = self._connection.execute(
                select(seats.user_id, seats.login, USERS.c.username)
                .join(USERS, (USERS.c.vault_id == seats.vault_id) & (USERS.c.id == seats.user_id))
                .where(seats.vault_id == vault.id, seats.role == Role.ZADOKITE, seats.left_at.is_(None))
                .order_by(seats.joined_at, seats.user_id)
                .limit(1)
            ).first()
        if founder is None:
            raise NotAVaultError(f"The vault in {self._kit.location} has no Zadokite.", hint="Restore a back-up.")
        return vault.id, vault.name, founder.user_id, founder.username, founder.login

    def _new_login(self, username: str, verifier: str) -> str:
        login = next((name for name in self.names.logins(username) if not self._role_exists(name)), None)
        if login is None:
            wanted = self.names.login(username)
            raise StorageError(f"All names like {wanted} are taken on this server.", hint="Choose another user name.")
        options = " WITH INHERIT TRUE" if self._role_options else ""
        with self._acting_as(self.names.provisioner):
            self._run(f"CREATE ROLE {login} LOGIN INHERIT CONNECTION LIMIT 40 PASSWORD '{_checked(verifier)}'")
            self._run(f"GRANT {login} TO {self.names.provisioner}{options}")
        return login


def _checked(verifier: str) -> str:
    """A verifier has no quotation marks; nothing else goes into the statement."""
    if not functions.is_verifier(verifier):
        raise ValueError("not a SCRAM-SHA-256 verifier")
    return verifier


def _expect(changed: int, wanted: int) -> None:
    if changed != wanted:
        raise StorageError(
            f"A change as the owner of the tables reached {changed} rows instead of {wanted}; nothing was stored.",
            hint="Run: aether-desktop postgres migrate",
        )
