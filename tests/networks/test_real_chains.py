"""Two real chains on loopback: they prove their ids, and take what our keys sign, each its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import pytest

from aether_desktop.domain.derivation import account_path
from aether_desktop.domain.evm_transactions import AccessEntry, LegacyFee, MarketFee, UnsignedTransaction
from aether_desktop.networks.evm import JsonRpcConnections
from aether_desktop.ports.networks import EndpointsFailedError, RpcError
from aether_desktop.ports.wallet_keys import OwnKey, SeedWords
from aether_desktop.security.wallet_keys import EvmWalletKeys
from tests.support.chains import WORDS, Chain, program
from tests.support.processes import ToolMissingError

KEYS = EvmWalletKeys()
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
GWEI = 10**9
# Stores 42 at 0 and returns the two bytes 0x6000: the smallest contract that does something.
CODE = bytes.fromhex("602a60005561600060005260026000f3")
TYPED = (
    '{"types": {"EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId", "type": "uint256"}],'
    ' "Offering": [{"name": "giver", "type": "address"}, {"name": "shekels", "type": "uint256"}]},'
    ' "primaryType": "Offering", "domain": {"name": "Temple", "chainId": 2618},'
    f' "message": {{"giver": "{OTHER}", "shekels": "30"}}}}'
)


class Chains(NamedTuple):
    connections: JsonRpcConnections
    atc: Chain
    ftc: Chain


@pytest.fixture(scope="module")
def chains() -> Iterator[Chains]:
    try:
        program()
    except ToolMissingError as missing:
        pytest.skip(str(missing))
    with ExitStack() as stack:
        connections = stack.enter_context(closing(JsonRpcConnections()))
        atc, ftc = (stack.enter_context(closing(Chain(each, connections))) for each in (2618, 26_150))
        yield Chains(connections, atc, ftc)


@pytest.fixture(scope="module")
def key() -> OwnKey:
    return KEYS.from_words(SeedWords(WORDS), account_path(0))


def test_a_chain_that_is_another_is_not_believed(chains: Chains) -> None:
    mixed = chains.connections.connect([chains.ftc.url, chains.atc.url], 2618)
    assert mixed.call("eth_chainId") == hex(2618)
    with pytest.raises(EndpointsFailedError, match="serves chain 26150, not 2618"):
        chains.connections.connect([chains.ftc.url], 2618).call("eth_blockNumber")


LIST = (AccessEntry(OTHER, (bytes(32),)),)
KINDS: dict[str, dict[str, Any]] = {
    "legacy": {"fee": LegacyFee(3 * GWEI)},
    "access list": {
        "fee": LegacyFee(3 * GWEI),
        "access_list": (AccessEntry(OTHER, (bytes(32),)),),
        "gas_limit": 30_000,
    },
    "market": {"fee": MarketFee(5 * GWEI, GWEI)},
    "market with list": {"fee": MarketFee(5 * GWEI, GWEI), "access_list": (AccessEntry(OTHER),), "gas_limit": 30_000},
    "all data": {"fee": MarketFee(5 * GWEI, 0), "data": bytes(range(256)), "gas_limit": 60_000},
    "deploy": {"fee": MarketFee(5 * GWEI, GWEI), "to": None, "data": CODE, "value": 0, "gas_limit": 200_000},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_node_takes_what_is_signed(chains: Chains, key: OwnKey, kind: str) -> None:
    chain = chains.atc
    before = chain.number("eth_getBalance", key.address, "latest")
    fields: dict[str, Any] = {"to": OTHER, "value": 12_345_678_901_234_567, "gas_limit": 21_000} | KINDS[kind]
    nonce = chain.number("eth_getTransactionCount", key.address, "latest")
    transaction = UnsignedTransaction(chain_id=2618, nonce=nonce, **fields)
    signed = KEYS.sign(key.kind, key.content, transaction)
    if not isinstance(transaction.fee, LegacyFee) or transaction.access_list:  # of legacy ones anvil takes any chain's
        with pytest.raises(RpcError):  # replayed on the other chain
            chains.ftc.call("eth_sendRawTransaction", "0x" + signed.raw.hex())
    assert chain.call("eth_sendRawTransaction", "0x" + signed.raw.hex()) == signed.hash
    chain.mine()
    receipt: Any = chain.call("eth_getTransactionReceipt", signed.hash)
    assert (receipt["status"], receipt["from"]) == ("0x1", key.address.lower())
    cost = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert before - chain.number("eth_getBalance", key.address, "latest") == transaction.value + cost
    assert cost <= transaction.most_fee
    if transaction.to is None:
        assert chain.number("eth_getStorageAt", receipt["contractAddress"], "0x0", "latest") == 42


def test_messages_are_signed_as_the_node_signs_them(chains: Chains, key: OwnKey) -> None:
    theirs = chains.atc.call("personal_sign", "0x" + b"shalom".hex(), key.address)
    assert "0x" + KEYS.sign_message(key.kind, key.content, b"shalom").hex() == theirs
    typed = chains.atc.call("eth_signTypedData_v4", key.address, json.loads(TYPED))
    assert "0x" + KEYS.sign_typed_data(key.kind, key.content, TYPED.encode()).hex() == typed
