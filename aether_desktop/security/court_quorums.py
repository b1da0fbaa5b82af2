"""Recovery quorums of court keys: ``security.quorum`` between the people of a membership log. Any worker thread.

The secret that is dealt is one version of one owner's court key. Requests are signed by the requester (hybrid, over the
request as the holders sign it). What comes back counts only if it is the key that the log commits to.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership import PublicKeys
from aether_desktop.domain.membership_state import MembershipState
from aether_desktop.ports.errors import InvalidInputError, PermissionDeniedError
from aether_desktop.ports.identity import CourtIssue
from aether_desktop.ports.quorum import DealFacts, RequestFacts, StoredDeal, StoredRelease, StoredRequest
from aether_desktop.security.boxes import wipe
from aether_desktop.security.court_keys import CourtKeyName, wrap
from aether_desktop.security.hybrid_signatures import BadSignatureError, verify
from aether_desktop.security.identity import PersonIdentity
from aether_desktop.security.quorum import (
    REQUEST_LABEL,
    Deal,
    QuorumError,
    Release,
    Request,
    check_deal,
    deal_secret,
    new_request,
    open_secret,
    release_share,
)

LIFETIME: Final = timedelta(days=7)
MAX_PURPOSE: Final = 500  # characters


class PersonQuorums:
    """Implements ``ports.quorum.CourtQuorums`` for the person of ``identity``."""

    def __init__(self, identity: PersonIdentity) -> None:
        self._identity = identity

    def deal(self, deal_id: int, owner_id: int, court: Court, *, holders: Sequence[int], needed: int) -> StoredDeal:
        """Raises InvalidInputError, PermissionDeniedError, LevelLockedError (2 and the court's), MembershipError."""
        state, me = self._identity.state(), self._identity.user_id
        _require_entitled(state, owner_id, me)
        if owner_id in holders:
            raise InvalidInputError(
                "Whoever lost their keys has lost their share as well: the owner cannot be a holder.", field="holders"
            )
        public = [_active(state, each) for each in holders]
        version = state.court(owner_id, court).version
        signing = self._identity.keyring().signing()
        key = self._identity.ring.key(CourtKeyName(self._identity.ring.vault_id, owner_id, court, version))
        try:
            deal, signature = deal_secret(
                key, public, needed=needed, dealer_id=me, key=signing, purpose=_purpose(owner_id, court, version)
            )
        finally:
            wipe(key)
        return StoredDeal(deal_id, owner_id, court, version, me, deal.encoded(), signature, datetime.now(UTC))

    def read_deal(self, deal: StoredDeal) -> DealFacts:
        """Raises QuorumError for one that was altered, MembershipError."""
        read = self._checked(self._identity.state(), deal)
        holders = tuple(share.holder_id for share in read.shares)
        return DealFacts(
            deal.id, deal.owner_id, deal.court, deal.version, deal.dealer_id, holders, read.needed, deal.created_at
        )

    def request(self, request_id: int, deal: StoredDeal, *, purpose: str) -> StoredRequest:
        """Raises QuorumError, InvalidInputError, PermissionDeniedError, LevelLockedError (2), MembershipError."""
        words = purpose.strip()
        if not words or len(words) > MAX_PURPOSE:
            raise InvalidInputError(f"Say in 1 to {MAX_PURPOSE} characters what the key is asked for.", field="purpose")
        state, ring, now = self._identity.state(), self._identity.keyring(), datetime.now(UTC)
        _require_entitled(state, deal.owner_id, self._identity.user_id)
        made = new_request(self._checked(state, deal), ring.public, purpose=words, expires_at=now + LIFETIME)
        signature = ring.signing().sign(made.encoded(), purpose=REQUEST_LABEL)
        me = self._identity.user_id
        return StoredRequest(request_id, deal.id, me, made.encoded(), signature, now, made.expires_at)

    def read_request(self, deal: StoredDeal, request: StoredRequest) -> RequestFacts:
        """Raises QuorumError for one that was altered or is of somebody not entitled, MembershipError."""
        state = self._identity.state()
        self._checked(state, deal)
        read = _checked_request(state, deal, request)
        return RequestFacts(request.id, deal.id, read.requester_id, read.purpose, read.expires_at)

    def release(self, deal: StoredDeal, request: StoredRequest) -> StoredRelease:
        """Raises QuorumError, LevelLockedError (2), MembershipError."""
        state, now = self._identity.state(), datetime.now(UTC)
        read, asked = self._checked(state, deal), _checked_request(state, deal, request)
        requester = _active(state, request.requester_id)
        share = release_share(read, asked, requester, holder=self._identity.keyring(), at=now)
        return StoredRelease(request.id, share.holder_id, share.encoded(), now)

    def restore(self, deal: StoredDeal, request: StoredRequest, releases: Sequence[StoredRelease]) -> CourtIssue:
        """Raises QuorumError for too few, or naming whose share is wrong; LevelLockedError (2), MembershipError."""
        state, now, ring = self._identity.state(), datetime.now(UTC), self._identity.keyring()
        read, asked = self._checked(state, deal), _checked_request(state, deal, request)
        holders = {person.user_id: person.keys for person in state.people.values() if person.active}
        given = [Release.decoded(each.body) for each in releases]
        key = open_secret(read, asked, given, requester=ring, holders=holders, at=now)
        name = CourtKeyName(read.vault_id, deal.owner_id, deal.court, deal.version)
        try:
            known = state.court(deal.owner_id, deal.court).commitments
            if not 0 < deal.version <= len(known) or not hmac.compare_digest(
                name.commitment(key), known[deal.version - 1]
            ):
                raise QuorumError("The shares make another key than the one of this court.", hint="Ask for a new deal.")
            fact, row = wrap(name, key, recipient=ring.public, at=now)
        finally:
            wipe(key)
        return CourtIssue((fact,), (row,))

    # -- inside --------------------------------------------------------------------------------------------------

    def _checked(self, state: MembershipState, deal: StoredDeal) -> Deal:
        """Signed by its dealer, with keys of now or (after a loss) of before, and about the court that the row says."""
        read = Deal.decoded(deal.body)
        if read.purpose != _purpose(deal.owner_id, deal.court, deal.version) or read.dealer_id != deal.dealer_id:
            raise QuorumError("These shares are of another key than the row says.")
        if read.vault_id != self._identity.ring.vault_id:
            raise QuorumError("These shares are of another vault.")
        if deal.owner_id not in state.groups and deal.dealer_id != deal.owner_id:
            raise QuorumError("These shares were dealt by somebody who does not own the court.")
        person = state.people.get(deal.dealer_id)
        keys = (() if person is None else (person.keys,)) + tuple(reversed(state.former.get(deal.dealer_id, ())))
        for each in keys:
            try:
                check_deal(read, deal.signature, each)
            except QuorumError:
                continue
            return read
        raise QuorumError("The deal of shares was altered, or nobody of this vault signed it.")


def _purpose(owner_id: int, court: Court, version: int) -> str:
    return f"court-key:{owner_id}:{int(court)}:{version}"


def _checked_request(state: MembershipState, deal: StoredDeal, request: StoredRequest) -> Request:
    read = Request.decoded(request.body)
    if (request.deal_id, read.requester_id) != (deal.id, request.requester_id):
        raise QuorumError("The request is for another key, or of another person, than the row says.")
    requester = _active(state, read.requester_id)
    _require_entitled(state, deal.owner_id, read.requester_id)
    try:
        verify(requester.signing, request.signature, read.encoded(), purpose=REQUEST_LABEL)
    except BadSignatureError as error:
        raise QuorumError("The request was altered, or its sender's keys were replaced since.") from error
    return read


def _require_entitled(state: MembershipState, owner_id: int, user_id: int) -> None:
    if owner_id in state.groups:
        if not state.is_zadokite(user_id):
            raise PermissionDeniedError("A group's court is the Zadokites'.", hint="Ask a Zadokite of the vault.")
    elif user_id != owner_id:
        raise PermissionDeniedError(
            "Only its owner may share out a court's key, or ask for it.", hint="Ask the owner of the rows."
        )


def _active(state: MembershipState, user_id: int) -> PublicKeys:
    person = state.people.get(user_id)
    if person is None or not person.active:
        raise PermissionDeniedError(
            "A holder or requester is not certified, or was disabled.", hint="Look at them on the page of people."
        )
    return person.keys
