"""Bitcoin addresses against the vectors of BIP-173 and BIP-350."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.addresses import AddressFamily, InvalidAddressError, parse_address, same_address
from aether_desktop.domain.addresses.base58 import ALPHABET, decode_base58
from aether_desktop.domain.addresses.bitcoin import BECH32, BECH32M, CHARSET, decode_bech32

BITCOIN = AddressFamily.BITCOIN

VALID_BECH32 = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]
VALID_BECH32M = [
    "A1LQFN3A",
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
]
INVALID_BECH32 = [
    " 1nwldj5",
    "\x7f1axkwrx",
    "\x801eym55h",
    "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "de1lg7wt\xff",
    "A1G7SGD8",
    "10a06t8",
    "1qzzfhee",
    " 1xj0phk",
    "\x7f1g6xzxy",
    "\x801vctc34",
    "an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4",
    "qyrz8wqd2c9m",
    "1qyrz8wqd2c9m",
    "y1b0jsk6g",
    "lt1igcx5c0",
    "in1muywd",
    "mm1crxm3i",
    "au1s5cgom",
    "M1VUXWEZ",
    "16plkw9",
    "1p2gdwpf",
]
VALID_SEGWIT = [
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
    (
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
    ),
    (
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
        "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
    ),
    ("BC1SW50QGDZ25J", "6002751e"),
    ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "5210751e76e8199196d454941c45d1b3a323"),
    (
        "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
    (
        "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
        "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
    (
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ),
]
INVALID_SEGWIT = [
    ("tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut", "not a Bitcoin address"),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "bech32m"),
    ("tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf", "bech32m"),
    ("BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL", "bech32m"),
    ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "BIP-173"),
    ("tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47", "BIP-173"),
    ("bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "position 60 is never used"),
    ("BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", "witness version 17"),
    ("bc1pw5dgrnzv", "impossible length"),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav", "impossible length"),
    ("BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "20 or 32 bytes"),
    ("tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq", "mixes small and capital"),
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "stray bits"),
    ("tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", "stray bits"),
    ("bc1gmk9yu", "carries no data"),
]
# Well-known mainnet addresses: the first block's reward, a BIP-16 example, the burn address.
BASE58 = ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "1111111111111111111114oLvT2"]


def encode_base58(raw: bytes) -> str:
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def encode_base58check(payload: bytes) -> str:
    return encode_base58(payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4])


def encode_segwit(prefix: str, version: int, program: bytes) -> str:
    """An encoder of our own: the checksum is found as the six values that make decoding's polynomial come out right."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += "0" * (-len(bits) % 5)
    values = [version, *(int(bits[start : start + 5], 2) for start in range(0, len(bits), 5))]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    residue = 1
    for value in [*expanded, *values, 0, 0, 0, 0, 0, 0]:
        top = residue >> 25
        residue = (residue & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            residue ^= generator * (top >> bit & 1)
    residue ^= 1 if version == 0 else 0x2BC830A3
    return prefix + "1" + "".join(CHARSET[v] for v in values + [residue >> 5 * (5 - i) & 31 for i in range(6)])


hashes = st.binary(min_size=20, max_size=20)
programs = st.one_of(
    st.tuples(st.just(0), st.one_of(hashes, st.binary(min_size=32, max_size=32))),
    st.tuples(st.integers(1, 16), st.binary(min_size=2, max_size=40)),
)


def reason_of(text: str, *, testnet: bool = False) -> str:
    with pytest.raises(InvalidAddressError) as caught:
        parse_address(text, BITCOIN, testnet=testnet)
    assert len(caught.value.reason) < 300
    return caught.value.reason


@pytest.mark.parametrize(("texts", "constant"), [(VALID_BECH32, BECH32), (VALID_BECH32M, BECH32M)])
def test_bech32_strings_of_the_standards(texts: list[str], constant: int) -> None:
    for text in texts:
        prefix, values, checksum = decode_bech32(text)
        assert text.lower().startswith(prefix + "1")
        assert len(values) == len(text) - len(prefix) - 7
        assert checksum == constant
        cut = text.rfind("1") + 1
        with pytest.raises(InvalidAddressError):
            decode_bech32(text[:cut] + chr(ord(text[cut]) ^ 1) + text[cut + 1 :])


@pytest.mark.parametrize("text", INVALID_BECH32)
def test_bech32_strings_that_the_standards_refuse(text: str) -> None:
    with pytest.raises(InvalidAddressError):
        decode_bech32(text)


@pytest.mark.parametrize(("address", "script"), VALID_SEGWIT)
def test_segwit_vectors(address: str, script: str) -> None:
    testnet = address.startswith("tb")
    canonical = parse_address(address, BITCOIN, testnet=testnet)
    assert canonical == address.lower()
    opcode, program = int(script[:2], 16), bytes.fromhex(script[4:])
    assert encode_segwit("tb" if testnet else "bc", opcode - 0x50 if opcode else 0, program) == canonical
    assert "is needed" in reason_of(address, testnet=not testnet)


@pytest.mark.parametrize(("address", "part"), INVALID_SEGWIT)
def test_segwit_vectors_that_the_standards_refuse(address: str, part: str) -> None:
    assert part in reason_of(address)
    assert part in reason_of(address, testnet=True)


@pytest.mark.parametrize("address", BASE58)
def test_base58_examples(address: str) -> None:
    assert parse_address(f" {address}\n", BITCOIN) == address


@given(st.binary(max_size=64))
def test_base58_round_trip(raw: bytes) -> None:
    assert decode_base58(encode_base58(raw)) == raw


@given(st.sampled_from([0x00, 0x05, 0x6F, 0xC4]), hashes)
def test_base58check_round_trip_and_network(version: int, payload: bytes) -> None:
    address = encode_base58check(bytes([version]) + payload)
    testnet = version in (0x6F, 0xC4)
    assert parse_address(address, BITCOIN, testnet=testnet) == address
    network, other = ("Bitcoin testnet", "Bitcoin mainnet") if testnet else ("Bitcoin mainnet", "Bitcoin testnet")
    assert reason_of(address, testnet=not testnet) == (
        f"This is an address of {network}; an address of {other} is needed."
    )


@given(programs, st.booleans(), st.booleans())
def test_segwit_round_trip(program: tuple[int, bytes], testnet: bool, capitals: bool) -> None:
    address = encode_segwit("tb" if testnet else "bc", *program)
    assert parse_address(address.upper() if capitals else address, BITCOIN, testnet=testnet) == address


@given(st.one_of(programs.map(lambda p: encode_segwit("bc", *p)), hashes.map(lambda h: encode_base58check(b"\0" + h))))
def test_the_other_network_is_not_the_same(address: str) -> None:
    assert same_address(address, address, BITCOIN)
    assert not same_address(address, BASE58[0], BITCOIN)


@given(programs, st.data())
def test_one_wrong_character_in_a_segwit_address_is_refused(program: tuple[int, bytes], data: st.DataObject) -> None:
    address = encode_segwit("bc", *program)
    corrupt = corrupted(address, data, CHARSET + "1bio")
    assert reason_of(corrupt)
    assert not same_address(address, corrupt, BITCOIN)


@given(hashes, st.sampled_from([b"\x00", b"\x05"]), st.data())
def test_one_wrong_character_in_a_base58_address_is_refused(
    payload: bytes, version: bytes, data: st.DataObject
) -> None:
    assert reason_of(corrupted(encode_base58check(version + payload), data, ALPHABET + "0OIl"))


@given(programs, st.data())
def test_mixed_case_is_refused(program: tuple[int, bytes], data: st.DataObject) -> None:
    address = encode_segwit("bc", *program)
    index = data.draw(st.sampled_from([index for index, character in enumerate(address) if character.isalpha()]))
    assert "mixes small and capital letters" in reason_of(
        address[:index] + address[index].upper() + address[index + 1 :]
    )


def corrupted(address: str, data: st.DataObject, alphabet: str) -> str:
    index = data.draw(st.integers(0, len(address) - 1))
    character = data.draw(st.sampled_from([c for c in alphabet if c != address[index]]))
    return address[:index] + character + address[index + 1 :]


def test_a_changed_case_is_refused_in_base58() -> None:
    assert "easily mistaken" in reason_of(BASE58[0].lower())
    assert not same_address(BASE58[0], BASE58[0].upper(), BITCOIN)


def test_what_is_no_address_is_named_and_never_repeated() -> None:
    secret = encode_base58check(b"\x80" + bytes(range(32)))
    for text, part in [
        (secret, "private key"),
        (encode_base58check(b"\x80" + bytes(range(32)) + b"\x01"), "private key"),
        (encode_base58check(b"\xef" + bytes(range(32)) + b"\x01"), "private key"),
        (
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
            "extended private key",
        ),
        (
            "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
            "extended public key",
        ),
        (encode_base58check(b"\x30" + bytes(20)), "Litecoin"),
        (encode_base58check(b"\x1e" + bytes(20)), "Dogecoin"),
        (encode_segwit("ltc", 0, bytes(20)), "Litecoin"),
        (encode_segwit("bcrt", 0, bytes(20)), "Bitcoin regtest"),
        (encode_base58check(b"\x00" + bytes(19)), "not a Bitcoin address"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "not a Bitcoin address"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN", "checksum"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN0", "The character 0 at position 34"),
        ("1", "checksum"),
        ("bc1", "too short"),
        ("bc1q" + "q" * 100, "at most 90"),
        ("", "is empty"),
        ("bc1q\u202ew508", "U+202E"),
        ("\u0431c1qw508", "U+0431"),
    ]:
        reason = reason_of(text)
        assert part in reason
        assert len(text) < 8 or text not in reason
