"""A real PgBouncer in transaction mode before the test server: unprivileged, loopback only, gone with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.processes import Child, bound_to_parent, tool

_CONFIG = """[databases]
{database} = host={host} port={port} dbname={database} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
server_reset_query =
log_connections = 0
log_disconnections = 0
"""


class Pooler:
    """Leads to one database; a few server connections serve all clients, a transaction at a time."""

    def __init__(self, url: str, *, size: int = 2) -> None:
        parts = urlsplit(url)
        self._folder = Path(tempfile.mkdtemp(prefix="aether-pool-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        config = self._folder / "pgbouncer.ini"
        config.write_text(
            _CONFIG.format(
                database=parts.path[1:],
                host=parts.hostname,
                port=parts.port,
                user=parts.username,
                password=parts.password,
                own_port=port,
                size=size,
            )
        )
        user = "nobody" if os.geteuid() == 0 else None
        if user is not None:
            account = pwd.getpwnam(user)
            for path in (self._folder, config):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._child = Child(
            bound_to_parent([tool("pgbouncer"), str(config)], user=user),
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            ready=lambda line: "process up" in line,
            name="pgbouncer",
            cwd=self._folder,
        )
        self._child.wait_until_ready()
        self.url = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"

    def close(self) -> None:
        """End the pooler."""
        self._child.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
