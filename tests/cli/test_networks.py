"""Networks by the command line."""

from __future__ import annotations

from contextlib import closing

from tests.cli.conftest import Run
from tests.support.scripted_endpoints import HEIGHT, ScriptedServer, ServerThread, well


def test_networks_are_entered_listed_checked_and_removed(books: Run) -> None:
    with closing(ServerThread()) as servers:
        node, other = servers.serve(ScriptedServer(well, chain_id=26_150)), servers.serve(ScriptedServer(well))
        shown = node.url.partition("/key")[0]  # without the access key
        entered = ("network", "set", "26150", "--name", "FractalCoin", "--symbol", "FTC", "--endpoint", node.url)
        made = books(*entered, "--explorer", "https://x.example", "--confirmations", "3", "--json").json("network")
        assert (made["confirmations"], made["preset"], made["endpoints"]) == (3, False, [shown])
        found = books("network", "check", "ftc", "--json").json("network-check")
        assert found == [{"endpoint": shown, "head": HEIGHT, "problem": ""}]
        books("network", "set", "26150", "--endpoint", other.url)
        assert "serves chain 2615, not 26150" in books("network", "check", "26150", code=1).out
    listed = books("network", "list", "--json").json("network-list")
    assert [each["chain_id"] for each in listed] == [2615, 2616, 2618, 1, 11155111, 26150]
    assert "planted" not in books("network", "list").out
    books("network", "remove", "FractalCoin")
    assert "There is no network" in books("network", "remove", "FractalCoin", code=1).err
    assert "preset" in books("network", "remove", "2615", code=1).err
    assert books("network", "set", "7", "--name", "x", code=1).err.startswith("symbol:")
