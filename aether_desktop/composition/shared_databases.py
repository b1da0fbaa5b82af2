"""Shared databases as their administrator sets them up, and where a person's database password lies. Worker threads.

The password of a person's own login is random and never typed: it lies in the keyring under the address, or, where a
key file stands for the keyring, in a file beside it that ends in ``.login``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aether_desktop.ports.errors import KeyMissingError, KeyStoreAbsentError, KeyStoreError
from aether_desktop.security.key_file import KeyFileStore
from aether_desktop.security.keyring_store import KeyringStore
from aether_desktop.security.scram import new_password, scram_verifier
from aether_desktop.storage import sql_storage
from aether_desktop.storage.addresses import split_password


@dataclass(frozen=True, slots=True)
class ProvisionedDatabase:
    """``url`` is the founder's address, without a password; ``kept`` says where the password lies now, if it is new."""

    url: str
    vault_name: str
    kept: str
    before: str | None
    after: str


def provision(
    url: str, *, name: str, username: str, key_file: Path | None = None, replace_password: bool = False
) -> ProvisionedDatabase:
    """Set up or renew a database as its administrator, whose address ``url`` is; the founder gets a login of their own.

    Raises PermissionDeniedError naming a missing right, NotAVaultError, InvalidInputError, KeyStoreError, StorageError.
    """
    plain, administrators = split_password(url)
    password = _fresh_password(key_file)
    done = sql_storage.provision_database(
        plain,
        name=name,
        username=username,
        verifier=scram_verifier(password),
        password=administrators,
        replace_password=replace_password,
    )
    own = with_login(plain, done.login)
    kept = _keep(own, password, key_file) if done.made else ""
    return ProvisionedDatabase(own, done.vault_name, kept, done.before, done.after)


def own_password(url: str, *, key_file: Path | None, known: bool) -> tuple[str, str | None]:
    """The address without its password, and the password: from it, from the key file's neighbour, from the keyring.

    The keyring is asked for addresses opened before (``known``) and for logins that this program makes. None: libpq
    looks itself (PGPASSWORD, .pgpass, a certificate). Raises KeyStoreError and its kinds.
    """
    plain, password = split_password(url)
    if password is not None:
        return plain, password
    ours = known or (urlsplit(plain).username or "").startswith("aether_")
    if key_file is not None and ours:
        with suppress(KeyMissingError):
            return plain, KeyFileStore(login_file(key_file)).load(key_file).hex()
    if key_file is None and ours:
        with suppress(KeyStoreAbsentError):
            return plain, KeyringStore().load_password(plain)
    return plain, None


def keep_new_password(url: str, *, key_file: Path | None) -> str:
    """A fresh password of a login, kept before the server learns it. Raises KeyStoreError."""
    if key_file is not None:
        return KeyFileStore(login_file(key_file)).create(key_file).hex()
    password = new_password()
    KeyringStore().save_password(url, password)
    return password


def login_file(key_file: Path) -> Path:
    """Where the database password lies when a key file stands for the keyring."""
    return key_file.with_name(f"{key_file.name}.login")


def with_login(url: str, login: str) -> str:
    """The same database as somebody else."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "user"]
    return parts._replace(netloc=f"{login}@{place}", query=urlencode(query, quote_via=quote, safe="/,:@")).geturl()


def _fresh_password(key_file: Path | None) -> str:
    """Refuses before anything is changed where a password could not be kept."""
    if key_file is not None:
        return KeyFileStore(login_file(key_file)).create(key_file).hex()
    KeyringStore().describe()
    return new_password()


def _keep(url: str, password: str, key_file: Path | None) -> str:
    if key_file is not None:
        return str(login_file(key_file))
    try:
        KeyringStore().save_password(url, password)
    except KeyStoreError as error:
        raise KeyStoreError(
            f"The database is set up, but the keyring did not take the founder's password: {error.message}",
            hint="Unlock it, then run: aether-desktop postgres provision URL --new-password",
            details=error.details,
        ) from error
    return "the keyring"
