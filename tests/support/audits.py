"""What tests of the audit share: devices that sign, the service over a storage, and a hand on the rows themselves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aether_desktop.domain.merkle import Frontier
from aether_desktop.ports.audit import LogRow
from aether_desktop.ports.storage import Storage
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.audit_signing import KeyAuditSigner, KeyCheckpointSigner, SignatureProofs
from aether_desktop.security.hybrid_signatures import SEED_BYTES, HybridSigningKey
from aether_desktop.security.pin_stores import FilePinStore
from aether_desktop.services.audit import AuditService
from aether_desktop.services.audit_verification import Verdict
from tests.support.storages import VaultPlace


def device() -> KeyAuditSigner:
    """A device of its own."""
    return KeyAuditSigner(Ed25519PrivateKey.generate())


def audit_of(storage: Storage, folder: Path) -> AuditService:
    """The service, with what this computer remembers in ``folder`` and a checkpoint key of its own."""
    folder.mkdir(exist_ok=True)
    pair = KeyCheckpointSigner(HybridSigningKey(os.urandom(SEED_BYTES)))
    return AuditService(storage, proofs=SignatureProofs(), pins=FilePinStore(folder), signer=lambda: pair)


def verified(service: AuditService) -> Verdict:
    """The whole log, read now."""
    return service.verify(token=CancelToken())


def log_of(storage: Storage) -> list[LogRow]:
    """Every entry that has a place."""
    return list(storage.audit.log())


def tamper(place: VaultPlace, *statements: str) -> None:
    """What the owner of the file or of the server can do: change rows directly, past triggers and rights."""
    if place.engine == "sqlite":
        with place.open_raw().kit.writer.connect() as connection, connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)
        return
    with psycopg.connect(place.administration) as owner:
        owner.execute("SET session_replication_role = replica")  # a superuser's way past all triggers
        for statement in statements:
            owner.execute(statement.encode())


def ask(place: VaultPlace, question: str) -> Sequence[Any]:
    """Rows as they lie there."""
    if place.engine == "sqlite":
        with place.open_raw().kit.reader.connect() as connection:
            return connection.exec_driver_sql(question).fetchall()
    with psycopg.connect(place.administration) as owner:
        return owner.execute(question.encode()).fetchall()


def root_of_head(storage: Storage) -> bytes:
    """Of the tree, as the log's head has it."""
    head = storage.audit.head()
    return Frontier(head.size, head.peaks).root
