"""Backups of a shared database, as docs/shared-databases.md says: complete by a role past the policies, by no other."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg

from aether_desktop.storage.opening import open_shared
from tests.access.scene import Scene
from tests.support.postgres import PostgresCluster, binaries
from tests.support.storages import as_founder, provision


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    command = [str(binaries() / program), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as session:
        names = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = {str(name): session.execute(f"SELECT count(*) FROM {name}".encode()).fetchone() for (name,) in names}
    return {name: int(row[0]) for name, row in found.items() if row is not None}


def test_a_backup_is_complete_or_refused(scene: Scene, postgres_cluster: PostgresCluster, tmp_path: Path) -> None:
    refused = run("pg_dump", "--format=custom", f"--file={tmp_path / 'own.dump'}", scene.url("zadok"))
    assert refused.returncode != 0
    assert "denied" in refused.stderr or "row-level security" in refused.stderr
    backup, password = f"backup_{scene.tag}", "for-this-test"
    base = scene.administration.rpartition("/")[2]
    with psycopg.connect(scene.administration, autocommit=True) as session:
        session.execute(f"CREATE ROLE {backup} LOGIN BYPASSRLS PASSWORD '{password}'".encode())
        session.execute(f"GRANT pg_read_all_data TO {backup}".encode())
        session.execute(f"GRANT CONNECT ON DATABASE {base} TO {backup}".encode())
    dump = tmp_path / "family.dump"
    keeper = postgres_cluster.url(base, user=backup, password=password)
    done = run("pg_dump", "--format=custom", f"--file={dump}", keeper)
    assert done.returncode == 0, done.stderr
    restored = postgres_cluster.url(postgres_cluster.create_database())
    try:
        done = run("pg_restore", "--clean", "--if-exists", f"--dbname={restored}", str(dump))
        assert done.returncode == 0, done.stderr
        provisioned = provision(restored)
        assert (provisioned.tag, provisioned.made) == (scene.tag, False)
        before, after = counts(scene.administration), counts(restored)
        assert {name: after[name] for name in before} == before
        with closing(open_shared(as_founder(restored))) as vault:
            assert vault.info.vault_id == scene.vault_id
    finally:
        postgres_cluster.drop_database(restored.rpartition("/")[2])
