"""BIP-329: what comes in goes out again, whole; what names nothing here is kept until it does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.records import TableName
from aether_desktop.ports.audit import AuditFilter
from aether_desktop.ports.errors import ImportRefusedError, InvalidInputError, OperationCancelled
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.tables import TABLES
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.label_records import LabelRecord, UnreadableLabelError, parse_label, write_label
from aether_desktop.services.service_set import ServiceSet
from tests.services import files
from tests.services.conftest import ADDRESS, open_services_over

TRANSACTIONS = TableName.TRANSACTIONS
XPUB = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"


def write(path: Path, records: Iterable[Mapping[str, object] | str]) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def exported(services: ServiceSet, path: Path) -> list[dict[str, object]]:
    services.labels.export(path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _text(record: dict[str, object]) -> str:
    return json.dumps(record, sort_keys=True)


@pytest.fixture
def ledger(services: ServiceSet, tmp_path: Path) -> int:
    """A wallet with two transactions, the second with two legs; returns the wallet's id."""
    wallet = services.wallets.add(name="Main", chain="ethereum", address=ADDRESS)
    services.importing.run(
        files.write(tmp_path / "n.csv", files.NORMAL, files.incoming(1, "1"), files.incoming(2, "0")), wallet.id
    )
    services.importing.run(files.write(tmp_path / "t.csv", files.ERC20, files.token_in(2, "5")), wallet.id)
    return wallet.id


def test_records_reach_their_rows_and_come_back_whole(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    records: list[dict[str, object]] = [
        {"type": "tx", "ref": files.tx_hash(1), "label": "rent", "height": 7, "aether": {"tags": ["house"]}},
        {"type": "tx", "ref": files.tx_hash(2), "label": "swap 🦊", "origin": "wpkh([d34db33f/84'/0'/0'])"},
        {"type": "addr", "ref": ADDRESS, "label": "my address", "aether": {"note": "cold", "colour": "red"}},
        {"type": "output", "ref": f"{'ab' * 32}:1", "label": "change", "spendable": False},
        {"type": "xpub", "ref": XPUB, "label": "old"},
        {"type": "tx", "ref": files.tx_hash(99), "label": "not here yet"},
    ]
    report = services.labels.import_file(write(tmp_path / "in.jsonl", records))
    assert (report.records, report.applied, report.unchanged, report.kept) == (6, 3, 0, 3)
    assert report.rejections == ()
    rows = services.storage.transactions.by_hash(files.tx_hash(2))
    assert len(rows) == 2
    assert {services.annotations.of(TRANSACTIONS, row.id).label for row in rows} == {"swap 🦊"}
    assert services.annotations.of(TableName.WALLETS, ledger).note == "cold"
    back = exported(services, tmp_path / "out.jsonl")
    assert sorted(back, key=_text) == sorted(records, key=_text)
    again = services.labels.import_file(tmp_path / "out.jsonl")
    assert (again.applied, again.unchanged, again.kept) == (0, 3, 3)
    assert sorted(exported(services, tmp_path / "out2.jsonl"), key=_text) == sorted(records, key=_text)


def test_an_address_matches_in_any_case(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", [{"type": "addr", "ref": ADDRESS.lower(), "label": "mine"}])
    assert services.labels.import_file(path).applied == 1
    assert services.annotations.of(TableName.WALLETS, ledger).label == "mine"


def test_words_on_one_leg_stay_on_that_leg(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    one, other = services.storage.transactions.by_hash(files.tx_hash(2))
    services.annotations.annotate(TRANSACTIONS, [one.id], label="only this leg")
    records = exported(services, tmp_path / "out.jsonl")
    assert records == [
        {"type": "tx", "ref": files.tx_hash(2), "label": "only this leg", "aether": {"partial": True}},
        {"type": "aether:transactions", "ref": str(one.id), "label": "only this leg"},
    ]
    services.annotations.annotate(TRANSACTIONS, [one.id], label="")
    services.labels.import_file(tmp_path / "out.jsonl")
    assert services.annotations.of(TRANSACTIONS, one.id).label == "only this leg"
    assert services.annotations.of(TRANSACTIONS, other.id).is_empty


def test_every_table_is_exported(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    contract = services.records.create(TableName.CONTRACTS, {"name": "Registry", "chain": "atc"})
    services.annotations.annotate(TableName.CONTRACTS, [contract.id], label="reg", note="n", tags=["t"])
    records = exported(services, tmp_path / "out.jsonl")
    assert records == [
        {"type": "aether:contracts", "ref": str(contract.id), "label": "reg", "aether": {"note": "n", "tags": ["t"]}}
    ]
    services.annotations.annotate(TableName.CONTRACTS, [contract.id], label="", note="", tags=[])
    services.labels.import_file(tmp_path / "out.jsonl")
    assert services.annotations.of(TableName.CONTRACTS, contract.id).tags == ("t",)


def test_kept_labels_find_their_rows_when_they_come(services: ServiceSet, tmp_path: Path) -> None:
    path = write(
        tmp_path / "in.jsonl",
        [
            {"type": "tx", "ref": files.tx_hash(1), "label": "rent", "fee": 21},
            {"type": "addr", "ref": ADDRESS, "label": "mine"},
        ],
    )
    assert services.labels.import_file(path).kept == 2
    wallet = services.wallets.add(name="Main", chain="ethereum", address=ADDRESS)
    services.importing.run(files.write(tmp_path / "n.csv", files.NORMAL, files.incoming(1, "1")), wallet.id)
    (row,) = services.storage.transactions.by_hash(files.tx_hash(1))
    assert services.annotations.of(TRANSACTIONS, row.id).label == "rent"
    assert services.annotations.of(TableName.WALLETS, wallet.id).label == "mine"
    records = exported(services, tmp_path / "out.jsonl")
    assert len(records) == 2
    assert {"type": "tx", "ref": files.tx_hash(1), "label": "rent", "fee": 21} in records
    services.annotations.annotate(TRANSACTIONS, [row.id], label="changed by me")
    services.labels.adopt_kept()
    assert services.annotations.of(TRANSACTIONS, row.id).label == "changed by me"


def test_one_hash_with_two_origins_keeps_both(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    records = [
        {"type": "tx", "ref": files.tx_hash(1), "label": label, "origin": origin}
        for label, origin in (("for me", "wpkh([aaaaaaaa])"), ("for her", "wpkh([bbbbbbbb])"))
    ]
    services.labels.import_file(write(tmp_path / "in.jsonl", records))
    assert exported(services, tmp_path / "out.jsonl") == records


def test_bad_lines_are_named_and_good_ones_stored(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    good = {"type": "tx", "ref": files.tx_hash(1), "label": "rent"}
    lines: list[Mapping[str, object] | str] = [
        "",
        "{not json",
        good,
        "[1, 2]",
        '{"type": "tx", "label": "no ref"}',
        '{"type": "tx", "ref": "x", "label": 5}',
        '{"type": "tx", "ref": "x", "label": "\\ud800"}',
        {"type": "tx", "ref": files.tx_hash(1), "label": "x" * 256},
        '{"type": "tx", "ref": "x", "rate": NaN}',
        {"type": "tx", "ref": files.tx_hash(1), "aether": {"tags": ["two words"]}},
        {"type": "tx", "ref": files.tx_hash(1), "aether": {"tags": "house"}},
        "[" * 100_000,
        "   ",
    ]
    path = write(tmp_path / "in.jsonl", lines)
    path.write_bytes(path.read_bytes() + b'{"type": "tx", "ref": "\xff"}\n')
    report = services.labels.import_file(path)
    assert [each.row for each in report.rejections] == [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
    assert all(each.reason.endswith(".") for each in report.rejections)
    assert (report.records, report.applied) == (1, 1)
    (row,) = services.storage.transactions.by_hash(files.tx_hash(1))
    assert services.annotations.of(TRANSACTIONS, row.id).label == "rent"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\n1,2\n", b"\x00\x01\x02"])
def test_what_holds_no_label_is_refused(services: ServiceSet, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError):
        services.labels.import_file(path)
    with pytest.raises(ImportRefusedError):
        services.labels.import_file(tmp_path / "missing.jsonl")


def test_a_byte_order_mark_is_no_fault(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    line = json.dumps({"type": "tx", "ref": files.tx_hash(1), "label": "rent"})
    path.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n")
    assert services.labels.import_file(path).applied == 1


def test_cancelling_stores_nothing(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    records = [{"type": "tx", "ref": files.tx_hash(1), "label": f"label {n}"} for n in range(2_000)]
    token = CancelToken()
    with pytest.raises(OperationCancelled):
        services.labels.import_file(
            write(tmp_path / "in.jsonl", records), token=token, progress=lambda *_: token.cancel()
        )
    assert list(services.labels.lines()) == []


def test_an_export_is_whole_or_not_there(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    services.annotations.annotate(
        TRANSACTIONS, [services.storage.transactions.by_hash(files.tx_hash(1))[0].id], label="a"
    )
    target = tmp_path / "out.jsonl"
    target.write_text("before")
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelled):
        services.labels.export(target, token=token)
    assert target.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir() if "out" in each.name] == ["out.jsonl"]
    with pytest.raises(InvalidInputError):
        services.labels.export(tmp_path / "none" / "out.jsonl")


def test_labels_survive_into_another_vault(services: ServiceSet, ledger: int, vault_file: Path, tmp_path: Path) -> None:
    row = services.storage.transactions.by_hash(files.tx_hash(1))[0]
    services.annotations.annotate(TRANSACTIONS, [row.id], label="rent", note="two\nlines", tags=["house"])
    services.labels.export(tmp_path / "out.jsonl")
    services.importing.undo(services.importing.batches()[-1].id)
    with closing(open_services_over(vault_file, tmp_path)) as other:
        wallet = other.wallets.find("Main")
        other.importing.run(tmp_path / "n.csv", wallet.id)
        other.labels.import_file(tmp_path / "out.jsonl")
        (back,) = other.storage.transactions.by_hash(files.tx_hash(1))
        words = other.annotations.of(TRANSACTIONS, back.id)
    assert (words.label, words.note, words.tags) == ("rent", "two\nlines", ("house",))


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_RECORDS = st.builds(
    LabelRecord,
    type=st.sampled_from(["tx", "addr", "pubkey", "input", "output", "xpub", "aether:wallets"]),
    ref=_TEXT.filter(str.strip),
    label=st.none() | _TEXT,
    note=st.none() | _TEXT,
    tags=st.none() | st.lists(_TEXT, min_size=1, max_size=3).map(tuple),
    extra=st.dictionaries(_TEXT.filter(lambda key: key not in ("type", "ref", "label", "aether")), _VALUES, max_size=3),
    partial=st.booleans(),
)


@given(_RECORDS)
def test_every_record_is_read_back_as_written(record: LabelRecord) -> None:
    read = parse_label(write_label(record))
    assert (read.type, read.ref, read.label, read.note, read.tags, dict(read.extra), read.partial) == (
        *(record.type, record.ref, record.label, record.note, record.tags, dict(record.extra), record.partial),
    )


@given(st.text() | st.dictionaries(st.text(), _VALUES).map(json.dumps))
def test_any_line_is_read_or_refused(line: str) -> None:
    try:
        record = parse_label(line)
    except UnreadableLabelError as error:
        assert error.reason  # noqa: PT017 - both outcomes are right
    else:
        assert record.type


def test_many_labels_are_a_few_entries_in_the_audit(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    place = TABLES[TRANSACTIONS].index("tx_hash")
    hashes = sorted({str(row.values[place]) for row in services.storage.windows.rows(TableQuery(TRANSACTIONS))})
    lines = [{"type": "tx", "ref": each, "label": f"label {number}"} for number, each in enumerate(hashes)]
    again = {"type": "tx", "ref": hashes[0], "label": "", "aether": {"tags": ["twice"]}}  # the later word holds
    file = tmp_path / "many.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in [*lines, again]) + "\n", encoding="utf-8")
    before = services.storage.audit.page(AuditFilter(), limit=1)[0].id
    report = services.labels.import_file(file)
    assert (report.applied, report.unchanged, report.rejections) == (len(hashes) + 1, 0, ())
    made = [each for each in services.storage.audit.page(AuditFilter(), limit=100) if each.id > before]
    assert [each.action for each in made] == ["transactions.annotate"] * 2  # the first word before the second
    assert sum(each.rows for each in made) > len(hashes)
    rows = services.storage.transactions.by_hash(hashes[0])
    words = services.storage.annotations.of(TRANSACTIONS, [row.id for row in rows])
    assert {(each.label, each.tags) for each in words.values()} == {("", ("twice",))}
    assert services.labels.import_file(file).applied == 2  # each of the two takes back what the other said


def test_what_cannot_be_stored_is_refused_by_its_line_alone(services: ServiceSet, ledger: int, tmp_path: Path) -> None:
    records = [
        {"type": "addr", "ref": ADDRESS, "label": "good"},
        {"type": "addr", "ref": ADDRESS, "label": "a\x00b"},
    ]
    report = services.labels.import_file(write(tmp_path / "nul.jsonl", records))
    assert report.applied == 1
    assert [(each.row, "NUL" in each.reason) for each in report.rejections] == [(2, True)]
    assert services.storage.annotations.of(TableName.WALLETS, [ledger])[ledger].label == "good"
