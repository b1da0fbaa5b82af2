"""Verifying the log: whoever owns the file or the server changes something, and it is located or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aether_desktop.domain.audit import LogEntry, entry_leaf
from aether_desktop.domain.merkle import Frontier
from aether_desktop.ports.audit import AuditError, AuditFault, KeyHolders
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, OperationCancelled, PermissionDeniedError
from aether_desktop.ports.work import CancelToken
from aether_desktop.security.audit_signing import SignatureProofs
from aether_desktop.security.pin_stores import FilePinStore
from aether_desktop.services.audit import Agreement, AuditService
from aether_desktop.storage.sql_storage import SqlStorage
from tests.services.audited import busy, service
from tests.support.audits import audit_of, device, log_of, tamper, verified
from tests.support.storage_fixtures import open_second, place, storage, vault_templates
from tests.support.storages import VaultPlace

__all__ = ["busy", "open_second", "place", "service", "storage", "vault_templates"]


def forged_head(place: VaultPlace, storage: SqlStorage, *, leave_out: int = -1) -> None:
    """Make the head fit the entries as they are now, as a careful forger would."""
    frontier = Frontier()
    for row in log_of(storage):
        if row.leaf_index != leave_out:
            frontier.append(entry_leaf(row.entry, row.signature))
    peaks = frontier.peaks.hex()
    value = f"x'{peaks}'" if place.engine == "sqlite" else f"'\\x{peaks}'"
    tamper(place, f"UPDATE audit_heads SET size = {frontier.size}, peaks = {value}")


def blob(place: VaultPlace, content: bytes) -> str:
    return f"x'{content.hex()}'" if place.engine == "sqlite" else f"'\\x{content.hex()}'::bytea"


class TestWhole:
    def test_a_log_that_nobody_touched(self, service: AuditService, busy: SqlStorage) -> None:
        service.checkpoint()
        steps: list[tuple[int, int | None]] = []

        def told(done: int, total: int | None, message: str = "") -> None:
            assert message
            steps.append((done, total))

        verdict = service.verify(token=CancelToken(), progress=told)
        assert verdict.bad is None
        assert verdict.size == busy.audit.head().size
        assert verdict.signed == 11
        assert verdict.signed + verdict.attested == verdict.size
        assert (verdict.checkpoints, verdict.pinned) == (1, verdict.size - 1)
        assert steps[-1] == (verdict.size, verdict.size)

    def test_verification_can_be_cancelled(self, service: AuditService) -> None:
        token = CancelToken()
        token.cancel()
        with pytest.raises(OperationCancelled):
            service.verify(token=token)

    def test_the_keys_are_compared_with_the_membership_log(self, busy: SqlStorage) -> None:
        (key,) = busy.audit.devices()

        class Holders:
            def __init__(self, owner: int | None) -> None:
                self.owner = owner

            def device_owner(self, public_key: bytes) -> int | None:
                assert public_key == key.public_key
                return self.owner

            def signing_owner(self, public_key: bytes) -> int | None:
                return None

        def judged(owner: int | None) -> Any:
            holders: KeyHolders = Holders(owner)
            return verified(AuditService(busy, proofs=SignatureProofs(), holders=lambda: holders)).bad

        assert judged(busy.info.user_id) is None
        first = next(row.leaf_index for row in log_of(busy) if row.key_id)
        for owner in (None, 5):
            bad = judged(owner)
            assert (bad.fault, bad.index) == (AuditFault.DEVICE, first)


COLUMNS = [
    ("action", "'nothing'"),
    ("at", "at + 1"),
    ("user_id", "user_id + 1"),
    ("table_name", "'prices'"),
    ("row_count", "row_count + 1"),
    ("detail", "'{}'"),
    ("row_id", "77"),
    ("login", "'somebody'"),
    ("counter", "counter + 100"),
]


class TestTampering:
    @pytest.mark.parametrize(("column", "value"), COLUMNS)
    def test_an_edited_column_is_located(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace, column: str, value: str
    ) -> None:
        tamper(place, f"UPDATE audit_entries SET {column} = {value} WHERE leaf_index = 5")
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.ALTERED, 5)
        assert bad.entry_id == log_of(busy)[5].id or column == "id"

    def test_an_entry_rewritten_with_everything_is_located_by_its_signature(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        row = log_of(busy)[5]
        forged = row.entry.replace(b'"number"', b'"numbex"')
        detail = LogEntry.decode(forged).detail
        tamper(
            place, f"UPDATE audit_entries SET entry = {blob(place, forged)}, detail = '{detail}' WHERE leaf_index = 5"
        )
        forged_head(place, busy)
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.ALTERED, 5)

    def test_an_unsigned_entry_is_located_within_a_subtree(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        row = log_of(busy)[0]
        assert not row.key_id
        forged = row.entry.replace(b"vault.create", b"vault.CREATE")
        tamper(
            place,
            f"UPDATE audit_entries SET entry = {blob(place, forged)}, action = 'vault.CREATE' WHERE leaf_index = 0",
        )
        bad = verified(service).bad
        assert bad is not None
        assert bad.fault is AuditFault.FORK
        assert bad.index <= 0 <= bad.last
        forged_head(place, busy)
        with pytest.raises(AuditError) as refusal:  # the server agrees with itself, but not with what was seen
            busy.audit.note("said")
            service.sign_on()
        assert refusal.value.fault is AuditFault.FORK

    def test_a_deleted_entry_is_located(self, service: AuditService, busy: SqlStorage, place: VaultPlace) -> None:
        tamper(place, "DELETE FROM audit_entries WHERE leaf_index = 4")
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.MISSING, 4)

    def test_a_closed_gap_is_located_by_the_device_s_chain(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        size = busy.audit.head().size
        moves = [f"UPDATE audit_entries SET leaf_index = {n - 1} WHERE leaf_index = {n}" for n in range(5, size)]
        tamper(place, "DELETE FROM audit_entries WHERE leaf_index = 4", *moves)
        forged_head(place, busy)
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.CHAIN, 4)

    def test_reordered_entries_are_located(self, service: AuditService, busy: SqlStorage, place: VaultPlace) -> None:
        tamper(
            place,
            "UPDATE audit_entries SET leaf_index = 1000 WHERE leaf_index = 4",
            "UPDATE audit_entries SET leaf_index = 4 WHERE leaf_index = 6",
            "UPDATE audit_entries SET leaf_index = 6 WHERE leaf_index = 1000",
        )
        forged_head(place, busy)
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.CHAIN, 4)

    def test_a_cut_tail_is_refused_and_located(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        size = busy.audit.head().size
        tamper(place, f"DELETE FROM audit_entries WHERE leaf_index >= {size - 3}")
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.CUT, size - 3)
        forged_head(place, busy)
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.CUT, size - 3)
        with pytest.raises(AuditError) as refusal:
            service.sign_on()
        assert refusal.value.fault is AuditFault.CUT
        with pytest.raises(AuditError):  # nothing is written on top of it
            busy.audit.note("said")

    def test_truncation_to_nothing_is_refused(self, service: AuditService, busy: SqlStorage, place: VaultPlace) -> None:
        tamper(place, "DELETE FROM audit_entries", "DELETE FROM audit_heads")
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.CUT, 0)
        with pytest.raises(AuditError) as refusal:
            service.sign_on()
        assert refusal.value.fault is AuditFault.CUT

    def test_a_fork_grown_longer_is_refused(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace, open_second: Callable[[], SqlStorage]
    ) -> None:
        """The server cuts the log and lets another client, who has seen nothing, go on from there."""
        size = busy.audit.head().size
        tamper(place, f"DELETE FROM audit_entries WHERE leaf_index >= {size - 4}")
        forged_head(place, busy)
        other = open_second()
        other.audit.sign_with(device())
        for number in range(9):
            other.audit.note("another history", number=number)
        assert other.audit.head().size > size
        bad = verified(service).bad
        assert bad is not None
        assert bad.fault is AuditFault.FORK
        assert bad.index <= size - 4 <= bad.last
        with pytest.raises(AuditError) as refusal:
            service.sign_on()
        assert refusal.value.fault is AuditFault.FORK
        with pytest.raises(AuditError):
            busy.audit.note("said")

    def test_an_entry_added_around_the_log_is_located(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        size = busy.audit.head().size
        tamper(
            place,
            "INSERT INTO audit_entries (vault_id, id, at, user_id, action, table_name, row_count, detail, attested,"
            f" login, leaf_index, entry) SELECT vault_id, id + 1, at, user_id, action, table_name, row_count, detail,"
            f" 'server', '', {size}, entry FROM audit_entries WHERE leaf_index = 0",
        )
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.ALTERED, size)

    def test_an_entry_without_a_place_is_found(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        tamper(
            place,
            "INSERT INTO audit_entries (vault_id, id, at, user_id, action, table_name, row_count, detail, attested,"
            " login, entry) SELECT vault_id, id + 1, at, user_id, 'said', table_name, row_count, detail, 'server', '',"
            " entry FROM audit_entries WHERE leaf_index = 0",
        )
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.HEAD, busy.audit.head().size)
        assert "1 entry has no place" in bad.reason

    def test_a_key_put_in_place_of_another_is_located(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        tamper(place, f"UPDATE audit_devices SET public_key = {blob(place, device().public_key)}")
        bad = verified(service).bad
        assert bad is not None
        assert bad.fault is AuditFault.DEVICE

    def test_a_changed_checkpoint_is_found(self, service: AuditService, busy: SqlStorage, place: VaultPlace) -> None:
        service.checkpoint()
        tamper(place, "UPDATE audit_checkpoints SET size = size - 1")
        bad = verified(service).bad
        assert bad is not None
        assert bad.fault is AuditFault.CHECKPOINT

    def test_a_checkpoint_of_another_log_is_found(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace, tmp_path: Path
    ) -> None:
        service.checkpoint()
        row = log_of(busy)[0]
        forged = row.entry.replace(b"vault.create", b"vault.CREATE")
        tamper(
            place,
            f"UPDATE audit_entries SET entry = {blob(place, forged)}, action = 'vault.CREATE' WHERE leaf_index = 0",
        )
        forged_head(place, busy)
        stranger = AuditService(busy, proofs=SignatureProofs())  # has seen nothing yet, but there is the checkpoint
        bad = verified(stranger).bad
        assert bad is not None
        assert bad.fault is AuditFault.FORK
        with pytest.raises(AuditError):
            stranger.export_inclusion_proof(row.id, tmp_path / "proof.json")
        point = busy.audit.checkpoints()[0]
        with pytest.raises(AuditError):
            stranger.export_consistency_proof(
                point.id, audit_of(busy, tmp_path / "new").checkpoint().id, tmp_path / "c"
            )
        assert not (tmp_path / "c").exists()


class TestRemembering:
    def test_it_goes_on_where_it_was(self, service: AuditService, busy: SqlStorage, tmp_path: Path) -> None:
        busy.audit.note("said")
        again = AuditService(busy, proofs=SignatureProofs(), pins=FilePinStore(tmp_path / "pins"))
        assert again.sign_on() == busy.audit.head().size
        assert verified(again).pinned == busy.audit.head().size

    def test_damaged_memory_is_not_taken_for_none(
        self, service: AuditService, busy: SqlStorage, tmp_path: Path
    ) -> None:
        (pin,) = (tmp_path / "pins").iterdir()
        pin.write_bytes(b"something else")
        with pytest.raises(AuditError):
            service.sign_on()
        with pytest.raises(AuditError):
            busy.audit.note("said")
        service.accept()
        busy.audit.note("said")

    def test_a_restored_backup_is_accepted_by_a_person_and_says_so(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        size = busy.audit.head().size
        tamper(place, f"DELETE FROM audit_entries WHERE leaf_index >= {size - 3}")
        forged_head(place, busy)
        with pytest.raises(AuditError):
            service.sign_on()
        service.accept()
        entry = busy.audit.recent(1)[0]
        assert entry.action == "audit.accept"
        assert json.loads(entry.detail)["known"] == size
        assert verified(service).bad is None

    def test_closing_remembers_and_never_raises(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace
    ) -> None:
        busy.audit.note("said")
        service.remember()
        assert verified(service).pinned == busy.audit.head().size
        tamper(place, "DELETE FROM audit_entries WHERE leaf_index = 4", "DELETE FROM audit_heads")
        service.remember()


class TestComparing:
    def test_two_people_of_one_log_agree(
        self, service: AuditService, open_second: Callable[[], SqlStorage], tmp_path: Path
    ) -> None:
        code = service.code()
        other = audit_of(open_second(), tmp_path / "others")
        other.export_checkpoint(tmp_path / "theirs.json")
        assert other.compare_code(code.lower().replace("-", " ")).agreement is Agreement.SAME
        assert service.compare_file(tmp_path / "theirs.json").agreement is Agreement.SAME

    def test_another_log_is_told(
        self, service: AuditService, busy: SqlStorage, place: VaultPlace, tmp_path: Path
    ) -> None:
        code = service.code()
        service.export_checkpoint(tmp_path / "mine.json")
        row = log_of(busy)[0]
        forged = row.entry.replace(b"vault.create", b"vault.CREATE")
        tamper(
            place,
            f"UPDATE audit_entries SET entry = {blob(place, forged)}, action = 'vault.CREATE' WHERE leaf_index = 0",
        )
        forged_head(place, busy)
        stranger = AuditService(busy, proofs=SignatureProofs())
        assert stranger.compare_code(code).agreement is Agreement.OTHER
        assert stranger.compare_file(tmp_path / "mine.json").agreement is Agreement.OTHER

    def test_a_longer_log_is_told(self, service: AuditService, busy: SqlStorage) -> None:
        size, _, letters = service.code().partition("-")
        assert service.compare_code(f"{int(size) + 5}-{letters}").agreement is Agreement.LONGER

    @pytest.mark.parametrize("typed", ["", "12", "12-ABCD", "x-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD", "5-ABC1-ABCD"])
    def test_what_is_no_code_is_refused(self, service: AuditService, typed: str) -> None:
        with pytest.raises(InvalidInputError) as refusal:
            service.compare_code(typed)
        assert refusal.value.field == "code"

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "aether/1/audit-checkpoint"}', "\x00"])
    def test_what_is_no_checkpoint_is_refused(self, service: AuditService, tmp_path: Path, content: str) -> None:
        (tmp_path / "file.json").write_text(content)
        with pytest.raises(InvalidInputError, match="no checkpoint"):
            service.compare_file(tmp_path / "file.json")

    def test_a_file_that_was_altered_is_refused(self, service: AuditService, tmp_path: Path) -> None:
        path = tmp_path / "mine.json"
        service.export_checkpoint(path)
        fields = json.loads(path.read_text("utf-8"))
        fields["signature"] = fields["signature"][:-2] + ("00" if fields["signature"][-2:] != "00" else "01")
        path.write_text(json.dumps(fields))
        with pytest.raises(InvalidInputError, match="not signed"):
            service.compare_file(path)


class TestRefusals:
    def test_without_keys_there_is_no_checkpoint(self, busy: SqlStorage) -> None:
        with pytest.raises(PermissionDeniedError):
            AuditService(busy, proofs=SignatureProofs()).checkpoint()

    def test_unknown_entries_and_checkpoints(self, service: AuditService, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError):
            service.export_inclusion_proof(5, tmp_path / "proof.json")
        with pytest.raises(NotFoundError):
            service.export_consistency_proof(1, 2, tmp_path / "proof.json")
