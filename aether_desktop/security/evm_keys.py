"""Keys of EVM accounts: derived from a seed (BIP-32), and signing with them.

Importing this takes half a second (eth-account): ``wallet_keys`` does it when a key is first wanted. What the library
gets and returns are ``bytes``, which Python cannot wipe; what is ours lies in ``Secret``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aether_desktop.domain.addresses import keccak256
from aether_desktop.domain.derivation import DerivationPath
from aether_desktop.domain.evm_transactions import MarketFee, SignedTransaction, UnsignedTransaction
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.security.eth_library import (
    Account,
    HDPath,
    SignableMessage,
    ValidationError,
    encode_defunct,
    encode_typed_data,
)
from aether_desktop.security.memory import Secret
from aether_desktop.security.typed_data import read_typed_data

KEY_BYTES: Final = 32
_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141  # of secp256k1 (SEC 2)
_HEX: Final = re.compile(r"(?:0[xX])?([0-9a-fA-F]{64})\Z", re.ASCII)


def derive(seed: Secret, path: DerivationPath) -> Secret:
    """The private key at the path, 32 bytes."""
    return Secret(HDPath(str(path)).derive(bytes(seed.data)))


def parse_private_key(text: str) -> Secret:
    """Raises InvalidInputError (field ``private_key``); the text is not repeated in it."""
    found = _HEX.match(text.strip())
    if found is None:
        raise InvalidInputError(
            f"A private key is 64 hexadecimal digits, with 0x in front or without; this has {len(text.strip())}"
            " characters.",
            field="private_key",
        )
    key = Secret(bytes.fromhex(found[1]))
    require_key(key)
    return key


def require_key(key: Secret) -> None:
    """Raises InvalidInputError (field ``private_key``) for 32 bytes that are no key of the curve; wipes them then."""
    if len(key) != KEY_BYTES or not 0 < int.from_bytes(key.data) < _ORDER:
        key.wipe()
        raise InvalidInputError("This number is no private key: it is 0 or too large.", field="private_key")


def address_of(key: Secret) -> str:
    """EIP-55."""
    return str(Account.from_key(bytes(key.data)).address)


def sign_transaction(key: Secret, transaction: UnsignedTransaction) -> SignedTransaction:
    """With a deterministic nonce (RFC 6979). The signature is checked by recovering the sender from it."""
    account = Account.from_key(bytes(key.data))
    signed = account.sign_transaction(_fields(transaction))
    raw = bytes(signed.raw_transaction)
    if Account.recover_transaction(raw) != account.address:
        raise RuntimeError("a signature that does not verify")  # a fault of the machine or the library
    return SignedTransaction(raw=raw, hash="0x" + bytes(signed.hash).hex(), sender=str(account.address))


def sign_message(key: Secret, message: bytes) -> bytes:
    """A personal message (EIP-191, version 0x45): r, s, v (27 or 28), 65 bytes."""
    return _sign(key, encode_defunct(primitive=message))


def sign_typed_data(key: Secret, document: bytes) -> bytes:
    """EIP-712. Raises InvalidInputError (field ``document``)."""
    return _sign(key, _typed(document))


def typed_data_hash(document: bytes) -> bytes:
    """What is signed of typed data, 32 bytes. Raises InvalidInputError (field ``document``)."""
    typed = _typed(document)
    return keccak256(b"\x19" + typed.version + typed.header + typed.body)


def _sign(key: Secret, message: SignableMessage) -> bytes:
    account = Account.from_key(bytes(key.data))
    return bytes(account.sign_message(message).signature)


def _typed(document: bytes) -> SignableMessage:
    try:
        return encode_typed_data(full_message=read_typed_data(document))
    except (ValueError, ValidationError) as error:
        raise InvalidInputError(
            "This is no typed data that can be signed (EIP-712).", field="document", details=str(error)[:500]
        ) from error


def _fields(transaction: UnsignedTransaction) -> dict[str, Any]:
    """As the library names them. Type 0 has none: it is told by its gas price."""
    fields: dict[str, Any] = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "gas": transaction.gas_limit,
        "value": transaction.value,
        "data": transaction.data,
    }
    if transaction.to is not None:
        fields["to"] = transaction.to
    entries = [
        {"address": entry.address, "storageKeys": ["0x" + key.hex() for key in entry.storage_keys]}
        for entry in transaction.access_list
    ]
    fee = transaction.fee
    if isinstance(fee, MarketFee):
        return fields | {
            "type": 2,
            "maxFeePerGas": fee.most,
            "maxPriorityFeePerGas": fee.priority,
            "accessList": entries,
        }
    fields["gasPrice"] = fee.gas_price
    return fields | {"type": 1, "accessList": entries} if entries else fields
