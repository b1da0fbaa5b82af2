"""The import as a state machine, without Qt and without files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.wallets import Wallet
from aether_desktop.services.importing import FileKind, ImportPreview, ImportReport
from aether_desktop.sum_api import FieldMapping
from aether_desktop.ui.wizards.import_flow import (
    Counts,
    FileState,
    FlowFile,
    ImportFlow,
    RejectedRow,
    Step,
    rejections_csv,
    sample_values,
)

_WALLET = Wallet(
    id=1,
    owner_id=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    name="Treasury",
    chain="ethereum",
    address="0xf98C96B5d10faAFc2324847c82305Bd5fd7E5ad3",
)
_BITCOIN = replace(_WALLET, id=2, chain="bitcoin", address="1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
_KNOWN = FileKind(Path("known.csv"), ("Txhash", "Blockno"), "etherscan-normal", "Etherscan transactions")
_ODD_HEADING = ("Date", "Amount", "Memo")
_SAMPLE = ((2, ("2024-01-01", "1", "rent")), (3, ("2024-01-02", "", "rent")), (4, ("2024-01-03",)))


def _odd(name: str = "odd.csv") -> FileKind:
    return FileKind(Path(name), _ODD_HEADING, "", "", advice="Nobody knows it.", sample=_SAMPLE)


def _report(*, new: int = 0, duplicates: int = 0, wrong: int = 0, updated: int = 0) -> ImportReport:
    rejections = tuple(Rejection(number + 2, "No.") for number in range(wrong))
    return ImportReport(Path("x.csv"), "f", "F", new + duplicates + wrong, new, duplicates, updated, rejections)


def _preview(flow: ImportFlow, file: FlowFile, **counts: int) -> None:
    flow.previewed(file, ImportPreview(_report(**counts)))


def _ready(*kinds: FileKind, wallet: Wallet = _WALLET) -> ImportFlow:
    flow = ImportFlow()
    flow.set_wallet(wallet)
    for file, kind in zip(flow.add_files([kind.path for kind in kinds]), kinds, strict=True):
        flow.recognised(file, kind)
    return flow


def test_the_obstacles_of_the_first_step_come_one_after_the_other() -> None:
    flow = ImportFlow()
    assert flow.obstacle() == "Choose one or more files."
    (file,) = flow.add_files([Path("a.csv")])
    assert flow.obstacle() == "The files are being read."
    flow.refused(file, "It is empty.")
    assert flow.obstacle() == "None of these files can be imported."
    (good,) = flow.add_files([Path("b.csv")])
    flow.recognised(good, _KNOWN)
    assert flow.obstacle() == "Choose the wallet whose history this is."
    assert flow.forward() is Step.FILES
    assert flow.set_wallet(_WALLET) == [good], "its chain decides which accounts a file holds"
    flow.recognised(good, _KNOWN)
    assert flow.obstacle() == ""
    assert flow.forward() is Step.PREVIEW


def test_a_file_is_taken_once() -> None:
    flow = ImportFlow()
    assert len(flow.add_files([Path("a.csv"), Path("a.csv"), Path("b.csv")])) == 2
    assert flow.add_files([Path("b.csv")]) == []


def test_another_chain_asks_the_files_again_another_wallet_of_it_does_not() -> None:
    flow = _ready(_KNOWN)
    (file,) = flow.files
    file.account = "Savings"
    assert flow.set_wallet(replace(_WALLET, id=9)) == []
    assert flow.set_wallet(_BITCOIN) == [file]
    assert file.state is FileState.READING
    flow.recognised(file, replace(_KNOWN, accounts=("Daily", "Other")))
    assert file.account == ""


def test_unknown_files_are_mapped_one_by_one_equal_headings_once() -> None:
    other = replace(_odd("third.csv"), heading=("When", "Value"))
    flow = _ready(_KNOWN, _odd(), _odd("same.csv"), other)
    first, second, third = flow.files[1:]
    assert [file.state for file in flow.files] == [FileState.READY, *[FileState.UNKNOWN] * 3]
    assert first.columns == {"occurred_at": "Date", "amount": "Amount", "description": "Memo"}
    assert flow.forward() is Step.MAPPING
    assert flow.mapping_file is first
    flow.set_column("label", "Memo")
    assert flow.obstacle() == "This column is already used for description."
    flow.set_column("description", "")
    flow.set_day_first(True)
    assert flow.forward() is Step.MAPPING
    assert flow.mapping_file is third, "the second has the same heading"
    assert (second.columns, second.day_first) == (first.columns, True)
    assert flow.forward() is Step.PREVIEW
    assert flow.options(second).mapping == FieldMapping(
        {"occurred_at": "Date", "amount": "Amount", "label": "Memo"}, day_first=True
    )
    assert flow.options(flow.files[0]).mapping is None


def test_back_leads_through_the_mappings_to_the_files() -> None:
    flow = _ready(_odd(), replace(_odd("b.csv"), heading=("When", "Value")))
    flow.forward()
    flow.forward()
    assert flow.forward() is Step.PREVIEW
    assert flow.back() is Step.MAPPING
    assert flow.mapping_file is flow.files[1]
    assert flow.back() is Step.MAPPING
    assert flow.mapping_file is flow.files[0]
    assert flow.back() is Step.FILES
    assert flow.back() is Step.FILES


def test_leaving_out_the_only_file_leads_back_to_choosing() -> None:
    flow = _ready(_odd())
    flow.forward()
    assert flow.leave_out() is Step.FILES
    assert flow.files == []
    flow = _ready(_odd(), _KNOWN)
    flow.forward()
    assert flow.leave_out() is Step.PREVIEW
    assert [file.name for file in flow.files] == ["known.csv"]


@pytest.mark.parametrize("change", ["wallet", "zone", "account", "column"])
def test_whatever_changes_how_a_file_is_read_forgets_its_preview(change: str) -> None:
    flow = _ready(_odd())
    (file,) = flow.files
    flow.forward()
    _preview(flow, file, new=1)
    if change == "wallet":
        flow.set_wallet(replace(_WALLET, id=5))
    elif change == "zone":
        flow.set_zone(60)
    elif change == "account":
        flow.set_account(file, "Savings")
    else:
        flow.set_column("amount", "Amount")
    assert flow.without_preview() == [file]


def test_only_what_brings_something_can_be_imported() -> None:
    flow = _ready(_KNOWN)
    (file,) = flow.files
    flow.forward()
    assert flow.obstacle() == "The files are being read."
    flow.preview_failed(file, "It changed.")
    assert flow.obstacle() == "None of these files can be imported."
    _preview(flow, file, duplicates=3)
    assert flow.obstacle() == "There is nothing new in these files."
    _preview(flow, file, wrong=2)
    assert flow.obstacle() == "No row of these files can be stored."
    _preview(flow, file, duplicates=3, updated=1)
    assert flow.obstacle() == ""
    _preview(flow, file, new=2, duplicates=1, wrong=1)
    assert flow.forward() is Step.RESULT
    assert not flow.ended
    assert flow.back() is Step.RESULT, "what is being stored cannot be walked away from"


def test_the_end_counts_every_file_and_lists_every_refusal() -> None:
    flow = _ready(_KNOWN, replace(_KNOWN, path=Path("two.csv")), replace(_KNOWN, path=Path("three.csv")))
    refused = flow.add_files([Path("gone.csv")])[0]
    flow.refused(refused, "It is not there.")
    flow.forward()
    for file in flow.usable:
        _preview(flow, file, new=1)
    flow.forward()
    one, two, three = flow.to_run()
    token = Currency("TOK", 18, chain="ethereum", contract="0x1", decimals_assumed=True)
    one.report = replace(_report(new=5, duplicates=1, wrong=1), assumed=(token,))
    two.failure = "The server is gone."
    ended_before = flow.ended
    three.cancelled = True
    assert (ended_before, flow.ended) == (False, True)
    assert flow.result_counts() == Counts(rows=7, new=5, known=1, wrong=1)
    assert flow.rejected() == [
        RejectedRow("known.csv", 2, "No."),
        RejectedRow("two.csv", 0, "The server is gone."),
        RejectedRow("gone.csv", 0, "It is not there."),
    ]
    assert flow.assumed() == [token]


def test_counts_in_words() -> None:
    assert Counts(1, 1, 0, 0).words() == "1 row: 1 new, 0 already there, 0 wrong"
    assert Counts(1200, 1000, 150, 50, 3).words() == (
        "1,200 rows: 1,000 new, 150 already there, 50 wrong, 3 no longer pending"
    )


def test_sample_values_are_different_and_not_empty() -> None:
    assert sample_values(_odd(), "Memo") == ["rent"]
    assert sample_values(_odd(), "Date", most=2) == ["2024-01-01", "2024-01-02"]
    assert sample_values(_odd(), "Nowhere") == []


def test_refused_rows_as_csv_run_no_formula() -> None:
    text = rejections_csv([RejectedRow("=cmd.csv", 7, 'a, "b"'), RejectedRow("x.csv", 0, "gone")])
    assert text == 'File,Row,Reason\n\'=cmd.csv,7,"a, ""b"""\nx.csv,,gone\n'
