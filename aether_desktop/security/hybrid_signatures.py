"""Signatures that hold while either of two schemes does: Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204), both required.

Both sign the same bytes: a canonical structure of the purpose, the public key as a whole, and the message, so that a
half of one signature never passes for a half of another, and a signature for one purpose for no other. The purpose is
ML-DSA's context string as well. Public key: Ed25519 (32 bytes), ML-DSA-65 (1952). Signature: format (1), Ed25519 (64),
ML-DSA-65 (3309). Any thread.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from aether_desktop.domain.membership import SIGNING_KEY_BYTES
from aether_desktop.security.canonical import encode

SEED_BYTES: Final = 64
FORMAT: Final = 1
SIGNATURE_BYTES: Final = 1 + 64 + 3309
_LABEL: Final = "aether/1/hybrid-signed"
_KEY_LABEL: Final = "aether/1/hybrid-public-key"
_ED25519_BYTES: Final = 32
_ED25519_END: Final = 1 + 64  # of the signature


class BadSignatureError(Exception):
    """The signature was not made with that key over that message for that purpose, or has an unknown format."""


class HybridSigningKey:
    """A private pair. Its repr shows nothing of it."""

    def __init__(self, seed: bytes | bytearray) -> None:
        """``seed`` is Ed25519's private key (32 bytes), then ML-DSA's seed (FIPS 204, xi, 32). Raises ValueError."""
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a signing seed has {SEED_BYTES} bytes")
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(bytes(seed[:32]))
        self._mldsa = MLDSA65PrivateKey.from_seed_bytes(bytes(seed[32:]))
        self.public = self._ed25519.public_key().public_bytes_raw() + self._mldsa.public_key().public_bytes_raw()

    def sign(self, message: bytes, *, purpose: str) -> bytes:
        """Hedged: two signatures over one message differ. About 3 ms."""
        signed = _signed_bytes(self.public, message, purpose)
        return bytes((FORMAT,)) + self._ed25519.sign(signed) + self._mldsa.sign(signed, purpose.encode("ascii"))


def verify(public: bytes, signature: bytes, message: bytes, *, purpose: str) -> None:
    """Both halves. Raises BadSignatureError. About 0.6 ms."""
    if len(public) != SIGNING_KEY_BYTES or len(signature) != SIGNATURE_BYTES or signature[0] != FORMAT:
        raise BadSignatureError
    signed = _signed_bytes(public, message, purpose)
    try:
        Ed25519PublicKey.from_public_bytes(public[:_ED25519_BYTES]).verify(signature[1:_ED25519_END], signed)
        MLDSA65PublicKey.from_public_bytes(public[_ED25519_BYTES:]).verify(
            signature[_ED25519_END:], signed, purpose.encode("ascii")
        )
    except (InvalidSignature, ValueError) as error:
        raise BadSignatureError from error


def fingerprint(public: bytes) -> bytes:
    """32 bytes that stand for a public pair."""
    return hashlib.sha256(encode(_KEY_LABEL, public)).digest()


def _signed_bytes(public: bytes, message: bytes, purpose: str) -> bytes:
    return encode(_LABEL, purpose, public, message)
