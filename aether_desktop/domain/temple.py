"""The temple's rules: tiers, node types, covenants, harmony, elevation, and where a node stands on the map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType

MAX_THRESHOLD = 1000  # thresholds are whole numbers, 0 to 1000 each; only their sum decides
MAX_HARMONY = 24.0
ELDER_HARMONY = MAX_HARMONY * 0.99  # to be held for ELDER_DAYS without a break
ELDER_DAYS = 7
COUNCIL_SEATS = 24
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))  # radians, about 137.5 degrees


class InvalidTempleError(ValueError):
    """A threshold, share or position outside its bounds; ``reason`` is a plain sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Tier(StrEnum):
    """The three courts, from the outside in."""

    OUTER_COURT = "outer_court"
    HOLY_PLACE = "holy_place"
    MOST_HOLY_PLACE = "most_holy_place"

    @property
    def coin_symbol(self) -> str:
        """The coin whose network this tier serves."""
        return _COINS[self]

    @property
    def display_name(self) -> str:
        """The name on screen."""
        return _TIER_NAMES[self]


class NodeType(StrEnum):
    """What a node is fit for, by the sum of its thresholds; a candidate serves nothing yet."""

    CANDIDATE = "candidate"
    LEVITE = "levite"
    AARONIC = "aaronic"
    ZADOKITE = "zadokite"

    @property
    def display_name(self) -> str:
        """The name on screen."""
        return self.value.capitalize()

    @property
    def needed_sum(self) -> int:
        """The smallest sum of thresholds that makes this type."""
        return _SUMS[self]

    @property
    def next(self) -> NodeType | None:
        """The type one step above; None at the top."""
        return _NEXT.get(self)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers a node of this type may serve, from the outside in."""
        return _SERVED[self]


class CovenantKind(StrEnum):
    """Covenant operations: each is signed and audited."""

    RESURRECTION_SEAL = "resurrection_seal"
    SABBATH = "sabbath"
    JUBILEE = "jubilee"
    FEAST_SYNCHRONIZATION = "feast_synchronization"
    BOOK_OF_LIFE = "book_of_life"
    MELCHIZEDEK_BLESSING = "melchizedek_blessing"

    @property
    def display_name(self) -> str:
        """The name on screen."""
        return _COVENANT_NAMES[self]


_COINS = MappingProxyType({Tier.OUTER_COURT: "FTC", Tier.HOLY_PLACE: "AIC", Tier.MOST_HOLY_PLACE: "ATC"})
_TIER_NAMES = MappingProxyType(
    {Tier.OUTER_COURT: "Outer Court", Tier.HOLY_PLACE: "Holy Place", Tier.MOST_HOLY_PLACE: "Most Holy Place"}
)
_SUMS = MappingProxyType({NodeType.CANDIDATE: 0, NodeType.LEVITE: 3, NodeType.AARONIC: 7, NodeType.ZADOKITE: 12})
_NEXT = MappingProxyType(
    {
        NodeType.CANDIDATE: NodeType.LEVITE,
        NodeType.LEVITE: NodeType.AARONIC,
        NodeType.AARONIC: NodeType.ZADOKITE,
    }
)
_SERVED = MappingProxyType(
    {
        NodeType.CANDIDATE: (),
        NodeType.LEVITE: (Tier.OUTER_COURT,),
        NodeType.AARONIC: (Tier.OUTER_COURT, Tier.HOLY_PLACE),
        NodeType.ZADOKITE: (Tier.OUTER_COURT, Tier.HOLY_PLACE, Tier.MOST_HOLY_PLACE),
    }
)
_COVENANT_NAMES = MappingProxyType(
    {
        CovenantKind.RESURRECTION_SEAL: "Resurrection Seal",
        CovenantKind.SABBATH: "Sabbath",
        CovenantKind.JUBILEE: "Jubilee",
        CovenantKind.FEAST_SYNCHRONIZATION: "Feast Synchronization",
        CovenantKind.BOOK_OF_LIFE: "Book of Life",
        CovenantKind.MELCHIZEDEK_BLESSING: "Melchizedek Blessing",
    }
)
_OF_ANY_TYPE = frozenset({CovenantKind.RESURRECTION_SEAL, CovenantKind.SABBATH})
_OF_ELDERS = frozenset({CovenantKind.BOOK_OF_LIFE, CovenantKind.MELCHIZEDEK_BLESSING})


def node_type(storage: int, compute: int, abundance: int) -> NodeType:
    """The specialised type that the three thresholds make.

    Raises InvalidTempleError unless each is a whole number from 0 to 1000.
    """
    for name, value in (("storage", storage), ("compute", compute), ("abundance", abundance)):
        if type(value) is not int or not 0 <= value <= MAX_THRESHOLD:  # type(): True is no threshold
            raise InvalidTempleError(f"The {name} threshold must be a whole number from 0 to {MAX_THRESHOLD}.")
    total = storage + compute + abundance
    return max((kind for kind in NodeType if kind.needed_sum <= total), key=lambda kind: kind.needed_sum)


def may_serve(kind: NodeType, tier: Tier) -> bool:
    """Whether a node of this type may serve the tier."""
    return tier in kind.tiers


def may_perform(covenant: CovenantKind, kind: NodeType, elder: bool) -> bool:
    """Whether a node of this type may perform the covenant; a candidate performs none, Elder or not."""
    if kind is NodeType.CANDIDATE:
        return False
    if covenant in _OF_ELDERS:
        return elder
    return covenant in _OF_ANY_TYPE or kind in (NodeType.AARONIC, NodeType.ZADOKITE)


def harmony_score(availability: float, freshness: float, agreement: float) -> float:
    """24 times the product of three measured shares of the last 24 hours; neither tier nor type changes it.

    Availability is the share of probes answered, freshness how close the node is to its tier's best, agreement the
    share of checks that matched its tier's majority. Raises InvalidTempleError unless each lies between 0 and 1.
    """
    for name, share in (("availability", availability), ("freshness", freshness), ("agreement", agreement)):
        if not 0.0 <= share <= 1.0:  # refuses NaN too
            raise InvalidTempleError(f"The {name} is a share and lies between 0 and 1.")
    return MAX_HARMONY * (availability * freshness * agreement)


def is_elder_harmony(score: float) -> bool:
    """Whether the score is high enough for an Elder; the node must also hold it for ELDER_DAYS."""
    return score >= ELDER_HARMONY


def may_elevate(current: NodeType, thresholds: Sequence[int]) -> bool:
    """Whether the thresholds (storage, compute, abundance) allow the next type; a node rises one type at a time.

    Raises InvalidTempleError for thresholds out of bounds or not three.
    """
    if len(thresholds) != 3:
        raise InvalidTempleError("A node has three thresholds: storage, compute and abundance.")
    reached = node_type(thresholds[0], thresholds[1], thresholds[2])
    return current.next is not None and reached.needed_sum >= current.next.needed_sum


def spiral_position(index: int, *, spacing: float = 1.0) -> tuple[float, float]:
    """Where the node of this index (from 0) stands on the golden-angle map, x and y around the middle.

    Each node gets about the same area, pi * spacing²: the first n fill a disc of radius spacing * sqrt(n), and adding a
    node moves no other. Raises InvalidTempleError for a negative index or a spacing that is not positive and finite.
    """
    if index < 0:
        raise InvalidTempleError("Positions are counted from 0.")
    if not 0.0 < spacing < math.inf:
        raise InvalidTempleError("The spacing must be greater than 0.")
    radius, angle = spacing * math.sqrt(index + 0.5), index * GOLDEN_ANGLE
    return radius * math.cos(angle), radius * math.sin(angle)
