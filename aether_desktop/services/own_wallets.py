"""Wallets with a key: made, restored, imported, revealed, exported, signed with. Worker threads only.

Keys lie sealed in the Most Holy Place. A key is opened for one operation, wiped at its end, and each opening is written
down before anything leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aether_desktop.domain.addresses import AddressFamily
from aether_desktop.domain.chains import CHAINS, Chain, UnknownChainError, find_chain
from aether_desktop.domain.derivation import DerivationPath, InvalidPathError, account_path
from aether_desktop.domain.evm_transactions import SignedTransaction, UnsignedTransaction
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.domain.sealed_fields import Sealed, SealedField
from aether_desktop.domain.times import utc_now
from aether_desktop.domain.wallet_secrets import SecretKind, WalletSecret
from aether_desktop.domain.wallets import Wallet, WalletKind
from aether_desktop.ports.access import FieldSealer, SealError
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.vault_keys import Factor, require_strong
from aether_desktop.ports.wallet_keys import NEW_WORDS, OwnKey, RevealedKey, SeedWords, WalletKeys
from aether_desktop.services.latest_values import require_latest

_FIELD: Final = SealedField.WALLET_SECRET
_SECRETS: Final = "wallet_secrets"
_SIGNING: Final = (SecretKind.SEED, SecretKind.PRIVATE_KEY)
_MOST_ACCOUNTS: Final = 1000  # of one seed, looked through for the next one


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """One account of a seed. ``wallet``: the name of the wallet that has it on the chain asked about, or empty."""

    index: int
    address: str
    wallet: str = ""


class OwnWalletService:
    """``sealer`` None (the sample, vaults whose people have no keys): what would keep a key is refused."""

    def __init__(
        self,
        storage: Storage,
        sealer: FieldSealer | None,
        keys: Callable[[], WalletKeys] | None,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``keys`` is asked when a key is first wanted: its libraries take half a second to load."""
        self._storage, self._sealer, self._make_keys, self._now = storage, sealer, keys, now

    @property
    def active(self) -> bool:
        """Whether this vault can keep keys. Any thread."""
        return self._sealer is not None and self._make_keys is not None

    def require_active(self) -> None:
        """Raises PermissionDeniedError where the vault keeps no keys, saying what to do. Any thread."""
        if not self.active:
            raise _keeps_none()

    # -- before anything is kept ---------------------------------------------------------------------------------

    def new_words(self, count: int = NEW_WORDS) -> SeedWords:
        """Fresh words, to be written down before a wallet is made of them. Raises InvalidInputError."""
        return self._keys.new_words(count)

    def problem_with(self, words: str) -> str:
        """What is wrong with typed words; empty when they are a seed."""
        return self._keys.problem_with(words)

    def accounts(self, seed: SeedWords, chain: str, *, count: int = 5) -> list[SeedAccount]:
        """The first accounts of a seed, and which of them are wallets here. Raises InvalidInputError."""
        known = self._chain(chain)
        wallets = self._storage.wallets.of_user(self._storage.info.user_id)
        names = {each.address: each.name for each in wallets if each.chain == known.key}
        return [
            SeedAccount(index, address, names.get(address, ""))
            for index, address in enumerate(self._keys.addresses(seed, count=count))
        ]

    # -- making --------------------------------------------------------------------------------------------------

    def add_from_words(self, name: str, chain: str, seed: SeedWords, *, path: str = "") -> Wallet:
        """A wallet of the account at ``path``; the first one without. A watch-only one of that address gets the key.

        Raises InvalidInputError naming the field, AlreadyExistsError, LevelLockedError (level 3),
        PermissionDeniedError where the vault keeps no keys.
        """
        return self._add(name, chain, lambda: self._keys.from_words(seed, _path(path)))

    def add_from_private_key(self, name: str, chain: str, private_key: str) -> Wallet:
        """Raises as ``add_from_words``."""
        return self._add(name, chain, lambda: self._keys.from_private_key(private_key))

    def add_from_keystore(self, name: str, chain: str, file: bytes, password: bytearray) -> Wallet:
        """From another program's key file; takes up to seconds. The file is not kept. Raises as ``add_from_words``."""
        return self._add(name, chain, lambda: self._keys.from_keystore(file, password))

    def add_account(self, wallet: Wallet, name: str, *, path: str = "") -> Wallet:
        """Another account of the seed that ``wallet`` has: at ``path``, or the next one that is no wallet yet.

        Raises as ``add_from_words``; NotFoundError for a wallet that has no seed.
        """
        with self._opened(wallet, (SecretKind.SEED,)) as (_, content):
            return self._add(name, wallet.chain, lambda: self._next(content, wallet, path))

    # -- using ---------------------------------------------------------------------------------------------------

    def has_key(self, wallet: Wallet) -> bool:
        """Whether this person can sign with it, once level 3 is open. Opens nothing."""
        return any(secret.kind in _SIGNING for secret in self._storage.wallet_secrets.of_wallet(wallet.id))

    def kinds(self, wallet: Wallet) -> tuple[SecretKind, ...]:
        """What is kept of it. Opens nothing."""
        return tuple(secret.kind for secret in self._storage.wallet_secrets.of_wallet(wallet.id))

    def reveal(self, wallet: Wallet) -> RevealedKey:
        """The words or the private key, after an audit entry says so; without the entry nothing is returned.

        Raises NotFoundError for a watch-only wallet, LevelLockedError, SealError, PermissionDeniedError.
        """
        with self._storage.unit_of_work(), self._opened(wallet) as (kind, content):
            self._storage.audit.note("wallets.reveal_key", table="wallets", row_id=wallet.id, kind=kind.value)
            return self._keys.revealed(kind, content)

    def export(self, wallet: Wallet, password: Factor) -> bytes:
        """A key file for other programs, after an audit entry says so. ``password`` is judged, and wiped.

        Raises as ``reveal``, InvalidInputError for a weak password.
        """
        try:
            require_strong(password)
            with self._opened(wallet) as (kind, content):
                file = self._keys.keystore(kind, content, password.secret)
            self._storage.audit.note("wallets.export_key", table="wallets", row_id=wallet.id, kind=kind.value)
            return file
        finally:
            password.wipe()

    def sign(self, wallet: Wallet, transaction: UnsignedTransaction) -> SignedTransaction:
        """After an audit entry names the transaction. Raises as ``reveal``; InvalidInputError for another chain's."""
        chain = CHAINS[wallet.chain]
        if transaction.chain_id != chain.chain_id:
            raise InvalidInputError(
                f"The transaction is for chain {transaction.chain_id}, the wallet on {chain.name} ({chain.chain_id}).",
                field="chain_id",
            )
        with self._opened(wallet) as (kind, content):
            signed = self._keys.sign(kind, content, transaction)
        self._storage.audit.note(
            "wallets.sign",
            table="wallets",
            row_id=wallet.id,
            hash=signed.hash,
            to=transaction.to or "",
            value=str(transaction.value),
            most_fee=str(transaction.most_fee),
            nonce=str(transaction.nonce),
            chain_id=str(transaction.chain_id),
        )
        return signed

    def forget(self, wallet: Wallet) -> Wallet:
        """Remove the keys: from now on it is watch-only. Nothing brings them back but the words or the file.

        Raises NotFoundError for a wallet without one, ConflictError. Needs no level: nothing is opened.
        """
        kept = self._storage.wallet_secrets.of_wallet(wallet.id)
        if not kept:
            raise _watch_only(wallet)
        with self._storage.unit_of_work():
            for secret in kept:
                self._storage.wallet_secrets.remove(secret)
            self._storage.wallets.update(replace(wallet, watch_only=True))
        return self._storage.wallets.get(wallet.id)

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def _keys(self) -> WalletKeys:
        if self._make_keys is None:
            raise _keeps_none()
        return self._make_keys()

    def _add(self, name: str, chain: str, make: Callable[[], OwnKey]) -> Wallet:
        known, sealer = self._chain(chain), self._require_sealer()
        own = make()
        try:
            return self._keep(name.strip(), known, own, sealer)
        finally:
            own.wipe()

    def _keep(self, name: str, chain: Chain, own: OwnKey, sealer: FieldSealer) -> Wallet:
        info, secret_id = self._storage.info, self._storage.new_id()
        watched = self._watched(chain, own.address)
        wallet = watched or self._new(name, chain, own.address)
        content = sealer.seal(_FIELD, bytes(own.content), row_id=secret_id, owner_id=info.user_id, revision=1)
        secret = WalletSecret(
            id=secret_id,
            owner_id=info.user_id,
            wallet_id=wallet.id,
            kind=own.kind,
            sealed=Sealed.of(1, content),
            created_at=self._now(),
        )
        with self._storage.unit_of_work():
            if watched is None:
                self._storage.wallets.create(wallet)
            else:
                self._storage.wallets.update(replace(wallet, watch_only=False))
            self._storage.wallet_secrets.add(secret)
        return self._storage.wallets.get(wallet.id)

    def _watched(self, chain: Chain, address: str) -> Wallet | None:
        """The watch-only wallet of that address. Raises AlreadyExistsError where it has a key."""
        for wallet in self._storage.wallets.of_user(self._storage.info.user_id):
            if (wallet.chain, wallet.address, wallet.kind) == (chain.key, address, WalletKind.NATIVE):
                if self.has_key(wallet):
                    raise AlreadyExistsError(f"The wallet {wallet.name} has this key already.", field="address")
                return wallet
        return None

    def _new(self, name: str, chain: Chain, address: str) -> Wallet:
        try:
            return Wallet(
                id=self._storage.new_id(),
                owner_id=self._storage.info.user_id,
                created_at=self._now(),
                name=name,
                chain=chain.key,
                address=address,
                watch_only=False,
            )
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error

    def _next(self, content: bytearray, wallet: Wallet, path: str) -> OwnKey:
        if path:
            return self._keys.sibling(content, _path(path))
        wallets = self._storage.wallets.of_user(self._storage.info.user_id)
        known = {each.address for each in wallets if each.chain == wallet.chain and self.has_key(each)}
        for index in range(_MOST_ACCOUNTS):
            own = self._keys.sibling(content, account_path(index))
            if own.address not in known:
                return own
            own.wipe()
        raise InvalidInputError(f"The first {_MOST_ACCOUNTS:,} accounts are wallets already.", field="path")

    @contextmanager
    def _opened(
        self, wallet: Wallet, kinds: tuple[SecretKind, ...] = _SIGNING
    ) -> Iterator[tuple[SecretKind, bytearray]]:
        """The kind and the content of its key, wiped at the end. Raises as ``reveal``."""
        sealer, user_id = self._require_sealer(), self._storage.info.user_id
        kept = {secret.kind: secret for secret in self._storage.wallet_secrets.of_wallet(wallet.id)}
        secret = next((kept[kind] for kind in kinds if kind in kept), None)
        if secret is None:
            raise _watch_only(wallet) if not kept else NotFoundError("No words are kept of this wallet, only its key.")
        value = secret.sealed
        content = bytearray(
            sealer.open(_FIELD, value.content, row_id=secret.id, owner_id=user_id, revision=value.revision)
        )
        try:
            require_latest(self._storage.audit, value, _FIELD, place=(_SECRETS, secret.id, "secret"))
            if self._keys.address(secret.kind, content) != wallet.address:
                raise SealError(
                    "The key that is kept of this wallet belongs to another address: a row was altered.", field=_FIELD
                )
            yield secret.kind, content
        finally:
            content[:] = bytes(len(content))

    def _chain(self, text: str) -> Chain:
        try:
            chain = find_chain(text)
        except UnknownChainError as error:
            raise InvalidInputError(error.reason, field="chain") from error
        if chain.family is not AddressFamily.EVM:
            raise InvalidInputError(
                f"Wallets on {chain.name} are watch-only here.", field="chain", hint="Add its address instead."
            )
        return chain

    def _require_sealer(self) -> FieldSealer:
        if self._sealer is None:
            raise _keeps_none()
        return self._sealer


def _path(text: str) -> DerivationPath:
    try:
        return DerivationPath.parse(text) if text else account_path(0)
    except InvalidPathError as error:
        raise InvalidInputError(error.reason, field="path") from error


def _keeps_none() -> PermissionDeniedError:
    return PermissionDeniedError(
        "Nothing is sealed in this vault yet, so it keeps no keys of wallets.",
        hint="It needs a password, and your own keys: make them on the People page under Courts and keys, or with the"
        " command people begin. Then open the vault again.",
    )


def _watch_only(wallet: Wallet) -> NotFoundError:
    return NotFoundError(
        f"The wallet {wallet.name} is watch-only: no key of it is kept here.", hint="Import its key to sign with it."
    )
