"""Planted values are looked for wherever a value may leave the sealed columns: files, exports, logs, audit, memory."""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.queries import TableQuery
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.sql_storage import SqlStorage, create_vault
from tests.sealing.conftest import Keyed

PLANTED = {
    "email": "planted-mail@example.org",
    "provider_reference": "pm_planted_reference",
    "last_four": "7391",
    "expires_on": "2031-07-19",
    "external_id": "pay_planted_id",
    "metadata": "planted metadata",
}
SECRETS = tuple(PLANTED.values())
METHODS, PAYMENTS, USERS = TableName.PAYMENT_METHODS, TableName.PAYMENTS, TableName.USERS


def found_in(text: str) -> list[str]:
    """Four digits may stand inside an id or a time by chance: only by themselves are they a secret that got out."""
    return [secret for secret in SECRETS if re.search(rf"(?<![0-9]){re.escape(secret)}(?![0-9])", text)]


def work(keyed: Keyed) -> None:
    """Everything that is done with sealed values, and some of it refused."""
    method = keyed.add_method(last_four=PLANTED["last_four"], expires_on=date.fromisoformat(PLANTED["expires_on"]))
    payment = keyed.add_payment()
    me = keyed.storage.users.get(keyed.storage.info.user_id)
    keyed.services.records.edit(USERS, me, {"email": PLANTED["email"]})
    keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
    keyed.services.undo.undo()
    keyed.services.records.edit(PAYMENTS, payment, {"description": "Bread"})
    keyed.reveal(method, "last_four")
    with pytest.raises(AetherError):
        keyed.add_payment()
    with pytest.raises(AetherError):
        keyed.add_method(last_four=PLANTED["last_four"] + "000")


def test_nothing_leaves_the_sealed_columns(
    keyed: Keyed, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    work(keyed)
    services = keyed.services
    told = [f"{entry.action} {entry.detail}" for entry in keyed.storage.audit.recent(1_000)]
    assert not found_in("\n".join(told))
    assert not found_in(caplog.text)
    assert not found_in("".join(capfd.readouterr()))
    for table in (METHODS, PAYMENTS, USERS):
        rows = list(keyed.storage.windows.rows(TableQuery(table)))
        records = [services.records.get(table, row.id) for row in rows]
        assert not found_in(repr(rows) + repr(records) + str(records))
        for form in ("csv", "json"):
            target = tmp_path / f"{table}.{form}"
            services.exporting.run(target, TableQuery(table), format_key=form)
            exported = target.read_text("utf-8")
            assert not found_in(exported)
            assert MASK in exported
    for secret in SECRETS:
        assert not any(secret in f"{hit.title} {hit.line}" for hit in services.search.find(secret))
    stack = [*services.undo._done, *services.undo._undone]
    assert not found_in(repr(stack) + repr([each.__closure__ for step in stack for each in (step.undo, step.redo)]))
    assert isinstance(services.settings, SettingsFile)
    services.settings.flush()
    for file in tmp_path.rglob("*.json"):
        assert not found_in(file.read_text("utf-8", "replace"))


def test_errors_say_nothing_of_them(keyed: Keyed) -> None:
    method = keyed.add_method(last_four=PLANTED["last_four"])
    (sealed,) = keyed.raw(method, "last_four_sealed")
    keyed.tamper(method, provider_reference_sealed=sealed)
    errors = []
    for attempt in (
        lambda: keyed.reveal(method, "provider_reference"),
        lambda: (keyed.add_payment(), keyed.add_payment()),
        lambda: keyed.services.sealed.payment("Lydia Bank", "pay_none"),
    ):
        with pytest.raises(AetherError) as refused:
            attempt()
        errors.append(refused.value)
    said = "\n".join(f"{error!r} {error} {error.hint} {error.details} {error.__cause__!r}" for error in errors)
    assert not found_in(said)


def test_the_pages_of_the_file_hold_ciphertext(tmp_path: Path, open_keyed: Callable[..., Keyed]) -> None:
    """In a file without encryption, so that the pages themselves can be read."""
    path = tmp_path / "plain.aether"
    with closing(create_vault(path, None, name="Sample", username="miriam", sample=True)) as storage:
        work(open_keyed(storage))
    gc.collect()
    everything = b"".join(each.read_bytes() for each in tmp_path.glob("plain.aether*"))
    assert b"House card" in everything  # names are plain
    assert [secret for secret in SECRETS if secret.encode() in everything] == []


def test_a_plain_vault_would_be_found(tmp_path: Path, open_keyed: Callable[..., Keyed]) -> None:
    """The scan sees what is there."""
    path = tmp_path / "plain.aether"
    with closing(create_vault(path, None, name="Sample", username="miriam", sample=True)) as storage:
        open_keyed(storage, sealing=False).add_payment()
    everything = b"".join(each.read_bytes() for each in tmp_path.glob("plain.aether*"))
    assert PLANTED["external_id"].encode() in everything


def test_rows_sealed_later_leave_no_plain_pages(tmp_path: Path, open_keyed: Callable[..., Keyed]) -> None:
    """What was plain before the vault had keys: freed pages and the log are overwritten or gone."""
    path = tmp_path / "plain.aether"
    with closing(create_vault(path, None, name="Sample", username="miriam", sample=True)) as storage:
        plain = open_keyed(storage, sealing=False)
        for number in range(40):
            plain.add_payment(external_id=f"pay_planted_id{number}", metadata="planted metadata " * 20)
        keyed = open_keyed(storage)
        assert keyed.services.plain_values is not None
        keyed.services.plain_values.run()
    everything = b"".join(each.read_bytes() for each in tmp_path.glob("plain.aether*"))
    assert b"pay_planted_id" not in everything
    assert b"planted metadata" not in everything


def test_backups_hold_ciphertext(sqlite_storage: SqlStorage, open_keyed: Callable[..., Keyed], tmp_path: Path) -> None:
    keyed = open_keyed(sqlite_storage)
    method = keyed.add_method()
    sqlite_storage.backup(tmp_path / "copy.aether")
    copied = (tmp_path / "copy.aether").read_bytes()
    assert not [secret for secret in SECRETS if secret.encode() in copied]
    assert keyed.reveal(method, "provider_reference") == "pm_planted_reference"
