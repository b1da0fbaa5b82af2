"""EVM nodes over JSON-RPC, in one request: chain id, head, syncing, peers, and now and then an old block's hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aether_desktop.sum_api import (
    LARGEST_NUMBER,
    BadAnswerError,
    InvalidQuantityError,
    MethodMissingError,
    Probe,
    ProbeAnswer,
    ProbeContext,
    ProbeKind,
    ProbeOutcome,
    RpcCall,
    RpcError,
    read_data,
    read_quantity,
)

_CLAIM_EVERY: Final = 10  # rounds: blocks are large answers
_DEPTH: Final = 128  # blocks below the head: deeper than any honest re-organisation
_STEP: Final = 1024  # nodes of one tier look at the same block for as many blocks
_TOO_OFTEN: Final = -32005  # EIP-1474: limit exceeded


class EvmProbe:
    """Settings: ``min_peers``. The probe's network names the chain id that is expected."""

    probe_kind = ProbeKind.EVM.value
    title = "EVM node (JSON-RPC)"

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        calls = [RpcCall("eth_chainId"), RpcCall("eth_blockNumber"), RpcCall("eth_syncing"), RpcCall("net_peerCount")]
        old = _old_block(context)
        if old is not None:
            calls.append(RpcCall("eth_getBlockByNumber", (hex(old), False)))
        answers = await context.network.rpc(probe.target, calls)
        try:
            chain_id = _number(answers[0])
            expected = probe.chain_id
            if expected is not None and chain_id is not None and chain_id != expected:
                return ProbeAnswer(outcome=ProbeOutcome.WRONG, reason=f"It serves chain {chain_id}, not {expected}.")
            height = _number(answers[1])
            if height is None or (expected is not None and chain_id is None):
                return ProbeAnswer(
                    outcome=ProbeOutcome.UNSUPPORTED, reason="The endpoint does not tell its chain or its head block."
                )
            peers = _number(answers[3])
            claim = ""
            if old is not None and not isinstance(answers[4], RpcError) and answers[4] is not None:
                claim = f"{chain_id}/{old}={_hash(answers[4], old)}"
            syncing = _syncing(answers[2])
        except InvalidQuantityError as error:
            raise BadAnswerError(error.reason) from error
        wanted = probe.settings.get("min_peers")
        lonely = isinstance(wanted, int) and peers is not None and peers < wanted
        return ProbeAnswer(
            outcome=ProbeOutcome.ANSWERED,
            height=height,
            peers=peers,
            syncing=syncing,
            claim=claim,
            poor=lonely,
            reason=f"It has {peers} peers, fewer than {wanted}." if lonely else "",
        )


def _old_block(context: ProbeContext) -> int | None:
    height = context.last.height if context.last is not None else None
    if height is None or context.round % _CLAIM_EVERY != 1:
        return None
    return max(0, (height - _DEPTH) // _STEP * _STEP)


def _number(answer: object) -> int | None:
    """None where the endpoint lacks the method or will not be asked so often. Raises RpcError, InvalidQuantityError."""
    if isinstance(answer, MethodMissingError) or (isinstance(answer, RpcError) and answer.code == _TOO_OFTEN):
        return None
    if isinstance(answer, RpcError):
        raise answer
    return read_quantity(answer, most=LARGEST_NUMBER)


def _syncing(answer: object) -> bool | None:
    if isinstance(answer, RpcError):
        return None
    if answer is False or isinstance(answer, Mapping):
        return answer is not False
    raise InvalidQuantityError("The answer to eth_syncing is neither false nor a report.")


def _hash(block: object, number: int) -> str:
    if not isinstance(block, Mapping) or read_quantity(block.get("number")) != number:
        raise InvalidQuantityError("The answer is not the block that was asked for.")
    return read_data(block.get("hash"), size=32).hex()
