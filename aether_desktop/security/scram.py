"""Passwords of database logins: random, and known to the server only as a SCRAM-SHA-256 verifier. Any thread."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

ITERATIONS: Final = 4096  # RFC 7677's floor and PostgreSQL's default; the password has 256 random bits
PASSWORD_BYTES: Final = 32
_SALT_BYTES: Final = 16


def new_password() -> str:
    """64 hexadecimal digits, 256 random bits; made for a program, nobody types it."""
    return secrets.token_hex(PASSWORD_BYTES)


def scram_keys(password: str, *, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """StoredKey and ServerKey of RFC 5802. Raises ValueError for a password that SASLprep could change."""
    if not password.isascii() or not password.isprintable() or not password:
        raise ValueError("a login's password is printable ASCII")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256")


def scram_verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """What PostgreSQL keeps (RFC 5803): no way back to the password. Raises ValueError as ``scram_keys``."""
    used = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    stored, server = scram_keys(password, salt=used, iterations=iterations)
    text = (base64.b64encode(part).decode("ascii") for part in (used, stored, server))
    salt_text, stored_text, server_text = text
    return f"SCRAM-SHA-256${iterations}:{salt_text}${stored_text}:{server_text}"
