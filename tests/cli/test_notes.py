"""Notes of a shared database by the command line: sealed when they come in, listed, revealed, and exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

from tests.cli.conftest import Run
from tests.cli.test_people import Desk

ADDRESS = "0x" + "ab" * 20


def test_a_note_is_sealed_listed_and_revealed(run: Run, postgres_database: Any, tmp_path: Path) -> None:
    administrator = postgres_database()
    miriam = Desk(run, tmp_path / "miriam")
    miriam.url = miriam("postgres", "provision", administrator, "--username", "miriam", url="").out.strip()
    miriam("vault", "password")
    miriam("people", "begin", factors=True)
    row = json.loads(
        miriam("wallet", "add", "--name", "One", "--chain", "ethereum", "--address", ADDRESS, "--json").out
    )["id"]
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"type": "addr", "ref": ADDRESS, "label": "rent", "aether": {"note": "planted note"}}))
    assert "1 applied" in miriam("labels", "import", str(labels)).err
    with psycopg.connect(administrator) as connection:
        ((plain, sealed),) = connection.execute("SELECT note, note_sealed FROM annotations").fetchall()
        told = connection.execute("SELECT string_agg(detail, '') FROM audit_entries").fetchone()
    assert plain == ""
    assert b"planted" not in sealed
    assert "planted" not in str(told)
    assert miriam("sealed", "list", "wallets", "--json").json("sealed-list") == [{"id": row, "fields": ["note"]}]
    assert miriam("sealed", "reveal", "wallets", row, "note").out == "planted note\n"
    assert json.loads(miriam("labels", "export", "-").out)["aether"]["note"] == "planted note"
    actions = [each["action"] for each in miriam("audit", "list", "--json").json("audit-list")]
    assert {"sealed.reveal", "notes.export", "wallets.annotate"} <= set(actions)


def test_in_a_vault_file_notes_are_no_sealed_field(books: Run) -> None:
    assert "has no sealed fields" in books("sealed", "reveal", "wallets", "1", "note", code=1).err
    assert "is no sealed field" in books("sealed", "reveal", "users", "1", "note", code=1).err
