"""Secrets of wallets: sealed values and what they belong to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from aether_desktop.domain.wallet_secrets import SecretKind, WalletSecret
from aether_desktop.ports.errors import AlreadyExistsError, ConflictError, NotFoundError
from aether_desktop.storage.database import Database, Unit
from aether_desktop.storage.failures import ViolationKind, violation
from aether_desktop.storage.schema import METADATA, WALLET_SECRETS, WALLETS

_NAMES = ("id", "owner_id", "wallet_id", "kind", "sealed", "version", "created_at")


class SqlWalletSecretStore:
    """Implements ``ports.wallet_secrets.WalletSecretStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_wallet(self, wallet_id: int) -> list[WalletSecret]:
        """This person's, by kind."""
        columns = WALLET_SECRETS.c
        query = (
            select(WALLET_SECRETS)
            .where(
                columns.vault_id == self._database.vault_id,
                columns.owner_id == self._database.user_id,
                columns.wallet_id == wallet_id,
            )
            .order_by(columns.kind)
        )
        return self._database.fetch(lambda connection: [_secret(row) for row in connection.execute(query)])

    def get(self, wallet_id: int, kind: SecretKind) -> WalletSecret:
        """This person's. Raises NotFoundError."""
        for secret in self.of_wallet(wallet_id):
            if secret.kind is kind:
                return secret
        raise NotFoundError("The vault holds no such secret of this wallet.")

    def add(self, secret: WalletSecret) -> None:
        """Raises AlreadyExistsError, NotFoundError for an unknown wallet."""
        with self._database.write(action="wallet_secrets.create", table=WALLET_SECRETS.name) as unit:
            wallet = select(WALLETS.c.id).where(WALLETS.c.vault_id == unit.vault_id, WALLETS.c.id == secret.wallet_id)
            if unit.connection.scalar(wallet) is None:
                raise NotFoundError("The wallet does not exist (any more).")
            row = {name: getattr(secret, name) for name in _NAMES}
            try:
                unit.connection.execute(insert(WALLET_SECRETS).values(vault_id=unit.vault_id, **row))
            except DBAPIError as error:
                broken = violation(error, METADATA)
                if broken is not None and broken.kind is ViolationKind.UNIQUE:
                    raise AlreadyExistsError(
                        "The vault holds such a secret of this wallet already.", field="kind"
                    ) from error
                raise
            self._tell(unit, secret, version=secret.version)

    def replace(self, secret: WalletSecret) -> None:
        """One version up. Raises ConflictError, NotFoundError."""
        with self._database.write(action="wallet_secrets.update", table=WALLET_SECRETS.name) as unit:
            statement = (
                update(WALLET_SECRETS)
                .where(self._this(secret))
                .values(sealed=secret.sealed, version=secret.version + 1)
            )
            self._require(unit.connection.execute(statement).rowcount, secret)
            self._tell(unit, secret, version=secret.version + 1)

    def remove(self, secret: WalletSecret) -> None:
        """Raises ConflictError, NotFoundError."""
        with self._database.write(action="wallet_secrets.remove", table=WALLET_SECRETS.name) as unit:
            self._require(unit.connection.execute(delete(WALLET_SECRETS).where(self._this(secret))).rowcount, secret)
            unit.about(secret.id, {"secret_sealed": secret.sealed.record()}, {"secret_sealed": None})
            unit.audit(rows=1, wallet=str(secret.wallet_id), kind=secret.kind.value)

    # -- inside --------------------------------------------------------------------------------------------------

    def _this(self, secret: WalletSecret) -> ColumnElement[bool]:
        columns = WALLET_SECRETS.c
        return and_(
            columns.vault_id == self._database.vault_id, columns.id == secret.id, columns.version == secret.version
        )

    def _require(self, changed: int, secret: WalletSecret) -> None:
        if not changed:
            theirs = self.get(secret.wallet_id, secret.kind)
            raise ConflictError("The secret was changed since it was read.", mine=secret, theirs=theirs)

    def _tell(self, unit: Unit, secret: WalletSecret, *, version: int) -> None:
        """Which value is the latest, so that an old one put back is noticed."""
        unit.about(secret.id, {}, {"secret_sealed": secret.sealed.record(), "version": version})
        unit.audit(rows=1, wallet=str(secret.wallet_id), kind=secret.kind.value)


def _secret(row: Row[Any]) -> WalletSecret:
    return WalletSecret(**{name: getattr(row, name) for name in _NAMES})
