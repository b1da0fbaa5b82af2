"""The canonical fields of each kind of statement, both ways. The order of fields is permanent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import (
    DEVICE_KEY_BYTES,
    HASH_BYTES,
    KIND_OF,
    CourtGranted,
    CourtRevoked,
    DeviceCertified,
    Fact,
    FactKind,
    Genesis,
    GroupCourt,
    KeysReplaced,
    PersonAdded,
    PersonDisabled,
    PersonEnabled,
    RoleSet,
)
from aether_desktop.domain.users import Role
from aether_desktop.security.canonical import Decoder, NotCanonicalError, Value
from aether_desktop.security.hybrid_signatures import SIGNATURE_BYTES
from aether_desktop.security.person_keys import decode_bundle, encode_bundle


def encode_fact(fact: Fact) -> tuple[FactKind, list[Value]]:
    """Its kind and fields. Raises ValueError out of bounds."""
    kind = KIND_OF[type(fact)]
    return kind, _WRITERS[kind](fact)


def decode_fact(kind: int, fields: Decoder) -> Fact:
    """Raises NotCanonicalError for an unknown kind, or anything else than its fields."""
    try:
        fact = _READERS[FactKind(kind)](fields)
    except ValueError as error:  # an unknown kind, role or court; NotCanonicalError is one, too
        raise NotCanonicalError(str(error)) from error
    fields.end()
    return fact


def _granted(fact: CourtGranted) -> list[Value]:
    return [
        fact.owner_id,
        int(fact.court),
        fact.version,
        fact.recipient_id,
        fact.recipient_key,
        fact.commitment,
        fact.wrapped,
    ]


def _read_granted(fields: Decoder) -> CourtGranted:
    return CourtGranted(
        owner_id=fields.number(),
        court=Court(fields.number()),
        version=fields.number(),
        recipient_id=fields.number(),
        recipient_key=fields.bytes(HASH_BYTES),
        commitment=fields.bytes(HASH_BYTES),
        wrapped=fields.bytes(HASH_BYTES),
    )


def _read_added(fields: Decoder) -> PersonAdded:
    return PersonAdded(
        username=fields.text(),
        role=Role(fields.text()),
        keys=decode_bundle(fields.bytes()),
        possession=fields.bytes(SIGNATURE_BYTES),
    )


_WRITERS: Final[dict[FactKind, Callable[[Any], list[Value]]]] = {
    FactKind.GENESIS: lambda fact: [fact.username, encode_bundle(fact.keys)],
    FactKind.PERSON_ADDED: lambda fact: [
        fact.username,
        str(fact.role.value),
        encode_bundle(fact.keys),
        fact.possession,
    ],
    FactKind.ROLE_SET: lambda fact: [fact.user_id, str(fact.role.value)],
    FactKind.PERSON_DISABLED: lambda fact: [fact.user_id],
    FactKind.PERSON_ENABLED: lambda fact: [fact.user_id],
    FactKind.COURT_GRANTED: _granted,
    FactKind.COURT_REVOKED: lambda fact: [fact.owner_id, int(fact.court), fact.recipient_id],
    FactKind.KEYS_REPLACED: lambda fact: [encode_bundle(fact.keys), fact.possession],
    FactKind.GROUP_COURT: lambda fact: [fact.group_id, fact.name],
    FactKind.DEVICE_CERTIFIED: lambda fact: [fact.user_id, fact.device, fact.name],
}

_READERS: Final[dict[FactKind, Callable[[Decoder], Fact]]] = {
    FactKind.GENESIS: lambda fields: Genesis(fields.text(), decode_bundle(fields.bytes())),
    FactKind.PERSON_ADDED: _read_added,
    FactKind.ROLE_SET: lambda fields: RoleSet(fields.number(), Role(fields.text())),
    FactKind.PERSON_DISABLED: lambda fields: PersonDisabled(fields.number()),
    FactKind.PERSON_ENABLED: lambda fields: PersonEnabled(fields.number()),
    FactKind.COURT_GRANTED: _read_granted,
    FactKind.COURT_REVOKED: lambda fields: CourtRevoked(fields.number(), Court(fields.number()), fields.number()),
    FactKind.KEYS_REPLACED: lambda fields: KeysReplaced(decode_bundle(fields.bytes()), fields.bytes(SIGNATURE_BYTES)),
    FactKind.GROUP_COURT: lambda fields: GroupCourt(fields.number(), fields.text()),
    FactKind.DEVICE_CERTIFIED: lambda fields: DeviceCertified(
        fields.number(), fields.bytes(DEVICE_KEY_BYTES), fields.text()
    ),
}
