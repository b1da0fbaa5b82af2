"""Secrets of wallets: one of a kind for each wallet and owner, sealed, changed by version, for their owner only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from aether_desktop.domain.sealed_fields import Sealed, SealedField
from aether_desktop.domain.wallet_secrets import SecretKind, WalletSecret
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import AlreadyExistsError, ConflictError, NotFoundError
from aether_desktop.storage.sql_storage import SqlStorage
from tests.sealing.conftest import Keyed
from tests.storage import samples

SEED = b"legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.fixture
def wallet(storage: SqlStorage) -> Wallet:
    made = samples.wallet(storage)
    storage.wallets.create(made)
    return made


def secret(storage: SqlStorage, wallet: Wallet, content: bytes = b"\x01" * 60, **fields: object) -> WalletSecret:
    made = WalletSecret(
        id=storage.new_id(),
        owner_id=storage.info.user_id,
        wallet_id=wallet.id,
        kind=SecretKind.SEED,
        sealed=Sealed.of(1, content),
        created_at=samples.NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # by name


def test_it_is_stored_and_found(storage: SqlStorage, wallet: Wallet) -> None:
    seed = secret(storage, wallet)
    key = secret(storage, wallet, kind=SecretKind.PRIVATE_KEY)
    storage.wallet_secrets.add(seed)
    storage.wallet_secrets.add(key)
    assert storage.wallet_secrets.of_wallet(wallet.id) == [key, seed]
    assert storage.wallet_secrets.get(wallet.id, SecretKind.SEED) == seed
    with pytest.raises(NotFoundError):
        storage.wallet_secrets.get(wallet.id, SecretKind.KEYSTORE)


def test_there_is_one_of_a_kind(storage: SqlStorage, wallet: Wallet) -> None:
    storage.wallet_secrets.add(secret(storage, wallet))
    with pytest.raises(AlreadyExistsError) as refused:
        storage.wallet_secrets.add(secret(storage, wallet))
    assert refused.value.field == "kind"
    with pytest.raises(NotFoundError):
        storage.wallet_secrets.add(secret(storage, wallet, wallet_id=12345))


def test_it_changes_by_version(storage: SqlStorage, wallet: Wallet) -> None:
    seed = secret(storage, wallet)
    storage.wallet_secrets.add(seed)
    storage.wallet_secrets.replace(replace(seed, sealed=Sealed.of(2, b"\x02" * 60)))
    stored = storage.wallet_secrets.get(wallet.id, SecretKind.SEED)
    assert (stored.version, stored.sealed.revision) == (2, 2)
    with pytest.raises(ConflictError):
        storage.wallet_secrets.replace(seed)
    with pytest.raises(ConflictError):
        storage.wallet_secrets.remove(seed)
    storage.wallet_secrets.remove(stored)
    assert storage.wallet_secrets.of_wallet(wallet.id) == []
    with pytest.raises(NotFoundError):
        storage.wallet_secrets.remove(stored)


def test_the_audit_names_the_latest_value_and_not_the_value(storage: SqlStorage, wallet: Wallet) -> None:
    seed = secret(storage, wallet, SEED)
    storage.wallet_secrets.add(seed)
    entry = storage.audit.recent(1)[0]
    assert (entry.action, entry.table, entry.row_id) == ("wallet_secrets.create", "wallet_secrets", seed.id)
    assert str(seed.sealed.record()["sealed"]) in entry.detail
    assert "legal winner" not in entry.detail


def test_it_opens_with_level_three_only(storage: SqlStorage, wallet: Wallet, open_keyed: Callable[..., Keyed]) -> None:
    keyed = open_keyed(storage)
    sealer, field, me = keyed.signers.identity.sealer, SealedField.WALLET_SECRET, storage.info.user_id
    seed = secret(storage, wallet)
    content = sealer.seal(field, SEED, row_id=seed.id, owner_id=me, revision=1)
    storage.wallet_secrets.add(replace(seed, sealed=Sealed.of(1, content)))
    stored = storage.wallet_secrets.get(wallet.id, SecretKind.SEED).sealed
    assert sealer.open(field, stored.content, row_id=seed.id, owner_id=me, revision=stored.revision) == SEED
    with pytest.raises(SealError):
        sealer.open(field, stored.content, row_id=seed.id + 1, owner_id=me, revision=stored.revision)
    keyed.lock()
    with pytest.raises(LevelLockedError):
        sealer.open(field, stored.content, row_id=seed.id, owner_id=me, revision=stored.revision)
