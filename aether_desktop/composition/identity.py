"""A person's keys over an open vault or database: people, rotation, signing, sealing. Worker threads only.

A part of composition: where keys and storage meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from aether_desktop.composition.shared_databases import with_login
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import FieldSealer, Levels
from aether_desktop.ports.audit import CheckpointSigner, KeyHolders
from aether_desktop.ports.changes import ChangeFeed
from aether_desktop.ports.identity import MembershipError, PinStore
from aether_desktop.security.audit_signing import (
    DeviceAuditSigner,
    MembershipKeyHolders,
    PersonCheckpointSigner,
    SignatureProofs,
)
from aether_desktop.security.court_quorums import PersonQuorums
from aether_desktop.security.identity import PersonIdentity
from aether_desktop.security.person_signing import PersonSigning
from aether_desktop.security.pin_stores import FilePinStore, KeyringPinStore, PassingPinStore
from aether_desktop.security.scram import scram_verifier
from aether_desktop.services.audit import AuditService
from aether_desktop.services.level_locks import Record
from aether_desktop.services.people import Logins, PeopleService
from aether_desktop.services.quorum import QuorumService
from aether_desktop.services.rotation import RotationService
from aether_desktop.storage.sql_storage import SqlStorage

OnLock: TypeAlias = Callable[[Callable[[Court], None]], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class VaultIdentity:
    """``sealer`` is None until the vault has its founder: before that nothing can be sealed."""

    people: PeopleService
    rotation: RotationService
    quorum: QuorumService
    signer: PersonSigning
    sealer: FieldSealer | None
    auditor: DeviceAuditSigner | None
    holders: Callable[[], KeyHolders]
    """Whose keys are whose, from the membership log as it is now."""
    checkpoints: Callable[[], CheckpointSigner]
    """The pair that signs checkpoints of the audit log."""
    watch: Callable[[OnLock, ChangeFeed], Callable[[], None]]
    """Wipe court keys with their level and hear of what others changed; returns what ends it."""
    reseal: Callable[[], Sequence[Court]]
    """After "compromised": seals the private keys anew; returns the levels that nothing waits under any more."""


def identity_of(storage: SqlStorage, levels: Levels, *, key_file: Path | None) -> VaultIdentity:
    """Of the person who opened ``storage``; level 1 is open. Raises KeyStoreError, the StorageError family."""
    info = storage.info
    identity = PersonIdentity(levels, storage.identity, pins_of(key_file), vault_id=info.vault_id, user_id=info.user_id)
    rotation = RotationService(
        storage, storage.identity, storage.sealed_rows, identity=identity, sealer=identity.sealer
    )
    logins = None
    if info.engine == "postgresql":
        logins = Logins(storage.login_administration(), scram_verifier, with_login)
    people = PeopleService(storage, storage.identity, identity=identity, rotation=rotation, logins=logins)
    return VaultIdentity(
        people=people,
        rotation=rotation,
        quorum=QuorumService(
            storage,
            storage.quorums,
            identity=identity,
            quorums=PersonQuorums(identity),
            people=people,
            rotation=rotation,
        ),
        signer=PersonSigning(identity),
        sealer=identity.sealer if _seals(identity) else None,
        auditor=DeviceAuditSigner(identity.keyring()) if _is_certified(identity) else None,
        holders=partial(MembershipKeyHolders, identity),
        checkpoints=lambda: PersonCheckpointSigner(identity.keyring()),
        watch=lambda on_lock, changes: identity.watch(on_lock=on_lock, changes=changes),
        reseal=partial(_reseal, storage, identity),
    )


def audit_of(storage: SqlStorage, identity: VaultIdentity | None, *, pins: PinStore | None) -> AuditService:
    """``pins`` None: this computer remembers nothing (the sample)."""
    info = storage.info
    return AuditService(
        storage,
        proofs=SignatureProofs(),
        pins=pins,
        holders=None if identity is None or identity.auditor is None else identity.holders,
        signer=None if identity is None or identity.auditor is None else identity.checkpoints,
        place=Path(info.location) if info.engine == "sqlite" else None,
    )


def recorder_of(storage: SqlStorage) -> Record:
    """Writes into the log what is done to the keys: the change is made while the entry's transaction is open."""

    @contextmanager
    def record(action: str, detail: Mapping[str, object]) -> Iterator[None]:
        with storage.unit_of_work():
            facts: dict[str, Any] = dict(detail)
            storage.audit.note(action, **facts)
            yield

    return record


def pins_of(key_file: Path | None) -> PinStore:
    """What this computer remembers of a vault: in the keyring, or beside the key file that stands for it."""
    return PassingPinStore(KeyringPinStore()) if key_file is None else FilePinStore(key_file.parent)


def _reseal(storage: SqlStorage, identity: PersonIdentity) -> Sequence[Court]:
    waiting = identity.resealed()
    if waiting:
        with storage.unit_of_work():
            for keys in waiting:
                storage.identity.person_keys.reseal(keys)
        return ()  # what was read before still opens with the former secrets: they go the next time
    invited = bool(storage.identity.invitations.open())  # their keys lie under level 2 until they are answered
    return [level for level in Court if not (invited and level is Court.HOLY)]


def _seals(identity: PersonIdentity) -> bool:
    """Whether fields are sealed: as soon as the vault has its founder. Who has no keys of their own yet is refused
    then, and where the log is not trusted everybody is: nothing is written in plain."""
    try:
        return bool(identity.state().people)
    except MembershipError:
        return True


def _is_certified(identity: PersonIdentity) -> bool:
    try:
        return identity.user_id in identity.state().people
    except MembershipError:
        return False
