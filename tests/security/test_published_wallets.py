"""Keys of wallets against published vectors: BIP-39, BIP-32, BIP-44, EIP-55, EIP-155, EIP-2930, EIP-1559, EIP-712, and
key files that other programs wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aether_desktop.domain.derivation import DerivationPath
from aether_desktop.domain.evm_transactions import (
    MAX_GAS,
    AccessEntry,
    InvalidTransactionError,
    LegacyFee,
    MarketFee,
    UnsignedTransaction,
)
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.wallet_keys import SeedWords
from aether_desktop.security import evm_keys
from aether_desktop.security.keystore import read_keystore, write_keystore
from aether_desktop.security.memory import Secret
from aether_desktop.security.seed_words import problem_with_seed, seed_of, wordlist
from aether_desktop.security.wallet_keys import EvmWalletKeys
from tests.support.published_wallets import every, published, raw

LANGUAGES = {"en": "english", "es": "spanish", "fr": "french", "it": "italian", "ja": "japanese", "ko": "korean"} | {
    "zh_cn": "chinese_simplified",
    "zh_tw": "chinese_traditional",
}


@every(16)
def test_words_make_their_seed(step: int) -> None:
    for case in published("hdnode")[::step]:
        with seed_of(SeedWords(case["mnemonic"], case.get("password") or "")) as seed:
            assert bytes(seed.data) == raw(case["seed"]), case["name"]


@every(16)
def test_entropy_makes_its_words(step: int) -> None:
    for case in published("hdnode")[::step]:
        library = wordlist(LANGUAGES[case["locale"]])
        words = library.normalize_string(case["mnemonic"])
        assert library.normalize_string(library.to_mnemonic(raw(case["entropy"]))) == words, case["name"]


@every(40)
def test_a_word_that_is_exchanged_is_noticed(step: int) -> None:
    for case in published("hdnode")[::step]:
        if case["locale"] == "en":
            words = case["mnemonic"].split()
            other = "zoo" if words[0] != "zoo" else "abandon"
            checks = wordlist().check(" ".join([other, *words[1:]]))  # one in 16 to 256 checks by chance
            assert bool(problem_with_seed(" ".join([other, *words[1:]]))) is not checks


@every(16)
def test_seeds_derive_their_keys(step: int) -> None:
    for case in published("hdnode")[::step]:
        with Secret(raw(case["seed"])) as seed:
            for node in case["hdnodes"]:
                with evm_keys.derive(seed, DerivationPath.parse(node["path"])) as key:
                    assert bytes(key.data) == raw(node["privateKey"]), (case["name"], node["path"])
                    assert evm_keys.address_of(key).lower() == node["address"]


def test_bip_32_with_leading_zeros() -> None:
    for case in published("bip32"):
        with Secret(bytes.fromhex(case["seed"])) as seed:
            for path, expected in case["keys"].items():
                with evm_keys.derive(seed, DerivationPath.parse(path)) as key:
                    assert key.data.hex() == expected, path


@every(16)
def test_keys_have_their_address(step: int) -> None:
    for case in published("accounts")[::step]:
        if "privateKey" in case:
            with evm_keys.parse_private_key(case["privateKey"]) as key:
                assert evm_keys.address_of(key) == case["checksumAddress"]


def number(text: str | int | None) -> int:
    return text if isinstance(text, int) else int(text or "0x0", 16) if text not in {"0x"} else 0


@every(16)
def test_legacy_transactions_are_signed_for_their_chain(step: int) -> None:
    for case in published("transactions")[::step]:
        if number(case.get("gasLimit")) > MAX_GAS:
            continue  # more than 64 bits, which no node takes
        transaction = UnsignedTransaction(
            chain_id=5,
            nonce=number(case.get("nonce")),
            gas_limit=number(case.get("gasLimit")),
            fee=LegacyFee(number(case.get("gasPrice"))),
            to=case.get("to"),
            value=number(case.get("value")),
            data=raw(case.get("data") or "0x"),
        )
        with evm_keys.parse_private_key(case["privateKey"]) as key:
            signed = evm_keys.sign_transaction(key, transaction)
        assert signed.raw == raw(case["signedTransactionChainId5"]), case["name"]
        assert signed.sender.lower() == case["accountAddress"].lower()


def typed_transaction(tx: dict[str, Any]) -> UnsignedTransaction:
    fee: LegacyFee | MarketFee = LegacyFee(number(tx.get("gasPrice")))
    if tx["type"] == 2:
        fee = MarketFee(number(tx.get("maxFeePerGas")), number(tx.get("maxPriorityFeePerGas")))
    return UnsignedTransaction(
        chain_id=number(tx.get("chainId")),
        nonce=number(tx.get("nonce")),
        gas_limit=number(tx.get("gasLimit")),
        fee=fee,
        to=tx.get("to"),
        value=number(tx.get("value")),
        data=raw(tx.get("data") or "0x"),
        access_list=tuple(
            AccessEntry(entry["address"], tuple(raw(key) for key in entry["storageKeys"]))
            for entry in tx.get("accessList") or ()
        ),
    )


@every(16)
def test_typed_transactions_are_signed(step: int) -> None:
    signed_ones = 0
    for case in published("typed-transactions")[::step]:
        tx = case["tx"]
        if not number(tx.get("chainId")) or (
            tx["type"] == 2 and number(tx.get("maxPriorityFeePerGas")) > number(tx.get("maxFeePerGas"))
        ):
            with pytest.raises(InvalidTransactionError):
                typed_transaction(tx)
            continue
        transaction = typed_transaction(tx)
        if tx["type"] == 1 and not transaction.access_list:
            continue  # an access list that is empty: signed as a legacy one, which costs less
        with evm_keys.parse_private_key(case["key"]) as key:
            assert evm_keys.sign_transaction(key, transaction).raw == raw(case["signed"]), case["name"]
        signed_ones += 1
    assert signed_ones


def document(case: dict[str, Any]) -> bytes:
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    kinds["salt"] = "bytes32"
    domain = [{"name": name, "type": kind} for name, kind in kinds.items() if name in case["domain"]]
    whole = {
        "types": {**case["types"], "EIP712Domain": domain},
        "primaryType": case["primaryType"],
        "domain": case["domain"],
        "message": case["data"],
    }
    return json.dumps(whole).encode()


@every(16)
def test_typed_data_is_hashed_and_signed(step: int) -> None:
    for case in published("eip712")[::step]:
        assert evm_keys.typed_data_hash(document(case)) == raw(case["digest"]), case["name"]
        if "signature" in case:
            with evm_keys.parse_private_key(case["privateKey"]) as key:
                assert evm_keys.sign_typed_data(key, document(case)) == raw(case["signature"]), case["name"]


KEY_FILES = [case for case in published("wallets") if case["type"] == "secret-storage"]
# Half a second and more each: the first of them always, the others in the long run.
SLOW = [case["name"] for case in KEY_FILES if '"n":262144' in case["json"].replace(" ", "")][1:]
LONG = {name: [pytest.mark.long] for name in SLOW}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case["name"], marks=LONG.get(case["name"], [])) for case in KEY_FILES]
)
def test_key_files_of_other_programs_open(case: dict[str, Any]) -> None:
    password = bytearray(case["password"].encode())
    with read_keystore(case["json"].encode(), password) as key:
        assert bytes(key.data) == raw(case["privateKey"])
        assert evm_keys.address_of(key).lower() == case["address"].lower()


def test_presale_wallets_are_told_apart() -> None:
    others = [case for case in published("wallets") if case["type"] != "secret-storage"]
    assert others
    for case in others:
        with pytest.raises(InvalidInputError, match="presale"):
            read_keystore(case["json"].encode(), bytearray(case["password"].encode()))


def test_what_is_written_is_read_again() -> None:
    with Secret(raw(KEY_FILES[0]["privateKey"])) as key:
        file = write_keystore(key, bytearray(b"thou shalt not steal"), work=1 << 10)
        with read_keystore(file, bytearray(b"thou shalt not steal")) as again:
            assert again.data == key.data
        with pytest.raises(InvalidInputError) as refused:
            read_keystore(file, bytearray(b"thou shalt steal"))
        assert refused.value.field == "password"


def test_the_keys_of_a_wallet_by_its_port() -> None:
    keys = EvmWalletKeys()
    case = next(
        case for case in published("hdnode") if any(node["path"] == "m/44'/60'/0'/0/0" for node in case["hdnodes"])
    )
    node = next(node for node in case["hdnodes"] if node["path"] == "m/44'/60'/0'/0/0")
    own = keys.from_words(SeedWords(case["mnemonic"], case.get("password") or ""), DerivationPath.parse(node["path"]))
    assert own.address.lower() == node["address"]
    revealed = keys.revealed(own.kind, own.content)
    assert revealed.words is not None
    assert (revealed.words.words, revealed.path) == (case["mnemonic"], node["path"])
