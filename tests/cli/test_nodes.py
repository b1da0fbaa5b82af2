"""Temple nodes from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run, secret_file


def test_a_node_from_registering_to_retiring(books: Run, tmp_path: Path) -> None:
    made = books(
        *("nodes", "add", "gate", "--tier", "Outer Court", "--storage", "3", "--network", "atc", "--json"),
        *("--endpoint", "https://gate.example/rpc", "--endpoint", "tls=gate.example:443"),
    ).json("node")
    assert (made["type"], made["status"], made["elevation"]) == ("levite", "unknown", None)
    assert "already there" in books("nodes", "add", "Gate", "--tier", "ftc", code=1).err
    assert "tier:" in books("nodes", "add", "x", "--tier", "inner", code=1).err
    assert "nodes elevate gate" in books("nodes", "edit", "gate", "--compute", "9").err
    assert "Aaronic now" in books("nodes", "elevate", "gate").err
    assert books("nodes", "edit", "gate", "--tier", "aic", "--json").json("node")["tier"] == "holy_place"
    shown = books("nodes", "show", "gate", "--json").json("nodes-show")
    assert [(each["kind"], each["network"]) for each in shown["probes"]] == [("evm", "atc"), ("tls", "")]
    assert shown["harmony_explained"] == "Not measured yet."
    second, third = (secret_file(tmp_path / name, f"a long passphrase for {name}") for name in ("two", "three"))
    factors = ("--factor-file", f"2={second}", "--factor-file", f"3={third}")
    books("people", "begin", *factors)
    books("nodes", "covenant", "gate", "jubilee", "--note", "all free", *factors[:2])
    assert "Elders only" in books("nodes", "covenant", "gate", "book_of_life", code=1).err
    (covenant,) = books("nodes", "covenants", "gate", "--json").json("nodes-covenants")
    assert (covenant["kind"], covenant["signature"], covenant["note"]) == ("jubilee", "valid", "all free")
    books("nodes", "retire", "gate")
    assert [node["status"] for node in books("nodes", "list", "--json").json("nodes-list")] == ["retired"]


def test_silences_are_of_one_node_or_one_tier(books: Run) -> None:
    books("nodes", "add", "gate", "--tier", "ftc", "--storage", "3")
    assert "silent until" in books("nodes", "silence", "gate").err
    assert "heard again" in books("nodes", "silence", "gate", "--end").err
    assert "Outer Court is silent" in books("nodes", "silence", "--tier", "ftc", "--why", "works").err
    assert "one node or one tier" in books("nodes", "silence", code=1).err
    assert "past" in books("nodes", "silence", "gate", "--until", "2020-01-01", code=1).err


def test_a_file_of_nodes_says_what_is_wrong_by_row_and_field(books: Run, tmp_path: Path) -> None:
    file = tmp_path / "nodes.csv"
    file.write_text("name,tier,storage,endpoint\ngate,ftc,3,gate.example:1\naltar,aic,3,\nveil,ftc,many,\n")
    done = books("nodes", "import", str(file), "--json", code=1)
    report = done.json("nodes-import")
    assert (report["nodes"], report["endpoints"]) == (1, 1)
    assert [(each["row"], each["reason"].partition(":")[0]) for each in report["rejected"]] == [
        (3, "tier"),
        (4, "storage"),
    ]
    assert "row 4: storage: 'many' is no whole number." in done.err


def test_watching_while_locked_is_allowed_and_forbidden(books: Run, tmp_path: Path) -> None:
    books("nodes", "add", "gate", "--tier", "ftc", "--storage", "3", "--endpoint", "gate.example:1")
    assert "stops" in books("nodes", "watch-locked", "status").out
    assert "goes on" in books("nodes", "watch-locked", "on").out
    assert (tmp_path / "books.monitor").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "books.key.monitor").exists()
    assert "stops" in books("nodes", "watch-locked", "off").out
    assert not (tmp_path / "books.monitor").exists()
    assert not (tmp_path / "books.key.monitor").exists()
