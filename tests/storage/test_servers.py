"""PostgreSQL as it is met outside: behind PgBouncer, with TLS, with several hosts."""

from __future__ import annotations

import datetime as dt
import os
import pwd
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from aether_desktop.ports.changes import ChangeSet
from aether_desktop.ports.errors import OperationCancelled, StorageUnavailableError
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.changes import PostgresWatcher
from aether_desktop.storage.sql_storage import open_database
from tests.storage import samples
from tests.support.pooler import Pooler
from tests.support.postgres import PostgresCluster
from tests.support.storages import as_founder, database_template, provision


@pytest.fixture
def url(postgres_cluster: PostgresCluster, postgres_database: Callable[..., str]) -> str:
    return as_founder(postgres_database(template=database_template(postgres_cluster)))


class TestPooler:
    @pytest.fixture
    def pooled(self, url: str) -> Iterator[str]:
        with closing(Pooler(url)) as pooler:
            yield f"{pooler.url}?pooler=transaction"

    def test_many_clients_work_over_few_connections(self, pooled: str) -> None:
        with closing(open_database(pooled)) as first, closing(open_database(pooled)) as second:
            errors: list[BaseException] = []

            def work(turn: int) -> None:
                storage = (first, second)[turn % 2]
                try:
                    for step in range(10):
                        number = 1000 + turn * 100 + step
                        address = samples.evm_address(number)
                        wallet = samples.wallet(storage, name=f"wallet {number}", address=address)
                        storage.wallets.create(wallet)
                        assert storage.wallets.get(wallet.id) == wallet
                except BaseException as error:  # noqa: BLE001 - looked at below
                    errors.append(error)

            threads = [threading.Thread(target=work, args=(turn,)) for turn in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
            assert len(first.wallets.all()) == 60

    def test_timeouts_do_not_leak_to_other_clients(self, pooled: str, url: str) -> None:
        with closing(open_database(pooled)) as storage, closing(Pooler(url, size=1)):
            storage.wallets.all()
            bare = pooled.partition("?")[0]
            with psycopg.connect(bare, autocommit=True, prepare_threshold=None) as other:
                row = other.execute("SELECT current_setting('statement_timeout')").fetchone()
        assert row == ("0",)

    def test_changes_of_others_arrive_by_polling(self, pooled: str) -> None:
        with closing(open_database(pooled)) as first, closing(open_database(pooled)) as second:
            heard = threading.Event()

            def listen(changes: ChangeSet) -> None:
                if changes.foreign:
                    heard.set()

            watcher = first._vault.watcher
            assert isinstance(watcher, PostgresWatcher)
            assert watcher.primed.wait(5)
            first.changes.subscribe(listen)
            second.wallets.create(samples.wallet(second))
            assert heard.wait(1.0)

    def test_an_undeclared_pooler_is_noticed(self, pooled: str) -> None:
        """LISTEN seems to work behind a transaction pooler, but nothing arrives: then polling goes on."""
        undeclared = pooled.partition("?")[0]
        with closing(open_database(undeclared)) as first, closing(open_database(pooled)) as second:
            heard = threading.Event()
            watcher = first._vault.watcher
            assert isinstance(watcher, PostgresWatcher)
            assert watcher.primed.wait(5)
            first.changes.subscribe(lambda changes: heard.set() if changes.foreign else None)
            second.wallets.create(samples.wallet(second))
            assert heard.wait(1.0)

    def test_cancelling_reaches_the_server_through_the_pooler(self, pooled: str) -> None:
        token = CancelToken()
        with closing(open_database(pooled)) as storage, pytest.raises(OperationCancelled):
            timer = threading.Timer(0.2, token.cancel)
            timer.start()
            try:
                storage._database.fetch(
                    lambda connection: connection.execute(text("SELECT pg_sleep(600)")).scalar(), token=token
                )
            finally:
                timer.join()


@dataclass(frozen=True)
class Authority:
    """A certificate authority and a server's certificate of its making, as files."""

    root: Path
    certificate: Path
    key: Path


def make_authority(folder: Path, name: str, owner: str | None) -> Authority:
    now = dt.datetime.now(dt.UTC)

    def builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )

    root_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = builder(name, name, root_key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    server = builder("server", name, server_key).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
    )
    made = Authority(folder / f"{name}-root.pem", folder / f"{name}.pem", folder / f"{name}.key")
    made.root.write_bytes(root.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    made.certificate.write_bytes(server.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    made.key.touch(0o600)
    made.key.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    if owner is not None:
        account = pwd.getpwnam(owner)
        for path in (made.key, made.certificate):
            os.chown(path, account.pw_uid, account.pw_gid)
    return made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == os.geteuid() and parent.is_relative_to(tempfile.gettempdir()):
            parent.chmod(parent.stat().st_mode | 0o055)  # the server is somebody else
    return make_authority(folder, "ours", "postgres" if os.geteuid() == 0 else None)


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[PostgresCluster]:
    settings = {"ssl": "on", "ssl_cert_file": str(authority.certificate), "ssl_key_file": str(authority.key)}
    with closing(PostgresCluster(settings=settings)) as cluster:
        cluster.start()
        yield cluster


@pytest.fixture(scope="module")
def address(server: PostgresCluster) -> str:
    url = server.url(server.create_database())
    provision(url)
    return as_founder(url)


class TestTls:
    def test_a_server_that_proves_itself_is_trusted(self, address: str, authority: Authority) -> None:
        with closing(open_database(f"{address}?sslmode=verify-full&sslrootcert={authority.root}")) as storage:
            assert storage.info.encrypted
            assert storage.wallets.all() == []

    def test_a_server_of_another_authority_is_refused(self, address: str, tmp_path: Path) -> None:
        other = make_authority(tmp_path, "theirs", None)
        with pytest.raises(StorageUnavailableError, match="could not prove who it is"):
            open_database(f"{address}?sslmode=verify-full&sslrootcert={other.root}")

    def test_a_certificate_for_another_name_is_refused(self, address: str, authority: Authority) -> None:
        named = address.replace("@127.0.0.1:", "@localhost:")
        with pytest.raises(StorageUnavailableError, match="could not prove who it is"):
            open_database(f"{named}?sslmode=verify-full&sslrootcert={authority.root}")

    def test_a_server_without_tls_is_refused_where_it_is_wanted(self, url: str, authority: Authority) -> None:
        with pytest.raises(StorageUnavailableError, match="could not prove who it is"):
            open_database(f"{url}?sslmode=verify-full&sslrootcert={authority.root}")


class TestSeveralHosts:
    def test_the_host_that_answers_is_used(self, url: str, postgres_cluster: PostgresCluster) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # nobody listens there
            dead = closed.getsockname()[1]
            several = url.replace(
                f"@127.0.0.1:{postgres_cluster.port}", f"@127.0.0.1:{dead},127.0.0.1:{postgres_cluster.port}"
            )
            with closing(open_database(f"{several}?target_session_attrs=read-write")) as storage:
                assert storage.wallets.all() == []
                storage.wallets.create(samples.wallet(storage))
                assert len(storage.wallets.all()) == 1
