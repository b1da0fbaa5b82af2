"""The formats as they are on disk: read from kept files, and computed again with the library alone where that goes.

Whoever writes another program for these formats starts here; tests/support/identity_vectors.py says how the files were
made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aether_desktop.domain.courts import Court
from aether_desktop.ports.identity import StoredStatement
from aether_desktop.security.hybrid_signatures import fingerprint, verify
from aether_desktop.security.invitations import InvitationKeys, open_invitation, reply_invitation_id
from aether_desktop.security.membership import line_digest
from aether_desktop.security.person_keys import POSSESSION, bundle_fingerprint, decode_bundle, encryption_private
from tests.security.parties import NOW, Party, Pins, Server, party

FOLDER = Path(__file__).parents[1] / "vectors"
raw = bytes.fromhex


def vector(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return loaded


def element(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + len(content).to_bytes(4, "big") + content


def canonical(label: str, *values: bytes | str | int) -> bytes:
    """The canonical form of flat structures, written a second time."""
    out = element(2, label.encode())
    for value in values:
        if isinstance(value, bytes):
            out += element(1, value)
        elif isinstance(value, str):
            out += element(2, value.encode())
        else:
            out += element(3, value.to_bytes(8, "big"))
    return out


def hkdf(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(key)


def test_hybrid_signature() -> None:
    kept = vector("hybrid_signature")
    public, signature, purpose = raw(kept["public"]), raw(kept["signature"]), kept["purpose"]
    verify(public, signature, raw(kept["message"]), purpose=purpose)
    assert fingerprint(public).hex() == kept["fingerprint"]
    signed = canonical("aether/1/hybrid-signed", purpose, public, raw(kept["message"]))
    assert signature[0] == 1
    Ed25519PublicKey.from_public_bytes(public[:32]).verify(signature[1:65], signed)
    MLDSA65PublicKey.from_public_bytes(public[32:]).verify(signature[65:], signed, purpose.encode())


def test_person_keys() -> None:
    kept = vector("person_keys")
    keys = decode_bundle(raw(kept["bundle"]))
    assert bundle_fingerprint(keys).hex() == kept["fingerprint"] == hashlib.sha256(raw(kept["bundle"])).hexdigest()
    verify(keys.signing, raw(kept["possession"]), raw(kept["bundle"]), purpose=POSSESSION)
    for info, key in kept["box_keys"].items():
        name = info.rsplit("/", 1)[1]
        marked = element(2, name.encode()) + b"\x01"
        box_at = raw(kept["sealed"]).index(marked) + len(marked)
        size = int.from_bytes(raw(kept["sealed"])[box_at : box_at + 4], "big")
        box = raw(kept["sealed"])[box_at + 4 : box_at + 4 + size]
        context = canonical("aether/1/person-private-key", keys.vault_id, keys.user_id, name, raw(kept["fingerprint"]))
        seed = AESGCM(raw(key)).decrypt(box[1:13], box[13:], b"\x01" + context)
        assert (box[0], len(seed)) == (1, {"signing": 64, "device": 32}.get(name, 96))


def test_court_key() -> None:
    kept = vector("court_key")
    recipient = hashlib.sha256(raw(kept["recipient_public"])).digest()
    place = (kept["vault"], kept["owner"], kept["court"], kept["version"])
    info = canonical("aether/1/court-key", *place, recipient)
    assert info.hex() == kept["info"]
    suite = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    key = suite.decrypt(raw(kept["wrapped"]), encryption_private(raw(kept["recipient_seed"])), info)
    assert key.hex() == kept["key"]
    assert hkdf(key, canonical("aether/1/court-commitment", *place)).hex() == kept["commitment"]


def test_sealed_field() -> None:
    kept = vector("sealed_field")
    value, field = raw(kept["sealed"]), kept["field"]
    column = hkdf(raw(kept["court_key"]), b"aether/1/column/" + field.encode())
    assert column.hex() == kept["column_key"]
    header = value[:22]
    assert (header[0], header[1], int.from_bytes(header[2:10], "big")) == (1, 2, 1)
    place = (kept["vault"], field, kept["row_id"], kept["owner_id"], kept["revision"])
    data = canonical("aether/1/sealed", header, *place)
    assert data.hex() == kept["associated_data"]
    assert AESGCM(column).decrypt(header[10:], value[22:], data).hex() == kept["plain"]
    blind_key = hkdf(raw(kept["court_key"]), b"aether/1/blind/" + field.encode())
    message = canonical("aether/1/blind", kept["vault"], kept["owner_id"], field, raw(kept["plain"]))
    assert ((1).to_bytes(8, "big") + hmac.digest(blind_key, message, "sha256")).hex() == kept["blind"]


def test_membership_log() -> None:
    kept = vector("membership_log")
    server, pins = Server(), Pins()
    for index, line in enumerate(kept["lines"]):
        stored = StoredStatement(index, raw(line["body"]), raw(line["signature"]))
        expected = canonical("aether/1/membership-line", stored.body, stored.signature)
        assert line_digest(stored).hex() == line["digest"] == hashlib.sha256(expected).hexdigest()
        server.membership.lines.append(stored)
    pins.kept[kept["vault"], "membership"] = raw(kept["pin"])
    reader: Party = party(7, "reader", server, pins=pins)
    state = reader.identity.state()
    assert reader.identity.log_code() == kept["code"]
    found = {
        str(person.user_id): {"username": person.username, "role": person.role.value, "active": person.active}
        for person in state.people.values()
    }
    assert found == kept["people"]
    assert {str(group): name for group, name in state.groups.items()} == kept["groups"]
    for owner, versions in kept["versions"].items():
        assert [state.court(int(owner), court).version for court in Court] == versions


def test_invitation() -> None:
    kept = vector("invitation")
    typed = kept["secret"].replace("-", "").encode()
    stretched = Argon2id(salt=bytes(range(16)), length=32, iterations=3, lanes=4, memory_cost=64 * 1024).derive(typed)
    assert hkdf(stretched, b"aether/1/invitation/file").hex() == kept["file_key"]
    assert hkdf(stretched, b"aether/1/invitation/reply").hex() == kept["reply_key"]
    invitation, keys = open_invitation(raw(kept["file"]), kept["secret"], at=NOW)
    assert isinstance(keys, InvitationKeys)
    assert keys.login_password == kept["login_password"]
    assert hmac.digest(raw(kept["file_key"]), invitation.encoded(), "sha256").hex() == kept["file_mac"]
    assert invitation.expires_at == datetime.fromisoformat(kept["expires_at"])
    assert reply_invitation_id(raw(kept["reply"])) == invitation.id == 900
    keys.wipe()
