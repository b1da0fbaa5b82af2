"""Key files of other programs: Web3 Secret Storage version 3, which Geth, Parity, ethers and MyEtherWallet write.

A file says itself how much work its password takes: that is bounded before anything is computed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from aether_desktop.domain.addresses import AddressFamily, same_address
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.wallet_keys import KEYSTORE_MOST
from aether_desktop.security.eth_library import create_keyfile_json, decode_keyfile_json
from aether_desktop.security.evm_keys import address_of, require_key
from aether_desktop.security.memory import Secret

_MOST_SCRYPT_MEMORY: Final = 1 << 30  # bytes: 128 x n x r
_MOST_SCRYPT_WORK: Final = 1 << 24  # n x r x p; Geth's own files ask for an eighth of that
_MOST_SCRYPT_BLOCKS: Final = 1 << 10  # r x p; honest files have 8
_MOST_ROUNDS: Final = 10_000_000  # of PBKDF2
WORK: Final = 1 << 18  # scrypt's n in files that we write, as Geth does
_HEX: Final = re.compile(r"(?:0[xX])?([0-9a-fA-F]*)\Z", re.ASCII)
_SALT_MOST: Final = 1024  # bytes


def read_keystore(file: bytes, password: bytearray) -> Secret:
    """The private key; up to seconds. ``password`` in UTF-8 as typed.

    Raises InvalidInputError: field ``file``, or ``password`` for a wrong one.
    """
    document = _document(file)
    for form in _spellings(password):
        try:
            key = Secret(decode_keyfile_json(document, form))
            break
        except ValueError:  # the check sum over the password differs: all else was looked at before
            continue
    else:
        raise InvalidInputError("The password does not open this key file.", field="password", hint="Try another.")
    require_key(key)
    told = document.get("address")
    if isinstance(told, str) and told:
        _require_address(key, told)
    return key


def write_keystore(key: Secret, password: bytearray, *, work: int = WORK) -> bytes:
    """Such a file; ``work`` is scrypt's n, about a second. Raises InvalidInputError (``password``) for an empty one."""
    if not password:
        raise InvalidInputError("A key file needs a password.", field="password")
    made = create_keyfile_json(bytes(key.data), bytes(password), version=3, kdf="scrypt", iterations=work)
    return json.dumps(made, indent=2).encode("ascii") + b"\n"


def _require_address(key: Secret, told: str) -> None:
    address = address_of(key)
    if not same_address(told if told[:2] in {"0x", "0X"} else f"0x{told}", address, AddressFamily.EVM):
        key.wipe()
        raise InvalidInputError(
            "The key in this file belongs to another address than the file names: it was altered.", field="file"
        )


def _spellings(password: bytearray) -> list[bytes]:
    """As typed, and in the Unicode forms in which other programs stored it."""
    try:
        text = password.decode("utf-8")
    except UnicodeDecodeError:
        return [bytes(password)]
    forms = (text, unicodedata.normalize("NFKC", text), unicodedata.normalize("NFC", text))
    return [form.encode("utf-8") for form in dict.fromkeys(forms)]


def _document(file: bytes) -> dict[str, Any]:
    """With names in lower case, and everything that the library computes with judged."""
    if len(file) > KEYSTORE_MOST:
        raise _refused(f"it has {len(file):,} bytes, a key file under {KEYSTORE_MOST:,}")
    try:
        found = json.loads(file)
    except (ValueError, RecursionError) as error:
        raise _refused("it is no JSON") from error
    if not isinstance(found, dict):
        raise _refused("it is a list or a single value")
    document = {str(name).lower(): value for name, value in found.items()}
    if "encseed" in document:
        raise _refused("it is a wallet of the presale of 2014, which is another format")
    version = document.get("version")
    if version != 3 or isinstance(version, bool):
        raise _refused(f"its version is {str(version)[:20]!r}; only version 3 is read")
    crypto = _part(document, "crypto")
    if crypto.get("cipher") != "aes-128-ctr":
        raise _refused("its cipher is not aes-128-ctr")
    crypto["cipherparams"] = _part(crypto, "cipherparams")
    _bytes(crypto["cipherparams"], "iv", size=16)
    _bytes(crypto, "ciphertext", size=32)
    _bytes(crypto, "mac", size=32)
    crypto["kdfparams"] = _part(crypto, "kdfparams")
    _judge_work(crypto.get("kdf"), crypto["kdfparams"])
    document["crypto"] = crypto
    return document


def _judge_work(kind: object, parameters: Mapping[str, Any]) -> None:
    _bytes(parameters, "salt")
    if _number(parameters, "dklen") != 32:
        raise _refused("its derived key has another length than 32 bytes")
    if kind == "scrypt":
        n, r, p = (_number(parameters, name) for name in ("n", "r", "p"))
        if n & (n - 1) or n < 2:
            raise _refused("its scrypt n is no power of two")
        if 128 * n * r > _MOST_SCRYPT_MEMORY or n * r * p > _MOST_SCRYPT_WORK or r * p > _MOST_SCRYPT_BLOCKS:
            raise _refused("it asks for more memory or time than any honest program does")
    elif kind == "pbkdf2":
        if parameters.get("prf") != "hmac-sha256":
            raise _refused("its PBKDF2 is not over HMAC-SHA256")
        if _number(parameters, "c") > _MOST_ROUNDS:
            raise _refused("it asks for more time than any honest program does")
    else:
        raise _refused("its password is stretched in a way that is not known here")


def _part(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = of.get(name)
    if not isinstance(value, dict):
        raise _refused(f"{name} is missing")
    return {str(key).lower(): each for key, each in value.items()}


def _number(of: Mapping[str, Any], name: str) -> int:
    value = of.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 32:
        raise _refused(f"{name} is missing or no number")
    return value


def _bytes(of: Mapping[str, Any], name: str, *, size: int | None = None) -> None:
    value = of.get(name)
    found = _HEX.match(value) if isinstance(value, str) else None
    length = len(found[1]) if found is not None else -1
    if length < 0 or length % 2 or length > 2 * _SALT_MOST or (size is not None and length != 2 * size):
        raise _refused(f"{name} is missing or of a wrong length")


def _refused(why: str) -> InvalidInputError:
    return InvalidInputError(
        f"This is no key file that can be read: {why}.",
        field="file",
        hint="Choose the file that your other wallet program exported (keystore, UTC JSON).",
    )
