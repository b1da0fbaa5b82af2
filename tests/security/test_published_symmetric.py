"""Known answers of the published standards, through the functions that the vault uses where they take the input.

Each value was compared with a copy of its source that others keep: Argon2id and HKDF with argon2id.txt and
rfc-5869-HKDF-SHA256.txt of cryptography_vectors 50.0.2, AES-GCM with the tests of nettle (gcm-test.c), the words with
vectors.json of trezor/python-mnemonic.
"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from mnemonic import Mnemonic

from aether_desktop.security.memory import Secret
from aether_desktop.security.passwords import STANDARD, Cost, hkdf, stretch
from aether_desktop.security.recovery_kit import entropy_of


def test_argon2id_of_rfc_9106_section_5_3() -> None:
    """RFC 9106, section 5.3 "Argon2id Test Vectors": the tag at the end of its listing."""
    argon = Argon2id(
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        secret=b"\x03" * 8,
        ad=b"\x04" * 12,
    )
    assert argon.derive(b"\x01" * 32).hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


def test_ours_is_argon2id_at_the_second_recommendation() -> None:
    assert Cost(memory=65536, passes=3, lanes=4) == STANDARD
    theirs = Argon2id(salt=b"s" * 16, length=32, iterations=3, lanes=4, memory_cost=65536).derive(b"password")
    with stretch(bytearray(b"password"), salt=b"s" * 16, cost=STANDARD) as ours:
        assert bytes(ours.data) == theirs


@pytest.mark.parametrize(
    "cost",
    [
        Cost(65535, 3, 4),
        Cost(65536, 2, 4),
        Cost(65536, 3, 3),
        Cost((1 << 20) + 1, 3, 4),
        Cost(65536, 65, 4),
        Cost(65536, 3, 65),
    ],
)
def test_weaker_and_exhausting_costs_are_refused(cost: Cost) -> None:
    with pytest.raises(ValueError, match="below the standard"):
        stretch(bytearray(b"password"), salt=b"s" * 16, cost=cost)


@pytest.mark.parametrize(
    ("ikm", "salt", "info", "size", "okm"),
    [
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)),
            bytes(range(0x60, 0xB0)),
            bytes(range(0xB0, 0x100)),
            82,
            (
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
            ),
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_of_rfc_5869(ikm: bytes, salt: bytes, info: bytes, size: int, okm: str) -> None:
    """RFC 5869, appendix A.1 to A.3: the cases with SHA-256."""
    derived = hkdf(Secret(ikm), info=info, salt=Secret(salt) if salt else None, size=size)
    assert derived.data.hex() == okm


@pytest.mark.parametrize(
    ("key", "nonce", "plain", "associated", "sealed"),
    [
        ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        ("00" * 32, "00" * 12, "00" * 16, "", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        (
            "feffe9928665731c6d6a8f9467308308" * 2,
            "cafebabefacedbaddecaf888",
            (
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                "b16aedf5aa0de657ba637b39"
            ),
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            (
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
            ),
        ),
    ],
)
def test_aes_256_gcm_of_the_specification(key: str, nonce: str, plain: str, associated: str, sealed: str) -> None:
    """McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: test cases 13, 14 and 16."""
    cipher = AESGCM(bytearray.fromhex(key))  # the buffer that secrets lie in
    assert cipher.encrypt(bytes.fromhex(nonce), bytes.fromhex(plain), bytes.fromhex(associated)).hex() == sealed


_EIGHT = ("legal winner thank year wave sausage worth useful", "letter advice cage absurd amount doctor acoustic avoid")


@pytest.mark.parametrize(
    ("entropy", "words"),
    [
        ("00" * 32, ["abandon"] * 23 + ["art"]),
        ("7f" * 32, [*(_EIGHT[0].split() * 3)[:-1], "title"]),
        ("80" * 32, [*(_EIGHT[1].split() * 3)[:-1], "bless"]),
        ("ff" * 32, ["zoo"] * 23 + ["vote"]),
    ],
)
def test_words_of_bip_39(entropy: str, words: list[str]) -> None:
    """BIP-39's "Test vectors": the four of 256 bits that repeat one byte."""
    assert entropy_of(words).data.hex() == entropy
    assert Mnemonic("english").to_mnemonic(bytes.fromhex(entropy)) == " ".join(words)
