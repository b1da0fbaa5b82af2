"""The audit by the command line: listing, verifying, checkpoints, proofs, comparing, accepting."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aether_desktop.locations import resources_dir
from tests.cli.conftest import Run, secret_file

ADDRESS = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"


@pytest.fixture
def used(books: Run) -> Run:
    """A vault in which something happened."""
    books("wallet", "add", "--name", "Main", "--chain", "ethereum", "--address", ADDRESS)
    return books


@pytest.fixture
def signed(used: Run, tmp_path: Path) -> Run:
    """A vault whose founder has keys, and a factor for level 2."""
    factors = ["--factor-file", f"2={secret_file(tmp_path / 'two', 'second factor')}"]
    factors += ["--factor-file", f"3={secret_file(tmp_path / 'three', 'third factor')}"]
    used("people", "begin", *factors)
    used("wallet", "add", "--name", "Signed", "--chain", "bitcoin", "--address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")
    return used


def factor(tmp_path: Path) -> list[str]:
    return ["--factor-file", f"2={tmp_path / 'two'}"]


class TestListing:
    def test_the_latest_comes_first(self, used: Run) -> None:
        listed = used("audit", "list", "--json").json("audit-list")
        assert [entry["action"] for entry in listed][:1] == ["wallets.create"]
        assert listed[-1]["action"] == "vault.create"
        assert listed[-1]["place"] == 0
        assert "Main" in listed[0]["detail"]

    def test_filters(self, used: Run) -> None:
        wallet = used("wallet", "list", "--json").json("wallet-list")[0]
        by_row = used("audit", "list", "--json", "--row", str(wallet["id"])).json("audit-list")
        assert [entry["action"] for entry in by_row] == ["wallets.create"]
        person = by_row[0]["person"]
        for arguments, found in (
            (("--event", "vault.create"), 1),
            (("--table", "prices"), 0),
            (("--person", person.upper(), "--limit", "1"), 1),
            (("--until", "2020-01-01"), 0),
            (("--since", "2020-01-01", "--event", "wallets.create"), 1),
        ):
            assert len(used("audit", "list", "--json", *arguments).json("audit-list")) == found, arguments
        assert "wallets.create" in used("audit", "list").out

    @pytest.mark.parametrize("arguments", [("--since", "yesterday"), ("--person", "nobody at all")])
    def test_bad_filters_are_refused(self, used: Run, arguments: tuple[str, str]) -> None:
        assert used("audit", "list", *arguments, code=1).err


class TestVerifying:
    def test_a_whole_log(self, used: Run) -> None:
        verdict = used("audit", "verify", "--json").json("audit-verify")
        assert verdict["whole"] is True
        assert verdict["entries"] == len(used("audit", "list", "--json").json("audit-list"))
        assert verdict["remembered"] == verdict["entries"]

    def test_signed_entries_are_compared_with_the_membership_log(self, signed: Run) -> None:
        verdict = signed("audit", "verify", "--json").json("audit-verify")
        assert (verdict["whole"], verdict["certified"]) == (True, True)
        assert verdict["signed"] >= 1

    def test_an_older_copy_in_the_vault_s_place_is_refused_until_accepted(self, used: Run, options: list[str]) -> None:
        vault = Path(options[3])
        older = vault.with_name("older")
        shutil.copyfile(vault, older)
        used(
            "wallet", "add", "--name", "Later", "--chain", "bitcoin", "--address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
        )
        shutil.copyfile(older, vault)
        for suffix in ("-wal", "-shm"):
            vault.with_name(vault.name + suffix).unlink(missing_ok=True)
        verdict = used("audit", "verify", "--json", code=1).json("audit-verify")
        assert verdict["bad"]["fault"] == "cut"
        again = ("wallet", "add", "--name", "Again", "--chain", "ethereum", "--address", "0x" + "1" * 40)
        assert "audit accept" in used(*again, code=1).err
        assert used("wallet", "list", "--json").json("wallet-list")  # reading goes on
        assert "--yes" in used("audit", "accept", code=1).err
        used("audit", "accept", "--yes")
        used(*again)
        assert used("audit", "verify", "--json").json("audit-verify")["whole"] is True
        assert "nothing to accept" in used("audit", "accept").err

    def test_a_backup_that_the_program_restored_is_taken_as_it_is(
        self, used: Run, options: list[str], tmp_path: Path
    ) -> None:
        used("backup", str(tmp_path / "kept.aether"))
        used(
            "wallet", "add", "--name", "Later", "--chain", "bitcoin", "--address", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
        )
        used("restore", str(tmp_path / "kept.aether"), "--replace")
        used("wallet", "add", "--name", "Again", "--chain", "ethereum", "--address", "0x" + "1" * 40)
        listed = used("audit", "list", "--json").json("audit-list")
        assert "audit.accept" in [entry["action"] for entry in listed]
        assert used("audit", "verify", "--json").json("audit-verify")["whole"] is True


class TestProofs:
    def test_without_keys_there_is_no_checkpoint(self, used: Run, tmp_path: Path) -> None:
        assert "keys" in used("audit", "checkpoint", str(tmp_path / "x.json"), code=1).err

    def test_checkpoint_proof_and_comparison(self, signed: Run, tmp_path: Path) -> None:
        entry = signed("audit", "list", "--json").json("audit-list")[0]
        first, last, path = (str(tmp_path / f"{name}.json") for name in ("first", "last", "proof"))
        signed("audit", "checkpoint", first, *factor(tmp_path))
        signed("audit", "checkpoint", last, *factor(tmp_path))
        points = signed("audit", "checkpoints", "--json").json("audit-checkpoints")
        assert len(points) == 2
        name = points[0]["name"]
        assert name
        assert name != points[0]["person"]
        assert [line.split()[-1] for line in signed("audit", "checkpoints").out.splitlines()] == ["by", name, name]
        signed("audit", "proof", entry["id"], path, *factor(tmp_path))
        both = str(tmp_path / "both.json")
        signed("audit", "consistency", points[0]["id"], points[1]["id"], both)
        for name in (first, last, path, both):
            command = [sys.executable, "-I", str(resources_dir() / "verify_proof.py"), name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        assert "the same on both" in signed("audit", "compare", first).err
        code = signed("audit", "code").out.strip()
        assert "the same on both" in signed("audit", "compare", code).err
        other = code[:-1] + ("A" if code[-1] != "A" else "B")
        assert "not the same" in signed("audit", "compare", other, code=1).err
        assert "no code" in signed("audit", "compare", "something", code=1).err
        assert "no file" in signed("audit", "compare", "theirs.json", code=1).err

    def test_a_file_of_another_person_s_making_is_refused(self, signed: Run, tmp_path: Path) -> None:
        path = tmp_path / "first.json"
        signed("audit", "checkpoint", str(path), *factor(tmp_path))
        fields = json.loads(path.read_text("utf-8"))
        fields["public_key"] = fields["public_key"][:-2] + "00"
        path.write_text(json.dumps(fields))
        assert "not signed" in signed("audit", "compare", str(path), code=1).err
