"""The one road by which the window learns, before it is tried, what a role refuses, and says why. GUI thread only.

The rules are those a shared database enforces (``domain.permissions``); in an embedded vault they only order the
window. What is not known yet is left to the database, which answers with the same words.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from aether_desktop.domain.permissions import SQL_NAMES, Refusal, Verb, refusal
from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui.jobs import JobRunner

EMBEDDED_NOTE = (
    "In an embedded vault roles order the window only: its key protects it, and whoever opens it can read all of it."
)


class Permissions(QObject):
    """What the present person may do. Without a role nothing is refused here."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._user_id = 0
        self._role: Role | None = None
        self._load: tuple[ServiceSet, JobRunner] | None = None

    @property
    def role(self) -> Role | None:
        """None until it is known."""
        return self._role

    def follow(self, services: ServiceSet, jobs: JobRunner) -> None:
        """Learn the person's role, on the read lane, now and whenever people change."""
        self._load = (services, jobs)
        self._read()

    def set_role(self, role: Role | None, *, user_id: int) -> None:
        """What is known of the person."""
        if (role, user_id) != (self._role, self._user_id):
            self._role, self._user_id = role, user_id
            self.changed.emit()

    def apply_changes(self, changes: ChangeSet) -> None:
        """Somebody's role may have changed."""
        if TableName.USERS in changes.tables:
            self._read()

    def refusal(self, verb: Verb, table: TableName | str, *, owner_id: int | None = None) -> Refusal | None:
        """Why not, and who may; None when it may be tried. ``owner_id`` None: rows of the person's own."""
        if self._role is None:
            return None
        name = SQL_NAMES[table] if isinstance(table, TableName) else table
        return refusal(verb, name, own=owner_id in (None, self._user_id), role=self._role)

    def why_not(self, verb: Verb, table: TableName | str, *, owner_id: int | None = None) -> str:
        """The same in plain words; empty when it may be tried."""
        found = self.refusal(verb, table, owner_id=owner_id)
        return "" if found is None else str(found)

    def _read(self) -> None:
        if self._load is None:
            return
        services, jobs = self._load
        user_id = services.info.user_id
        job = jobs.read(lambda _token, _progress: services.storage.users.get(user_id).role)
        job.on_success(lambda role: self.set_role(role, user_id=user_id))
        job.on_failure(lambda _error: self.set_role(None, user_id=user_id))  # then the database answers
