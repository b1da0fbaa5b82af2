"""The audit as people of every role: who may not read the entries of others can still see that nothing was changed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from aether_desktop.ports.audit import AuditError, AuditFault
from aether_desktop.services.audit import Agreement
from tests.access.scene import OTHER, STRANGER, Scene
from tests.access.test_program import as_person
from tests.storage import samples
from tests.support.audits import audit_of, device, verified


@pytest.fixture
def whole_scene(copied_scene: Scene) -> Scene:
    """Without the scene's checkpoints, which nobody signed."""
    with psycopg.connect(copied_scene.administration) as owner:
        owner.execute("DELETE FROM audit_checkpoints")
    return copied_scene


@pytest.mark.parametrize("name", ["mara", "levi", "aaron", "zadok"])
def test_everybody_signs_on_and_verifies(name: str, whole_scene: Scene, tmp_path: Path) -> None:
    with as_person(whole_scene, OTHER) as storage:
        storage.audit.sign_with(device())
        storage.wallets.create(samples.wallet(storage, name="Naomi's", address=samples.evm_address(78)))
    with as_person(whole_scene, name) as storage:
        storage.audit.sign_with(device())
        service = audit_of(storage, tmp_path / "pins")
        size = service.sign_on()
        storage.audit.note("said")
        assert service.sign_on() == size + 1
        verdict = verified(service)
        assert verdict.bad is None
        assert verdict.size == storage.audit.head().size
        assert (verdict.hidden > 0) == (name == "mara")
        assert verdict.signed + verdict.attested + verdict.hidden == verdict.size
        entry = storage.audit.recent(1)[0]
        assert service.export_inclusion_proof(entry.id, tmp_path / "proof.json") == size


def test_people_of_different_roles_compare_the_same_log(whole_scene: Scene, tmp_path: Path) -> None:
    with as_person(whole_scene, "mara") as member, as_person(whole_scene, "zadok") as ruler:
        code = audit_of(member, tmp_path / "a").code()
        assert audit_of(ruler, tmp_path / "b").compare_code(code).agreement is Agreement.SAME


def test_a_change_of_hidden_entries_is_noticed_by_those_who_may_not_read_them(
    whole_scene: Scene, tmp_path: Path
) -> None:
    with as_person(whole_scene, "mara") as storage:
        service = audit_of(storage, tmp_path / "pins")
        service.sign_on()
        with psycopg.connect(whole_scene.administration) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("DELETE FROM audit_entries WHERE leaf_index = 0")
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.MISSING, 0)
        with psycopg.connect(whole_scene.administration) as owner:
            owner.execute("UPDATE audit_heads SET size = size - 1, peaks = '' WHERE size = 1")
            owner.execute("UPDATE audit_heads SET peaks = sha256(peaks)")
        with pytest.raises(AuditError):
            service.sign_on()


def test_leaves_are_for_the_people_of_the_vault(whole_scene: Scene) -> None:
    question = "SELECT count(*) FROM aether_audit_leaves(%s, 0, 1000000)"
    for name, seen in (("mara", True), (STRANGER, False)):
        with psycopg.connect(whole_scene.url(name)) as person:
            row = person.execute(question, (whole_scene.vault_id,)).fetchone()
            assert row is not None
            assert (row[0] > 0) == seen


def test_a_checkpoint_that_nobody_signed_does_not_hide_what_is_wrong_with_the_log(
    copied_scene: Scene, tmp_path: Path
) -> None:
    """Anybody in the vault may add one."""
    with as_person(copied_scene, "levi") as storage:
        service = audit_of(storage, tmp_path / "pins")
        bad = verified(service).bad
        assert bad is not None
        assert bad.fault is AuditFault.CHECKPOINT
        with psycopg.connect(copied_scene.administration) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("UPDATE audit_entries SET action = 'nothing' WHERE leaf_index = 1")
        bad = verified(service).bad
        assert bad is not None
        assert (bad.fault, bad.index) == (AuditFault.ALTERED, 1)
