"""Test vectors of the formats of keys, seals, the membership log and invitations: ``python -m`` writes them.

Everything in them is throw-away. Signatures and wrapped keys are random in part, so the files are written once and
then only read: a format that changes without a new version fails on them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import CourtRevoked, GroupCourt, PersonDisabled, RoleSet
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.domain.users import Role
from aether_desktop.security.court_keys import CourtKeyName, expand, suite
from aether_desktop.security.hybrid_signatures import HybridSigningKey, fingerprint
from aether_desktop.security.invitations import Invitation, InvitationKeys, make_invitation, make_reply
from aether_desktop.security.membership import line_digest
from aether_desktop.security.person_keys import (
    bundle_fingerprint,
    comparison_code,
    encryption_pair_public,
    encryption_public,
    make_person_keys,
)
from aether_desktop.security.sealing import associated_data
from tests.security.parties import NOW, VAULT, FixedLevels, Party, founder, joined

FOLDER: Final = Path(__file__).parents[1] / "vectors"


def signatures() -> dict[str, Any]:
    key = HybridSigningKey(bytes(range(64)))
    message, purpose = b"The silver and the gold are mine.", "aether/1/vector"
    return {
        "seed": bytes(range(64)).hex(),
        "public": key.public.hex(),
        "fingerprint": fingerprint(key.public).hex(),
        "purpose": purpose,
        "message": message.hex(),
        "signature": key.sign(message, purpose=purpose).hex(),
    }


def person_keys() -> dict[str, Any]:
    levels = FixedLevels(b"vector")
    made = make_person_keys(levels, vault_id=VAULT, user_id=1, at=NOW)
    infos = [(Court(n), f"aether/1/person-key/{n}") for n in (1, 2, 3)]
    infos += [(Court.HOLY, "aether/1/person-key/signing"), (Court.OUTER, "aether/1/person-key/device")]
    return {
        "bundle": made.stored.bundle.hex(),
        "fingerprint": bundle_fingerprint(made.public).hex(),
        "code": comparison_code(bundle_fingerprint(made.public)),
        "sealed": made.stored.sealed.hex(),
        "possession": made.possession.hex(),
        "box_keys": {info: levels.derive(level, info.encode()).hex() for level, info in infos},
    }


def court_key() -> dict[str, Any]:
    seed, key = bytes(range(96)), bytes(range(100, 132))
    public = encryption_pair_public(seed)
    name = CourtKeyName(VAULT, 1, Court.HOLY, 3)
    recipient = hashlib.sha256(public).digest()
    return {
        "recipient_seed": seed.hex(),
        "recipient_public": public.hex(),
        "vault": VAULT,
        "owner": 1,
        "court": 2,
        "version": 3,
        "info": name.info(recipient).hex(),
        "wrapped": suite().encrypt(key, encryption_public(public), name.info(recipient)).hex(),
        "key": key.hex(),
        "commitment": name.commitment(key).hex(),
    }


def sealed() -> dict[str, Any]:
    one = founder()
    field, place = SealedField.PAYMENT_EXTERNAL_ID, {"row_id": 9, "owner_id": 1, "revision": 3}
    plain = b"pay_31415926"
    name = CourtKeyName(VAULT, 1, Court.HOLY, 1)
    value = one.identity.sealer.seal(field, plain, **place)
    key = bytes(one.identity.ring.key(name))
    return {
        "vault": VAULT,
        **place,
        "court_key": key.hex(),
        "field": field.value,
        "column_key": expand(key, f"aether/1/column/{field.value}".encode()).hex(),
        "sealed": value.hex(),
        "associated_data": associated_data(value[:22], name, field, row_id=9, revision=3).hex(),
        "plain": plain.hex(),
        "blind": one.identity.sealer.blind(field, plain, owner_id=1)[0].hex(),
    }


def membership() -> dict[str, Any]:
    one = founder()
    two = joined(one, 2, "aaron", role=Role.LEVITE)
    two.issue(two.identity.grant_court(2, Court.OUTER, recipient_id=1))
    two.state_facts(CourtRevoked(2, Court.OUTER, 1))
    one.identity.settled()
    one.state_facts(RoleSet(2, Role.AARONIC), GroupCourt(50, "Treasury"), PersonDisabled(2))
    lines = one.server.membership.lines
    return {
        "vault": VAULT,
        "lines": [
            {"body": line.body.hex(), "signature": line.signature.hex(), "digest": line_digest(line).hex()}
            for line in lines
        ],
        "pin": one.pins.kept[VAULT, "membership"].hex(),
        "code": one.identity.log_code(),
        "people": {
            "1": {"username": "miriam", "role": "zadokite", "active": True},
            "2": {"username": "aaron", "role": "aaronic", "active": False},
        },
        "groups": {"50": "Treasury"},
        "versions": {"1": [1, 1, 1], "2": [1, 1, 1]},
    }


def invitation() -> dict[str, Any]:
    one: Party = founder()
    secret, salt = "7J2QX-0M4TB-9ZKVD-C3RWH", bytes(range(16))
    invited = Invitation(
        id=900,
        vault_id=VAULT,
        vault_name="Family",
        url="postgresql://db.example.org/books",
        inviter_id=1,
        user_id=2,
        username="aaron",
        role=Role.LEVITE,
        expires_at=datetime(2026, 3, 21, tzinfo=UTC) + timedelta(microseconds=7),
        pin=one.identity.log.head(),
        salt=salt,
    )
    made = make_invitation(invited, one.levels, secret=secret, at=NOW)
    person = make_person_keys(FixedLevels(b"aaron"), vault_id=VAULT, user_id=2, at=NOW)
    with InvitationKeys(secret, salt) as keys:
        return {
            "secret": secret,
            "file": made.file.hex(),
            "file_key": bytes(keys.file.data).hex(),
            "reply_key": bytes(keys.reply.data).hex(),
            "login_password": keys.login_password,
            "file_mac": hmac.digest(bytes(keys.file.data), invited.encoded(), "sha256").hex(),
            "reply": make_reply(made.file, keys, person).hex(),
            "expires_at": invited.expires_at.isoformat(),
        }


VECTORS: Final = {
    "hybrid_signature": signatures,
    "person_keys": person_keys,
    "court_key": court_key,
    "sealed_field": sealed,
    "membership_log": membership,
    "invitation": invitation,
}


def main() -> None:
    """Write those that are missing."""
    for name, make in VECTORS.items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(make(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
