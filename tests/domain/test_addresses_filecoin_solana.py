"""Filecoin addresses against the specification's vectors; Solana addresses by decoding."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.addresses import AddressFamily, InvalidAddressError, parse_address, same_address
from aether_desktop.domain.addresses.base58 import ALPHABET, decode_base58
from aether_desktop.domain.addresses.filecoin import encode_delegated

FILECOIN, SOLANA = AddressFamily.FILECOIN, AddressFamily.SOLANA

# The specification's vectors: address, and its bytes (protocol, then payload).
VECTORS = [
    ("f17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy", "01fd1d0f4dfcd7e99afcb99a8326b7dc459d32c628"),
    ("f1xcbgdhkgkwht3hrrnui3jdopeejsoatkzmoltqy", "01b882619d46558f3d9e316d11b48dcf211327026a"),
    ("f1xtwapqc6nh4si2hcwpr3656iotzmlwumogqbuaa", "01bcec07c05e69f92468e2b3e3bf77c874f2c5da8c"),
    ("f1wbxhu3ypkuo6eyp6hjx6davuelxaxrvwb2kuwva", "01b06e7a6f0f551de261fe3a6fe182b422ee0bc6b6"),
    ("f12fiakbhe2gwd5cnmrenekasyn6v5tnaxaqizq6a", "01d1500504e4d1ac3e89ac891a4502586fabd9b417"),
    ("f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i", "02e54dea4f9bc5b47d261819826d5e1fbf8bc5503b"),
    ("f25nml2cfbljvn4goqtclhifepvfnicv6g7mfmmvq", "02eb58bd08a15a6ade19d0989674148fa95a8157c6"),
    ("f2nuqrg7vuysaue2pistjjnt3fadsdzvyuatqtfei", "026d21137eb4c4814269e894d296cf6500e43cd714"),
    ("f24dd4ox4c2vpf5vk5wkadgyyn6qtuvgcpxxon64a", "02e0c7c75f82d55e5ed55db28033630df4274a984f"),
    ("f2gfvuyh7v2sx3patm5k23wdzmhyhtmqctasbr23y", "02316b4c1ff5d4afb7826ceab5bb0f2c3e0f364053"),
    (
        "f3vvmn62lofvhjd2ugzca6sof2j2ubwok6cj4xxbfzz4yuxfkgobpihhd2thlanmsh3w2ptld2gqkn2jvlss4a",
        "03ad58df696e2d4e91ea86c881e938ba4ea81b395e12797b84b9cf314b9546705e839c7a99d606b247ddb4f9ac7a3414dd",
    ),
    (
        "f3wmuu6crofhqmm3v4enos73okk2l366ck6yc4owxwbdtkmpk42ohkqxfitcpa57pjdcftql4tojda2poeruwa",
        "03b3294f0a2e29e0c66ebc235d2fedca5697bf784af605c75af608e6a63d5cd38ea85ca8989e0efde9188b382f9372460d",
    ),
    (
        "f3s2q2hzhkpiknjgmf4zq3ejab2rh62qbndueslmsdzervrhapxr7dftie4kpnpdiv2n6tvkr743ndhrsw6d3a",
        "0396a1a3e4ea7a14d49985e661b22401d44fed402d1d0925b243c923589c0fbc7e32cd04e29ed78d15d37d3aaa3fe6da33",
    ),
    (
        "f3q22fijmmlckhl56rn5nkyamkph3mcfu5ed6dheq53c244hfmnq2i7efdma3cj5voxenwiummf2ajlsbxc65a",
        "0386b454258c589475f7d16f5aac018a79f6c1169d20fc33921dd8b5ce1cac6c348f90a3603624f6aeb91b64518c2e8095",
    ),
    (
        "f3u5zgwa4ael3vuocgc5mfgygo4yuqocrntuuhcklf4xzg5tcaqwbyfabxetwtj4tsam3pbhnwghyhijr5mixa",
        "03a7726b038022f75a384617585360cee629070a2d9d28712965e5f26ecc40858382803724ed34f2720336f09db631f074",
    ),
]
IDS = ["f00", "f0150", "f01024", "f01729", "f018446744073709551615"]
# Addresses of protocol 4: text, namespace, subaddress.
DELEGATED = [
    ("f432f77777777x32lpna", 32, "ffffffffff"),
    ("f49223372036854775807fiic6zsy", 2**63 - 1, ""),
    (
        "f49223372036854775807faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaahwgiuam",
        2**63 - 1,
        "00" * 54,
    ),
    ("f410feot7hrogmplrcupubsdbbqarkdewmb4vkwc5qqq", 10, "23a7f3c5c663d71151f40c8610c01150c9660795"),
    ("f410fabpafjfjgqkc3douo3yzfug5tq4bwfvuhsewxji", 10, "005e02a4a934142d8dd476f192d0dd9c381b16b4"),
    ("f410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy", 10, "d388ab098ed3e84c0d808776440b48f685198498"),
]
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def encode(payload: bytes, protocol: int, letter: str = "f") -> str:
    checksum = hashlib.blake2b(bytes([protocol]) + payload, digest_size=4).digest()
    return f"{letter}{protocol}" + base64.b32encode(payload + checksum).decode().rstrip("=").lower()


plain = st.one_of(
    st.tuples(st.binary(min_size=20, max_size=20), st.sampled_from([1, 2])),
    st.tuples(st.binary(min_size=48, max_size=48), st.just(3)),
)
delegated = st.tuples(
    st.integers(0, 2**64 - 1).filter(lambda namespace: namespace != 10), st.binary(max_size=54)
) | st.tuples(st.just(10), st.binary(min_size=20, max_size=20))


def reason_of(text: str, family: AddressFamily = FILECOIN, *, testnet: bool = False) -> str:
    with pytest.raises(InvalidAddressError) as caught:
        parse_address(text, family, testnet=testnet)
    assert len(caught.value.reason) < 300
    return caught.value.reason


@pytest.mark.parametrize(("address", "raw"), VECTORS)
def test_filecoin_vectors(address: str, raw: str) -> None:
    assert parse_address(f" {address} ", FILECOIN) == address
    assert encode(bytes.fromhex(raw[2:]), int(raw[:2])) == address
    twin = "t" + address[1:]
    assert parse_address(twin, FILECOIN, testnet=True) == twin
    assert "Filecoin testnet; an address of Filecoin mainnet is needed" in reason_of(twin)
    assert "Filecoin mainnet; an address of Filecoin testnet is needed" in reason_of(address, testnet=True)
    assert not same_address(address, twin, FILECOIN)
    assert same_address(twin, twin, FILECOIN)


@pytest.mark.parametrize("address", IDS)
def test_actor_numbers(address: str) -> None:
    assert parse_address(address, FILECOIN) == address


@pytest.mark.parametrize(
    "address", ["f018446744073709551616", "f0", "f001", "f0-1", "f0+1", "f01a", "f01_0", "f0" + "9" * 100, "f01.0"]
)
def test_impossible_actor_numbers(address: str) -> None:
    assert "a number from 0 to" in reason_of(address)


@given(st.integers(0, 2**64 - 1))
def test_every_actor_number_is_an_address(number: int) -> None:
    assert parse_address(f"f0{number}", FILECOIN) == f"f0{number}"


@pytest.mark.parametrize(("address", "namespace", "subaddress"), DELEGATED)
def test_delegated_vectors(address: str, namespace: int, subaddress: str) -> None:
    assert parse_address(address, FILECOIN) == address
    assert encode_delegated(namespace, bytes.fromhex(subaddress)) == address


@given(plain)
def test_filecoin_round_trip(value: tuple[bytes, int]) -> None:
    address = encode(*value)
    assert parse_address(address, FILECOIN) == address


@given(delegated, st.booleans())
def test_delegated_round_trip(value: tuple[int, bytes], testnet: bool) -> None:
    address = encode_delegated(*value, testnet=testnet)
    assert parse_address(address, FILECOIN, testnet=testnet) == address


@given(st.one_of(plain.map(lambda v: encode(*v)), delegated.map(lambda v: encode_delegated(*v))), st.data())
def test_one_wrong_character_is_refused(address: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(address) - 1))
    wrong = data.draw(st.sampled_from([c for c in BASE32 + "01890FT" if c != address[index]]))
    assert reason_of(address[:index] + wrong + address[index + 1 :])


def test_a_longer_subaddress_is_refused() -> None:
    assert "at most 54 bytes" in reason_of(encode_delegated(32, bytes(55)))
    assert "20 bytes of an Ethereum address" in reason_of(encode_delegated(10, bytes(19)))


@pytest.mark.parametrize("number", ["", "010", "18446744073709551616", "1x"])
def test_impossible_namespaces(number: str) -> None:
    tail = encode_delegated(10, bytes(20)).partition("f410f")[2]
    assert reason_of(f"f4{number}f{tail}")


def test_stray_bits_in_the_last_character_are_refused() -> None:
    address = VECTORS[-1][0]  # 52 bytes are 416 bits, its 84 characters 420: the last four must be zero
    assert "last character" in reason_of(address[:-1] + "b")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("f", "begins with f and a digit"),
        ("f5abc", "digit from 0 to 4"),
        ("x17uoq6tp427uzv7fztkbsnn64iwotfrristwpryy", "begins with f and a digit"),
        (VECTORS[0][0].upper(), "small letters only"),
        (VECTORS[0][0][:-1] + "Y", "small letters only"),
        (VECTORS[0][0][:-1], "copy the whole address"),
        (VECTORS[0][0] + "aaaaaaaa", "wrong length"),
        ("t2gfvuyh7v2sx3patm5k23wdzmhyhtmqctasbr24y", "Filecoin testnet"),
        ("f2gfvuyh7v2sx3patm5k23wdzmhyhtmqctasbr24y", "checksum"),
        ("f1" + "=" * 39, "copy the whole address"),
        ("f4", "An f4 address is f4"),
        ("f410", "An f4 address is f4"),
        ("f410f", "fails its checksum"),
        ("f1\u043e" + VECTORS[0][0][3:], "U+043E"),
        ("f1\x00", "U+0000"),
    ],
)
def test_refused_with_a_plain_reason(text: str, part: str) -> None:
    assert part in reason_of(text)


def test_an_ethereum_address_is_answered_with_its_filecoin_form() -> None:
    text = "0xd388ab098ed3e84c0d808776440b48f685198498"
    assert "f410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy" in reason_of(text)
    assert "t410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy" in reason_of(text, testnet=True)


# ------------------------------------------------------------------------------------------------------------ Solana
# The system program (32 zero bytes), the token program, wrapped SOL, the USDC mint.
SOLANA_KNOWN = [
    "11111111111111111111111111111111",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "So11111111111111111111111111111111111111112",
    "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
]


def encode_base58(raw: bytes) -> str:
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


@pytest.mark.parametrize("address", SOLANA_KNOWN)
def test_solana_examples(address: str) -> None:
    assert len(decode_base58(address)) == 32
    assert parse_address(f"{address} ", SOLANA) == address
    assert parse_address(address, SOLANA, testnet=True) == address


@given(st.binary(min_size=32, max_size=32))
def test_solana_round_trip(raw: bytes) -> None:
    address = encode_base58(raw)
    assert parse_address(address, SOLANA) == address
    assert same_address(address, address, SOLANA)


@given(st.binary(max_size=70).filter(lambda raw: len(raw) not in (0, 32)))
def test_other_lengths_are_refused(raw: bytes) -> None:
    assert "32 bytes" in reason_of(encode_base58(raw), SOLANA) or len(raw) == 64


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        (encode_base58(bytes(range(1, 65))), "secret key"),
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTD", "too short"),
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1vv", "too long"),
        ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1l", "easily mistaken"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "EVM address"),
        ("EPjFWdd5+ufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "position 9"),
        ("\u202e" + SOLANA_KNOWN[1], "U+202E"),
    ],
)
def test_solana_refused_with_a_plain_reason(text: str, part: str) -> None:
    assert part in reason_of(text, SOLANA)
