"""The rows that a new vault begins with, on either engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert

from aether_desktop.domain.records import InvalidRecordError, require_text
from aether_desktop.domain.text import fold
from aether_desktop.domain.users import Membership, Role, User
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.storage.audit_log import TOUCHED, Deed, audit_log_of
from aether_desktop.storage.identifiers import first_id
from aether_desktop.storage.schema import USERS, VAULT_MEMBERS, VAULTS

NAME_LIMIT: Final = 200


def founder_named(name: str, username: str) -> User:
    """The first person of a new vault. Raises InvalidInputError."""
    try:
        require_text("name", name, limit=NAME_LIMIT)
        user_id = first_id()
        return User(
            id=user_id,
            owner_id=user_id,
            created_at=datetime.now(UTC),
            username=username,
            role=Role.ZADOKITE,
            membership=Membership.GOVERNING,
        )
    except InvalidRecordError as error:
        raise InvalidInputError(error.reason, field=error.field) from error


def insert_vault(connection: Connection, founder: User, *, name: str, login: str) -> None:
    """The vault's own row, its first person and the first line of its audit log."""
    vault_id, now = first_id(), founder.created_at
    in_vault: dict[str, Any] = {"vault_id": vault_id}
    connection.execute(insert(VAULTS).values(id=vault_id, name=name.strip(), created_at=now))
    connection.execute(
        insert(USERS).values(
            **in_vault,
            id=founder.id,
            owner_id=founder.id,
            version=founder.version,
            created_at=now,
            username=founder.username,
            username_fold=fold(founder.username),
            role=founder.role,
            membership=founder.membership,
            active=founder.active,
        )
    )
    connection.execute(
        insert(VAULT_MEMBERS).values(**in_vault, user_id=founder.id, role=founder.role, login=login, joined_at=now)
    )
    touched = {"vaults": [1, 0, 0, 0], "users": [1, 0, 0, 0], "vault_members": [1, 0, 0, 0]}
    deed = Deed(entry_id=first_id(), action="vault.create", table="vaults", rows=1, detail={TOUCHED: touched})
    log = audit_log_of(connection.dialect.name, vault_id=vault_id, user_id=founder.id)
    log.append(connection, [deed], now)
