"""Watching without a window: a real vault, real endpoints, and the file that is watched without a password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.cli.conftest import Run
from tests.support.scripted_endpoints import HOSTILE, ScriptedServer, ServerThread


@pytest.fixture(scope="module")
def servers() -> Iterator[ServerThread]:
    with closing(ServerThread()) as thread:
        yield thread


def test_nodes_are_asked_once_and_what_came_is_kept(books: Run, servers: ServerThread) -> None:
    assert "No node is watched" in books("monitor", "--once").err
    gate = servers.serve(ScriptedServer())
    altar = servers.serve(ScriptedServer(HOSTILE["html error"]))
    for name, server in (("gate", gate), ("altar", altar)):
        books(
            *("nodes", "add", name, "--tier", "ftc", "--storage", "3", "--network", "atc"),
            *("--endpoint", f"evm=http://127.0.0.1:{server.port}/planted"),
        )
    books("nodes", "retire", "altar")
    (line,) = [json.loads(each) for each in books("monitor", "--once", "--json").out.splitlines() if "gate" in each]
    assert (line["status"], line["height"]) == ("up", 1000)
    books("nodes", "reinstate", "altar")
    done = books("monitor", "--once", code=1)
    assert "altar" in done.out
    assert "unknown" in done.out  # one bad answer is not down yet, and not up either
    assert "planted" not in done.out + done.err
    listed = {node["name"]: node for node in books("nodes", "list", "--json").json("nodes-list")}
    assert listed["gate"]["status"] == "up"
    assert listed["altar"]["status"] == "unknown"
    assert "not allowed" in books("monitor", "--locked", "--once", code=1).err
    books("nodes", "watch-locked", "on")
    gate.height = 1003
    asked = len(gate.asked)
    locked = books("monitor", "--locked", "--seconds", "1.5", "--json")
    assert len(gate.asked) > asked
    assert any(json.loads(line)["status"] == "up" for line in locked.out.splitlines() if "gate" in line)
    assert books("nodes", "show", "gate", "--json").json("nodes-show")["status"] == "up"
