"""EVM addresses against the vectors of EIP-55."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.addresses import (
    AddressFamily,
    InvalidAddressError,
    grouped_address,
    is_evm_address,
    is_zero_address,
    keccak256,
    parse_address,
    same_address,
    short_address,
    to_checksum,
)

EVM = AddressFamily.EVM
EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",  # all capitals
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",  # all small
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
ADDRESS = EIP_55[4]
ZERO = "0x" + "0" * 40
bodies = st.binary(min_size=20, max_size=20).map(bytes.hex)


def reason_of(text: str) -> str:
    with pytest.raises(InvalidAddressError) as caught:
        parse_address(text, EVM)
    assert caught.value.reason == str(caught.value)
    assert len(caught.value.reason) < 300
    assert caught.value.reason.isprintable()
    return caught.value.reason


def test_keccak_is_the_original_and_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize("address", EIP_55)
def test_eip_55_vectors(address: str) -> None:
    assert to_checksum(address.lower()) == address
    assert to_checksum(address) == address
    assert parse_address(address, EVM) == address
    assert parse_address(address.lower(), EVM) == address
    assert parse_address("0x" + address[2:].upper(), EVM) == address
    assert parse_address(address.upper(), EVM) == address


def test_testnets_share_the_form() -> None:
    assert parse_address(ADDRESS.lower(), EVM, testnet=True) == ADDRESS


def test_white_space_around_is_trimmed() -> None:
    assert parse_address(f"  {ADDRESS}\r\n", EVM) == ADDRESS
    assert parse_address(f"\t\u00a0{ADDRESS.lower()} ", EVM) == ADDRESS


@given(bodies)
def test_every_case_leads_to_one_checksummed_text(body: str) -> None:
    canonical = parse_address("0x" + body, EVM)
    assert canonical.lower() == "0x" + body
    assert parse_address("0x" + body.upper(), EVM) == canonical
    assert parse_address(canonical, EVM) == canonical
    assert is_evm_address(canonical)


@given(bodies)
def test_checksum_agrees_with_the_letter_by_letter_definition(body: str) -> None:
    digest = keccak256(body.encode()).hex()
    expected = "".join(c.upper() if int(d, 16) >= 8 else c for c, d in zip(body, digest, strict=False))
    assert to_checksum("0x" + body) == "0x" + expected


@given(bodies, st.data())
def test_a_changed_case_is_refused_and_its_position_named(body: str, data: st.DataObject) -> None:
    canonical = to_checksum("0x" + body)
    letters = [index for index in range(2, 42) if canonical[index].isalpha()]
    if len(letters) < 2:
        return
    index = data.draw(st.sampled_from(letters))
    changed = canonical[:index] + canonical[index].swapcase() + canonical[index + 1 :]
    if changed[2:] in (body, body.upper()):
        assert parse_address(changed, EVM) == canonical
    else:
        assert f"position {index + 1} is off" in reason_of(changed)


def test_a_mistyped_digit_is_nearly_always_refused() -> None:
    source = random.Random(55)
    accepted = 0
    for _ in range(5000):
        canonical = to_checksum("0x" + source.randbytes(20).hex())
        index = source.randrange(2, 42)
        digit = source.choice([d for d in "0123456789abcdefABCDEF" if d.lower() != canonical[index].lower()])
        try:
            parse_address(canonical[:index] + digit + canonical[index + 1 :], EVM)
            accepted += 1
        except InvalidAddressError:
            pass
    assert accepted < 10  # EIP-55 says about 0.025 % of mistyped addresses pass by chance


def test_the_reason_tells_a_mistyped_digit_from_a_changed_case() -> None:
    assert "probably mistyped" in reason_of("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee")
    assert "position 5 is off" in reason_of("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    assert "positions 5 and 6 is off" in reason_of("0x5aaEb6053F3E94C9b9A09f33669435E7Ef1BeAed")


def test_the_zero_address_is_allowed_and_known() -> None:
    assert parse_address(ZERO, EVM) == ZERO
    assert is_zero_address(ZERO)
    assert is_zero_address("0X" + "0" * 40)
    assert not is_zero_address(ADDRESS)
    assert not is_zero_address("0x" + "0" * 39 + "1")
    assert not is_zero_address("0x" + "0" * 39)
    assert not is_zero_address("")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("   \n ", "is empty"),
        (ADDRESS[:-1], "1 are missing"),
        (ADDRESS + "ab", "2 are too many"),
        (ADDRESS[2:], "lacks its 0x"),
        ("0x" + "ab" * 32, "transaction hash or a private key"),
        ("ab" * 32, "Never paste a private key"),
        ("0x" + "g" * 40, "position 3 is not a hexadecimal digit"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "begins with 0x"),
        (ADDRESS[:20] + " " + ADDRESS[20:], "white space inside the address, at position 21"),
        (ADDRESS[:10] + "\u0430" + ADDRESS[11:], "U+0430 CYRILLIC SMALL LETTER A"),
        (ADDRESS[:10] + "\uff11" + ADDRESS[11:], "U+FF11 FULLWIDTH DIGIT ONE"),
        (ADDRESS[:10] + "\u0665" + ADDRESS[11:], "U+0665"),
        ("\u202e" + ADDRESS, "invisible character (U+202E RIGHT-TO-LEFT OVERRIDE)"),
        (ADDRESS + "\u200b", "invisible character (U+200B"),
        ("\ufeff" + ADDRESS, "invisible character (U+FEFF"),
        (ADDRESS + "\x00", "invisible character (U+0000)"),
        ("0x\ud800" + "a" * 39, "U+D800"),
    ],
)
def test_refused_with_a_plain_reason(text: str, part: str) -> None:
    assert part in reason_of(text)


@pytest.mark.parametrize("family", list(AddressFamily))
@pytest.mark.parametrize("unit", ["a", " ", "1", "\u202e", "0x"])
def test_huge_texts_are_refused_without_being_looked_at(family: AddressFamily, unit: str) -> None:
    with pytest.raises(InvalidAddressError, match="too long for an address") as caught:
        parse_address(unit * 10_000_000, family)
    assert len(caught.value.reason) < 120


@given(st.sampled_from(list(AddressFamily)), st.text(max_size=300), st.booleans())
def test_no_text_breaks_a_parser(family: AddressFamily, text: str, testnet: bool) -> None:
    try:
        canonical = parse_address(text, family, testnet=testnet)
    except InvalidAddressError as error:
        reason: str | None = error.reason
    else:
        reason = None
        assert canonical.isascii()
        assert parse_address(canonical, family, testnet=testnet) == canonical
    assert reason is None or (reason.isprintable() and len(reason) < 300)


@pytest.mark.parametrize(
    "text", ["", "0x", "1x" + "a" * 40, "0X" + "a" * 40, "0x" + "a" * 39 + "\n", "0x" + "\u0661" * 40]
)
def test_shape_is_strict(text: str) -> None:
    assert not is_evm_address(text)


def test_to_checksum_refuses_another_shape() -> None:
    with pytest.raises(InvalidAddressError, match="40 hexadecimal digits"):
        to_checksum("0x1234")


def test_the_memory_of_checksums_is_bounded() -> None:
    assert to_checksum.cache_info().maxsize is not None


def test_same_address() -> None:
    assert same_address(ADDRESS, ADDRESS.lower(), EVM)
    assert same_address(f" {ADDRESS} ", ADDRESS.upper(), EVM)
    assert not same_address(ADDRESS, ZERO, EVM)
    assert not same_address("nothing", "nothing", EVM)
    assert not same_address(ADDRESS, ADDRESS.swapcase(), EVM)


def test_short_and_grouped() -> None:
    assert short_address("0x7a3f000000000000000000000000000000009c21") == "0x7a3f…9c21"
    assert short_address("") == ""
    assert short_address("f01729") == "f01729"
    assert short_address("x" * 11) == "x" * 11
    assert short_address("f01234567890") == "f01234…7890"
    assert grouped_address(EIP_55[2]) == "0xde70 9f21 0230 6220 9210 6031 4715 6290 80e2 fb77"
    assert grouped_address("bc1sw50qgdz25j") == "bc1s w50q gdz2 5j"
    assert grouped_address("") == ""


@given(st.text(alphabet="0x123abc", max_size=60))
def test_grouping_loses_nothing(text: str) -> None:
    assert grouped_address(text).replace(" ", "") == text


def test_import_does_not_load_the_keccak_library() -> None:
    code = "import sys, aether_desktop.domain.addresses; raise SystemExit('Crypto.Hash.keccak' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
