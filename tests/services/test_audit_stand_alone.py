"""Proofs and checkpoints as the stand-alone script reads them, without this program."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from aether_desktop.locations import resources_dir
from aether_desktop.services.audit import AuditService
from aether_desktop.storage.sql_storage import SqlStorage
from tests.services.audited import busy, service
from tests.support.audits import log_of
from tests.support.storage_fixtures import place, storage, vault_templates

__all__ = ["busy", "place", "service", "storage", "vault_templates"]


def script(path: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of it alone in a folder, without this program on the path."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    shutil.copy(resources_dir() / "verify_proof.py", alone)
    command = [sys.executable, "-I", str(alone / "verify_proof.py"), str(path), *arguments]
    return subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False, timeout=60)


def sign_anew(fields: dict[str, str]) -> str:
    """Sign a checkpoint with a stranger's keys; returns the public ones in hexadecimal."""
    verifier = runpy.run_path(str(resources_dir() / "verify_proof.py"))
    element, label = verifier["element"], verifier["CHECKPOINT"]
    one, two = Ed25519PrivateKey.generate(), MLDSA65PrivateKey.generate()
    public = one.public_key().public_bytes_raw() + two.public_key().public_bytes_raw()
    body = bytes.fromhex(fields["body"])
    message = element(verifier["SIGNED"]) + element(label) + element(public) + element(body)
    fields["public_key"] = public.hex()
    fields["signature"] = (b"\x01" + one.sign(message) + two.sign(message, label.encode())).hex()
    return public.hex()


class TestStandAlone:
    def test_it_is_short_and_imports_nothing_of_ours(self) -> None:
        text = (resources_dir() / "verify_proof.py").read_text("utf-8")
        assert len(text.splitlines()) < 250
        assert "aether_desktop" not in text

    def test_without_its_package_it_says_so_and_gives_no_verdict(self, tmp_path: Path) -> None:
        command = [sys.executable, "-I", "-S", str(resources_dir() / "verify_proof.py"), "any.json"]  # -S: no packages
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr.startswith("Nothing verified: this needs the Python package cryptography, 50 or newer")
        assert "Traceback" not in run.stderr

    def test_checkpoint_inclusion_and_consistency_hold(
        self, service: AuditService, busy: SqlStorage, tmp_path: Path
    ) -> None:
        service.export_checkpoint(tmp_path / "checkpoint.json")
        for number in range(5):
            busy.audit.note("more", number=number)
        signed, unsigned = log_of(busy)[-1], log_of(busy)[0]
        service.export_inclusion_proof(signed.id, tmp_path / "signed.json")
        service.export_inclusion_proof(unsigned.id, tmp_path / "unsigned.json")
        first, second = service.checkpoints()
        service.export_consistency_proof(second.id, first.id, tmp_path / "consistency.json")
        for name, told in (
            ("checkpoint", "checkpoint"),
            ("signed", "signed by the device"),
            ("unsigned", "only the database"),
            ("consistency", "consistent"),
        ):
            run = script(tmp_path / f"{name}.json", tmp_path)
            assert run.returncode == 0, run.stdout + run.stderr
            assert "It holds." in run.stdout
            assert told in run.stdout
        public = second.public_key.hex()
        assert script(tmp_path / "signed.json", tmp_path, "--key", public).returncode == 0
        assert script(tmp_path / "signed.json", tmp_path, "--key", "00" * 1984).returncode == 1

    @pytest.mark.parametrize("field", ["entry", "entry_signature", "device_key", "proof", "index", "body", "signature"])
    def test_one_changed_bit_does_not_hold(
        self, service: AuditService, busy: SqlStorage, tmp_path: Path, field: str
    ) -> None:
        path = tmp_path / "proof.json"
        service.export_inclusion_proof(log_of(busy)[-1].id, path)
        fields = json.loads(path.read_text("utf-8"))
        holder = fields["checkpoint"] if field in {"body", "signature"} else fields
        if field == "index":
            holder[field] -= 1
        elif field == "proof":
            holder[field] = holder[field][:-1]
        else:
            changed = bytearray(bytes.fromhex(holder[field]))
            changed[len(changed) // 2] ^= 1
            holder[field] = changed.hex()
        path.write_text(json.dumps(fields))
        run = script(path, tmp_path)
        assert (run.returncode, "DOES NOT HOLD" in run.stdout) == (1, True), run.stdout + run.stderr

    def test_another_history_is_not_consistent(self, service: AuditService, busy: SqlStorage, tmp_path: Path) -> None:
        service.checkpoint()
        busy.audit.note("more")
        service.checkpoint()
        first, second = service.checkpoints()
        path = tmp_path / "consistency.json"
        service.export_consistency_proof(first.id, second.id, path)
        fields = json.loads(path.read_text("utf-8"))
        fields["proof"][0] = "00" * 32
        path.write_text(json.dumps(fields))
        assert script(path, tmp_path).returncode == 1

    def test_both_checkpoints_of_a_proof_must_be_signed_with_a_key_that_was_given(
        self, service: AuditService, busy: SqlStorage, tmp_path: Path
    ) -> None:
        service.checkpoint()
        busy.audit.note("more")
        service.checkpoint()
        first, second = service.checkpoints()
        path = tmp_path / "consistency.json"
        service.export_consistency_proof(second.id, first.id, path)
        fields = json.loads(path.read_text("utf-8"))
        strangers = sign_anew(fields["second"])
        path.write_text(json.dumps(fields))
        known = ["--key", first.public_key.hex()]
        assert script(path, tmp_path).returncode == 0
        run = script(path, tmp_path, *known)
        assert run.returncode == 1
        assert "signed with another key" in run.stdout
        assert script(path, tmp_path, *known, "--key", strangers).returncode == 0

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "aether/1/audit-checkpoint"}', "\x00"])
    def test_what_it_cannot_read_it_says(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "file.json").write_text(content)
        assert script(tmp_path / "file.json", tmp_path).returncode == 2
