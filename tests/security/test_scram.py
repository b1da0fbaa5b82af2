"""Verifiers of database passwords: the published exchange of RFC 7677, and PostgreSQL itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest

from aether_desktop.security.scram import ITERATIONS, new_password, scram_keys, scram_verifier
from tests.support.postgres import PostgresCluster

SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
MESSAGES = b",".join(
    (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    )
)


def test_the_exchange_of_rfc_7677() -> None:
    stored, server = scram_keys("pencil", salt=SALT, iterations=4096)
    signature = hmac.digest(server, MESSAGES, "sha256")
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    client_key = bytes(a ^ b for a, b in zip(proof, hmac.digest(stored, MESSAGES, "sha256"), strict=True))
    assert hashlib.sha256(client_key).digest() == stored


def test_the_verifier_is_written_as_postgresql_writes_it() -> None:
    stored, server = (base64.b64encode(key).decode() for key in scram_keys("pencil", salt=SALT, iterations=4096))
    expected = f"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==${stored}:{server}"
    assert scram_verifier("pencil", salt=SALT) == expected
    assert scram_verifier("pencil") != scram_verifier("pencil")


@pytest.mark.parametrize("password", ["", "m\u00fc", "a\x00b", "tab\t"])
def test_what_sasl_could_change_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        scram_verifier(password)


def test_passwords_are_long_and_different() -> None:
    made = {new_password() for _ in range(100)}
    assert len(made) == 100
    assert {len(bytes.fromhex(password)) for password in made} == {32}


def test_postgresql_takes_the_verifier_and_then_the_password(
    postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]
) -> None:
    admin, password = postgres_database(), new_password()
    name = "scram_test"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{scram_verifier(password)}'")
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (name,)).fetchone()
        try:
            assert kept is not None
            assert kept[0].startswith(f"SCRAM-SHA-256${ITERATIONS}:")
            database = urlsplit(admin).path.lstrip("/")
            with psycopg.connect(postgres_cluster.url(database, user=name, password=password)) as own:
                assert own.execute("SELECT session_user").fetchone() == (name,)
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(postgres_cluster.url(database, user=name, password=new_password()))
        finally:
            connection.execute(f"DROP ROLE {name}")
