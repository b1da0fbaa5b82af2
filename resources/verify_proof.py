#!/usr/bin/env python3
"""Verifies files that Aether Desktop exports from its audit log, without Aether Desktop.

    python verify_proof.py FILE [--key PUBLIC_KEY_HEX]...

FILE is a checkpoint, an inclusion proof, or a consistency proof between two checkpoints (JSON). Without --key the
signatures are verified with the key that stands in the file itself: compare the printed fingerprint with one that you
have from the person. With it every checkpoint must be signed with one of the keys given. Exit status: 0 it holds, 1 it
does not, 2 nothing could be verified.

Needs Python 3.11 and the package "cryptography" 50 or newer. Standards: RFC 9162 (Merkle tree), RFC 8032 (Ed25519),
FIPS 204 (ML-DSA-65). Canonical structures are elements of tag (1 byte), length (4 bytes, big-endian), content: 1 bytes,
2 text in UTF-8, 3 unsigned number of 8 bytes; the first element is a text that says what the structure is.
"""

# ruff: noqa: T201 - it talks to a terminal
from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
except ImportError as missing:
    print(f"Nothing verified: this needs the Python package cryptography, 50 or newer ({missing}).", file=sys.stderr)
    sys.exit(2)

CHECKPOINT = "aether/1/audit-checkpoint"
ENTRY = "aether/1/audit-entry"
SIGNED = "aether/1/hybrid-signed"
FINGERPRINT = "aether/1/hybrid-public-key"
INCLUSION = "aether/1/audit-inclusion-proof"
CONSISTENCY = "aether/1/audit-consistency-proof"
BYTES, TEXT, NUMBER = 1, 2, 3


class DoesNotHoldError(Exception):
    """Something in the file is not as it is claimed."""


class Checkpoint(NamedTuple):
    vault: int
    size: int
    root: bytes
    at: int  # microseconds since 1970, UTC
    person: int


class Entry(NamedTuple):
    vault: int
    id: int
    at: int
    person: int
    login: str
    key_id: bytes
    counter: int
    previous: bytes
    action: str
    table: str
    rows: int
    detail: str


# -- canonical structures


def element(value: bytes | str) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return bytes((TEXT if isinstance(value, str) else BYTES,)) + len(content).to_bytes(4, "big") + content


def structure(label: str, data: bytes, kinds: Sequence[int]) -> list[Any]:
    """The values behind the label, which must be exactly of these kinds."""
    values: list[Any] = []
    at = 0
    for kind in (TEXT, *kinds):
        length = int.from_bytes(data[at + 1 : at + 5], "big")
        content = data[at + 5 : at + 5 + length]
        if data[at : at + 1] != bytes((kind,)) or len(content) != length or (kind == NUMBER and length != 8):
            raise DoesNotHoldError(f"these bytes are no {label}")
        at += 5 + length
        try:
            values.append(content.decode("utf-8") if kind == TEXT else content)
        except UnicodeDecodeError:
            raise DoesNotHoldError(f"a text in the {label} is not UTF-8") from None
        if kind == NUMBER:
            values[-1] = int.from_bytes(content, "big")
    if values[0] != label or at != len(data):
        raise DoesNotHoldError(f"these bytes are no {label}")
    return values[1:]


# -- RFC 9162


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Section 2.1.3.2."""
    place, last, head = index, size - 1, leaf
    if not 0 <= place <= last:
        raise DoesNotHoldError("the entry's place is outside the log")
    for step in proof:
        if last == 0:
            raise DoesNotHoldError("the proof is too long")
        if place & 1 or place == last:
            head = node(step, head)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            head = node(head, step)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise DoesNotHoldError("the proof is too short")
    return head


def roots_from_consistency(first: int, second: int, first_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Section 2.1.4.2: the roots that the proof leads to, of the earlier and of the later log."""
    if first == second and not proof:
        return first_root, first_root
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not 0 < first < second or not steps:
        raise DoesNotHoldError("the proof does not fit the sizes of the logs")
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise DoesNotHoldError("the proof is too long")
        if place & 1 or place == last:
            old, new = node(step, old), node(step, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node(new, step)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise DoesNotHoldError("the proof is too short")
    return old, new


# -- the files


def checkpoint(fields: dict[str, Any], keys: Sequence[bytes]) -> Checkpoint:
    """A checkpoint whose two signatures hold."""
    body, public, signature = (bytes.fromhex(fields[name]) for name in ("body", "public_key", "signature"))
    if fields["format"] != CHECKPOINT or len(public) != 32 + 1952 or len(signature) != 1 + 64 + 3309:
        raise DoesNotHoldError("this is no checkpoint")
    if keys and public not in keys:
        raise DoesNotHoldError("the checkpoint is signed with another key than those given")
    message = element(SIGNED) + element(CHECKPOINT) + element(public) + element(body)
    try:
        if signature[0] != 1:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(public[:32]).verify(signature[1:65], message)
        MLDSA65PublicKey.from_public_bytes(public[32:]).verify(signature[65:], message, CHECKPOINT.encode())
    except (InvalidSignature, ValueError):
        raise DoesNotHoldError("the checkpoint's signature does not hold") from None
    found = Checkpoint(*structure(CHECKPOINT, body, (NUMBER, NUMBER, BYTES, NUMBER, NUMBER)))
    if len(found.root) != 32:
        raise DoesNotHoldError("the checkpoint's root is no hash")
    print(f"checkpoint  {found.size} entries of vault {found.vault}, by person {found.person}, {moment(found.at)}")
    print(f"root        {found.root.hex()}")
    print(f"signed by   {hashlib.sha256(element(FINGERPRINT) + element(public)).hexdigest()}")
    return found


def inclusion(fields: dict[str, Any], keys: Sequence[bytes]) -> None:
    point = checkpoint(fields["checkpoint"], keys)
    content, signature = bytes.fromhex(fields["entry"]), bytes.fromhex(fields["entry_signature"])
    kinds = (NUMBER,) * 4 + (TEXT, BYTES, NUMBER, BYTES, TEXT, TEXT, NUMBER, TEXT)
    entry = Entry(*structure(ENTRY, content, kinds))
    if entry.vault != point.vault:
        raise DoesNotHoldError("entry and checkpoint are of different vaults")
    if entry.key_id:
        public = bytes.fromhex(fields["device_key"])
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
        except (InvalidSignature, ValueError):
            raise DoesNotHoldError("the entry's signature does not hold") from None
        if hashlib.sha256(public).digest()[:16] != entry.key_id:
            raise DoesNotHoldError("the entry names another device key")
        vouched = f"signed by the device {entry.key_id.hex()}, its {entry.counter}. entry"
    elif signature:
        raise DoesNotHoldError("the entry names no device, but carries a signature")
    else:
        vouched = f"only the database vouches for it{f' (login {entry.login!a})' if entry.login else ''}"
    leaf = hashlib.sha256(b"\x00" + content + signature).digest()
    proof = [bytes.fromhex(step) for step in fields["proof"]]
    if root_from_inclusion(leaf, int(fields["index"]), point.size, proof) != point.root:
        raise DoesNotHoldError("the entry is not in the log of the checkpoint at that place")
    print(f"entry       {fields['index']}: {moment(entry.at)}, person {entry.person}, {entry.action!a} {entry.table!a}")
    print(f"            {vouched}")
    print(f"detail      {entry.detail!a}")


def consistency(fields: dict[str, Any], keys: Sequence[bytes]) -> None:
    first, second = checkpoint(fields["first"], keys), checkpoint(fields["second"], keys)
    if first.vault != second.vault:
        raise DoesNotHoldError("the checkpoints are of different vaults")
    proof = [bytes.fromhex(step) for step in fields["proof"]]
    if roots_from_consistency(first.size, second.size, first.root, proof) != (first.root, second.root):
        raise DoesNotHoldError("the later log does not begin with the earlier one")
    print(f"consistent  the first {first.size} entries are the same in both")


def moment(microseconds: int) -> str:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (epoch + timedelta(microseconds=microseconds)).isoformat(timespec="seconds")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify a file exported from an audit log.")
    parser.add_argument("file", type=Path)
    text = "a public key, in hexadecimal; given several times: one of them must have signed"
    parser.add_argument("--key", type=bytes.fromhex, action="append", default=[], help=text)
    given = parser.parse_args(arguments)
    try:
        fields = json.loads(given.file.read_text("utf-8"))
        kinds = {CHECKPOINT: checkpoint, INCLUSION: inclusion, CONSISTENCY: consistency}
        kinds[fields["format"]](fields, given.key)
    except DoesNotHoldError as error:
        print(f"DOES NOT HOLD: {error}")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        print(f"This file cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print("It holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
