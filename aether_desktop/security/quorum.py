"""A secret of a group that k of n holders open together: shares, commitments by the dealer, requests signed by k.

Shares: Shamir's scheme over GF(2^128) (pycryptodome's ``SecretSharing``), the 32 bytes as two halves of 16. The dealer
commits to every share and to the secret (SHA-256 of canonical ``aether/1/quorum-share`` and ``-secret``) and signs the
deal. Each share is wrapped with HPKE to its holder's level-2 key. A holder releases a share only against a request that
names deal, purpose, requester and expiry, signs it, and wraps the share to the requester's level-2 key. Any thread.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from Crypto.Protocol.SecretSharing import Shamir
from cryptography.exceptions import InvalidTag

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import HASH_BYTES, PublicKeys
from aether_desktop.domain.times import from_micros, to_micros
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.security.boxes import wipe
from aether_desktop.security.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.security.court_keys import suite
from aether_desktop.security.hybrid_signatures import SIGNATURE_BYTES, BadSignatureError, HybridSigningKey, verify
from aether_desktop.security.person_keys import PersonKeyring, encryption_public

SECRET_BYTES: Final = 32
LEAST: Final = 2  # holders that must agree
MOST: Final = 100  # holders
DEAL_LABEL: Final = "aether/1/quorum-deal"
REQUEST_LABEL: Final = "aether/1/quorum-request"
RELEASE_LABEL: Final = "aether/1/quorum-release"
_SHARE_LABEL: Final = "aether/1/quorum-share"
_SECRET_LABEL: Final = "aether/1/quorum-secret"  # noqa: S105 - a label
_WRAP_LABEL: Final = "aether/1/quorum-wrapped"
_HALF: Final = 16


class QuorumError(AetherError):
    """A deal, a request or a release is altered, expired, of somebody else, or there are too few."""


@dataclass(frozen=True, slots=True)
class Share:
    """One holder's: ``index`` from 1, ``commitment`` to its 32 bytes, ``wrapped`` to the holder."""

    index: int
    holder_id: int
    commitment: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Deal:
    """Public as a whole. ``purpose`` says what the secret is; ``needed`` is k."""

    id: bytes
    vault_id: int
    dealer_id: int
    purpose: str
    needed: int
    secret_commitment: bytes
    shares: tuple[Share, ...]

    def encoded(self) -> bytes:
        """What the dealer signs."""
        return encode(
            DEAL_LABEL,
            self.id,
            self.vault_id,
            self.dealer_id,
            self.purpose,
            self.needed,
            self.secret_commitment,
            [[share.index, share.holder_id, share.commitment, share.wrapped] for share in self.shares],
        )

    @classmethod
    def decoded(cls, data: bytes) -> Deal:
        """Raises QuorumError."""
        try:
            decoder = Decoder(DEAL_LABEL, data)
            head = decoder.bytes(HASH_BYTES), decoder.number(), decoder.number(), decoder.text(), decoder.number()
            commitment, listed = decoder.bytes(HASH_BYTES), decoder.sequence()
            shares = []
            while not listed.ended:
                each = listed.sequence()
                shares.append(Share(each.number(), each.number(), each.bytes(HASH_BYTES), each.bytes()))
                each.end()
            decoder.end()
        except NotCanonicalError as error:
            raise QuorumError("This is no deal of shares, or it is damaged.") from error
        return cls(*head, commitment, tuple(shares))

    @property
    def digest(self) -> bytes:
        """How requests name it."""
        return hashlib.sha256(self.encoded()).digest()


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks the holders to open the secret, once, for a purpose in plain words."""

    deal: bytes
    requester_id: int
    requester_key: bytes
    purpose: str
    nonce: bytes
    expires_at: datetime

    def encoded(self) -> bytes:
        """What every releasing holder signs."""
        return encode(
            REQUEST_LABEL,
            self.deal,
            self.requester_id,
            self.requester_key,
            self.purpose,
            self.nonce,
            to_micros(self.expires_at),
        )

    @classmethod
    def decoded(cls, data: bytes) -> Request:
        """Raises QuorumError."""
        try:
            decoder = Decoder(REQUEST_LABEL, data)
            deal, requester_id, key = decoder.bytes(HASH_BYTES), decoder.number(), decoder.bytes(HASH_BYTES)
            purpose, nonce, expires_at = decoder.text(), decoder.bytes(HASH_BYTES), from_micros(decoder.number())
            decoder.end()
        except (NotCanonicalError, ValueError, OverflowError) as error:
            raise QuorumError("This is no request for shares, or it is damaged.") from error
        return cls(deal, requester_id, key, purpose, nonce, expires_at)


@dataclass(frozen=True, slots=True)
class Release:
    """One holder's answer: the share wrapped to the requester, signed together with the request."""

    holder_id: int
    index: int
    wrapped: bytes
    signature: bytes

    def encoded(self) -> bytes:
        """As it travels."""
        return encode(RELEASE_LABEL, self.holder_id, self.index, self.wrapped, self.signature)

    @classmethod
    def decoded(cls, data: bytes) -> Release:
        """Raises QuorumError."""
        try:
            decoder = Decoder(RELEASE_LABEL, data)
            found = cls(decoder.number(), decoder.number(), decoder.bytes(), decoder.bytes(SIGNATURE_BYTES))
            decoder.end()
        except NotCanonicalError as error:
            raise QuorumError("This is no released share, or it is damaged.") from error
        return found


# -- dealing -----------------------------------------------------------------------------------------------------


def deal_secret(
    secret: bytes | bytearray,
    holders: Sequence[PublicKeys],
    *,
    needed: int,
    dealer_id: int,
    key: HybridSigningKey,
    purpose: str,
) -> tuple[Deal, bytes]:
    """The deal and its signature; every change of holders deals a new secret this way.

    Raises InvalidInputError for fewer than ``needed`` + 1 holders (nobody could be replaced then), or twice the same.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a shared secret has {SECRET_BYTES} bytes")
    if needed < LEAST or not needed + 1 <= len(holders) <= MOST:
        raise InvalidInputError(
            f"{needed} of {len(holders)} holders cannot be: at least {LEAST} agree, and one more holds a share.",
            field="holders",
            hint=f"Choose {max(needed, LEAST) + 1} holders or more.",
        )
    if len({holder.user_id for holder in holders}) != len(holders) or len({one.vault_id for one in holders}) != 1:
        raise InvalidInputError("Each holder is another person of one vault.", field="holders")
    deal_id, vault_id = os.urandom(HASH_BYTES), holders[0].vault_id
    halves = [Shamir.split(needed, len(holders), bytes(half), ssss=False) for half in (secret[:_HALF], secret[_HALF:])]
    shares = []
    for holder, (index, first), (_, second) in zip(holders, *halves, strict=True):
        content = first + second
        shares.append(
            Share(
                index=index,
                holder_id=holder.user_id,
                commitment=_share_commitment(deal_id, index, content),
                wrapped=_wrapped(content, holder, place=(deal_id, index, b"")),
            )
        )
    deal = Deal(deal_id, vault_id, dealer_id, purpose, needed, _secret_commitment(deal_id, secret), tuple(shares))
    return deal, key.sign(deal.encoded(), purpose=DEAL_LABEL)


def check_deal(deal: Deal, signature: bytes, dealer: PublicKeys) -> None:
    """``dealer`` comes from the membership log. Raises QuorumError."""
    if (dealer.user_id, dealer.vault_id) != (deal.dealer_id, deal.vault_id):
        raise QuorumError("These shares were dealt by somebody else.")
    _verify(dealer, signature, deal.encoded(), DEAL_LABEL, "The deal of shares was altered.")


# -- releasing ---------------------------------------------------------------------------------------------------


def new_request(deal: Deal, requester: PublicKeys, *, purpose: str, expires_at: datetime) -> Request:
    """For the holders to read, and to sign if they agree."""
    return Request(
        deal=deal.digest,
        requester_id=requester.user_id,
        requester_key=requester.key_hash(Court.HOLY),
        purpose=purpose,
        nonce=os.urandom(HASH_BYTES),
        expires_at=expires_at,
    )


def release_share(
    deal: Deal, request: Request, requester: PublicKeys, *, holder: PersonKeyring, at: datetime
) -> Release:
    """One holder agrees; ``requester`` comes from the membership log. Raises QuorumError, LevelLockedError."""
    _require_request(deal, request, requester, at)
    share = next((each for each in deal.shares if each.holder_id == holder.public.user_id), None)
    if share is None:
        raise QuorumError("You hold no share of this secret.")
    content = _unwrapped(share.wrapped, holder, place=(deal.id, share.index, b""))
    try:
        if _share_commitment(deal.id, share.index, content) != share.commitment:
            raise QuorumError("Your share is not the one the dealer committed to.", hint="Ask for a new deal.")
        wrapped = _wrapped(content, requester, place=(deal.id, share.index, request.encoded()))
    finally:
        wipe(content)
    signature = holder.signing().sign(_released(request, share.index, wrapped), purpose=RELEASE_LABEL)
    return Release(holder.public.user_id, share.index, wrapped, signature)


def open_secret(
    deal: Deal,
    request: Request,
    releases: Sequence[Release],
    *,
    requester: PersonKeyring,
    holders: Mapping[int, PublicKeys],
    at: datetime,
) -> bytearray:
    """The secret, from as many releases as are needed; ``holders`` are the log's present keys of active people.

    Raises QuorumError for too few, or naming the holder whose release is wrong; LevelLockedError.
    """
    _require_request(deal, request, requester.public, at)
    chosen = {release.index: release for release in releases}
    if len(chosen) < deal.needed:
        raise QuorumError(
            f"{deal.needed} holders must agree; {len(chosen)} did.", hint="Ask more holders to release their share."
        )
    contents: dict[int, bytearray] = {}
    try:
        for index in sorted(chosen)[: deal.needed]:
            contents[index] = _checked(deal, request, chosen[index], requester=requester, holders=holders)
        halves = [
            Shamir.combine([(index, bytes(content[part])) for index, content in contents.items()], ssss=False)
            for part in (slice(0, _HALF), slice(_HALF, None))
        ]
    finally:
        wipe(*contents.values())
    secret = bytearray(b"".join(halves))
    if _secret_commitment(deal.id, secret) != deal.secret_commitment:
        wipe(secret)
        raise QuorumError("The shares do not make the secret that was dealt.", hint="Ask for a new deal.")
    return secret


# -- inside ------------------------------------------------------------------------------------------------------


def _require_request(deal: Deal, request: Request, requester: PublicKeys, at: datetime) -> None:
    if request.deal != deal.digest:
        raise QuorumError("The request is for another secret.")
    if (request.requester_id, request.requester_key) != (requester.user_id, requester.key_hash(Court.HOLY)):
        raise QuorumError("The request names another person, or keys that were replaced since.")
    if at >= request.expires_at:
        raise QuorumError("The request has expired.", hint="Make another one.")


def _checked(
    deal: Deal, request: Request, release: Release, *, requester: PersonKeyring, holders: Mapping[int, PublicKeys]
) -> bytearray:
    share = next((each for each in deal.shares if each.index == release.index), None)
    holder = holders.get(release.holder_id)
    if share is None or holder is None or share.holder_id != release.holder_id:
        raise QuorumError("A share was released by somebody who does not hold it.")
    wrong = f"The share released by person {release.holder_id} is not the one that was dealt."
    signed = _released(request, release.index, release.wrapped)
    _verify(holder, release.signature, signed, RELEASE_LABEL, wrong)
    content = _unwrapped(release.wrapped, requester, place=(deal.id, release.index, request.encoded()))
    if _share_commitment(deal.id, release.index, content) != share.commitment:
        wipe(content)
        raise QuorumError(wrong)
    return content


def _verify(person: PublicKeys, signature: bytes, message: bytes, purpose: str, otherwise: str) -> None:
    try:
        verify(person.signing, signature, message, purpose=purpose)
    except BadSignatureError as error:
        raise QuorumError(otherwise) from error


def _released(request: Request, index: int, wrapped: bytes) -> bytes:
    return encode(RELEASE_LABEL, request.encoded(), index, hashlib.sha256(wrapped).digest())


def _share_commitment(deal_id: bytes, index: int, content: bytes | bytearray) -> bytes:
    return hashlib.sha256(encode(_SHARE_LABEL, deal_id, index, bytes(content))).digest()


def _secret_commitment(deal_id: bytes, secret: bytes | bytearray) -> bytes:
    return hashlib.sha256(encode(_SECRET_LABEL, deal_id, bytes(secret))).digest()


def _info(recipient: PublicKeys, place: tuple[bytes, int, bytes]) -> bytes:
    return encode(_WRAP_LABEL, recipient.vault_id, *place, recipient.key_hash(Court.HOLY))


def _wrapped(content: bytes | bytearray, recipient: PublicKeys, *, place: tuple[bytes, int, bytes]) -> bytes:
    public = encryption_public(recipient.encryption[Court.HOLY - 1])
    return suite().encrypt(bytes(content), public, _info(recipient, place))


def _unwrapped(wrapped: bytes, recipient: PersonKeyring, *, place: tuple[bytes, int, bytes]) -> bytearray:
    try:
        private = recipient.encryption(Court.HOLY)
        return bytearray(suite().decrypt(wrapped, private, _info(recipient.public, place)))
    except InvalidTag as error:
        raise QuorumError("A share does not open with your key.", hint="Ask for a new deal.") from error
