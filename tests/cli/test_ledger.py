"""Wallets, imports, balances, transactions, labels, prices and modules from the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.services import files
from tests.services.conftest import ADDRESS

ADD = ("wallet", "add", "--name", "Main", "--chain", "ethereum", "--address", ADDRESS.lower())
COIN = 10**18


@pytest.fixture
def main_wallet(books: Run) -> Run:
    books(*ADD)
    return books


@pytest.fixture
def export(tmp_path: Path) -> str:
    rows = (files.incoming(1, "2"), files.outgoing(2, "0.5"), files.outgoing(3, "1", fee="0.002", failed=True))
    return str(files.write(tmp_path / "export.csv", files.NORMAL, *rows))


def test_wallets_are_added_and_listed(books: Run) -> None:
    added = books(*ADD, "--json").json("wallet")
    assert (added["address"], added["chain"]) == (ADDRESS, "ethereum")
    assert books("wallet", "list", "--json").json("wallet-list") == [added]
    assert ADDRESS in books("wallet", "list").out
    identifier = books("wallet", "add", "--name", "ATC", "--chain", "2615", "--address", ADDRESS).out.strip()
    assert identifier.isdigit()


def test_an_import_accounts_for_every_row(main_wallet: Run, export: str, tmp_path: Path) -> None:
    dry = main_wallet("import", export, "--wallet", "Main", "--dry-run", "--json").json("import")
    assert dry == [
        {
            "file": export,
            "kind": "etherscan.normal",
            "rows": 3,
            "new": 3,
            "duplicates": 0,
            "rejected": [],
            "batch": None,
        }
    ]
    bad = str(files.write(tmp_path / "bad.csv", files.NORMAL, files.incoming(3, "much"), files.incoming(4, "1")))
    done = main_wallet("import", export, bad, str(tmp_path / "none.csv"), "--wallet", "main", "--json", code=1)
    first, second, third = done.json("import")
    assert (first["new"], first["batch"].isdigit()) == (3, True)
    assert (second["rows"], second["new"], [each["row"] for each in second["rejected"]]) == (2, 1, [2])
    assert (third["kind"], third["batch"], third["rejected"][0]["row"]) == ("", None, 0)
    assert "row 2: " in done.err
    assert "none.csv" in done.err
    again = main_wallet("import", export, "--wallet", "Main", "--json").json("import")
    assert (again[0]["new"], again[0]["duplicates"]) == (0, 3)
    listed = main_wallet("import", "list", "--json").json("import-list")
    assert [each["file"] for each in listed] == ["export.csv", "bad.csv", "export.csv"]


def test_balances_are_exact_and_undo_takes_them_back(main_wallet: Run, export: str) -> None:
    batch = main_wallet("import", export, "--wallet", "Main").out.strip()
    wanted = 2 * COIN - COIN // 2 - COIN // 1000 - 2 * COIN // 1000
    expected = {"wallet": "Main", "symbol": "ETH", "contract": "", "decimals": 18, "base_units": str(wanted)}
    assert main_wallet("balance", "--json").json("balance") == [expected]
    assert main_wallet("balance", "--wallet", ADDRESS, "--json").json("balance") == [expected]
    assert "1.497 " in main_wallet("balance").out
    assert "3 rows removed" in main_wallet("import", "undo", batch).err
    assert main_wallet("balance", "--json").json("balance") == []
    assert "already undone" in main_wallet("import", "undo", batch, code=1).err


def test_transactions_are_listed_by_query(main_wallet: Run, export: str) -> None:
    main_wallet("import", export, "--wallet", "Main")
    rows = main_wallet("transactions", "list", "--query", "amount>=1 sort:amount", "--json").json("transactions")
    assert [(row["amount"], row["status"]) for row in rows] == [("1", "failed"), ("2", "confirmed")]
    limited = main_wallet("transactions", "list", "--limit", "1", "--columns", "amount,date", "--json")
    assert [sorted(row) for row in limited.json("transactions")] == [
        ["amount", "amount_base_units", "amount_contract", "amount_decimals", "amount_symbol", "occurred_at"]
    ]
    text = main_wallet("transactions", "list", "--query", "status:failed").out
    assert text.splitlines()[0].split()[:4] == ["occurred_at", "wallet", "direction", "amount"]
    assert "1 ETH" in text
    said = main_wallet("transactions", "list", "--query", "colour:red", code=1).err
    assert "Fields: occurred_at" in said


@pytest.mark.parametrize("form", ["csv", "json"])
def test_exports_come_back_without_loss(main_wallet: Run, export: str, tmp_path: Path, form: str) -> None:
    main_wallet("import", export, "--wallet", "Main")
    before = main_wallet("balance", "--json").out
    target = tmp_path / f"out.{form}"
    main_wallet("transactions", "export", "--format", form, "--output", str(target))
    printed = main_wallet("transactions", "export", "--format", form).out
    assert printed == target.read_bytes().decode("utf-8")
    if form == "csv":
        assert len(list(csv.DictReader(io.StringIO(printed, newline="")))) == 3
    else:
        assert len(json.loads(printed)) == 3
    again = main_wallet("import", str(target), "--wallet", "Main", "--json").json("import")
    assert (again[0]["new"], again[0]["duplicates"]) == (0, 3)
    for each in main_wallet("import", "list", "--json").json("import-list"):
        main_wallet("import", "undo", each["batch"])
    assert main_wallet("import", str(target), "--wallet", "Main", "--json").json("import")[0]["new"] == 3
    assert main_wallet("balance", "--json").out == before


def test_labels_go_out_and_in(main_wallet: Run, export: str, tmp_path: Path) -> None:
    main_wallet("import", export, "--wallet", "Main")
    labels = tmp_path / "labels.jsonl"
    record = {"type": "tx", "ref": files.tx_hash(1), "label": "rent", "height": 7}
    labels.write_text(json.dumps(record) + "\n{broken\n")
    done = main_wallet("labels", "import", str(labels), "--json", code=1)
    assert [each["row"] for each in done.json("labels-import")["rejected"]] == [2]
    assert "line 2: This is not JSON" in done.err
    assert [json.loads(line) for line in main_wallet("labels", "export", "-").out.splitlines()] == [record]
    main_wallet("labels", "export", str(tmp_path / "out.jsonl"))
    assert json.loads((tmp_path / "out.jsonl").read_text()) == record
    assert len(main_wallet("transactions", "list", "--query", "label:rent", "--json").json("transactions")) == 1


def test_prices_are_imported(books: Run, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.csv", "date,symbol,currency,price", "2024-01-01,ETH,USD,2000", "x,ETH,USD,1")
    done = books("prices", "import", str(path), "--json", code=1)
    assert done.json("prices-import") == {
        "file": str(path),
        "rows": 2,
        "stored": 1,
        "rejected": [{"row": 3, "reason": done.json("prices-import")["rejected"][0]["reason"]}],
    }
    assert "row 3: date" in done.err


def test_decimals_are_corrected(main_wallet: Run, tmp_path: Path) -> None:
    path = files.write(tmp_path / "t.csv", files.ERC20, files.token_in(1, "5.25"))
    assert "token rescale" in main_wallet("import", str(path), "--wallet", "Main").err
    (token,) = main_wallet("token", "list", "--json").json("token-list")
    assert (token["symbol"], token["decimals"], token["decimals_assumed"]) == ("XNN", 18, True)
    main_wallet("token", "rescale", "xnn", "--decimals", "6")
    (balance,) = main_wallet("balance", "--json").json("balance")
    assert (balance["decimals"], balance["base_units"]) == (6, "5250000")
    assert "5.25" in main_wallet("token", "rescale", token["contract"], "--decimals", "1", code=1).err
    assert "no token" in main_wallet("token", "rescale", "NONE", "--decimals", "6", code=1).err


def test_other_tables_are_mapped(main_wallet: Run, tmp_path: Path) -> None:
    path = files.write(tmp_path / "t.csv", "When;How much", "03/04/2020 10:00;5", "04/04/2020 10:00;-1")
    arguments = (
        "import",
        str(path),
        "--wallet",
        "Main",
        "--mapping",
        "occurred_at=When",
        "--mapping",
        "amount=How much",
    )
    assert "day or the month" in main_wallet(*arguments, "--dry-run", code=1).err
    main_wallet(*arguments, "--day-first", "--zone", "+02:00")
    rows = main_wallet("transactions", "list", "--query", "sort:date", "--json").json("transactions")
    assert [row["occurred_at"] for row in rows] == ["2020-04-03T08:00:00Z", "2020-04-04T08:00:00Z"]
    assert "FIELD=HEADING" in main_wallet(*arguments, "--mapping", "nonsense", code=1).err
    assert "zone" in main_wallet(*arguments, "--zone", "Berlin", code=1).err


def test_modules_are_switched(main_wallet: Run, export: str) -> None:
    keys = {each["key"] for each in main_wallet("modules", "list", "--json").json("modules-list")}
    assert {"csv", "json", "etherscan.normal", "koinly.universal"} <= keys
    main_wallet("modules", "disable", "etherscan.normal")
    main_wallet("import", export, "--wallet", "Main", code=1)
    main_wallet("modules", "enable", "etherscan.normal")
    main_wallet("import", export, "--wallet", "Main")
    assert "no module" in main_wallet("modules", "enable", "nonsense", code=1).err


def test_groups_of_transactions(main_wallet: Run, export: str) -> None:
    main_wallet("import", export, "--wallet", "Main")
    for by in ("day", "month", "counterparty", "token"):
        found = main_wallet("transactions", "groups", "--by", by, "--json").json("transactions-groups")
        assert sum(each["rows"] for each in found) == 3
    ((token,),) = [each["tokens"] for each in found]
    assert (token["symbol"], token["in"], token["out"]) == ("ETH", str(2 * COIN), str(COIN // 2))
    assert int(token["net"]) == 2 * COIN - COIN // 2 - int(token["fees"])
    assert found[0]["group"] == "ethereum:ETH"
    few = main_wallet("transactions", "groups", "--by", "day", "--query", "direction:in", "--limit", "1").out
    heading, line = few.splitlines()
    assert heading.split() == ["day", "rows", "in", "out", "fees", "net", "token"]
    assert line.split()[1:] == ["1", "2", "0", "0", "2", "ETH"]
