"""Recovery quorums: several people who together give a court's key back. As storage keeps them and services use them.

Rows carry bytes whose meaning only ``security`` knows. Worker threads only; stores raise the StorageError family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from aether_desktop.domain.courts import Court
from aether_desktop.ports.identity import CourtIssue

# -- rows --------------------------------------------------------------------------------------------------------


class StoredDeal(NamedTuple):
    """Shares of one version of one owner's court key, public as a whole."""

    id: int
    owner_id: int
    court: Court
    version: int
    dealer_id: int
    body: bytes
    signature: bytes
    created_at: datetime


class StoredRequest(NamedTuple):
    """Somebody asks the holders of a deal; ``settled_at`` is set when it was answered or withdrawn."""

    id: int
    deal_id: int
    requester_id: int
    body: bytes
    signature: bytes
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None = None


class StoredRelease(NamedTuple):
    """One holder's share, wrapped to the requester."""

    request_id: int
    holder_id: int
    body: bytes
    created_at: datetime


class QuorumStore(Protocol):
    def deals(self) -> list[StoredDeal]:
        """The latest first."""
        ...

    def add_deal(self, deal: StoredDeal) -> None: ...

    def requests(self) -> list[StoredRequest]:
        """Those that are not settled, the latest first."""
        ...

    def add_request(self, request: StoredRequest) -> None: ...

    def settle(self, request_id: int, at: datetime) -> None:
        """Raises NotFoundError for one that is not there, not one's own, or settled."""
        ...

    def releases(self, request_id: int) -> list[StoredRelease]:
        """By holder."""
        ...

    def add_release(self, release: StoredRelease) -> None:
        """Raises AlreadyExistsError when that holder released before."""
        ...


# -- cryptography as services see it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DealFacts:
    """What a deal says, once its signature was checked: ``needed`` of ``holders`` give the key back."""

    id: int
    owner_id: int
    court: Court
    version: int
    dealer_id: int
    holders: tuple[int, ...]
    needed: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a request says, once its signature was checked; ``purpose`` is the requester's own words."""

    id: int
    deal_id: int
    requester_id: int
    purpose: str
    expires_at: datetime


class CourtQuorums(Protocol):
    """One person's side of every quorum. Raises QuorumError's kin (AetherError) for what is altered, expired, or not
    entitled; MembershipError, LevelLockedError."""

    def deal(self, deal_id: int, owner_id: int, court: Court, *, holders: Sequence[int], needed: int) -> StoredDeal:
        """Shares of the present key. Raises InvalidInputError for fewer than ``needed`` + 1 holders."""
        ...

    def read_deal(self, deal: StoredDeal) -> DealFacts: ...

    def request(self, request_id: int, deal: StoredDeal, *, purpose: str) -> StoredRequest: ...

    def read_request(self, deal: StoredDeal, request: StoredRequest) -> RequestFacts: ...

    def release(self, deal: StoredDeal, request: StoredRequest) -> StoredRelease:
        """This person's share, for that request alone."""
        ...

    def restore(self, deal: StoredDeal, request: StoredRequest, releases: Sequence[StoredRelease]) -> CourtIssue:
        """The key, wrapped to the requester, who is this person; to state and store."""
        ...
