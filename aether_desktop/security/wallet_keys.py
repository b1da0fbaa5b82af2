"""Implements ``ports.wallet_keys``. Importing this takes half a second: it is done when a key is first wanted.

Content of a private key: its 32 bytes. Of a seed: JSON with words, passphrase and path.
"""

from __future__ import annotations

import json
from typing import Final

from aether_desktop.domain.derivation import DerivationPath, InvalidPathError, account_path
from aether_desktop.domain.evm_transactions import SignedTransaction, UnsignedTransaction
from aether_desktop.domain.wallet_secrets import SecretKind
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.wallet_keys import NEW_WORDS, OwnKey, RevealedKey, SeedWords
from aether_desktop.security import evm_keys
from aether_desktop.security.keystore import read_keystore, write_keystore
from aether_desktop.security.memory import Secret
from aether_desktop.security.seed_words import new_seed_words, problem_with_seed, seed_of, split_words

_NAMES: Final = frozenset({"words", "passphrase", "path"})


class EvmWalletKeys:
    """Any worker thread."""

    def new_words(self, count: int = NEW_WORDS) -> SeedWords:
        return new_seed_words(count)

    def problem_with(self, words: str) -> str:
        return problem_with_seed(words)

    def from_words(self, seed: SeedWords, path: DerivationPath) -> OwnKey:
        normal = SeedWords(" ".join(split_words(seed.words)), seed.passphrase)
        with seed_of(normal) as stretched, evm_keys.derive(stretched, path) as key:
            return OwnKey(SecretKind.SEED, _packed(normal, path), evm_keys.address_of(key))

    def addresses(self, seed: SeedWords, *, count: int) -> list[str]:
        found = []
        with seed_of(seed) as stretched:
            for index in range(count):
                with evm_keys.derive(stretched, account_path(index)) as key:
                    found.append(evm_keys.address_of(key))
        return found

    def sibling(self, content: bytearray, path: DerivationPath) -> OwnKey:
        seed, _ = _unpacked(content)
        return self.from_words(seed, path)

    def from_private_key(self, text: str) -> OwnKey:
        with evm_keys.parse_private_key(text) as key:
            return _of_key(key)

    def from_keystore(self, file: bytes, password: bytearray) -> OwnKey:
        with read_keystore(file, password) as key:
            return _of_key(key)

    def keystore(self, kind: SecretKind, content: bytearray, password: bytearray) -> bytes:
        with _key(kind, content) as key:
            return write_keystore(key, password)

    def revealed(self, kind: SecretKind, content: bytearray) -> RevealedKey:
        with _key(kind, content) as key:
            address = evm_keys.address_of(key)
            if kind is SecretKind.PRIVATE_KEY:
                return RevealedKey(kind, address, private_key=f"0x{key.data.hex()}")
        seed, path = _unpacked(content)
        return RevealedKey(kind, address, words=seed, path=str(path))

    def address(self, kind: SecretKind, content: bytearray) -> str:
        with _key(kind, content) as key:
            return evm_keys.address_of(key)

    def sign(self, kind: SecretKind, content: bytearray, transaction: UnsignedTransaction) -> SignedTransaction:
        with _key(kind, content) as key:
            return evm_keys.sign_transaction(key, transaction)

    def sign_message(self, kind: SecretKind, content: bytearray, message: bytes) -> bytes:
        with _key(kind, content) as key:
            return evm_keys.sign_message(key, message)

    def sign_typed_data(self, kind: SecretKind, content: bytearray, document: bytes) -> bytes:
        with _key(kind, content) as key:
            return evm_keys.sign_typed_data(key, document)


def _of_key(key: Secret) -> OwnKey:
    return OwnKey(SecretKind.PRIVATE_KEY, bytearray(key.data), evm_keys.address_of(key))


def _key(kind: SecretKind, content: bytearray) -> Secret:
    """The private key, to be wiped. Raises InvalidInputError."""
    if kind is SecretKind.PRIVATE_KEY:
        key = Secret(content)
        evm_keys.require_key(key)
        return key
    if kind is not SecretKind.SEED:
        raise InvalidInputError("This kind of secret does not sign here.", field="kind")
    seed, path = _unpacked(content)
    with seed_of(seed) as stretched:
        return evm_keys.derive(stretched, path)


def _packed(seed: SeedWords, path: DerivationPath) -> bytearray:
    told = {"words": seed.words, "passphrase": seed.passphrase, "path": str(path)}
    return bytearray(json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8"))


def _unpacked(content: bytearray) -> tuple[SeedWords, DerivationPath]:
    try:
        found = json.loads(content)
        if not isinstance(found, dict) or found.keys() != _NAMES or not all(isinstance(v, str) for v in found.values()):
            raise InvalidInputError("The stored secret is no seed.", field="kind")
        return SeedWords(found["words"], found["passphrase"]), DerivationPath.parse(found["path"])
    except (ValueError, InvalidPathError):
        raise InvalidInputError("The stored secret is no seed.", field="kind") from None
