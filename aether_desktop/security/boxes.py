"""Small secrets sealed under a derived key: AES-256-GCM (SP 800-38D) with a random nonce. Any thread.

Box: format (1), nonce (12), ciphertext with its tag. For keys that seal few values each; fields of rows are sealed in
``sealing``, which counts.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_SHORTEST: Final = 1 + _NONCE_BYTES + 16


class BoxError(Exception):
    """The box was altered, was sealed under another key or for another purpose, or has an unknown format."""


def seal_box(key: bytes, plain: bytes | bytearray, *, context: bytes) -> bytes:
    """``context`` says what it is and where it belongs; it must be the same to open."""
    nonce = os.urandom(_NONCE_BYTES)
    return bytes((FORMAT,)) + nonce + AESGCM(key).encrypt(nonce, plain, bytes((FORMAT,)) + context)


def open_box(key: bytes, box: bytes, *, context: bytes) -> bytearray:
    """A bytearray, so that the caller can wipe it. Raises BoxError."""
    if len(box) < _SHORTEST or box[0] != FORMAT:
        raise BoxError
    nonce, sealed = box[1 : 1 + _NONCE_BYTES], box[1 + _NONCE_BYTES :]
    try:
        return bytearray(AESGCM(key).decrypt(nonce, sealed, bytes((FORMAT,)) + context))
    except InvalidTag as error:
        raise BoxError from error


def wipe(*secrets: bytearray) -> None:
    """Overwrite with zeros. What was copied into ``bytes`` or a library before stays until its memory is used again."""
    for secret in secrets:
        secret[:] = bytes(len(secret))
