"""Real EVM chains on loopback: anvil, started by the tests on a free port. ``scripts/setup --dev`` brings it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aether_desktop.networks.evm import JsonRpcConnections
from aether_desktop.ports.networks import JsonRpc
from tests.support.processes import Child, ToolMissingError, bound_to_parent

WORDS: Final = "test test test test test test test test test test test junk"  # of its ten rich accounts
_STARTED: Final = 1_700_000_000  # seconds
_LISTENS: Final = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


def program() -> Path:
    """Raises ToolMissingError, which names the cure."""
    found = sorted((Path(sys.prefix) / "chain/node_modules/@foundry-rs").glob("anvil-*/bin/anvil"))
    if not found:
        raise ToolMissingError("The test chain is not installed; run: scripts/setup --dev")
    return found[0]


class Chain:
    """One chain whose blocks come when asked for (``mine``). ``call`` is our own client, its chain id proven."""

    def __init__(self, chain_id: int, connections: JsonRpcConnections, *, options: Sequence[str] = ()) -> None:
        self.chain_id = chain_id
        command = [str(program()), "--host", "127.0.0.1", "--port", "0", "--chain-id", str(chain_id)]
        command += ["--mnemonic", WORDS, "--timestamp", str(_STARTED), "--no-mining", *options]
        self._child = Child(
            bound_to_parent(command),
            env={"PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", "NO_COLOR": "1"},
            ready=lambda line: _LISTENS.search(line) is not None,
            name=f"chain {chain_id}",
        )
        self._child.wait_until_ready()
        found = _LISTENS.search(self._child.output)
        assert found is not None
        self.url = f"http://127.0.0.1:{found[1]}"
        self._client: JsonRpc = connections.connect([self.url], chain_id)
        self.call("eth_chainId")

    def call(self, method: str, *parameters: object) -> object:
        return self._client.call(method, parameters)

    def number(self, method: str, *parameters: object) -> int:
        """A result that is a quantity."""
        return int(str(self.call(method, *parameters)), 16)

    def mine(self, blocks: int = 1) -> None:
        self.call("anvil_mine", hex(blocks))

    def close(self) -> None:
        self._child.stop()
