"""A vault with a signed log, and the service of somebody who has seen it: for the tests of the audit."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_desktop.services.audit import AuditService
from aether_desktop.storage.sql_storage import SqlStorage
from tests.support.audits import audit_of, device


@pytest.fixture
def busy(storage: SqlStorage) -> SqlStorage:
    """A log of signed entries, and one that only the database vouches for (the founding)."""
    storage.audit.sign_with(device())
    for number in range(10):
        storage.audit.note("said", number=number)
    return storage


@pytest.fixture
def service(busy: SqlStorage, tmp_path: Path) -> AuditService:
    """The service of somebody who has seen the log so far."""
    own = audit_of(busy, tmp_path / "pins")
    own.sign_on()
    return own
