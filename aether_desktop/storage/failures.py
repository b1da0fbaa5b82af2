"""Driver errors to the errors people see, in one place: by SQLite's result name and PostgreSQL's SQLSTATE."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import psycopg
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from aether_desktop.domain.permissions import RULES, Verb
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
from aether_desktop.ports.permissions import denied
from aether_desktop.ports.work import CancelToken

DRIVER_ERRORS: Final = (SQLAlchemyError, psycopg.Error, sqlcipher.Error)


class ConnectionLostError(StorageUnavailableError):
    """The connection broke while it was used; a fresh one may work."""


class ViolationKind(StrEnum):
    UNIQUE = "unique"
    FOREIGN_KEY = "foreign_key"
    CHECK = "check"
    NOT_NULL = "not_null"


@dataclass(frozen=True, slots=True)
class Violation:
    """Which rule of the schema refused a row. Empty where the engine does not say (SQLite's foreign keys).

    ``columns`` are without vault_id.
    """

    kind: ViolationKind
    constraint: str
    table: str
    columns: tuple[str, ...]


_SQLITE_VIOLATIONS: Final = (
    (re.compile(r"UNIQUE constraint failed: index '(?P<name>[^']+)'"), ViolationKind.UNIQUE),
    (re.compile(r"UNIQUE constraint failed: (?P<columns>.+)"), ViolationKind.UNIQUE),
    (re.compile(r"FOREIGN KEY constraint failed"), ViolationKind.FOREIGN_KEY),
    (re.compile(r"CHECK constraint failed: (?P<name>.+)"), ViolationKind.CHECK),
    (re.compile(r"NOT NULL constraint failed: (?P<columns>.+)"), ViolationKind.NOT_NULL),
)
_SQLSTATE_VIOLATIONS: Final = {
    "23505": ViolationKind.UNIQUE,
    "23503": ViolationKind.FOREIGN_KEY,
    "23514": ViolationKind.CHECK,
    "23502": ViolationKind.NOT_NULL,
}


def violation(error: BaseException, metadata: MetaData | None = None) -> Violation | None:
    """The rule of the schema that an error (SQLAlchemy's or the driver's) speaks of; None when it is about another.

    With ``metadata`` the columns of PostgreSQL's unique rules are filled in, too.
    """
    driver = _driver_error(error)
    if isinstance(driver, psycopg.Error):
        kind = _SQLSTATE_VIOLATIONS.get(driver.sqlstate or "")
        if kind is None:
            return None
        diagnosis = driver.diag
        name, table = diagnosis.constraint_name or "", diagnosis.table_name or ""
        columns = (diagnosis.column_name,) if diagnosis.column_name else _columns_of(name, table, metadata)
        return Violation(kind, name, table, _without_vault(columns))
    if not isinstance(driver, sqlcipher.IntegrityError):
        return None
    for pattern, kind in _SQLITE_VIOLATIONS:
        match = pattern.match(str(driver))
        if match is not None:
            found = match.groupdict()
            names = [name.strip() for name in found.get("columns", "").split(",") if name.strip()]
            table = names[0].partition(".")[0] if names else ""
            columns = tuple(name.partition(".")[2] for name in names)
            return Violation(kind, found.get("name", ""), table, _without_vault(columns))
    return None


def _columns_of(constraint: str, table: str, metadata: MetaData | None) -> tuple[str, ...]:
    if metadata is None or table not in metadata.tables:
        return ()
    known = metadata.tables[table]
    for rule in (*known.indexes, *known.constraints):
        if getattr(rule, "name", None) == constraint:
            return tuple(column.name for column in getattr(rule, "columns", ()))
    return ()


def _without_vault(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column for column in columns if column != "vault_id")


@contextmanager
def translated(*, where: str, token: CancelToken | None = None, metadata: MetaData | None = None) -> Iterator[None]:
    """Driver errors inside become ours. ``where`` names the vault or server (never its password).

    Raises the AetherError family; OperationCancelled for a driver's interruption only if ``token`` was set.
    """
    try:
        yield
    except DRIVER_ERRORS as error:
        known = translate(error, where=where, cancelled=token is not None and token.cancelled, metadata=metadata)
        if known is error:
            raise
        raise known from error


def translate(
    error: BaseException, *, where: str, cancelled: bool = False, metadata: MetaData | None = None
) -> Exception:
    """The error people see for a driver's or SQLAlchemy's; a bug of ours is returned as it is."""
    if isinstance(error, PoolTimeoutError):
        return StorageBusyError(
            "All connections are in use.", hint="Wait for running work to end, or cancel it; then try again."
        )
    driver = _driver_error(error)
    broken = violation(driver, metadata)
    if broken is not None:
        return _refused(broken, str(driver))
    if isinstance(driver, sqlcipher.Error):
        return _from_sqlite(driver, where=where, cancelled=cancelled)
    if isinstance(driver, psycopg.Error):
        if driver.sqlstate == "42501":
            statement = error.statement if isinstance(error, DBAPIError) else None
            return _not_permitted(driver, statement or "", where=where)
        return _from_postgres(driver, where=where, cancelled=cancelled)
    if isinstance(error, InvalidRequestError) and "invalid" in str(error):  # SQLAlchemy: the connection was given up
        return ConnectionLostError(f"The connection to {where} was lost.", hint="Try again.", details=str(error))
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def _driver_error(error: BaseException) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _refused(broken: Violation, details: str) -> AetherError:
    field = broken.columns[-1] if broken.columns else ""
    if broken.kind is ViolationKind.UNIQUE:
        named = f"This {field.replace('_', ' ')} is" if field else "This is"
        return AlreadyExistsError(f"{named} already there.", field=field, hint="Choose another.", details=details)
    if broken.kind is ViolationKind.FOREIGN_KEY:
        return NotFoundError(
            "A row that this one refers to does not exist, or other rows still refer to this one.",
            hint="Refresh and look again.",
            details=details,
        )
    return InvalidInputError("The database refuses this value.", field=field, hint="Check it.", details=details)


# -- SQLite ------------------------------------------------------------------------------------------------------


_SQLITE_ANSWERS: Final[dict[str, tuple[type[AetherError], str, str]]] = {
    # result name: error, message ({where}), hint
    "SQLITE_BUSY": (
        StorageBusyError,
        "Another program holds the vault {where}.",
        "Close it there, or wait and try again.",
    ),
    "SQLITE_NOTADB": (
        NotAVaultError,
        "{where} is not a vault, or is damaged, or its key is another.",
        "Choose another file, or restore a back-up.",
    ),
    "SQLITE_READONLY": (
        ReadOnlyError,
        "{where} or its folder cannot be written.",
        "Change its permissions, or copy the vault to a folder of your own.",
    ),
    "SQLITE_FULL": (
        DiskFullError,
        "No room left on the disk of {where}; the change was not stored.",
        "Free some space and try again.",
    ),
    "SQLITE_CORRUPT": (
        DamagedVaultError,
        "{where} cannot be read or written as it should; it or its disk is damaged.",
        "Check the disk and restore the newest back-up.",
    ),
    "SQLITE_CANTOPEN": (
        StorageUnavailableError,
        "{where} cannot be opened.",
        "Look whether file and folder exist and are yours.",
    ),
}
_SQLITE_WORDS: Final = (  # some calls of the driver set no result name
    ("unable to open", "SQLITE_CANTOPEN"),
    ("disk is full", "SQLITE_FULL"),
    ("readonly database", "SQLITE_READONLY"),
    ("database is locked", "SQLITE_BUSY"),
    ("malformed", "SQLITE_CORRUPT"),
    ("disk I/O error", "SQLITE_IOERR"),
)
_SQLITE_SAME: Final = {
    "SQLITE_LOCKED": "SQLITE_BUSY",
    "SQLITE_PERM": "SQLITE_READONLY",
    "SQLITE_IOERR": "SQLITE_CORRUPT",
}


def _from_sqlite(error: sqlcipher.Error, *, where: str, cancelled: bool) -> Exception:
    name = getattr(error, "sqlite_errorname", "") or ""
    text = str(error)
    if name == "SQLITE_INTERRUPT":
        if cancelled:
            return OperationCancelled()
        return StorageBusyError("The work was interrupted.", hint="Try again.", details=text)
    name = next((named for words, named in _SQLITE_WORDS if words in text), name)
    answer = _SQLITE_ANSWERS.get(_SQLITE_SAME.get(name, name))
    if answer is not None:
        kind, message, hint = answer
        return kind(message.format(where=where), hint=hint, details=text)
    if _schema_differs_sqlite(text):
        return _schema_mismatch(where, text)
    return StorageError(f"The vault {where} refused the request: {text}.", details=text)


def _schema_differs_sqlite(text: str) -> bool:
    return text.startswith(("no such table", "no such column")) or " has no column named " in text


def _schema_mismatch(where: str, details: str) -> StorageError:
    return StorageError(
        f"The tables in {where} are not the ones this program expects.",
        hint="Run: aether-desktop doctor",
        details=details,
    )


# -- PostgreSQL --------------------------------------------------------------------------------------------------

_LOST_STATES: Final = ("08", "57P", "25P03", "25P04")
_BUSY_STATES: Final = frozenset({"55P03", "57014", "40001", "40P01"})
_POSTGRES_ANSWERS: Final[dict[str, tuple[type[AetherError], str, str]]] = {
    # SQLSTATE or class: error, message ({where}), hint
    "57P03": (StorageUnavailableError, "The server {where} is starting or stopping.", "Try again in a moment."),
    "28": (
        PermissionDeniedError,
        "The server {where} refused the user name or password.",
        "Check both; the server's administrator can set a new password.",
    ),
    "3D000": (NotFoundError, "There is no database of this name: {where}.", "Check the address."),
    "42501": (
        PermissionDeniedError,
        "The server {where} does not let your login do this.",
        "Ask the administrator of the database.",
    ),
    "25006": (
        ReadOnlyError,
        "The server {where} takes no changes now (it is a standby or read-only).",
        "Connect to the primary; an address may list several hosts with target_session_attrs=read-write.",
    ),
    "53100": (
        DiskFullError,
        "No room left on the disk of {where}; the change was not stored.",
        "Ask the administrator of the database.",
    ),
    "53": (
        StorageUnavailableError,
        "The server {where} has no connection or memory free.",
        "Try again in a moment.",
    ),
    "XX": (
        DamagedVaultError,
        "The server {where} reports damaged data.",
        "Ask the administrator of the database.",
    ),
    "58": (DamagedVaultError, "The server {where} cannot read or write its files.", "Ask its administrator."),
}


def _from_postgres(error: psycopg.Error, *, where: str, cancelled: bool) -> Exception:
    state = error.sqlstate or ""
    text = str(error).strip()
    if state in _BUSY_STATES:
        if cancelled and state == "57014":
            return OperationCancelled()
        return StorageBusyError(
            f"The server {where} took too long: another client holds what this needs, or the work is too large.",
            hint="Try again.",
            details=text,
        )
    for key in (state, state[:2]):
        if key in _POSTGRES_ANSWERS:
            kind, message, hint = _POSTGRES_ANSWERS[key]
            return kind(message.format(where=where), hint=hint, details=text)
    if state.startswith(_LOST_STATES) or (not state and isinstance(error, psycopg.OperationalError)):
        return _connection_failure(text, where=where)
    if state in {"42P01", "42703", "42883"}:
        return _schema_mismatch(where, text)
    if not state and isinstance(error, psycopg.InterfaceError):  # "the connection is closed"
        return ConnectionLostError(f"The connection to {where} was lost.", hint="Try again.", details=text)
    return StorageError(f"The server {where} refused the request: {text}", details=text)


_REFUSED_TABLE: Final = re.compile(
    r'(?:permission denied for (?:table|relation)|row-level security policy .*for table) "?(\w+)"?'
)
_FIRST_WORD: Final = re.compile(r"\b(SELECT|INSERT|COPY|UPDATE|DELETE|TRUNCATE)\b", re.IGNORECASE)
_VERBS: Final = {
    "SELECT": Verb.READ,
    "INSERT": Verb.ADD,
    "COPY": Verb.ADD,
    "UPDATE": Verb.CHANGE,
    "DELETE": Verb.REMOVE,
    "TRUNCATE": Verb.EMPTY,
}


def _not_permitted(error: psycopg.Error, statement: str, *, where: str) -> PermissionDeniedError:
    """Which rule of domain/permissions.py the server has applied; a function of ours says it in its own words."""
    text = str(error).strip()
    table, word = _REFUSED_TABLE.search(text), _FIRST_WORD.search(statement)
    if table is not None and word is not None and table[1] in RULES:
        refused = denied(_VERBS[word[1].upper()], table[1], details=text)
        if "row-level security policy" not in text:
            return refused
        also = "The same is said where a row that it refers to belongs to somebody else or does not exist."
        return PermissionDeniedError(f"{refused.message} {also}", hint=refused.hint, details=text)
    said = error.diag.message_primary or text
    if said.startswith(("only a Zadokite", "a vault keeps")):
        return PermissionDeniedError(
            f"{said[0].upper()}{said[1:]}.", hint="A Zadokite of the vault can help (People).", details=text
        )
    kind, message, hint = _POSTGRES_ANSWERS["42501"]
    assert issubclass(kind, PermissionDeniedError)  # noqa: S101 - narrows the type
    return kind(message.format(where=where), hint=hint, details=text)


def _connection_failure(text: str, *, where: str) -> AetherError:
    lowered = text.lower()
    if "password authentication failed" in lowered or "no password supplied" in lowered:
        kind, message, hint = _POSTGRES_ANSWERS["28"]
        return kind(message.format(where=where), hint=hint, details=text)
    if 'database "' in lowered and "does not exist" in lowered:
        kind, message, hint = _POSTGRES_ANSWERS["3D000"]
        return kind(message.format(where=where), hint=hint, details=text)
    if "is not permitted to log in" in lowered:  # before a session there is no SQLSTATE
        return PermissionDeniedError(
            f"The server {where} does not let this login in any more: its person was disabled, or invited again.",
            hint="Ask a Zadokite of the vault.",
            details=text,
        )
    if "too many connections" in lowered or "connection slots" in lowered:
        kind, message, hint = _POSTGRES_ANSWERS["53"]
        return kind(message.format(where=where), hint=hint, details=text)
    if "certificate" in lowered or "does not support ssl" in lowered or "ssl error" in lowered:
        return StorageUnavailableError(
            f"The server {where} could not prove who it is (TLS).",
            hint="Add sslrootcert=FILE with your authority's certificate to the address, or ask the administrator.",
            details=text,
        )
    return ConnectionLostError(
        f"The database server {where} cannot be reached.",
        hint="Check that it runs and that the network is up; what you typed is kept, try again.",
        details=text,
    )
