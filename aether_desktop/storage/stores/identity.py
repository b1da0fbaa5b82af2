"""Keys of people and courts, the membership log, invitations and rotations. Worker threads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AlreadyExistsError, NotFoundError
from aether_desktop.ports.identity import (
    StoredCourtKey,
    StoredInvitation,
    StoredPersonKeys,
    StoredRotation,
    StoredStatement,
)
from aether_desktop.storage.database import Database
from aether_desktop.storage.schema.keys import (
    COURT_KEYS,
    INVITATIONS,
    MEMBERSHIP_STATEMENTS,
    PERSON_KEYS,
    ROTATION_JOURNAL,
    SEAL_COUNTS,
)


class _Store:
    def __init__(self, database: Database) -> None:
        self._database = database

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        def work(connection: Connection) -> Sequence[Row[Any]]:
            return connection.execute(query).all()

        return self._database.fetch(work)

    def _in_vault(self, table: Table) -> Select[Any]:
        return select(table).where(table.c.vault_id == self._database.vault_id)


class SqlMembershipStore(_Store):
    """Implements ``ports.identity.MembershipStore``; raises the StorageError family."""

    def statements(self, start: int = 0) -> list[StoredStatement]:
        """From that index on, in order."""
        columns = MEMBERSHIP_STATEMENTS.c
        query = self._in_vault(MEMBERSHIP_STATEMENTS).where(columns.position >= start).order_by(columns.position)
        return [StoredStatement(row.position, row.body, row.signature) for row in self._rows(query)]

    def append(self, statements: Sequence[StoredStatement]) -> None:
        """Raises AlreadyExistsError when somebody else appended meanwhile."""
        if not statements:
            return
        columns = MEMBERSHIP_STATEMENTS.c
        with self._database.write(action="membership.append", table=MEMBERSHIP_STATEMENTS.name) as unit:
            last = unit.connection.scalar(select(func.max(columns.position)).where(columns.vault_id == unit.vault_id))
            if statements[0].index != (-1 if last is None else last) + 1:
                raise AlreadyExistsError(
                    "Somebody else added to the membership log at the same moment.", field="position", hint="Try again."
                )
            rows = [
                {
                    "vault_id": unit.vault_id,
                    "position": each.index,
                    "body": each.body,
                    "signature": each.signature,
                }
                for each in statements
            ]
            unit.connection.execute(insert(MEMBERSHIP_STATEMENTS), rows)
            unit.audit(rows=len(rows), positions=[each.index for each in statements])
            unit.changed(ChangeSet(frozenset({TableName.USERS})))  # other clients read the log again


class SqlPersonKeyStore(_Store):
    """Implements ``ports.identity.PersonKeyStore``; raises the StorageError family."""

    def of(self, user_id: int) -> list[StoredPersonKeys]:
        """All generations, the latest first."""
        columns = PERSON_KEYS.c
        query = self._in_vault(PERSON_KEYS).where(columns.user_id == user_id).order_by(columns.generation.desc())
        return [
            StoredPersonKeys(
                user_id=row.user_id,
                generation=row.generation,
                bundle=row.bundle,
                sealed=row.sealed,
                created_at=row.created_at,
            )
            for row in self._rows(query)
        ]

    def add(self, keys: StoredPersonKeys) -> None:
        """Raises AlreadyExistsError, NotFoundError for an unknown person."""
        with self._database.write(action="keys.add", table=PERSON_KEYS.name) as unit:
            unit.connection.execute(insert(PERSON_KEYS).values(vault_id=unit.vault_id, **keys._asdict()))
            unit.audit(rows=1, person=str(keys.user_id), generation=keys.generation)

    def reseal(self, keys: StoredPersonKeys) -> None:
        """Raises NotFoundError."""
        columns = PERSON_KEYS.c
        statement = (
            update(PERSON_KEYS)
            .where(columns.user_id == keys.user_id, columns.generation == keys.generation)
            .values(sealed=keys.sealed)
        )
        with self._database.write(action="keys.reseal", table=PERSON_KEYS.name) as unit:
            if not unit.connection.execute(statement.where(columns.vault_id == unit.vault_id)).rowcount:
                raise NotFoundError("These keys are not in the vault any more.")
            unit.audit(rows=1, person=str(keys.user_id), generation=keys.generation)


class SqlCourtKeyStore(_Store):
    """Implements ``ports.identity.CourtKeyStore``; raises the StorageError family."""

    def of_recipient(self, recipient_id: int) -> list[StoredCourtKey]:
        """By owner, court and version."""
        columns = COURT_KEYS.c
        query = self._in_vault(COURT_KEYS).where(columns.recipient_id == recipient_id)
        return [
            _court_key(row) for row in self._rows(query.order_by(columns.owner_id, columns.court, columns.key_version))
        ]

    def of_owner(self, owner_id: int, court: Court) -> list[StoredCourtKey]:
        """By version and recipient."""
        columns = COURT_KEYS.c
        query = self._in_vault(COURT_KEYS).where(columns.owner_id == owner_id, columns.court == int(court))
        return [_court_key(row) for row in self._rows(query.order_by(columns.key_version, columns.recipient_id))]

    def put(self, keys: Sequence[StoredCourtKey]) -> None:
        """Adds, or replaces what was wrapped to the same recipient."""
        if not keys:
            return
        with self._database.write(action="court.wrap", table=COURT_KEYS.name) as unit:
            for key in keys:
                place = {
                    "vault_id": unit.vault_id,
                    "owner_id": key.owner_id,
                    "court": int(key.court),
                    "key_version": key.version,
                    "recipient_id": key.recipient_id,
                }
                content = {"recipient_key": key.recipient_key, "wrapped": key.wrapped, "created_at": key.created_at}
                _put(unit.connection, COURT_KEYS, place, content)
            unit.audit(
                rows=len(keys),
                keys=[[str(key.owner_id), int(key.court), key.version, str(key.recipient_id)] for key in keys],
            )

    def count_seals(self, owner_id: int, court: Court, *, version: int, recipient_id: int, more: int) -> int:
        """The total of all recipients, ``more`` included."""
        columns = SEAL_COUNTS.c
        with self._database.write(action="seals.count", table=SEAL_COUNTS.name) as unit:
            place = {
                "vault_id": unit.vault_id,
                "owner_id": owner_id,
                "court": int(court),
                "key_version": version,
                "recipient_id": recipient_id,
            }
            mine = [columns[name] == value for name, value in place.items()]
            grown = update(SEAL_COUNTS).where(*mine).values(seals=columns.seals + more)
            if not unit.connection.execute(grown).rowcount:
                unit.connection.execute(insert(SEAL_COUNTS).values(**place, seals=more))
            return int(unit.connection.scalar(select(func.sum(columns.seals)).where(*mine[:-1])) or 0)


class SqlInvitationStore(_Store):
    """Implements ``ports.identity.InvitationStore``; raises the StorageError family."""

    def open(self) -> list[StoredInvitation]:
        """Not settled, oldest first."""
        query = self._in_vault(INVITATIONS).where(INVITATIONS.c.settled_at.is_(None)).order_by(INVITATIONS.c.id)
        return [_invitation(row) for row in self._rows(query)]

    def get(self, invitation_id: int) -> StoredInvitation:
        """Raises NotFoundError."""
        rows = self._rows(self._in_vault(INVITATIONS).where(INVITATIONS.c.id == invitation_id))
        if not rows:
            raise _no_invitation()
        return _invitation(rows[0])

    def add(self, invitation: StoredInvitation) -> None:
        """Raises AlreadyExistsError, NotFoundError for unknown people."""
        with self._database.write(action="invitation.add", table=INVITATIONS.name) as unit:
            unit.connection.execute(insert(INVITATIONS).values(vault_id=unit.vault_id, **invitation._asdict()))
            unit.audit(rows=1, invitation=str(invitation.id), person=str(invitation.user_id))

    def set_reply(self, invitation_id: int, reply: bytes) -> None:
        """Raises NotFoundError, AlreadyExistsError when there is another reply."""
        columns = INVITATIONS.c
        known = self.get(invitation_id)
        if known.reply == reply:
            return
        statement = (
            update(INVITATIONS)
            .where(columns.id == invitation_id, columns.reply.is_(None), columns.settled_at.is_(None))
            .values(reply=reply)
        )
        with self._database.write(action="invitation.reply", table=INVITATIONS.name) as unit:
            if not unit.connection.execute(statement.where(columns.vault_id == unit.vault_id)).rowcount:
                raise AlreadyExistsError(
                    "This invitation has another reply already.", field="reply", hint="Ask for another invitation."
                )
            unit.audit(rows=1, invitation=str(invitation_id))

    def settle(self, invitation_id: int, at: datetime) -> None:
        """Raises NotFoundError."""
        columns = INVITATIONS.c
        statement = update(INVITATIONS).where(columns.id == invitation_id).values(settled_at=at)
        with self._database.write(action="invitation.settle", table=INVITATIONS.name) as unit:
            if not unit.connection.execute(statement.where(columns.vault_id == unit.vault_id)).rowcount:
                raise _no_invitation()
            unit.audit(rows=1, invitation=str(invitation_id))


class SqlRotationStore(_Store):
    """Implements ``ports.identity.RotationStore``; raises the StorageError family."""

    def all(self) -> list[StoredRotation]:
        """Unfinished first, then the latest."""
        columns = ROTATION_JOURNAL.c
        query = self._in_vault(ROTATION_JOURNAL).order_by(
            columns.finished_at.is_not(None),
            columns.started_at.desc(),
            columns.owner_id,
            columns.court,
            columns.key_version.desc(),
        )
        return [_rotation(row) for row in self._rows(query)]

    def unfinished(self, owner_id: int, court: Court) -> StoredRotation | None:
        """The one to the latest version."""
        columns = ROTATION_JOURNAL.c
        query = (
            self._in_vault(ROTATION_JOURNAL)
            .where(columns.owner_id == owner_id, columns.court == int(court), columns.finished_at.is_(None))
            .order_by(columns.key_version.desc())
            .limit(1)
        )
        rows = self._rows(query)
        return _rotation(rows[0]) if rows else None

    def put(self, rotation: StoredRotation) -> None:
        """Adds or updates by owner, court and version."""
        with self._database.write(action="rotation.progress", table=ROTATION_JOURNAL.name) as unit:
            place = {
                "vault_id": unit.vault_id,
                "owner_id": rotation.owner_id,
                "court": int(rotation.court),
                "key_version": rotation.version,
            }
            content = {
                "started_at": rotation.started_at,
                "field": rotation.field,
                "row_id": rotation.row_id,
                "rows_done": rotation.rows_done,
                "finished_at": rotation.finished_at,
            }
            _put(unit.connection, ROTATION_JOURNAL, place, content)
            unit.audit(rows=1, owner=str(rotation.owner_id), court=int(rotation.court), version=rotation.version)


class SqlIdentityStores:
    """Implements ``ports.identity.IdentityStores`` over one database."""

    def __init__(self, database: Database) -> None:
        self.membership = SqlMembershipStore(database)
        self.person_keys = SqlPersonKeyStore(database)
        self.court_keys = SqlCourtKeyStore(database)
        self.invitations = SqlInvitationStore(database)
        self.rotations = SqlRotationStore(database)


def _put(connection: Connection, table: Table, place: dict[str, Any], content: dict[str, Any]) -> None:
    """Insert, or update what is at that primary key."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**place, **content)
    connection.execute(statement.on_conflict_do_update(index_elements=list(place), set_=content))


def _court_key(row: Row[Any]) -> StoredCourtKey:
    return StoredCourtKey(
        owner_id=row.owner_id,
        court=Court(row.court),
        version=row.key_version,
        recipient_id=row.recipient_id,
        recipient_key=row.recipient_key,
        wrapped=row.wrapped,
        created_at=row.created_at,
    )


def _invitation(row: Row[Any]) -> StoredInvitation:
    return StoredInvitation(**{name: getattr(row, name) for name in StoredInvitation._fields})


def _rotation(row: Row[Any]) -> StoredRotation:
    return StoredRotation(
        owner_id=row.owner_id,
        court=Court(row.court),
        version=row.key_version,
        started_at=row.started_at,
        field=row.field,
        row_id=row.row_id,
        rows_done=row.rows_done,
        finished_at=row.finished_at,
    )


def _no_invitation() -> NotFoundError:
    return NotFoundError("There is no such invitation.", hint="It was perhaps made in another vault.")
