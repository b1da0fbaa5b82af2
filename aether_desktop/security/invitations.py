"""Invitations: a file and a one-time secret, and the reply with the invited person's keys.

The secret (100 random bits, typed by the invited person) passes Argon2id (RFC 9106, second recommendation) with the
invitation's salt; HKDF-SHA256 gives three keys from it. One authenticates the file (HMAC-SHA256), so that nobody
between the two changes what the invited program will trust; one authenticates the reply; one is the first password of
the login on a shared server. The inviter keeps the second, sealed under level 2, until the reply is back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import HASH_BYTES, PersonAdded, Pin
from aether_desktop.domain.times import from_micros, to_micros
from aether_desktop.domain.users import Role
from aether_desktop.ports.access import Levels
from aether_desktop.ports.identity import InvitationError, NewInvitation, StoredInvitation
from aether_desktop.security.boxes import BoxError, open_box, seal_box, wipe
from aether_desktop.security.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.security.hybrid_signatures import SIGNATURE_BYTES, BadSignatureError, verify
from aether_desktop.security.passwords import STANDARD, hkdf, stretch
from aether_desktop.security.person_keys import POSSESSION, NewPersonKeys, decode_bundle

FILE_LABEL: Final = "aether/1/invitation"
REPLY_LABEL: Final = "aether/1/invitation-reply"
LIFETIME: Final = timedelta(days=7)
_BODY_LABEL: Final = "aether/1/invitation-body"
_SEALED_LABEL: Final = "aether/1/invitation-key"
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks like anything else
_ALIASES: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_SECRET_LENGTH: Final = 20
_SALT_BYTES: Final = 16
_FILE_LIMIT: Final = 64 * 1024
_DAMAGED: Final = "This is no invitation, or it was altered on the way."


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the file says. ``url`` is empty for an embedded vault, and never carries a password."""

    id: int
    vault_id: int
    vault_name: str
    url: str
    inviter_id: int
    user_id: int
    username: str
    role: Role
    expires_at: datetime
    pin: Pin
    salt: bytes

    def encoded(self) -> bytes:
        """The part of the file that is authenticated."""
        return encode(
            _BODY_LABEL,
            self.id,
            self.vault_id,
            self.vault_name,
            self.url,
            self.inviter_id,
            self.user_id,
            self.username,
            str(self.role.value),
            to_micros(self.expires_at),
            [self.pin.genesis, self.pin.index, self.pin.head],
            self.salt,
        )


class InvitationKeys:
    """What the one-time secret gives. Wipe it after use."""

    def __init__(self, secret: str, salt: bytes) -> None:
        """About 0.3 s. Raises InvitationError for something that cannot be a secret of ours."""
        typed = bytearray(normal_secret(secret).encode("ascii"))
        try:
            with stretch(typed, salt=salt, cost=STANDARD) as stretched:
                self.file = hkdf(stretched, info=b"aether/1/invitation/file")
                self.reply = hkdf(stretched, info=b"aether/1/invitation/reply")
                with hkdf(stretched, info=b"aether/1/invitation/login") as login:
                    self.login_password = base64.urlsafe_b64encode(bytes(login.data)).decode("ascii").rstrip("=")
        finally:
            wipe(typed)

    def wipe(self) -> None:
        """Twice is harmless."""
        self.file.wipe()
        self.reply.wipe()

    def __enter__(self) -> InvitationKeys:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "InvitationKeys()"


def normal_secret(typed: str) -> str:
    """As it is stretched: capital letters without dashes and blanks. Raises InvitationError."""
    cleaned = typed.strip().upper().translate(_ALIASES)
    if len(cleaned) != _SECRET_LENGTH or not set(cleaned) <= set(_ALPHABET):
        raise InvitationError(
            f"A one-time secret has {_SECRET_LENGTH} letters and digits.", hint="Type it again, as it was given to you."
        )
    return cleaned


def new_secret() -> str:
    """100 random bits in groups of five characters."""
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    return "-".join(characters[at : at + 5] for at in range(0, _SECRET_LENGTH, 5))


# -- inviting ----------------------------------------------------------------------------------------------------


def make_invitation(invitation: Invitation, levels: Levels, *, secret: str, at: datetime) -> NewInvitation:
    """The file, and the row that the inviter keeps. Raises LevelLockedError."""
    sealing = levels.derive(Court.HOLY, b"aether/1/invitation")
    body = invitation.encoded()
    with InvitationKeys(secret, invitation.salt) as keys:
        file = encode(FILE_LABEL, body, hmac.digest(bytes(keys.file.data), body, "sha256"))
        stored = StoredInvitation(
            id=invitation.id,
            user_id=invitation.user_id,
            inviter_id=invitation.inviter_id,
            created_at=at,
            expires_at=invitation.expires_at,
            body=file,
            sealed_key=seal_box(sealing, keys.reply.data, context=_sealed_context(file)),
        )
        return NewInvitation(file, secret, stored, keys.login_password)


def new_salt() -> bytes:
    """A salt of its own for each invitation."""
    return os.urandom(_SALT_BYTES)


def read_invitation(file: bytes) -> Invitation:
    """What the file claims; nothing is checked yet. Raises InvitationError."""
    try:
        return _decoded(_opened_file(file)[0])
    except (NotCanonicalError, ValueError) as error:
        raise InvitationError(_DAMAGED, hint="Ask for another invitation.") from error


# -- replying ----------------------------------------------------------------------------------------------------


def open_invitation(file: bytes, secret: str, *, at: datetime) -> tuple[Invitation, InvitationKeys]:
    """Checked with the one-time secret; the caller wipes the keys.

    Raises InvitationError for a wrong secret, an altered file, or one that has expired.
    """
    invitation = read_invitation(file)
    body, mac = _opened_file(file)
    keys = InvitationKeys(secret, invitation.salt)
    if not hmac.compare_digest(hmac.digest(bytes(keys.file.data), body, "sha256"), mac):
        keys.wipe()
        raise InvitationError(
            "The one-time secret does not belong to this invitation, or the invitation was altered.",
            hint="Type the secret again; if it is refused again, ask for another invitation.",
        )
    if at >= invitation.expires_at:
        keys.wipe()
        raise _expired()
    return invitation, keys


def make_reply(file: bytes, keys: InvitationKeys, person: NewPersonKeys) -> bytes:
    """What goes back to the inviter; public, but only the invited person can make it."""
    signed = _reply_body(file, person.stored.bundle, person.possession)
    return encode(
        REPLY_LABEL,
        read_invitation(file).id,
        person.stored.bundle,
        person.possession,
        hmac.digest(bytes(keys.reply.data), signed, "sha256"),
    )


def reply_invitation_id(reply: bytes) -> int:
    """Which invitation a reply answers. Raises InvitationError."""
    return _opened_reply(reply)[0]


def check_reply(stored: StoredInvitation, reply: bytes, levels: Levels, *, at: datetime) -> PersonAdded:
    """The invited person's keys, proven to come from whoever has the one-time secret.

    Raises InvitationError (also expired, or used before), LevelLockedError.
    """
    invitation_id, bundle, possession, mac = _opened_reply(reply)
    invitation = read_invitation(stored.body)
    if invitation_id != invitation.id or stored.id != invitation.id:
        raise InvitationError("This reply belongs to another invitation.", hint="Choose the reply again.")
    if stored.settled_at is not None:
        raise InvitationError("This invitation was used or withdrawn already.", hint="Invite the person again.")
    if at >= invitation.expires_at:
        raise _expired()
    key = _reply_key(stored, levels)
    try:
        expected = hmac.digest(bytes(key), _reply_body(stored.body, bundle, possession), "sha256")
    finally:
        wipe(key)
    if not hmac.compare_digest(expected, mac):
        raise InvitationError(
            "This reply was not made by the person who has the one-time secret.", hint="Invite the person again."
        )
    return _certified(invitation, bundle, possession)


def _reply_key(stored: StoredInvitation, levels: Levels) -> bytearray:
    info = b"aether/1/invitation"
    for sealing in (levels.derive(Court.HOLY, info), *levels.derive_previous(Court.HOLY, info)):
        with suppress(BoxError):
            return open_box(sealing, stored.sealed_key, context=_sealed_context(stored.body))
    raise InvitationError(
        "The stored invitation was altered, or somebody else made it.", hint="Invite the person again."
    )


def _certified(invitation: Invitation, bundle: bytes, possession: bytes) -> PersonAdded:
    try:
        keys = decode_bundle(bundle)
        verify(keys.signing, possession, bundle, purpose=POSSESSION)
    except (NotCanonicalError, BadSignatureError) as error:
        raise InvitationError("The keys in this reply are damaged.", hint="Invite the person again.") from error
    if (keys.vault_id, keys.user_id) != (invitation.vault_id, invitation.user_id):
        raise InvitationError("The keys in this reply are somebody else's.", hint="Invite the person again.")
    return PersonAdded(invitation.username, invitation.role, keys, possession)


# -- bytes -------------------------------------------------------------------------------------------------------


def _opened_file(file: bytes) -> tuple[bytes, bytes]:
    if len(file) > _FILE_LIMIT:
        raise InvitationError(_DAMAGED, hint="Ask for another invitation.")
    try:
        decoder = Decoder(FILE_LABEL, file)
        body, mac = decoder.bytes(), decoder.bytes(HASH_BYTES)
        decoder.end()
    except NotCanonicalError as error:
        raise InvitationError(_DAMAGED, hint="Ask for another invitation.") from error
    return body, mac


def _decoded(body: bytes) -> Invitation:
    decoder = Decoder(_BODY_LABEL, body)
    invitation_id, vault_id, vault_name, url = decoder.number(), decoder.number(), decoder.text(), decoder.text()
    inviter_id, user_id, username = decoder.number(), decoder.number(), decoder.text()
    role, expires_at = Role(decoder.text()), from_micros(decoder.number())
    pinned = decoder.sequence()
    pin = Pin(pinned.bytes(HASH_BYTES), pinned.number(), pinned.bytes(HASH_BYTES))
    pinned.end()
    salt = decoder.bytes(_SALT_BYTES)
    decoder.end()
    return Invitation(
        id=invitation_id,
        vault_id=vault_id,
        vault_name=vault_name,
        url=url,
        inviter_id=inviter_id,
        user_id=user_id,
        username=username,
        role=role,
        expires_at=expires_at,
        pin=pin,
        salt=salt,
    )


def _opened_reply(reply: bytes) -> tuple[int, bytes, bytes, bytes]:
    try:
        decoder = Decoder(REPLY_LABEL, reply[:_FILE_LIMIT])
        found = decoder.number(), decoder.bytes(), decoder.bytes(SIGNATURE_BYTES), decoder.bytes(HASH_BYTES)
        decoder.end()
    except NotCanonicalError as error:
        raise InvitationError(
            "This is no reply to an invitation, or it was altered.", hint="Choose it again."
        ) from error
    return found


def _reply_body(file: bytes, bundle: bytes, possession: bytes) -> bytes:
    return encode("aether/1/invitation-reply-body", hashlib.sha256(file).digest(), bundle, possession)


def _sealed_context(file: bytes) -> bytes:
    return encode(_SEALED_LABEL, hashlib.sha256(file).digest())


def _expired() -> InvitationError:
    return InvitationError("This invitation has expired.", hint="Ask for another one.")
