"""People of the vault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, insert, select, update

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.text import fold
from aether_desktop.domain.users import User
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import NotFoundError
from aether_desktop.storage.audit_values import changes
from aether_desktop.storage.database import Unit
from aether_desktop.storage.schema import USERS, VAULT_MEMBERS
from aether_desktop.storage.sealed_columns import SealedStore, joined, split
from aether_desktop.storage.stores.records import SqlRecordStore, UniqueRule, record_fields

_LOGINS_APART: Final = timedelta(hours=1)


class SqlUserStore(SealedStore, SqlRecordStore[User]):
    """Implements ``ports.storage.UserStore``; keeps ``vault_members`` (who is in, in which role) in step.

    Worker threads only; raises the StorageError family.
    """

    name = TableName.USERS
    table = USERS
    apart = frozenset({"last_login_at"})
    uniques = (
        UniqueRule(("username_fold",), "username", "Another person has this user name; case does not count."),
        UniqueRule(("email_fold",), "email", "Another person has this e-mail address."),
    )

    def by_username(self, username: str) -> User:
        """Any case. Raises NotFoundError."""
        found = self._select(self._query().where(USERS.c.username_fold == fold(username.strip())))
        if not found:
            raise NotFoundError(f"Nobody here has the user name {username.strip()[:100]!r}.")
        return found[0]

    def all(self) -> list[User]:
        """Not archived, by user name."""
        return self._select(
            self._query().where(USERS.c.archived_at.is_(None)).order_by(USERS.c.username_fold, USERS.c.id)
        )

    def record_login(self, user_id: int, at: datetime) -> ChangeSet:
        """At most once an hour, so that programs started over and over do not fill the audit log; the version stays.

        Raises NotFoundError, also for somebody else on a shared database.
        """
        last = self.get(user_id).last_login_at
        if last is not None and timedelta(0) <= at - last < _LOGINS_APART:
            return ChangeSet(frozenset({self.name}), frozenset())
        with self._write("login") as unit:
            mine = (USERS.c.vault_id == unit.vault_id, USERS.c.id == user_id)
            if not unit.connection.execute(update(USERS).where(*mine).values(last_login_at=at)).rowcount:
                raise self._gone()
            unit.about(user_id, *changes({"last_login_at": last}, {"last_login_at": at}))
            return self._done(unit, [user_id])

    def _columns_of(self, record: User) -> dict[str, Any]:
        return {
            "username": record.username,
            "username_fold": fold(record.username),
            **split(record, "email"),
            "email_fold": "" if isinstance(record.email, Sealed) else fold(record.email),
            "display_name": record.display_name,
            "role": record.role,
            "membership": record.membership,
            "active": record.active,
            "last_login_at": record.last_login_at,
        }

    def _record_of(self, row: RowMapping) -> User:
        names = ("username", "display_name", "role", "membership", "active", "last_login_at")
        return User(**record_fields(row), **joined(row, ["email"]), **{name: row[name] for name in names})

    def _after_stored(self, unit: Unit, record: User) -> None:
        """Only where it differs: people may change their own address, and nobody's role."""
        members = VAULT_MEMBERS.c
        values = {"role": record.role, "left_at": record.archived_at}
        this = (members.vault_id == unit.vault_id, members.user_id == record.id)
        known = unit.connection.execute(select(members.role, members.left_at).where(*this)).first()
        if known is None:
            unit.connection.execute(
                insert(VAULT_MEMBERS).values(
                    vault_id=unit.vault_id, user_id=record.id, joined_at=record.created_at, **values
                )
            )
        elif (known.role, known.left_at) != (record.role, record.archived_at):
            unit.connection.execute(update(VAULT_MEMBERS).where(*this).values(values))

    def _before_archived(self, unit: Unit, ids: Sequence[int], at: datetime | None) -> None:
        members = VAULT_MEMBERS.c
        unit.connection.execute(
            update(VAULT_MEMBERS).where(members.vault_id == unit.vault_id, members.user_id.in_(ids)).values(left_at=at)
        )
