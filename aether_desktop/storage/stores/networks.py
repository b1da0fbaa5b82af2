"""EVM networks of this person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from aether_desktop.domain.networks import EvmNetwork
from aether_desktop.ports.errors import AlreadyExistsError, ConflictError, NotFoundError
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.failures import ViolationKind, violation
from aether_desktop.storage.schema import EVM_NETWORKS, METADATA
from aether_desktop.storage.stores.records import require_storable

_TABLE = EVM_NETWORKS.name
_C = EVM_NETWORKS.c


class SqlNetworkStore:
    """Implements ``ports.chains.NetworkStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[EvmNetwork]:
        """By chain id."""
        query = (
            select(EVM_NETWORKS)
            .where(_C.vault_id == self._database.vault_id, _C.owner_id == self._database.user_id)
            .order_by(_C.chain_id)
        )
        return self._database.fetch(lambda connection: [_network(row) for row in connection.execute(query)])

    def add(self, network: EvmNetwork) -> None:
        """Raises AlreadyExistsError for another network with this chain id."""
        with self._database.write(action="evm_networks.create", table=_TABLE) as unit, _once():
            row = {"id": network.id, "owner_id": network.owner_id, "version": 1, "created_at": network.created_at}
            unit.connection.execute(insert(EVM_NETWORKS).values(vault_id=unit.vault_id, **row, **_columns(network)))
            self._tell(unit, network, {}, _told(network))

    def update(self, network: EvmNetwork) -> None:
        """One version up. Raises ConflictError, AlreadyExistsError, NotFoundError."""
        with self._database.write(action="evm_networks.update", table=_TABLE) as unit, _once():
            before = self._stored(network)
            statement = (
                update(EVM_NETWORKS).where(self._this(network)).values(**_columns(network), version=network.version + 1)
            )
            self._require(unit.connection.execute(statement).rowcount, network)
            self._tell(unit, network, _told(before), _told(network))

    def remove(self, network: EvmNetwork) -> None:
        """Raises ConflictError, NotFoundError."""
        with self._database.write(action="evm_networks.remove", table=_TABLE) as unit:
            self._require(unit.connection.execute(delete(EVM_NETWORKS).where(self._this(network))).rowcount, network)
            self._tell(unit, network, _told(network), {})

    # -- inside --------------------------------------------------------------------------------------------------

    def _this(self, network: EvmNetwork) -> ColumnElement[bool]:
        return and_(
            _C.vault_id == self._database.vault_id,
            _C.owner_id == self._database.user_id,
            _C.id == network.id,
            _C.version == network.version,
        )

    def _stored(self, network: EvmNetwork) -> EvmNetwork:
        for each in self.all():
            if each.id == network.id:
                return each
        raise NotFoundError("The network does not exist (any more).")

    def _require(self, changed: int, network: EvmNetwork) -> None:
        if not changed:
            theirs = self._stored(network)
            raise ConflictError("The network was changed since it was read.", mine=network, theirs=theirs)

    @staticmethod
    def _tell(unit: Unit, network: EvmNetwork, before: dict[str, object], after: dict[str, object]) -> None:
        unit.about(network.id, before, after)
        unit.audit(rows=1, chain_id=str(network.chain_id))


@contextmanager
def _once() -> Iterator[None]:
    """Raises AlreadyExistsError for a second network of one chain."""
    try:
        yield
    except DBAPIError as error:
        broken = violation(error, METADATA)
        if broken is not None and broken.kind is ViolationKind.UNIQUE:
            raise AlreadyExistsError("Another network has this chain id.", field="chain_id") from error
        raise


def _columns(network: EvmNetwork) -> dict[str, Any]:
    for name in ("name", "symbol", "explorer"):
        require_storable(name, getattr(network, name))
    return {
        "name": network.name,
        "chain_id": network.chain_id,
        "symbol": network.symbol,
        "endpoints": {"endpoints": list(network.endpoints)},
        "confirmations": network.confirmations,
        "explorer": network.explorer,
    }


def _told(network: EvmNetwork) -> dict[str, object]:
    """What the audit keeps: hosts and a digest, because paths of endpoints may hold access keys."""
    whole = "\n".join(network.endpoints)
    return {
        "name": network.name,
        "chain_id": str(network.chain_id),
        "symbol": network.symbol,
        "endpoints": list(network.shown_endpoints),
        "endpoints_sha256": hashlib.sha256(whole.encode()).hexdigest(),
        "confirmations": network.confirmations,
        "explorer": network.explorer,
    }


def _network(row: Row[Any]) -> EvmNetwork:
    return EvmNetwork(
        id=row.id,
        owner_id=row.owner_id,
        version=row.version,
        created_at=row.created_at,
        name=row.name,
        chain_id=row.chain_id,
        symbol=row.symbol,
        endpoints=tuple(row.endpoints["endpoints"]),
        confirmations=row.confirmations,
        explorer=row.explorer,
    )
