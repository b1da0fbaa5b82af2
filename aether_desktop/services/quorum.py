"""Recovery quorums: dealing a court's key out, asking for it after a loss, releasing and restoring. Worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from aether_desktop.domain.courts import Court
from aether_desktop.domain.membership_state import MembershipState
from aether_desktop.ports.errors import AetherError, InvalidInputError, NotFoundError
from aether_desktop.ports.identity import Identity
from aether_desktop.ports.quorum import (
    CourtQuorums,
    DealFacts,
    QuorumStore,
    RequestFacts,
    StoredDeal,
    StoredRequest,
)
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken, Progress, silent
from aether_desktop.services.people import PeopleService
from aether_desktop.services.rotation import RotationService


@dataclass(frozen=True, slots=True)
class QuorumStanding:
    """One court that this person may deal out. ``deal`` None: nobody holds shares of its present key; ``stale`` says
    why the one there should be dealt anew."""

    owner_id: int
    court: Court
    deal: DealFacts | None
    stale: str = ""


@dataclass(frozen=True, slots=True)
class RequestStanding:
    """One open request. ``released`` are the holders who agreed; ``trouble`` why it is not to be trusted."""

    id: int
    owner_id: int
    court: Court
    request: RequestFacts | None
    needed: int
    released: tuple[int, ...]
    mine: bool
    """I asked: I restore or withdraw it."""
    asks_me: bool
    """I hold a share and have not released it."""
    trouble: str = ""

    @property
    def complete(self) -> bool:
        """Whether enough holders agreed."""
        return self.request is not None and len(self.released) >= self.needed


@dataclass(frozen=True, slots=True)
class QuorumOverview:
    """``candidates``: who may hold shares, as (id, name), by name; ``names`` of everybody and of groups."""

    courts: tuple[QuorumStanding, ...]
    requests: tuple[RequestStanding, ...]
    candidates: tuple[tuple[int, str], ...]
    names: dict[int, str]


class QuorumService:
    """Raises LevelLockedError where a level is needed, PermissionDeniedError, MembershipError, AetherError of shares
    that are not to be trusted, the StorageError family."""

    def __init__(
        self,
        storage: Storage,
        store: QuorumStore,
        *,
        identity: Identity,
        quorums: CourtQuorums,
        people: PeopleService,
        rotation: RotationService,
    ) -> None:
        self._storage = storage
        self._store = store
        self._identity = identity
        self._quorums = quorums
        self._people = people
        self._rotation = rotation

    # -- looking -------------------------------------------------------------------------------------------------

    def overview(self) -> QuorumOverview:
        """Everything that a person deals, is asked, and asks."""
        state, me = self._identity.state(), self._identity.user_id
        deals = self._store.deals()
        owners = [me, *(sorted(state.groups) if state.is_zadokite(me) else ())]
        courts = [
            self._standing(state, deals, owner, court)
            for owner in owners
            for court in Court
            if state.court(owner, court).version
        ]
        requests = [self._request(deals, each) for each in self._store.requests()]
        names = {each.user_id: each.username for each in state.people.values()} | state.groups
        candidates = sorted(
            ((each.user_id, each.username) for each in state.people.values() if each.active and each.user_id != me),
            key=lambda each: each[1],
        )
        relevant = [each for each in requests if each.mine or each.asks_me]
        return QuorumOverview(tuple(courts), tuple(relevant), tuple(candidates), names)

    # -- doing ---------------------------------------------------------------------------------------------------

    def deal(
        self,
        owner_id: int,
        court: Court,
        *,
        holders: Sequence[int],
        needed: int,
        progress: Progress = silent,
        token: CancelToken | None = None,
    ) -> DealFacts:
        """Shares of a court's key to ``holders``, any ``needed`` of whom give it back to its owner.

        Where shares of the present key are about already, the key is replaced first (which can be cancelled and goes on
        the next time): holders of before have nothing then. Raises InvalidInputError for fewer than ``needed`` + 1.
        """
        self._require_enough(holders, needed)
        state = self._identity.state()
        before = self._latest(self._store.deals(), owner_id, court)
        dealt = before is not None and before.version == state.court(owner_id, court).version
        if dealt or any((each.owner_id, each.court) == (owner_id, court) for each in self._rotation.unfinished()):
            self._rotation.rotate(owner_id, court, progress=progress, token=token)
        made = self._quorums.deal(self._storage.new_id(), owner_id, court, holders=holders, needed=needed)
        self._store.add_deal(made)
        return self._quorums.read_deal(made)

    def ask(self, owner_id: int, court: Court, *, purpose: str) -> int:
        """Ask the holders for a court's key; open for seven days. Returns the request's id. Raises NotFoundError."""
        deal = self._latest(self._store.deals(), owner_id, court)
        if deal is None:
            raise NotFoundError("Nobody holds shares of this court's key.", hint="Shares are dealt before a loss.")
        request = self._quorums.request(self._storage.new_id(), deal, purpose=purpose)
        self._store.add_request(request)
        return request.id

    def release(self, request_id: int) -> None:
        """Agree: this person's share, for that request and nothing else. Raises NotFoundError, AlreadyExistsError."""
        deal, request = self._open(request_id)
        self._store.add_release(self._quorums.release(deal, request))

    def restore(self, request_id: int) -> Court:
        """With enough shares: the key is this person's again. Returns its court; replace the key afterwards."""
        deal, request = self._open(request_id)
        issue = self._quorums.restore(deal, request, self._store.releases(request_id))
        self._people.store_issue(issue, also=lambda: self._store.settle(request_id, datetime.now(UTC)))
        return deal.court

    def withdraw(self, request_id: int) -> None:
        """It can be answered no more. Raises NotFoundError."""
        self._store.settle(request_id, datetime.now(UTC))

    # -- inside --------------------------------------------------------------------------------------------------

    def _require_enough(self, holders: Sequence[int], needed: int) -> None:
        """Before a key is replaced for nothing."""
        if needed < 2 or len(set(holders)) < needed + 1:
            raise InvalidInputError(
                f"{needed} of {len(set(holders))} holders cannot be: at least 2 agree, and one more holds a share.",
                field="holders",
                hint=f"Choose {max(needed, 2) + 1} holders or more.",
            )

    def _latest(self, deals: Sequence[StoredDeal], owner_id: int, court: Court) -> StoredDeal | None:
        """The latest that can be trusted: others may add rows, but cannot sign them."""
        for each in deals:
            if (each.owner_id, each.court) == (owner_id, court):
                with suppress(AetherError):
                    self._quorums.read_deal(each)
                    return each
        return None

    def _standing(
        self, state: MembershipState, deals: Sequence[StoredDeal], owner_id: int, court: Court
    ) -> QuorumStanding:
        deal = self._latest(deals, owner_id, court)
        if deal is None:
            return QuorumStanding(owner_id, court, None)
        facts = self._quorums.read_deal(deal)
        stale = ""
        if facts.version != state.court(owner_id, court).version:
            stale = "The key was replaced since."
        gone = [each for each in facts.holders if each not in state.people or not state.people[each].active]
        if gone:
            stale = f"{stale} {len(gone)} of the holders were disabled.".strip()
        return QuorumStanding(owner_id, court, facts, stale)

    def _request(self, deals: Sequence[StoredDeal], request: StoredRequest) -> RequestStanding:
        me = self._identity.user_id
        mine = request.requester_id == me
        deal = next((each for each in deals if each.id == request.deal_id), None)
        if deal is None:
            return RequestStanding(request.id, 0, Court.OUTER, None, 0, (), mine, False, "Its shares are not there.")
        try:
            facts, asked = self._quorums.read_deal(deal), self._quorums.read_request(deal, request)
        except AetherError as error:
            return RequestStanding(request.id, deal.owner_id, deal.court, None, 0, (), mine, False, str(error))
        released = tuple(each.holder_id for each in self._store.releases(request.id))
        expired = request.expires_at <= datetime.now(UTC)
        return RequestStanding(
            id=request.id,
            owner_id=deal.owner_id,
            court=deal.court,
            request=asked,
            needed=facts.needed,
            released=released,
            mine=mine,
            asks_me=me in facts.holders and me not in released and not expired,
            trouble="It has expired." if expired else "",
        )

    def _open(self, request_id: int) -> tuple[StoredDeal, StoredRequest]:
        request = next((each for each in self._store.requests() if each.id == request_id), None)
        deal = request and next((each for each in self._store.deals() if each.id == request.deal_id), None)
        if request is None or deal is None:
            raise NotFoundError("There is no such open request.", hint="See: aether-desktop courts requests")
        return deal, request
