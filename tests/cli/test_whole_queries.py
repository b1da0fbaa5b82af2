"""What is done with all rows of a query from the command line: sums and labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_ledger import ADD, COIN
from tests.services import files


@pytest.fixture
def ledger(books: Run, tmp_path: Path) -> Run:
    books(*ADD)
    rows = (files.incoming(1, "2"), files.outgoing(2, "0.5"), files.outgoing(3, "1", fee="0.002", failed=True))
    books("import", str(files.write(tmp_path / "export.csv", files.NORMAL, *rows)), "--wallet", "Main")
    return books


def test_a_query_is_added_up(ledger: Run) -> None:
    whole = ledger("transactions", "sum", "--json").json("transactions-sum")
    (token,) = whole["tokens"]
    assert (whole["rows"], whole["uncounted"], token["symbol"], token["rows"]) == (3, 1, "ETH", 3)
    assert (int(token["in"]), int(token["out"])) == (2 * COIN, COIN // 2)
    (balance,) = ledger("balance", "--json").json("balance")
    assert token["net"] == balance["base_units"]
    part = ledger("transactions", "sum", "--query", "direction:in")
    assert part.out.splitlines()[1].split()[:3] == ["ETH", "1", "2"]
    assert part.err.strip().endswith("1 row.")
    refused = ledger("transactions", "sum", "--query", "colour:red", code=1)
    assert refused.err.startswith("filter: ")


def test_labels_are_set_after_the_number_was_said(ledger: Run) -> None:
    query = ("labels", "set", "--query", "direction:out", "--label", "rent")
    asked = ledger(*query, code=1)
    told = "2 rows would be written on; each of the 0 that have a label keeps it."
    assert asked.err.splitlines()[-1] == f"{told} Nothing was changed. Add --yes to do it."
    done = ledger(*query, "--tag", "home", "--yes", "--json")
    assert done.json("labels-set") == {"rows": 2, "changed": 2, "unchanged": 0, "gone": 0, "problem": ""}
    assert ledger("transactions", "sum", "--query", "label:rent tag:home").err.strip().startswith("2 rows")
    again = ledger("labels", "set", "--query", "", "--label", "all", "--yes", "--json").json("labels-set")
    assert (again["changed"], again["unchanged"]) == (1, 2)
    replaced = ledger("labels", "set", "--query", "", "--label", "all", "--replace", "--yes", "--json")
    assert replaced.json("labels-set")["changed"] == 2
    refused = ledger("labels", "set", "--query", "", "--tag", "two words", "--yes", code=1)
    assert refused.err.startswith("tags: ")
