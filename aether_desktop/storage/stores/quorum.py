"""Recovery quorums: deals of shares, requests and releases. Worker threads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, insert, select, update
from sqlalchemy.exc import DBAPIError

from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import AlreadyExistsError, NotFoundError
from aether_desktop.ports.quorum import StoredDeal, StoredRelease, StoredRequest
from aether_desktop.storage.database import Database
from aether_desktop.storage.failures import ViolationKind, violation
from aether_desktop.storage.schema import METADATA, QUORUM_DEALS, QUORUM_RELEASES, QUORUM_REQUESTS

_TOLD = ChangeSet(frozenset({TableName.USERS}))  # the page of people, also that of others, looks again


class SqlQuorumStore:
    """Implements ``ports.quorum.QuorumStore``; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deals(self) -> list[StoredDeal]:
        """The latest first."""
        query = self._in_vault(QUORUM_DEALS).order_by(QUORUM_DEALS.c.id.desc())
        return [
            StoredDeal(
                id=row.id,
                owner_id=row.owner_id,
                court=Court(row.court),
                version=row.key_version,
                dealer_id=row.dealer_id,
                body=row.body,
                signature=row.signature,
                created_at=row.created_at,
            )
            for row in self._rows(query)
        ]

    def add_deal(self, deal: StoredDeal) -> None:
        """Nobody changes or removes one."""
        place = {"court": int(deal.court), "key_version": deal.version}
        values = {name: value for name, value in deal._asdict().items() if name not in {"court", "version"}} | place
        with self._database.write(action="quorum.deal", table=QUORUM_DEALS.name) as unit:
            unit.connection.execute(insert(QUORUM_DEALS).values(vault_id=unit.vault_id, **values))
            unit.audit(rows=1, ids=[deal.id], owner=str(deal.owner_id), court=int(deal.court), version=deal.version)
            unit.changed(_TOLD)

    def requests(self) -> list[StoredRequest]:
        """Those that are not settled, the latest first."""
        columns = QUORUM_REQUESTS.c
        query = self._in_vault(QUORUM_REQUESTS).where(columns.settled_at.is_(None)).order_by(columns.id.desc())
        return [StoredRequest(**_fields(row, StoredRequest._fields)) for row in self._rows(query)]

    def add_request(self, request: StoredRequest) -> None:
        """Open until it is settled or expires."""
        with self._database.write(action="quorum.request", table=QUORUM_REQUESTS.name) as unit:
            unit.connection.execute(insert(QUORUM_REQUESTS).values(vault_id=unit.vault_id, **request._asdict()))
            unit.audit(rows=1, ids=[request.id], deal=str(request.deal_id))
            unit.changed(_TOLD)

    def settle(self, request_id: int, at: datetime) -> None:
        """Raises NotFoundError for one that is not there, not one's own, or settled."""
        columns = QUORUM_REQUESTS.c
        with self._database.write(action="quorum.settle", table=QUORUM_REQUESTS.name) as unit:
            mine = (
                columns.vault_id == unit.vault_id,
                columns.id == request_id,
                columns.settled_at.is_(None),
            )
            if not unit.connection.execute(update(QUORUM_REQUESTS).where(*mine).values(settled_at=at)).rowcount:
                raise NotFoundError("There is no such open request of yours.")
            unit.audit(rows=1, ids=[request_id])
            unit.changed(_TOLD)

    def releases(self, request_id: int) -> list[StoredRelease]:
        """By holder."""
        columns = QUORUM_RELEASES.c
        query = self._in_vault(QUORUM_RELEASES).where(columns.request_id == request_id).order_by(columns.holder_id)
        return [StoredRelease(**_fields(row, StoredRelease._fields)) for row in self._rows(query)]

    def add_release(self, release: StoredRelease) -> None:
        """Raises AlreadyExistsError when that holder released before."""
        with self._database.write(action="quorum.release", table=QUORUM_RELEASES.name) as unit:
            try:
                unit.connection.execute(insert(QUORUM_RELEASES).values(vault_id=unit.vault_id, **release._asdict()))
            except DBAPIError as error:
                broken = violation(error, METADATA)
                if broken is not None and broken.kind is ViolationKind.UNIQUE:
                    raise AlreadyExistsError("You have released your share already.", field="request") from error
                raise
            unit.audit(rows=1, ids=[release.request_id])
            unit.changed(_TOLD)

    # -- inside --------------------------------------------------------------------------------------------------

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self._database.fetch(lambda connection: connection.execute(query).all())

    def _in_vault(self, table: Table) -> Select[Any]:
        return select(table).where(table.c.vault_id == self._database.vault_id)


def _fields(row: Row[Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
