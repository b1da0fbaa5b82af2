"""Driver errors become what people can act on; passwords and keys are in none of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlcipher3.dbapi2 as sqlcipher
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    DamagedVaultError,
    DiskFullError,
    InvalidInputError,
    NotAVaultError,
    NotFoundError,
    OperationCancelled,
    PermissionDeniedError,
    ReadOnlyError,
    StorageBusyError,
    StorageError,
    StorageUnavailableError,
)
from aether_desktop.storage.access.provisioning import migrate_shared
from aether_desktop.storage.failures import ConnectionLostError, Violation, ViolationKind, translate, violation
from aether_desktop.storage.schema import METADATA

WHERE = "postgresql://miriam@db/family"


def sqlite_error(name: str, message: str = "x", kind: type[Exception] = sqlcipher.OperationalError) -> Exception:
    error = kind(message)
    error.sqlite_errorname = name  # type: ignore[attr-defined] # the driver sets it
    return error


def wrapped(error: Exception) -> DBAPIError:
    kind = IntegrityError if isinstance(error, sqlcipher.IntegrityError | pg.IntegrityError) else OperationalError
    return kind("INSERT INTO secrets VALUES (?)", ("hunter2",), error)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_BUSY", StorageBusyError),
        ("SQLITE_LOCKED", StorageBusyError),
        ("SQLITE_NOTADB", NotAVaultError),
        ("SQLITE_READONLY", ReadOnlyError),
        ("SQLITE_PERM", ReadOnlyError),
        ("SQLITE_FULL", DiskFullError),
        ("SQLITE_CORRUPT", DamagedVaultError),
        ("SQLITE_IOERR", DamagedVaultError),
        ("SQLITE_CANTOPEN", StorageUnavailableError),
        ("SQLITE_INTERRUPT", StorageBusyError),
        ("SQLITE_ERROR", StorageError),
    ],
)
def test_sqlite(name: str, expected: type[AetherError]) -> None:
    for error in (sqlite_error(name), wrapped(sqlite_error(name))):
        known = translate(error, where="/books.aether")
        assert type(known) is expected
        assert isinstance(known, AetherError)
        assert known.message.endswith(".")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (pg.AdminShutdown("x"), ConnectionLostError),
        (pg.ConnectionFailure("x"), ConnectionLostError),
        (pg.IdleInTransactionSessionTimeout("x"), ConnectionLostError),
        (psycopg.OperationalError("consuming input failed: server closed the connection"), ConnectionLostError),
        (psycopg.InterfaceError("the connection is closed"), ConnectionLostError),
        (pg.CannotConnectNow("x"), StorageUnavailableError),
        (pg.TooManyConnections("x"), StorageUnavailableError),
        (pg.InvalidPassword("x"), PermissionDeniedError),
        (
            psycopg.OperationalError('connection failed: password authentication failed for user "x"'),
            PermissionDeniedError,
        ),
        (psycopg.OperationalError('connection failed: role "x" is not permitted to log in'), PermissionDeniedError),
        (psycopg.OperationalError("FATAL:  too many connections for role"), StorageUnavailableError),
        (psycopg.OperationalError("remaining connection slots are reserved"), StorageUnavailableError),
        (psycopg.OperationalError('connection failed: database "x" does not exist'), NotFoundError),
        (psycopg.OperationalError("connection failed: SSL error: certificate verify failed"), StorageUnavailableError),
        (psycopg.OperationalError("server does not support SSL, but SSL was required"), StorageUnavailableError),
        (pg.InvalidCatalogName("x"), NotFoundError),
        (pg.InsufficientPrivilege("x"), PermissionDeniedError),
        (pg.ReadOnlySqlTransaction("x"), ReadOnlyError),
        (pg.DiskFull("x"), DiskFullError),
        (pg.DataCorrupted("x"), DamagedVaultError),
        (pg.IoError("x"), DamagedVaultError),
        (pg.LockNotAvailable("x"), StorageBusyError),
        (pg.DeadlockDetected("x"), StorageBusyError),
        (pg.QueryCanceled("x"), StorageBusyError),
        (pg.UndefinedTable("x"), StorageError),
        (pg.DivisionByZero("x"), StorageError),
    ],
)
def test_postgresql(error: psycopg.Error, expected: type[AetherError]) -> None:
    for given in (error, wrapped(error)):
        known = translate(given, where=WHERE)
        assert type(known) is expected
        assert WHERE in str(known)
        assert "hunter2" not in f"{known} {getattr(known, 'details', '')}"


@pytest.mark.parametrize("error", [sqlite_error("SQLITE_INTERRUPT"), pg.QueryCanceled("canceling statement")])
def test_an_interruption_is_a_cancellation_only_when_asked_for(error: Exception) -> None:
    assert isinstance(translate(error, where=WHERE, cancelled=True), OperationCancelled)
    assert isinstance(translate(error, where=WHERE), StorageBusyError)


def test_other_errors_stay_what_they_are_although_a_token_is_set() -> None:
    assert isinstance(translate(sqlite_error("SQLITE_FULL"), where=WHERE, cancelled=True), DiskFullError)
    assert isinstance(translate(pg.DiskFull("x"), where=WHERE, cancelled=True), DiskFullError)


def test_a_full_pool_is_busy() -> None:
    assert isinstance(translate(PoolTimeoutError("x"), where=WHERE), StorageBusyError)


def test_a_bug_of_ours_is_not_dressed_up() -> None:
    bug = InvalidRequestError("This is a mistake in the program")
    assert translate(bug, where=WHERE) is bug


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "UNIQUE constraint failed: wallets.vault_id, wallets.name_fold",
            Violation(ViolationKind.UNIQUE, "", "wallets", ("name_fold",)),
        ),
        ("UNIQUE constraint failed: index 'uq_x'", Violation(ViolationKind.UNIQUE, "uq_x", "", ())),
        ("FOREIGN KEY constraint failed", Violation(ViolationKind.FOREIGN_KEY, "", "", ())),
        ("CHECK constraint failed: ck_wallets_kind", Violation(ViolationKind.CHECK, "ck_wallets_kind", "", ())),
        ("NOT NULL constraint failed: wallets.kind", Violation(ViolationKind.NOT_NULL, "", "wallets", ("kind",))),
    ],
)
def test_sqlite_s_refusals_are_read(message: str, expected: Violation) -> None:
    error = wrapped(sqlite_error("SQLITE_CONSTRAINT", message, sqlcipher.IntegrityError))
    assert violation(error) == expected
    assert isinstance(translate(error, where=WHERE), AlreadyExistsError | NotFoundError | InvalidInputError)


def test_postgresql_s_refusals_are_read(postgres_database: Any) -> None:
    url = postgres_database()
    migrate_shared(url)
    found: list[Violation | None] = []
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("INSERT INTO vaults VALUES (1, 'V', 0)")
        label = "INSERT INTO foreign_labels (vault_id, id, type, ref, record) VALUES "
        session.execute(f"{label} (1, 1, 'tx', 'r', '{{}}')".encode())
        for values in (
            "(1, 2, 'tx', 'r', '{}')",
            "(9, 3, 'tx', 'r', '{}')",
            "(1, 4, '', 'r', '{}')",
            "(1, 5, 'tx', NULL, '{}')",
        ):
            with pytest.raises(pg.IntegrityError) as refused:
                session.execute((label + values).encode())
            found.append(violation(refused.value, METADATA))
    assert found == [
        Violation(
            ViolationKind.UNIQUE, "uq_foreign_labels_ref", "foreign_labels", ("owner_id", "type", "ref", "origin")
        ),
        Violation(ViolationKind.FOREIGN_KEY, "fk_foreign_labels_vault", "foreign_labels", ()),
        Violation(ViolationKind.CHECK, "ck_foreign_labels_type_length", "foreign_labels", ()),
        Violation(ViolationKind.NOT_NULL, "", "foreign_labels", ("ref",)),
    ]


def test_what_is_no_refusal_is_none(tmp_path: Path) -> None:
    assert violation(sqlite_error("SQLITE_FULL")) is None
    assert violation(pg.DiskFull("x")) is None
    assert violation(ValueError("x")) is None
    assert violation(sqlite3.IntegrityError("UNIQUE constraint failed: a.b")) is None  # of another driver
