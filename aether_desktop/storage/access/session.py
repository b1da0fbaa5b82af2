"""What a client asks of its own session before it trusts it with a vault."""

from __future__ import annotations

from sqlalchemy import Connection

from aether_desktop.ports.errors import NotAVaultError, PermissionDeniedError, SchemaTooOldError
from aether_desktop.storage.access.names import AccessNames
from aether_desktop.storage.access.revision import ACCESS_REVISION

_WHO = """
SELECT session_user::text AS login, current_user::text AS acting, r.rolsuper OR r.rolbypassrls AS unbound,
       r.rolcreaterole AS creator, to_regprocedure('public.aether_tag()') IS NOT NULL AS provisioned
FROM pg_catalog.pg_roles r WHERE r.rolname = session_user
"""


def tag_of(connection: Connection) -> str | None:
    """The tag of a provisioned database; None where nothing was provisioned."""
    if not connection.exec_driver_sql("SELECT to_regprocedure('public.aether_tag()') IS NOT NULL").scalar():
        return None
    return str(connection.exec_driver_sql("SELECT public.aether_tag()").scalar())


def require_own_login(connection: Connection, where: str) -> str:
    """The login, proven to be a person's own and bound by the rules this program was made for.

    Raises NotAVaultError (nothing provisioned), SchemaTooOldError (other rules), PermissionDeniedError.
    """
    who = connection.exec_driver_sql(_WHO).one()
    if not who.provisioned:
        raise NotAVaultError(
            f"{where} holds no vault that its server protects yet.",
            hint="Its administrator runs: aether-desktop postgres provision URL",
        )
    names = AccessNames(str(connection.exec_driver_sql("SELECT public.aether_tag()").scalar()))
    login = str(who.login)
    if who.unbound or who.creator or not names.is_login(login):
        raise PermissionDeniedError(
            f"{login} is no person's own login on {where}: it could pass by the rules of the vault.",
            hint=f"Use your own login ({names.login_prefix}...); a Zadokite of the vault makes one (People).",
        )
    if who.acting != login:
        raise PermissionDeniedError(
            f"The session on {where} belongs to {login} but acts as {who.acting}.",
            hint="Take 'role' out of the address, and ask the administrator for a pool of its own for each user.",
        )
    if connection.exec_driver_sql("SELECT public.aether_access_revision()").scalar() != ACCESS_REVISION:
        raise SchemaTooOldError(
            f"The access rules in {where} are those of another version of this program.",
            hint="Ask the administrator of the database to run: aether-desktop postgres migrate",
        )
    return login
