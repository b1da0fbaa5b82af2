"""Answering an invitation to a shared database: the login becomes the person's own, and their keys get a password.

A part of composition. Worker threads only. May be ended at any step and begun again with the same file and secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aether_desktop.composition import shared_databases
from aether_desktop.composition.locks import VaultLock, lock_of, shared_place
from aether_desktop.ports.errors import InvalidInputError, PermissionDeniedError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.invitations import open_invitation
from aether_desktop.security.scram import scram_verifier
from aether_desktop.services.targets import Target
from aether_desktop.services.vault_access import AccessState
from aether_desktop.storage.access.own_login import change_own_password
from aether_desktop.storage.sql_storage import open_database


@dataclass(frozen=True, slots=True)
class Joining:
    """An invitation whose secret fitted. First the keys in ``lock`` get a password (or are unlocked with the one they
    have), then ``take_over``; then ``target`` is opened with ``lock``, and ``PeopleService.answer`` answers."""

    target: Target
    lock: VaultLock
    vault_name: str
    take_over: Callable[[], None] = field(repr=False)


def begin_joining(file: bytes, secret: str, *, key_file: Path | None = None, data_dir: Path | None = None) -> Joining:
    """Check the invitation; nothing is changed yet.

    Raises InvitationError, InvalidInputError for an invitation that names no database. ``take_over`` raises
    PermissionDeniedError where the login was answered for elsewhere, KeyStoreError, StorageError.
    """
    invitation, keys = open_invitation(file, secret, at=datetime.now(UTC))
    with keys:
        url, first = invitation.url, keys.login_password
    if not url:
        raise InvalidInputError("This invitation names no database.", field="file", hint="Ask for another one.")
    return Joining(
        target=Target(database_url=url, key_file=key_file),
        lock=lock_of(shared_place(url, data_dir), key_file, shared=True),
        vault_name=invitation.vault_name,
        take_over=lambda: _take_over(url, first, key_file),
    )


def give_password(joining: Joining, factor: Factor) -> None:
    """Of the keys on this computer: a new one, or the one that was chosen before.

    Raises InvalidInputError for a weak one, WrongFactorError, KeyStoreError.
    """
    access = joining.lock.access
    if access.state is AccessState.OLD:
        access.set_first_password(factor)
    else:
        access.unlock(factor)


def _take_over(url: str, first: str, key_file: Path | None) -> None:
    """Give the login a password that only this computer knows; it is kept before the server learns it."""
    _, kept = shared_databases.own_password(url, key_file=key_file, known=True)
    try:
        change_own_password(
            url,
            password=first,
            verifier=scram_verifier(kept or shared_databases.keep_new_password(url, key_file=key_file)),
        )
    except PermissionDeniedError as refused:
        if kept is None:
            raise
        try:  # done by an earlier run
            open_database(url, password=kept).close()
        except PermissionDeniedError:
            raise refused from None
