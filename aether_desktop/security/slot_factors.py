"""From what a person gives to the bytes that are stretched."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from aether_desktop.domain.courts import Court
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import Factor, FactorKind
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.memory import Secret
from aether_desktop.security.recovery_kit import entropy_of

_WRONG: Final = MappingProxyType(
    {
        FactorKind.PASSPHRASE: "That is not the password.",
        FactorKind.KEY_FILE: "That key file is not the one of this vault.",
        FactorKind.KIT: "These words are a recovery kit, but not of this vault.",
    }
)


def wrong_factor(kind: FactorKind, level: Court) -> str:
    """Said when a factor opens nothing; the password opens level 1 only."""
    if kind is FactorKind.PASSPHRASE and level is not Court.OUTER:
        return f"That is not the passphrase of level {int(level)}."
    return _WRONG[kind]


def factor_bytes(factor: Factor) -> Secret:
    """The passphrase's UTF-8, the key file's 32 bytes, or the kit's 32 bytes.

    Raises WrongFactorError for words that are no kit, KeyMissingError, PermissionDeniedError, KeyStoreError for a key
    file, InvalidInputError for an empty passphrase.
    """
    if factor.kind is FactorKind.KIT:
        return entropy_of(factor.secret.decode("utf-8", "surrogatepass"))
    if factor.kind is FactorKind.KEY_FILE:
        if factor.path is None:
            raise InvalidInputError("No key file is named.", field="key file")
        return Secret(KeyFileStore(factor.path).load(factor.path))
    if not any(factor.secret):
        raise InvalidInputError("The password is empty.", field="password")
    return Secret(factor.secret)
