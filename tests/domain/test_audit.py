"""The audit log's formats: test vectors that another program can check itself with, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.audit import (
    CheckpointBody,
    LogEntry,
    RootPin,
    comparison_code,
    entry_leaf,
    key_id_of,
    read_code,
)
from aether_desktop.domain.canonical import NotCanonicalError
from aether_desktop.domain.merkle import Frontier, MerkleError
from aether_desktop.security.audit_signing import SignatureProofs

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "audit.json").read_text("utf-8"))
numbers = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def entry_of(fields: dict[str, Any]) -> LogEntry:
    raw = {name: bytes.fromhex(fields[name]) for name in ("key_id", "previous")}
    return LogEntry(**{**fields, **raw})


class TestVectors:
    def test_entries(self) -> None:
        public, proofs, frontier = bytes.fromhex(VECTORS["device_public_key"]), SignatureProofs(), Frontier()
        for case in VECTORS["entries"]:
            content, signature = bytes.fromhex(case["bytes"]), bytes.fromhex(case["signature"])
            entry = entry_of(case["fields"])
            assert entry.encode() == content
            assert LogEntry.decode(content) == entry
            assert entry_leaf(content, signature).hex() == case["leaf"]
            if entry.key_id:
                assert key_id_of(public) == entry.key_id
                assert proofs.entry_signed(public, signature, content)
                assert not proofs.entry_signed(public, signature, content + b"x")
            frontier.append(entry_leaf(content, signature))
        assert frontier.root.hex() == VECTORS["checkpoint"]["root"]

    def test_checkpoint_code_and_memory(self) -> None:
        point = VECTORS["checkpoint"]
        content = bytes.fromhex(point["body"])
        body = CheckpointBody.decode(content)
        assert (body.size, body.root.hex(), body.encode()) == (point["size"], point["root"], content)
        public, signature = bytes.fromhex(point["public_key"]), bytes.fromhex(point["signature"])
        assert SignatureProofs().checkpoint_signed(public, signature, content)
        assert not SignatureProofs().checkpoint_signed(public, signature, content[:-1] + b"\x00")
        assert body.code == VECTORS["code"]
        remembered = bytes.fromhex(VECTORS["remembered"])
        pin = RootPin.decode(remembered)
        assert (pin.size, Frontier(pin.size, pin.peaks).root) == (body.size, body.root)
        assert pin.encode() == remembered


class TestEntries:
    @given(st.tuples(numbers, numbers), st.tuples(texts, texts, texts), st.booleans())
    def test_what_is_written_is_read(self, figures: tuple[int, int], words: tuple[str, str, str], signed: bool) -> None:
        one, other = figures
        action, login, word = words
        chain: dict[str, Any] = {"key_id": bytes(16), "counter": 2, "previous": bytes(32)} if signed else {}
        entry = LogEntry(
            vault_id=one,
            id=other,
            at=one,
            user_id=other,
            action=action,
            table="wallets",
            rows=one,
            detail=json.dumps({"word": word}, ensure_ascii=False),
            login=login,
            **chain,
        )
        assert LogEntry.decode(entry.encode()) == entry
        assert entry.facts == {"word": word}

    @pytest.mark.parametrize(
        "chain",
        [
            {"counter": 1},
            {"key_id": bytes(16)},
            {"key_id": bytes(15), "counter": 1},
            {"key_id": bytes(16), "counter": 2},
            {"key_id": bytes(16), "counter": 1, "previous": bytes(32)},
            {"key_id": bytes(16), "counter": 2, "previous": bytes(31)},
        ],
    )
    def test_an_impossible_place_in_a_chain_is_refused(self, chain: dict[str, Any]) -> None:
        entry = LogEntry(vault_id=1, id=2, at=3, user_id=4, action="a", table="", rows=0, detail="{}", **chain)
        with pytest.raises(NotCanonicalError):
            LogEntry.decode(entry.encode())

    @given(st.binary(max_size=60))
    def test_other_bytes_are_refused(self, data: bytes) -> None:
        for read in (LogEntry.decode, CheckpointBody.decode, RootPin.decode):
            with pytest.raises((NotCanonicalError, MerkleError)):
                read(data)

    @given(st.data())
    def test_one_flipped_bit_is_another_entry_or_none(self, data: st.DataObject) -> None:
        content = bytes.fromhex(VECTORS["entries"][2]["bytes"])
        bit = data.draw(st.integers(0, len(content) * 8 - 1))
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            read = LogEntry.decode(bytes(changed))
        except NotCanonicalError:
            return
        assert read != LogEntry.decode(content)
        assert read.encode() == bytes(changed)

    @pytest.mark.parametrize("detail", ["", "[]", "{", "5"])
    def test_a_detail_that_is_no_object_tells_nothing(self, detail: str) -> None:
        entry = LogEntry(vault_id=1, id=2, at=3, user_id=4, action="a", table="", rows=0, detail=detail)
        assert entry.facts == {}


class TestCodes:
    @given(numbers, numbers, st.binary(min_size=32, max_size=32))
    def test_a_code_is_read_as_it_is_said(self, vault: int, size: int, root: bytes) -> None:
        code = comparison_code(vault, size, root)
        assert read_code(f" {code.lower().replace('-', ' ')} ") == (size, code)
        assert comparison_code(vault, size, root[1:] + bytes([root[0] ^ 1])) != code

    def test_an_impossible_checkpoint_is_not_written(self) -> None:
        with pytest.raises(ValueError, match="root"):
            CheckpointBody(vault_id=1, size=1, root=b"short", at=0, user_id=1).encode()
