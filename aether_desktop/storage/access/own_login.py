"""A person changes the password of their own login: the first one came with an invitation, and others know it."""

from __future__ import annotations

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.storage.access.functions import is_verifier
from aether_desktop.storage.addresses import read_address
from aether_desktop.storage.failures import translated
from aether_desktop.storage.postgresql import open_postgresql


def change_own_password(url: str, *, password: str, verifier: str) -> None:
    """Log in with ``password`` and let the server keep ``verifier`` (RFC 5803) from now on.

    Raises PermissionDeniedError for a wrong password, InvalidInputError, StorageUnavailableError and its family.
    """
    if not is_verifier(verifier):
        raise InvalidInputError("This is no SCRAM verifier.", field="password")
    kit = open_postgresql(read_address(url, password=password))
    try:
        with translated(where=kit.location), kit.writer.connect() as connection, connection.begin():
            connection.exec_driver_sql(f"ALTER ROLE CURRENT_USER PASSWORD '{verifier}'")
    finally:
        kit.dispose()
