"""Every error a user may see. ``message`` says what happened, ``hint`` what to do; both plain text."""

from __future__ import annotations


class AetherError(Exception):
    """Base of all expected errors: the environment or the input, never a bug of ours."""

    def __init__(self, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInputError(AetherError):
    """A value typed or imported is refused; ``field`` names it (a column or option name)."""

    def __init__(self, message: str, *, field: str = "", hint: str = "", details: str = "") -> None:
        super().__init__(message, hint=hint, details=details)
        self.field = field


class QuerySyntaxError(InvalidInputError):
    """A typed filter cannot be read; ``position`` is the 0-based character where."""

    def __init__(self, message: str, *, position: int, hint: str = "") -> None:
        super().__init__(message, field="filter", hint=hint)
        self.position = position


class NotFoundError(AetherError):
    """The row, wallet or batch named does not exist (any more)."""


class AlreadyExistsError(InvalidInputError):
    """A name or address that must be unique is taken."""


class ConflictError(AetherError):
    """A lost update: somebody changed the row since it was read. Carries both versions (domain records)."""

    def __init__(self, message: str, *, mine: object, theirs: object) -> None:
        super().__init__(message, hint="Look at the differences and choose which values to keep.")
        self.mine = mine
        self.theirs = theirs


class PermissionDeniedError(AetherError):
    """The person's role or the file's mode does not permit it."""


class StorageError(AetherError):
    """The database cannot do what was asked."""


class StorageUnavailableError(StorageError):
    """The server or file cannot be reached now; what was typed is kept, trying again may work."""


class StorageBusyError(StorageUnavailableError):
    """Another program holds the vault."""


class NotAVaultError(StorageError):
    """The file is not one of our vaults (foreign, truncated or corrupt)."""


class WrongKeyError(StorageError):
    """The key does not open this vault."""


class DamagedVaultError(StorageError):
    """The vault opens but its pages do not verify."""


class ReadOnlyError(StorageError):
    """The vault or its folder cannot be written."""


class DiskFullError(StorageError):
    """No room left; the change was rolled back."""


class SchemaTooNewError(StorageError):
    """Written by a newer program."""


class SchemaTooOldError(StorageError):
    """A shared database that an administrator must migrate first."""


class KeyStoreError(AetherError):
    """The OS keyring did not give or take the key."""


class KeyStoreAbsentError(KeyStoreError):
    """No usable keyring on this machine."""


class KeyStoreLockedError(KeyStoreError):
    """The keyring is locked."""


class KeyMissingError(KeyStoreError):
    """The keyring answers but holds no key for this vault."""


class ImportRefusedError(InvalidInputError):
    """A whole file is refused (unknown headings, empty, binary, gone while read)."""


class OperationCancelled(Exception):  # noqa: N818 - stopping on request is not an error
    """Raised inside a job whose token was cancelled; nothing of it was stored."""
