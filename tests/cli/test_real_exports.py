"""Four exports of two real accounts, end to end, each figure computed a second time from the file itself."""

from __future__ import annotations

import csv
import json
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, process

DATA = ROOT.parent / "shared" / "data" / "etherscan"
FIRST = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"
SECOND = "0x003dc32fe920a4aaeed12dc87e145f030aa753f3"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder shared/data/etherscan is not beside the checkout"),
]


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def native_balance(rows: list[dict[str, str]], address: str) -> int:
    """In minus out minus fees, in wei; a failed transaction moves nothing but costs its sender the fee."""
    with localcontext(prec=100):
        total = Decimal(0)
        for row in rows:
            if not row["Status"]:
                total += Decimal(row["Value_IN(ETH)"]) - Decimal(row["Value_OUT(ETH)"])
            if row["From"].lower() == address:
                total -= Decimal(row["TxnFee(ETH)"])
        return int(total * 10**18)


def token_balances(rows: list[dict[str, str]], address: str) -> dict[str, int]:
    with localcontext(prec=100):
        totals: dict[str, Decimal] = {}
        for row in rows:
            value = Decimal(row["TokenValue"].replace(",", ""))
            contract = row["ContractAddress"].lower()
            totals[contract] = totals.get(contract, Decimal(0)) + (value if row["To"].lower() == address else -value)
        return {contract: int(total * 10**18) for contract, total in totals.items()}


def test_the_four_exports(books: Run, tmp_path: Path) -> None:
    books("wallet", "add", "--name", "First", "--chain", "ethereum", "--address", FIRST)
    books("wallet", "add", "--name", "Second", "--chain", "ethereum", "--address", SECOND)
    names = ("0xf98_etherscan.csv", "0xf98_etherscan-internal.csv", "0xf98_etherscan-erc20.csv")
    reports = books("import", *(str(DATA / name) for name in names), "--wallet", "First", "--json").json("import")
    for name, report in zip(names, reports, strict=True):
        assert (report["rows"], report["new"], report["rejected"]) == (len(rows_of(name)),) * 2 + ([],)
    (second,) = books("import", str(DATA / "0x003dc_etherscan.csv"), "--wallet", "Second", "--json").json("import")
    assert (second["rows"], second["new"], second["rejected"]) == (482, 482, [])

    balances = books("balance", "--json").json("balance")
    native = {each["wallet"]: int(each["base_units"]) for each in balances if not each["contract"]}
    assert native == {
        "First": native_balance(rows_of(names[0]), FIRST),
        "Second": native_balance(rows_of("0x003dc_etherscan.csv"), SECOND),
    }
    assert native["First"] == 0
    tokens = {each["contract"].lower(): int(each["base_units"]) for each in balances if each["contract"]}
    assert tokens == token_balances(rows_of(names[2]), FIRST)

    for name, wallet in ((names[0], "First"), ("0x003dc_etherscan.csv", "Second")):
        (again,) = books("import", str(DATA / name), "--wallet", wallet, "--json").json("import")
        assert (again["new"], again["duplicates"]) == (0, len(rows_of(name)))
    assert books("balance", "--json").json("balance") == balances


def test_overlapping_halves_merge_and_undo_takes_its_part(books: Run, tmp_path: Path) -> None:
    books("wallet", "add", "--name", "Second", "--chain", "ethereum", "--address", SECOND)
    lines = (DATA / "0x003dc_etherscan.csv").read_text(encoding="utf-8-sig").splitlines()
    halves = []
    for name, part in (("early.csv", lines[1:301]), ("late.csv", lines[201:])):
        path = tmp_path / name
        path.write_text("\n".join([lines[0], *part]) + "\n", encoding="utf-8")
        (report,) = books("import", str(path), "--wallet", "Second", "--json").json("import")
        halves.append(report)
    assert [(each["new"], each["duplicates"]) for each in halves] == [(300, 0), (182, 100)]
    whole = native_balance(rows_of("0x003dc_etherscan.csv"), SECOND)
    (balance,) = books("balance", "--json").json("balance")
    assert int(balance["base_units"]) == whole
    books("import", "undo", halves[0]["batch"])
    (left,) = books("balance", "--json").json("balance")
    assert int(left["base_units"]) == native_balance(rows_of("0x003dc_etherscan.csv")[200:], SECOND)


def test_one_account_in_the_others_wallet_is_refused(books: Run) -> None:
    books("wallet", "add", "--name", "First", "--chain", "ethereum", "--address", FIRST)
    done = books("import", str(DATA / "0x003dc_etherscan.csv"), "--wallet", "First", "--json", code=1)
    (report,) = done.json("import")
    assert (report["new"], report["batch"], len(report["rejected"])) == (0, None, 482)
    assert "Wrong wallet" in report["rejected"][5]["reason"]
    assert books("balance", "--json").json("balance") == []


def test_a_real_process_does_the_same(books: Run, options: list[str]) -> None:
    """The words that scripts rely on, as processes of their own."""
    added = books("wallet", "add", "--name", "N", "--chain", "ethereum", "--address", FIRST)
    assert added.err.count("\n") == 1
    path = str(DATA / "0xf98_etherscan.csv")
    done = process(*options, "import", path, "--wallet", "N", "--json")
    assert done.returncode == 0
    (report,) = json.loads(done.stdout)
    assert set(report) == {"file", "kind", "rows", "new", "duplicates", "rejected", "batch"}
    assert (report["file"], report["rows"], report["new"]) == (path, 9, 9)
    (balance,) = json.loads(process(*options, "balance", "--wallet", "N", "--json").stdout)
    assert balance == {"wallet": "N", "symbol": "ETH", "contract": "", "decimals": 18, "base_units": "0"}
