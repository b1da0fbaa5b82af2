"""Vaults and databases with a large generated ledger: complete or not at all. Worker threads only."""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path

from aether_desktop.composition.locks import lock_of
from aether_desktop.composition.opening import create_vault, make_folder
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import AlreadyExistsError, InvalidInputError, KeyStoreError
from aether_desktop.ports.queries import ArchivedRows, TableQuery
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.storage import StorageInfo
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.services.large_sample import LargeSample
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.storage.sql_storage import SqlStorage
from aether_desktop.storage.vault_files import keys_beside, remove_database


def build_large_sample(
    path: Path,
    *,
    settings: Settings,
    key_file: Path | None,
    password: Factor | None,
    rows: int,
    seed: int,
    token: CancelToken,
    progress: Progress,
) -> StorageInfo:
    """A new encrypted vault at ``path``, its keys as by ``create_vault``; it is not opened at the next start.

    Raises AlreadyExistsError, InvalidInputError, KeyStoreError, StorageError, OperationCancelled.
    """
    if path.exists() or keys_beside(path).exists():
        raise AlreadyExistsError(f"{path} is already there.", field="vault", hint="Choose another name.")
    make_folder(path.parent)
    unfinished = path.with_name(f".{path.name}.building")
    _discard(unfinished, key_file)  # of a run that was killed
    try:
        services = create_vault(
            unfinished, settings=settings, key_file=key_file, name=path.stem, password=password, remember=False
        )
        with closing(services):
            with _filling(services, token):
                LargeSample(services, rows=rows, seed=seed).fill(token=token, progress=progress)
            info = services.info
        token.check()
        if keys_beside(unfinished).exists():  # not without a password
            keys_beside(unfinished).rename(keys_beside(path))
        unfinished.rename(path)
    finally:
        _discard(unfinished, key_file)
    return dataclasses.replace(info, location=str(path))


def fill_database(services: ServiceSet, *, rows: int, seed: int, token: CancelToken, progress: Progress) -> None:
    """The same ledger into an open shared database that holds none, in one transaction.

    Raises InvalidInputError for a database in use, StorageError, OperationCancelled.
    """
    storage = services.storage
    for table in (TableName.WALLETS, TableName.TRANSACTIONS):
        if storage.windows.window(TableQuery(table, archived=ArchivedRows.INCLUDED), 0, 1, token=token).rows:
            raise InvalidInputError(
                "This database is in use: generated rows are never mixed with others.",
                field="database",
                hint="Name an empty one, set up with: postgres provision",
            )
    with storage.unit_of_work():
        LargeSample(services, rows=rows, seed=seed).fill(token=token, progress=progress)


def _filling(services: ServiceSet, token: CancelToken) -> AbstractContextManager[None]:
    storage = services.storage
    return storage.filling(token) if isinstance(storage, SqlStorage) else nullcontext()


def _discard(unfinished: Path, key_file: Path | None) -> None:
    """A vault that is not to be, or the marks that one left which has its own name now."""
    remove_database(unfinished)
    if keys_beside(unfinished).exists():
        with suppress(KeyStoreError):
            lock_of(unfinished, key_file).keys.discard()
    for left in unfinished.parent.glob(f"*{unfinished.name}.keys*"):
        left.unlink(missing_ok=True)
