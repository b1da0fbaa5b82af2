"""Temple nodes as operators handle them: registering, probes, elevation, retirement, silences, covenants.

Worker threads only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from aether_desktop.domain.covenants import PURPOSE, Covenant, covenant_problem
from aether_desktop.domain.probes import DEFAULT_INTERVAL, DEFAULT_TIMEOUT, Probe
from aether_desktop.domain.quiet import SilenceRecord
from aether_desktop.domain.records import InvalidRecordError, TableName
from aether_desktop.domain.temple import CovenantKind, Tier
from aether_desktop.domain.temple_nodes import NodeStatus, TempleNode
from aether_desktop.domain.times import utc_now
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
)
from aether_desktop.ports.signing import PersonSignature, PersonSigner
from aether_desktop.ports.storage import Storage
from aether_desktop.services.records import RecordService


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeDraft:
    """A probe as a person describes it; ``id`` of one that is there already, else None."""

    kind: str
    target: str
    network: str = ""
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    interval: int = DEFAULT_INTERVAL
    timeout: float = DEFAULT_TIMEOUT
    essential: bool = True
    id: int | None = None


class CovenantStanding(StrEnum):
    """What became of a covenant's signature."""

    VALID = "valid"
    ALTERED = "altered"
    UNKNOWN_KEY = "unknown_key"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class CovenantReport:
    """``sentence`` says it in plain words; ``signer`` by name, where it is known."""

    standing: CovenantStanding
    sentence: str
    signer: str = ""


class NodeService:
    """``signer`` None where the vault has no keys of people: covenants cannot be performed there."""

    def __init__(
        self,
        storage: Storage,
        records: RecordService,
        *,
        signer: PersonSigner | None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._storage = storage
        self._records = records
        self._signer = signer
        self._now = now

    # -- registering ---------------------------------------------------------------------------------------------

    def register(self, values: Mapping[str, object], probes: Sequence[ProbeDraft] = ()) -> TempleNode:
        """A new node with its probes, or nothing. Raises InvalidInputError naming the field, AlreadyExistsError."""
        name = str(values.get("node_id", ""))
        if name.strip() and self._with_name(name) is not None:
            raise AlreadyExistsError("A temple node with this name is already there.", field="node_id")
        return self._storage.temple_nodes.get(self.add_named_anew(values, probes))

    def add_named_anew(self, values: Mapping[str, object], probes: Sequence[ProbeDraft]) -> int:
        """As ``register``, for callers who know that no other node has the name; returns the id."""
        with self._storage.unit_of_work():
            record = self._records.create(TableName.TEMPLE_NODES, values)
            if probes:
                self.save_probes(record.id, probes)
        return record.id

    def check(self, values: Mapping[str, object]) -> dict[str, str]:
        """Field -> why its value is refused; empty when a node can be made. Touches no database; any thread."""
        return self._records.check(TableName.TEMPLE_NODES, values)

    def named(self, name: str) -> TempleNode:
        """One of the nodes that are not archived, by its own name, in any case. Raises NotFoundError."""
        found = self._with_name(name)
        if found is None:
            raise NotFoundError(f"There is no temple node {name[:80]!r}.", hint="See: aether-desktop nodes list")
        return found

    def all(self) -> list[TempleNode]:
        """This person's, not archived, by name."""
        return self._storage.temple_nodes.of_user(self._storage.info.user_id)

    def probes(self, node_id: int) -> list[Probe]:
        """By id."""
        return self._storage.watching.probes.of_node(node_id)

    def save_probes(self, node_id: int, drafts: Sequence[ProbeDraft]) -> ChangeSet:
        """The node has these from now on. Raises InvalidInputError naming the field, NotFoundError."""
        probes = [self._probe(node_id, draft) for draft in drafts]
        return self._storage.watching.probes.replace(node_id, probes)

    def check_probe(self, draft: ProbeDraft) -> dict[str, str]:
        """Field -> why it is refused; empty when it can be stored. Touches no database; any thread."""
        try:
            _made(0, 0, draft)
        except InvalidInputError as error:
            return {error.field: error.message}
        return {}

    # -- rising and retiring -------------------------------------------------------------------------------------

    def elevate(self, node: TempleNode) -> TempleNode:
        """One type up. Raises InvalidInputError where its thresholds do not allow it, ConflictError."""
        to = node.elevation
        if to is None:
            raise InvalidInputError(_why_not_elevated(node), field="type")
        self._storage.watching.elevate(node, to)
        return self._storage.temple_nodes.get(node.id)

    def retire(self, node: TempleNode) -> TempleNode:
        """It is watched no more; its history stays. Raises ConflictError."""
        if node.status is not NodeStatus.RETIRED:
            self._storage.temple_nodes.set_status(node.id, NodeStatus.RETIRED, version=node.version)
        return self._storage.temple_nodes.get(node.id)

    def reinstate(self, node: TempleNode) -> TempleNode:
        """It is watched again, as unknown. Raises ConflictError."""
        if node.status is NodeStatus.RETIRED:
            self._storage.temple_nodes.set_status(node.id, NodeStatus.UNKNOWN, version=node.version)
        return self._storage.temple_nodes.get(node.id)

    # -- silences ------------------------------------------------------------------------------------------------

    def silence(self, node_ids: Collection[int], until: datetime | None, *, why: str = "") -> None:
        """Nobody wants to hear of these nodes until then; None lifts the silences of these nodes.

        Raises InvalidInputError for a time that is past or farther than a year, NotFoundError.
        """
        now = self._now()
        silences = self._storage.watching.silences
        with self._storage.unit_of_work():
            for silence in silences.in_force(now):
                if silence.node_id in node_ids:
                    silences.end(silence.id, now)
            if until is not None:
                for node_id in sorted(node_ids):
                    owner_id = self._storage.temple_nodes.get(node_id).owner_id
                    silences.add(self._silence(owner_id, now, until, why, node_id=node_id))

    def silence_tier(self, tier: Tier, until: datetime | None, *, why: str = "") -> None:
        """All of this person's nodes of a tier; None lifts it. Raises as ``silence``."""
        now, me = self._now(), self._storage.info.user_id
        silences = self._storage.watching.silences
        with self._storage.unit_of_work():
            for silence in silences.in_force(now):
                if silence.tier is tier and silence.owner_id == me:
                    silences.end(silence.id, now)
            if until is not None:
                silences.add(self._silence(me, now, until, why, tier=tier))

    def silences(self) -> list[SilenceRecord]:
        """Those in force, by end."""
        return self._storage.watching.silences.in_force(self._now())

    # -- covenants -----------------------------------------------------------------------------------------------

    def performable(self, node: TempleNode) -> tuple[CovenantKind, ...]:
        """What it may perform now. Pure; any thread."""
        if node.status is NodeStatus.RETIRED:
            return ()
        return tuple(kind for kind in CovenantKind if not covenant_problem(kind, node.type, elder=node.elder))

    def perform(self, node_id: int, kind: CovenantKind, note: str = "") -> Covenant:
        """Signs and stores the record. Raises InvalidInputError with the rule where the node may not perform it,
        PermissionDeniedError without keys, LevelLockedError (level 2), MembershipError."""
        node = self._storage.temple_nodes.get(node_id)
        signer = self._signer
        if signer is None:
            raise PermissionDeniedError(
                "A covenant is signed, and this vault has no keys of people to sign with.",
                hint="Use a vault that opens with a password.",
            )
        if node.status is NodeStatus.RETIRED:
            raise InvalidInputError("A retired node performs no covenants.", field="kind")
        try:
            bare = Covenant(
                id=self._storage.new_id(),
                node_id=node.id,
                node_name=node.node_id,
                kind=kind,
                node_type=node.type,
                elder=node.elder,
                tier=node.tier,
                harmony=node.harmony,
                performer_id=signer.user_id,
                performed_at=self._now(),
                note=note,
            )
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error
        made = signer.sign(bare.message(self._storage.info.vault_id), purpose=PURPOSE)
        covenant = dataclasses.replace(bare, key=made.key, signature=made.value)
        self._storage.watching.covenants.add(covenant)
        return covenant

    def covenants(self, node_id: int | None = None) -> list[Covenant]:
        """The latest first; None: of all nodes."""
        return self._storage.watching.covenants.of_node(node_id)

    def check_covenant(self, covenant: Covenant) -> CovenantReport:
        """Whether it is what its performer signed. Raises the StorageError family, nothing else."""
        if not covenant.signature:
            return CovenantReport(CovenantStanding.ALTERED, "Not signed: this program stores signed covenants only.")
        signer = self._signer
        if signer is None:
            return CovenantReport(
                CovenantStanding.UNCHECKED, "Not checked: this vault has no keys of people to check it with."
            )
        try:
            signatory = signer.signatory(covenant.key)
            if signatory is None or signatory.user_id != covenant.performer_id:
                return CovenantReport(
                    CovenantStanding.UNKNOWN_KEY,
                    "Signed with a key that this vault's list of people does not know as the performer's.",
                )
            message = covenant.message(self._storage.info.vault_id)
            valid = signer.verify(PersonSignature(covenant.key, covenant.signature), message, purpose=PURPOSE)
        except StorageError:
            raise
        except AetherError as error:
            return CovenantReport(
                CovenantStanding.UNCHECKED, f"Not checked: the list of people cannot be trusted. {error}"
            )
        if not valid:
            return CovenantReport(
                CovenantStanding.ALTERED, f"Altered since {signatory.username} signed it.", signatory.username
            )
        return CovenantReport(
            CovenantStanding.VALID, f"Valid: performed and signed by {signatory.username}.", signatory.username
        )

    # -- inside --------------------------------------------------------------------------------------------------

    def _with_name(self, name: str) -> TempleNode | None:
        wanted = name.strip().casefold()
        return next((node for node in self.all() if node.node_id.casefold() == wanted), None)

    def _probe(self, node_id: int, draft: ProbeDraft) -> Probe:
        return _made(self._storage.new_id() if draft.id is None else draft.id, node_id, draft)

    def _silence(
        self,
        owner_id: int,
        now: datetime,
        until: datetime,
        why: str,
        *,
        node_id: int | None = None,
        tier: Tier | None = None,
    ) -> SilenceRecord:
        if until <= now + timedelta(seconds=1):
            raise InvalidInputError("This time is past; a silence ends in the future.", field="until")
        try:
            return SilenceRecord(
                id=self._storage.new_id(),
                owner_id=owner_id,
                node_id=node_id,
                tier=tier,
                begins_at=now,
                until=until,
                why=why,
            )
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error


def _made(probe_id: int, node_id: int, draft: ProbeDraft) -> Probe:
    """Raises InvalidInputError naming the field."""
    try:
        return Probe(
            id=probe_id,
            node_id=node_id,
            kind=draft.kind,
            target=draft.target,
            network=draft.network,
            settings=dict(draft.settings),
            interval=draft.interval,
            timeout=draft.timeout,
            essential=draft.essential,
        )
    except InvalidRecordError as error:
        raise InvalidInputError(error.reason, field=error.field) from error


def _why_not_elevated(node: TempleNode) -> str:
    if node.status is NodeStatus.RETIRED:
        return "A retired node rises no further; reinstate it first."
    above = node.type.next
    if above is None:
        return "A Zadokite node has risen as high as there is."
    total = node.storage_threshold + node.compute_threshold + node.abundance_threshold
    return (
        f"To become {above.display_name} the thresholds of a node are {above.needed_sum} or more in all;"
        f" those of this one are {total}."
    )
