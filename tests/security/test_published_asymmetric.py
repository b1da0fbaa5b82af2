"""The library against published values: Ed25519, ML-DSA-65, ML-KEM-768 and HPKE with MLKEM768_X25519.

Sources stand in the file.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from aether_desktop.security.person_keys import encryption_private

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "published_asymmetric.json").read_text("utf-8"))
raw = bytes.fromhex


@pytest.mark.parametrize("vector", VECTORS["ed25519"])
def test_ed25519_of_rfc_8032(vector: dict[str, str]) -> None:
    key = Ed25519PrivateKey.from_private_bytes(raw(vector["private"]))
    assert key.public_key().public_bytes_raw() == raw(vector["public"])
    assert key.sign(raw(vector["message"])) == raw(vector["signature"])
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(raw(vector["public"])).verify(raw(vector["signature"]), b"another")


@pytest.mark.parametrize("vector", VECTORS["ml_dsa_65"])
def test_ml_dsa_65_of_fips_204(vector: dict[str, str]) -> None:
    key = MLDSA65PrivateKey.from_seed_bytes(raw(vector["seed"]))
    assert key.public_key().public_bytes_raw() == raw(vector["public"])
    public = MLDSA65PublicKey.from_public_bytes(raw(vector["public"]))
    public.verify(raw(vector["signature"]), raw(vector["message"]), raw(vector["context"]))
    flipped = bytearray(raw(vector["signature"]))
    flipped[1000] ^= 1
    with pytest.raises(InvalidSignature):
        public.verify(bytes(flipped), raw(vector["message"]), raw(vector["context"]))


def test_ml_kem_768_of_fips_203() -> None:
    vector = VECTORS["ml_kem_768"]
    key = MLKEM768PrivateKey.from_seed_bytes(raw(vector["seed"]))
    assert key.public_key().public_bytes_raw() == raw(vector["public"])
    assert key.decapsulate(raw(vector["ciphertext"])) == raw(vector["shared"])


def test_hpke_with_ml_kem_768_and_x25519() -> None:
    """The published private key is a seed of 32 bytes; SHAKE-256 expands it to the two halves."""
    vector: dict[str, Any] = VECTORS["hpke_mlkem768_x25519"]
    private = encryption_private(hashlib.shake_256(raw(vector["private"])).digest(96))
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    sealed = raw(vector["enc"]) + raw(vector["ciphertext"])
    # the published values have associated data, which the public call of the library leaves empty
    opened = openssl.hpke._decrypt_with_aad(suite, sealed, private, raw(vector["info"]), raw(vector["aad"]))
    assert opened == raw(vector["plain"])
