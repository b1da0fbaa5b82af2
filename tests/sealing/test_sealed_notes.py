"""Notes of a shared database: what lies there is ciphertext and HMACs; whole words are found, also across rotations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from aether_desktop.domain.annotations import Annotation
from aether_desktop.domain.courts import Court
from aether_desktop.domain.note_words import words_of
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.ports.access import SealError
from aether_desktop.ports.errors import InvalidInputError, PermissionDeniedError
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.services.bulk_words import BulkWords
from aether_desktop.services.service_set import ServiceSet, build_services
from aether_desktop.storage.schema import ANNOTATIONS
from tests.sealing.test_people_of_a_server import Client, Couple, couple
from tests.services import files
from tests.services.conftest import ADDRESS as MAIN

__all__ = ["couple"]

WALLETS = TableName.WALLETS
NOTE = "Straße to Ménàge, paid_late"
ADDRESS = "0x" + "ab" * 20


def wallet(client: Client, name: str = "One", address: str = ADDRESS) -> int:
    return client.services.wallets.add(name=name, chain="ethereum", address=address).id


def noted(client: Client, note: str = NOTE, **words: Any) -> int:
    row_id = wallet(client)
    client.services.annotations.annotate(WALLETS, [row_id], note=note, **words)
    return row_id


def found(services: ServiceSet, query: str) -> set[int]:
    return {row.id for row in services.storage.windows.rows(parse_table_query(query, WALLETS))}


def rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    """As the person's own login reads them."""
    with client.seat.storage._database.read() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_what_lies_there_is_ciphertext_and_hmacs(couple: Couple) -> None:
    miriam, _aaron, _people = couple
    row_id = noted(miriam, label="rent")
    ((plain, sealed, label),) = rows(miriam, "SELECT note, note_sealed, label FROM annotations")
    assert (plain, label) == ("", "rent")
    words = rows(miriam, "SELECT owner_id, token FROM note_words")
    assert len(words) == len(words_of(NOTE)) == 4
    assert {len(token) for _, token in words} == {40}
    assert {owner for owner, _ in words} == {miriam.id}
    everything = bytes(sealed) + b"".join(bytes(token) for _, token in words)
    everything += json.dumps(rows(miriam, "SELECT detail::text FROM audit_entries")).encode()
    for word in ("Straße", "strasse", "paid_late", "Ménàge"):
        assert word.encode() not in everything
    (row,) = miriam.seat.storage.windows.by_ids(WALLETS, [row_id])
    assert str(row.values[TABLES[WALLETS].index("note")]) == MASK
    assert miriam.services.notes.reveal(WALLETS, row_id) == NOTE
    assert miriam.seat.storage.audit.recent(1)[0].action == "sealed.reveal"


def test_whole_words_are_found_in_any_case(couple: Couple) -> None:
    miriam, _aaron, _people = couple
    row_id = noted(miriam)
    other = wallet(miriam, "Two", "0x" + "cd" * 20)
    for query in ("note:STRASSE", "note:paid_late", 'note:"ménàge paid_late"', "strasse", "me\u0301na\u0300ge"):
        assert found(miriam.services, query) == {row_id}
    for query in ("note:stra", "note:paid", 'note:"strasse nowhere"', "paid"):
        assert found(miriam.services, query) == set()
    assert found(miriam.services, "-note:strasse") == {other}
    assert found(miriam.services, 'note:""') == {other}
    assert [hit.row_id for hit in miriam.services.search.find("Straße")] == [row_id]
    for query in ("note=strasse", "note!=strasse", 'note:"!?"'):
        with pytest.raises(InvalidInputError, match="whole words"):
            found(miriam.services, query)


def test_others_cannot_read_nor_find_them_without_a_grant(couple: Couple) -> None:
    miriam, aaron, _people = couple
    row_id = noted(miriam)
    assert found(aaron.services, "strasse") == found(aaron.services, "note:strasse") == set()
    assert found(aaron.services, "name:One") == {row_id}
    with pytest.raises(PermissionDeniedError, match="grant"):
        aaron.services.notes.reveal(WALLETS, row_id)
    with pytest.raises(PermissionDeniedError, match="key"):
        aaron.services.annotations.annotate(WALLETS, [row_id], note="mine now")
    aaron.services.annotations.annotate(WALLETS, [row_id], label="seen")  # a Levite's verb; the note stays sealed
    assert miriam.services.notes.reveal(WALLETS, row_id) == NOTE

    miriam.seat.people.grant_court(Court.OUTER, aaron.id)
    aaron.seat.identity.settled()
    assert aaron.services.notes.reveal(WALLETS, row_id) == NOTE
    assert found(aaron.services, "note:strasse") == {row_id}
    aaron.services.annotations.annotate(WALLETS, [row_id], note="paid twice")
    assert miriam.services.notes.reveal(WALLETS, row_id) == "paid twice"
    assert found(miriam.services, "note:twice") == {row_id}
    assert found(miriam.services, "note:strasse") == set()


def test_an_edit_its_undo_and_its_end(couple: Couple) -> None:
    miriam, _aaron, _people = couple
    services, row_id = miriam.services, noted(miriam)
    annotations = services.annotations
    assert annotations.annotate(WALLETS, [row_id], note=NOTE) == 0
    annotations.annotate(WALLETS, [row_id], note="other words")
    assert (found(services, "note:other"), found(services, "note:strasse")) == ({row_id}, set())
    miriam.seat.rotation.rotate(miriam.id, Court.OUTER)
    services.undo.undo()
    assert services.notes.reveal(WALLETS, row_id) == NOTE
    assert (found(services, "note:other"), found(services, "note:strasse")) == (set(), {row_id})
    services.undo.undo()
    assert annotations.of(WALLETS, row_id).is_empty
    assert rows(miriam, "SELECT * FROM note_words") == []
    services.undo.redo()
    assert services.notes.reveal(WALLETS, row_id) == NOTE
    annotations.save(annotations.of(WALLETS, row_id), {"label": "kept", "note": ""})
    assert rows(miriam, "SELECT * FROM note_words") == []
    assert annotations.of(WALLETS, row_id).label == "kept"


def test_found_while_half_rotated_and_afterwards(couple: Couple) -> None:
    miriam, _aaron, _people = couple
    ids = []
    for number in range(20):
        row_id = wallet(miriam, f"W{number}", f"0x{number:040x}")
        miriam.services.annotations.annotate(WALLETS, [row_id], note=f"harvest number{number}")
        ids.append(row_id)
    seen: list[int] = []

    class EnoughError(Exception):
        pass

    def tell(done: int, total: int | None, message: str = "") -> None:
        seen.append(done)
        raise EnoughError

    with pytest.raises(EnoughError):
        miriam.seat.rotation.rotate(miriam.id, Court.OUTER, progress=_after(1, tell))
    versions = {version for (version,) in rows(miriam, "SELECT DISTINCT substring(token, 1, 8) FROM note_words")}
    assert len(versions) == 2
    assert found(miriam.services, "note:harvest") == set(ids)
    miriam.services.annotations.annotate(WALLETS, ids[-1:], note="harvest again")
    miriam.seat.rotation.resume(miriam.id, Court.OUTER)
    (only,) = {bytes(version) for (version,) in rows(miriam, "SELECT DISTINCT substring(token, 1, 8) FROM note_words")}
    assert int.from_bytes(only, "big") == 2
    assert found(miriam.services, "note:harvest") == set(ids)
    assert found(miriam.services, "note:number3") == {ids[3]}
    assert found(miriam.services, "note:again") == {ids[-1]}
    assert miriam.services.notes.reveal(WALLETS, ids[0]) == "harvest number0"


def _after(calls: int, then: Callable[..., None]) -> Callable[..., None]:
    left = [calls]

    def tell(*given: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            then(*given)

    return tell


def test_after_a_revocation_new_notes_are_neither_read_nor_found(couple: Couple) -> None:
    miriam, aaron, _people = couple
    miriam.seat.people.grant_court(Court.OUTER, aaron.id)
    aaron.seat.identity.settled()
    miriam.seat.people.revoke_court(Court.OUTER, aaron.id)
    miriam.seat.rotation.resume(miriam.id, Court.OUTER)
    aaron.seat.identity.settled()
    row_id = noted(miriam)
    assert found(aaron.services, "note:strasse") == set()
    with pytest.raises(PermissionDeniedError):
        aaron.services.notes.reveal(WALLETS, row_id)


def test_each_seals_their_own_older_notes(couple: Couple) -> None:
    miriam, aaron, _people = couple
    ids = {}
    for client in (miriam, aaron):
        storage = client.seat.storage
        storage.annotations._seals_required = False  # as a program without keys
        plain = build_services(storage, client.services.settings, client.services.modules, on_close=lambda: None)
        ids[client.id] = plain.wallets.add(name="Old", chain="ethereum", address=f"0x{client.id:040x}").id
        plain.annotations.annotate(WALLETS, [ids[client.id]], note="older words")
        storage.annotations.require_seals()
    assert found(miriam.services, "note:old") == set(ids.values())  # fragments, until they are sealed
    aaron.services.annotations.annotate(WALLETS, [ids[miriam.id]], label="seen")
    for client in (aaron, miriam):
        assert client.services.plain_values is not None
        assert client.services.plain_values.run().sealed == 1
        assert client.services.notes.reveal(WALLETS, ids[client.id]) == "older words"
        assert found(client.services, "note:older") >= {ids[client.id]}
    assert found(miriam.services, "note:old") == set()
    assert rows(miriam, "SELECT DISTINCT note FROM annotations") == [("",)]


def test_a_plain_note_is_refused_by_the_store(couple: Couple) -> None:
    storage, row_id = couple.miriam.seat.storage, wallet(couple.miriam)
    with pytest.raises(PermissionDeniedError, match="not sealed"):
        storage.annotations.put(Annotation(id=storage.new_id(), table=WALLETS, row_id=row_id, note="plain"))


def test_what_is_no_text_is_refused(couple: Couple) -> None:
    row_id = wallet(couple.miriam)
    with pytest.raises(InvalidInputError) as refused:
        couple.miriam.services.annotations.annotate(WALLETS, [row_id], note="\udfff")
    assert refused.value.field == "note"


def test_an_old_or_a_moved_note_is_refused(couple: Couple) -> None:
    miriam, _aaron, _people = couple
    row_id = noted(miriam)
    before = miriam.services.annotations.of(WALLETS, row_id)
    miriam.services.annotations.annotate(WALLETS, [row_id], note="newer")
    _put_back(miriam, before)
    with pytest.raises(SealError, match="stored last"):
        miriam.services.notes.reveal(WALLETS, row_id)
    other = wallet(miriam, "Two", "0x" + "cd" * 20)
    miriam.services.annotations.annotate(WALLETS, [other], note="of two")
    moved = miriam.services.annotations.of(WALLETS, other)
    assert isinstance(before.note, Sealed)
    _put_back(miriam, Annotation(id=moved.id, table=WALLETS, row_id=other, note=before.note))
    with pytest.raises(SealError, match=r"annotation\.note"):
        miriam.services.notes.reveal(WALLETS, other)


def _put_back(client: Client, annotation: Annotation) -> None:
    with client.seat.storage._database.write(action="test.tamper", table="annotations") as unit:
        statement = update(ANNOTATIONS).where(ANNOTATIONS.c.id == annotation.id)
        unit.connection.execute(statement.values(note_sealed=annotation.note))


def test_sql_with_a_login_of_ones_own(couple: Couple) -> None:
    """A Levite's login reads the bytes of others and changes no word of theirs; words are never changed in place."""
    miriam, aaron, _people = couple
    noted(miriam)
    assert len(rows(aaron, f"SELECT token FROM note_words WHERE owner_id = {miriam.id}")) == 4
    with pytest.raises(PermissionDeniedError):
        _execute(aaron, "UPDATE note_words SET token = token")
    with pytest.raises(PermissionDeniedError):  # whose note it is, the rule asks
        _execute(
            aaron,
            "INSERT INTO note_words (vault_id, owner_id, token, annotation_id)"
            f" SELECT vault_id, {aaron.id}, token, annotation_id FROM note_words LIMIT 1",
        )


def _execute(client: Client, sql: str) -> None:
    with client.seat.storage._database.write(action="test.psql", table="note_words") as unit:
        unit.connection.execute(text(sql))


def test_labels_go_out_and_come_in(couple: Couple, tmp_path: Path) -> None:
    miriam, aaron, _people = couple
    row_id, path = noted(miriam, label="rent"), tmp_path / "labels.jsonl"
    out = miriam.services.labels.export(path)
    assert (out.records, out.shut, out.remark) == (1, 0, "")
    assert json.loads(path.read_text())["aether"]["note"] == NOTE
    assert [entry.action for entry in miriam.seat.storage.audit.recent(1)] == ["notes.export"]
    again = miriam.services.labels.import_file(path)
    assert (again.applied, again.unchanged) == (0, 1)
    theirs = aaron.services.labels.export(tmp_path / "theirs.jsonl")
    assert theirs.shut == 1
    assert "grant" in theirs.remark
    assert "aether" not in json.loads((tmp_path / "theirs.jsonl").read_text())
    changed = tmp_path / "changed.jsonl"
    lines = [
        {"type": "addr", "ref": ADDRESS, "aether": {"note": "from a file"}},
        {"type": "addr", "ref": "0x" + "ef" * 20, "aether": {"note": "names nothing"}},
    ]
    changed.write_text("\n".join(json.dumps(line) for line in lines))
    report = miriam.services.labels.import_file(changed)
    assert (report.applied, report.kept, [each.row for each in report.rejections]) == (1, 0, [2])
    assert found(miriam.services, "note:file") == {row_id}
    refused = aaron.services.labels.import_file(changed)
    assert [each.row for each in refused.rejections] == [1, 2]
    assert "key" in refused.rejections[0].reason


def _label_file(path: Path, notes: dict[str, str]) -> Path:
    lines = [{"type": "addr", "ref": ref, "aether": {"note": note}} for ref, note in notes.items()]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def test_many_notes_of_a_file_are_sealed_and_told_together(couple: Couple, tmp_path: Path) -> None:
    miriam, aaron, _people = couple
    audit, labels = miriam.seat.storage.audit, miriam.services.labels
    ids = {f"0x{number:040x}": wallet(miriam, f"W{number}", f"0x{number:040x}") for number in range(6)}
    refs = list(ids)
    miriam.services.annotations.annotate(WALLETS, [ids[refs[0]]], note="older words")
    size = audit.head().size
    report = labels.import_file(_label_file(tmp_path / "in.jsonl", {ref: f"harvest of {ref[-1]}" for ref in refs}))
    assert (report.applied, report.unchanged, report.rejections) == (6, 0, ())
    told = audit.recent(audit.head().size - size)
    assert sorted(entry.action for entry in told) == ["note.seal", "wallets.annotate"]
    assert [entry.rows for entry in told if entry.action == "wallets.annotate"] == [6]
    for ref, row_id in ids.items():
        assert miriam.services.notes.reveal(WALLETS, row_id) == f"harvest of {ref[-1]}"
    assert found(miriam.services, "note:harvest") == set(ids.values())
    assert found(miriam.services, "note:3") == {ids[refs[3]]}
    assert found(miriam.services, "note:older") == set()
    assert rows(miriam, "SELECT DISTINCT note FROM annotations") == [("",)]

    before = miriam.services.annotations.of(WALLETS, ids[refs[1]])
    assert labels.import_file(tmp_path / "in.jsonl").unchanged == 6
    labels.import_file(_label_file(tmp_path / "next.jsonl", {refs[1]: "second words", refs[2]: ""}))
    assert miriam.services.notes.reveal(WALLETS, ids[refs[1]]) == "second words"
    assert miriam.services.annotations.of(WALLETS, ids[refs[2]]).is_empty
    assert found(miriam.services, "note:harvest") == set(ids.values()) - {ids[refs[1]], ids[refs[2]]}
    _put_back(miriam, before)
    with pytest.raises(SealError, match="stored last"):
        miriam.services.notes.reveal(WALLETS, ids[refs[1]])

    mine = wallet(aaron, "Mine", "0x" + "cd" * 20)
    mixed = _label_file(tmp_path / "mixed.jsonl", {refs[3]: "not mine to seal", "0x" + "cd" * 20: "my own"})
    refused = aaron.services.labels.import_file(mixed)
    assert (refused.applied, [each.row for each in refused.rejections]) == (1, [1])
    assert aaron.services.notes.reveal(WALLETS, mine) == "my own"
    assert miriam.services.notes.reveal(WALLETS, ids[refs[3]]) == "harvest of 3"


def test_a_note_for_all_rows_of_a_filter_is_sealed_row_by_row(couple: Couple) -> None:
    miriam, aaron, _people = couple
    bulk, undo = miriam.services.bulk_words, miriam.services.undo
    kept = noted(miriam)
    others = [wallet(miriam, f"W{number}", f"0x{number:040x}") for number in range(3)]
    query = parse_table_query("name:w", WALLETS)
    assert bulk.write_on_query(query, BulkWords(note="harvest of all", label="lot")).changed == 3
    assert bulk.write_on_rows(WALLETS, [kept, *others], BulkWords(note="never written")).changed == 0
    assert found(miriam.services, "note:harvest") == set(others)
    assert {miriam.services.notes.reveal(WALLETS, row_id) for row_id in others} == {"harvest of all"}
    assert rows(miriam, "SELECT DISTINCT note FROM annotations") == [("",)]
    bulk.write_on_rows(WALLETS, [kept], BulkWords(note="instead", keep=False))
    assert miriam.services.notes.reveal(WALLETS, kept) == "instead"
    undo.undo()
    assert miriam.services.notes.reveal(WALLETS, kept) == NOTE
    undo.undo()
    assert found(miriam.services, "note:harvest") == set()
    theirs = wallet(aaron, "Mine", "0x" + "cd" * 20)
    with pytest.raises(PermissionDeniedError):
        bulk.write_on_rows(WALLETS, [others[0], theirs], BulkWords(note="not mine to seal"))
    assert miriam.services.annotations.of(WALLETS, others[0]).is_empty


def test_two_lines_about_one_row_leave_the_words_of_the_last(couple: Couple, tmp_path: Path) -> None:
    miriam, _aaron, _people = couple
    row_id = wallet(miriam)
    lines = [{"type": "addr", "ref": ADDRESS, "aether": {"note": f"words number{number}"}} for number in range(3)]
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert miriam.services.labels.import_file(path).applied == 3
    assert miriam.services.notes.reveal(WALLETS, row_id) == "words number2"
    assert found(miriam.services, "note:number2") == {row_id}
    assert found(miriam.services, "note:number0") == set()


def test_a_file_of_movements_brings_sealed_notes(couple: Couple, tmp_path: Path) -> None:
    """Also back again after an undo, when the rows have other ids."""
    miriam, _aaron, _people = couple
    target = wallet(miriam, address=MAIN)
    heading, movement = f'{files.NORMAL},"PrivateNote"', f'{files.incoming(1, "2")},"harvest gift"'
    path = files.write(tmp_path / "export.csv", heading, movement)
    report = miriam.services.importing.run(path, target)
    ((plain, sealed),) = rows(miriam, "SELECT note, note_sealed FROM annotations")
    assert plain == ""
    assert b"harvest" not in bytes(sealed)
    (row,) = _movements(miriam, "note:harvest")
    assert miriam.services.notes.reveal(TableName.TRANSACTIONS, row) == "harvest gift"
    miriam.services.annotations.annotate(TableName.TRANSACTIONS, [row], note="my own words")
    assert report.batch is not None
    (touched,) = miriam.services.importing.touched_by_undo(report.batch.id).annotations
    assert str(touched.note) == MASK
    miriam.services.importing.undo(report.batch.id)
    assert _movements(miriam, "note:own") == []
    miriam.services.importing.run(path, target)
    (back,) = _movements(miriam, "note:own")
    assert back != row
    assert miriam.services.notes.reveal(TableName.TRANSACTIONS, back) == "my own words"


def _movements(client: Client, query: str) -> list[int]:
    wanted = parse_table_query(query, TableName.TRANSACTIONS)
    return [row.id for row in client.services.storage.windows.rows(wanted)]
