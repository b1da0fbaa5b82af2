"""Keys of wallets as services see them: opaque contents that are sealed, opened for one operation, and wiped.

Worker threads only: everything here computes for milliseconds to seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from aether_desktop.domain.derivation import DerivationPath
from aether_desktop.domain.evm_transactions import SignedTransaction, UnsignedTransaction
from aether_desktop.domain.wallet_secrets import SecretKind

WORD_COUNTS: Final = (12, 15, 18, 21, 24)  # BIP-39
NEW_WORDS: Final = 24
PASSPHRASE_MOST: Final = 1024  # characters
KEYSTORE_MOST: Final = 1 << 16  # bytes of another program's key file


@dataclass(frozen=True, slots=True, repr=False)
class SeedWords:
    """What a person writes on paper: the words, and the passphrase (BIP-39) they chose with them, mostly none."""

    words: str
    passphrase: str = ""

    @property
    def listed(self) -> tuple[str, ...]:
        """Word by word."""
        return tuple(self.words.split())

    def __repr__(self) -> str:
        return "SeedWords()"


@dataclass(frozen=True, slots=True, repr=False)
class OwnKey:
    """A key and the address it signs for. ``content`` is what gets sealed; whoever takes one wipes it."""

    kind: SecretKind
    content: bytearray
    address: str
    """EIP-55."""

    def wipe(self) -> None:
        """Overwrite the content. Doing so twice is harmless."""
        self.content[:] = bytes(len(self.content))

    def __repr__(self) -> str:
        return f"OwnKey({self.kind.value})"


@dataclass(frozen=True, slots=True, repr=False)
class RevealedKey:
    """A key as a person reads it: words, passphrase and path of a seed, or the 64 digits of a private key."""

    kind: SecretKind
    address: str
    words: SeedWords | None = None
    path: str = ""
    private_key: str = ""

    def __repr__(self) -> str:
        return f"RevealedKey({self.kind.value})"


class WalletKeys(Protocol):
    """secp256k1 keys of EVM chains. ``content`` is that of an ``OwnKey``; it is not wiped here."""

    def new_words(self, count: int = NEW_WORDS) -> SeedWords:
        """Fresh English words (BIP-39). Raises InvalidInputError for another count than 12, 15, 18, 21, 24."""
        ...

    def problem_with(self, words: str) -> str:
        """What is wrong with typed words, by position; empty when they are a seed in any language of BIP-39."""
        ...

    def from_words(self, seed: SeedWords, path: DerivationPath) -> OwnKey:
        """The key at that path. Raises InvalidInputError (field ``words`` or ``passphrase``)."""
        ...

    def addresses(self, seed: SeedWords, *, count: int) -> list[str]:
        """Of the first accounts (BIP-44), for choosing one. Raises as ``from_words``."""
        ...

    def sibling(self, content: bytearray, path: DerivationPath) -> OwnKey:
        """Another account of the same seed. Raises InvalidInputError for a content that is no seed."""
        ...

    def from_private_key(self, text: str) -> OwnKey:
        """64 hexadecimal digits, with 0x or without. Raises InvalidInputError (field ``private_key``)."""
        ...

    def from_keystore(self, file: bytes, password: bytearray) -> OwnKey:
        """From a key file of another program (Web3 Secret Storage, version 3). Takes up to seconds.

        Raises InvalidInputError: field ``file`` for what is no such file or asks for too much work, field
        ``password`` for a wrong one.
        """
        ...

    def keystore(self, kind: SecretKind, content: bytearray, password: bytearray) -> bytes:
        """The private key as such a file, which other programs read. Takes about a second."""
        ...

    def revealed(self, kind: SecretKind, content: bytearray) -> RevealedKey:
        """Raises InvalidInputError for a content that is none."""
        ...

    def address(self, kind: SecretKind, content: bytearray) -> str:
        """What it signs for, EIP-55. Raises InvalidInputError."""
        ...

    def sign(self, kind: SecretKind, content: bytearray, transaction: UnsignedTransaction) -> SignedTransaction:
        """Raises InvalidInputError for a content that is none."""
        ...

    def sign_message(self, kind: SecretKind, content: bytearray, message: bytes) -> bytes:
        """A personal message (EIP-191, version 0x45): r, s and v, 65 bytes."""
        ...

    def sign_typed_data(self, kind: SecretKind, content: bytearray, document: bytes) -> bytes:
        """Typed data (EIP-712) as JSON: r, s and v, 65 bytes. Raises InvalidInputError (field ``document``)."""
        ...
