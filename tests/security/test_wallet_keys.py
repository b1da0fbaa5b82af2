"""What keys of wallets refuse, and that they show nothing."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.domain.derivation import HARDENED, DerivationPath, InvalidPathError, account_path
from aether_desktop.domain.evm_transactions import (
    MAX_CHAIN_ID,
    MAX_GAS,
    InvalidTransactionError,
    LegacyFee,
    MarketFee,
    UnsignedTransaction,
)
from aether_desktop.domain.wallet_secrets import SecretKind
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.wallet_keys import KEYSTORE_MOST, WORD_COUNTS, SeedWords
from aether_desktop.security import evm_keys
from aether_desktop.security.keystore import read_keystore, write_keystore
from aether_desktop.security.memory import Secret
from aether_desktop.security.seed_words import problem_with_seed
from aether_desktop.security.wallet_keys import EvmWalletKeys

KEYS = EvmWalletKeys()
SEED = SeedWords("test test test test test test test test test test test junk")
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"  # as every development node prints it
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
PAYMENT = UnsignedTransaction(chain_id=2618, nonce=0, gas_limit=21_000, fee=MarketFee(3, 1), to=FIRST, value=10**18)


@pytest.mark.parametrize("count", WORD_COUNTS)
def test_new_words_are_a_seed_and_never_the_same(count: int) -> None:
    first, second = KEYS.new_words(count), KEYS.new_words(count)
    assert len(first.listed) == count
    assert first.words != second.words
    assert KEYS.problem_with(first.words) == ""


def test_another_number_of_new_words_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="12, 15, 18, 21 or 24"):
        KEYS.new_words(13)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "there are none"),
        ("abandon " * 11, "these are 11"),
        ("abandon " * 12, "do not belong together"),
        ("abandn " + "abandon " * 10 + "about", "Word 1, 'abandn', is not in the list. Near: abandon"),
        ("x" * 5000, "too long"),
    ],
)
def test_what_is_wrong_with_words_is_said(words: str, said: str) -> None:
    assert said in problem_with_seed(words)
    with pytest.raises(InvalidInputError) as refused:
        KEYS.from_words(SeedWords(words), account_path(0))
    assert refused.value.field == "words"


def test_words_are_read_as_people_write_them() -> None:
    page = "\n".join(f"{at}. {word.upper()}" for at, word in enumerate(SEED.listed, start=1))
    assert KEYS.from_words(SeedWords(page), account_path(0)).address == FIRST


def test_several_accounts_and_a_passphrase() -> None:
    addresses = KEYS.addresses(SEED, count=3)
    assert addresses[0] == FIRST
    own = KEYS.from_words(SEED, account_path(0))
    assert [KEYS.sibling(own.content, account_path(at)).address for at in range(3)] == addresses
    other = KEYS.from_words(SeedWords(SEED.words, "Zadok"), account_path(0))
    assert other.address not in addresses
    assert KEYS.revealed(other.kind, other.content).words == SeedWords(SEED.words, "Zadok")


def test_a_private_key_signs_as_the_words_do() -> None:
    seed, key = KEYS.from_words(SEED, account_path(0)), KEYS.from_private_key(KEY)
    assert seed.address == key.address == FIRST
    assert KEYS.sign(seed.kind, seed.content, PAYMENT) == KEYS.sign(key.kind, key.content, PAYMENT)
    assert KEYS.revealed(key.kind, key.content).private_key == KEY
    message = KEYS.sign_message(key.kind, key.content, b"shalom")
    assert Account.recover_message(encode_defunct(b"shalom"), signature=message) == FIRST


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 32, "00" * 32, "ff" * 32, KEY + "00"])
def test_what_is_no_private_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        KEYS.from_private_key(text)
    assert refused.value.field == "private_key"
    assert not text or text not in f"{refused.value} {refused.value.details}"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"words": 1, "passphrase": "", "path": "m"}', b"\xff" * 40])
def test_a_content_that_is_none_is_refused(content: bytes) -> None:
    for kind in SecretKind:
        with pytest.raises(InvalidInputError):
            KEYS.sign(kind, bytearray(content), PAYMENT)


def test_nothing_is_shown() -> None:
    own = KEYS.from_words(SeedWords(SEED.words, "Zadok"), account_path(0))
    revealed = KEYS.revealed(own.kind, own.content)
    said = f"{own!r} {own} {revealed!r} {revealed} {revealed.words!r} {SEED!r} {SEED}"
    assert not any(part in said for part in ("junk", "Zadok", "ac0974"))
    own.wipe()
    assert not any(own.content)


# -- key files ---------------------------------------------------------------------------------------------------


def key_file(**changes: Any) -> dict[str, Any]:
    with evm_keys.parse_private_key(KEY) as key:
        made: dict[str, Any] = json.loads(write_keystore(key, bytearray(b"manna"), work=2))
    return made | changes


def crypto(name: str, value: object) -> dict[str, Any]:
    made = key_file()
    part, _, inner = name.rpartition(".")
    (made["crypto"][part] if part else made["crypto"])[inner] = value
    return made


@pytest.mark.parametrize(
    "made",
    [
        key_file(version=1),
        key_file(version=True),
        key_file(crypto=None),
        key_file(encseed="00"),
        key_file(address="0x" + "11" * 20),
        crypto("cipher", "aes-128-cbc"),
        crypto("cipherparams", []),
        crypto("cipherparams.iv", "00"),
        crypto("ciphertext", "00" * 31),
        crypto("mac", 5),
        crypto("kdf", "argon2"),
        crypto("kdfparams.n", 3),
        crypto("kdfparams.n", 1 << 30),
        crypto("kdfparams.r", 1 << 20),
        crypto("kdfparams.p", 1 << 24),
        crypto("kdfparams.p", -1),
        crypto("kdfparams.n", 2.0),
        crypto("kdfparams.dklen", 64),
        crypto("kdfparams.salt", "0" * 4096),
        {},
        [],
    ],
)
def test_hostile_key_files_are_refused(made: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_keystore(json.dumps(made).encode(), bytearray(b"manna"))
    assert refused.value.field == "file"


@settings(max_examples=50, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.just(b"[" * 50_000), st.just(b" " * (KEYSTORE_MOST + 1))))
def test_any_other_file_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_keystore(content, bytearray(b"manna"))


def test_a_password_in_another_unicode_form_opens() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    with evm_keys.parse_private_key(KEY) as key:
        file = write_keystore(key, bytearray(composed.encode()), work=2)
    with read_keystore(file, bytearray(decomposed.encode())) as again:
        assert f"0x{again.data.hex()}" == KEY


# -- what is signed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"chain_id": 0}, "chain_id"),
        ({"chain_id": MAX_CHAIN_ID + 1}, "chain_id"),
        ({"nonce": -1}, "nonce"),
        ({"nonce": 2**64 - 1}, "nonce"),
        ({"gas_limit": MAX_GAS + 1}, "gas_limit"),
        ({"value": -1}, "value"),
        ({"value": 2**256}, "value"),
        ({"fee": LegacyFee(-1)}, "fee"),
        ({"fee": MarketFee(1, 2)}, "fee"),
        ({"to": "0x12"}, "to"),
        ({"to": FIRST[:-1] + "7"}, "to"),
    ],
)
def test_impossible_transactions_are_refused(fields: dict[str, Any], field: str) -> None:
    given_fields: dict[str, Any] = {"chain_id": 1, "nonce": 0, "gas_limit": 21_000, "fee": LegacyFee(1), "to": FIRST}
    with pytest.raises(InvalidTransactionError) as refused:
        UnsignedTransaction(**given_fields | fields)
    assert refused.value.field == field


def typed(kind: str, value: object, **changes: object) -> bytes:
    document: dict[str, object] = {
        "types": {"EIP712Domain": [], "A": [{"name": "x", "type": kind}]},
        "primaryType": "A",
        "domain": {},
        "message": {"x": value},
    }
    return json.dumps(document | changes).encode()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b" " * ((1 << 18) + 1),
        typed("uint8", 256),
        typed("int8", -129),
        typed("uint256", -1),
        typed("uint256", 1.5),
        typed("uint256", True),
        typed("uint256", "0x-1"),
        typed("uint12", 1),
        typed("uint256[2]", [1, 2, 3]),
        typed("uint256[]", 1),
        typed("bool", 2),
        typed("bool", "false"),
        typed("bytes", "zz"),
        typed("bytes4", "0xaa"),
        typed("bytes33", "0x" + "aa" * 33),
        typed("address", "0x12"),
        typed("string", 5),
        typed("B", {}),
        typed("A", {"x": {}}),
        typed("string", "", message={}),
        typed("string", "", message={"x": "", "y": ""}),
        typed("string", "", domain={"name": "not of its type"}),
        typed("string", "", primaryType="B"),
        typed("string", "", types={"A": [{"name": "x", "type": "string"}]}),
        typed("string", "", types={"EIP712Domain": [{"name": "owner", "type": "address"}], "A": []}),
        typed("string", "").replace(b'"x": ""', b'"x": "", "x": "another"'),
    ],
)
def test_typed_data_that_can_be_misread_is_not_signed(document: bytes) -> None:
    key = KEYS.from_private_key(KEY)
    with pytest.raises(InvalidInputError) as refused:
        KEYS.sign_typed_data(key.kind, key.content, document)
    assert refused.value.field == "document"


# -- paths -------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 2 * HARDENED - 1), max_size=8))
def test_a_path_is_read_as_it_is_written(steps: list[int]) -> None:
    path = DerivationPath(tuple(steps))
    assert DerivationPath.parse(str(path)) == path
    assert DerivationPath.parse(str(path).replace("'", "h")) == path


@pytest.mark.parametrize(
    "text", ["", "44'/60'", "m/", "m/x", "m/2147483648", "m/-1", "m/1''", "m//1", "m" + "/0" * 256]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidPathError):
        DerivationPath.parse(text)


def test_an_account_has_its_number() -> None:
    assert str(account_path(7)) == "m/44'/60'/0'/0/7"
    with pytest.raises(InvalidPathError):
        account_path(HARDENED)


def test_a_key_of_the_curve_is_required() -> None:
    with pytest.raises(InvalidInputError):
        evm_keys.require_key(Secret(31))


def test_the_library_leaves_the_recursion_limit_as_it_was() -> None:
    assert "py_ecc" in sys.modules  # which sets it to 100 000
    assert sys.getrecursionlimit() < 10_000
