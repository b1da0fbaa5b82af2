"""Secrets are planted and then looked for: in reprs, errors, tracebacks, logs and every file that is written."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aether_desktop import composition
from aether_desktop.composition import Target, find_lock
from aether_desktop.domain.courts import Court
from aether_desktop.ports.errors import AetherError
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.header_file import HeaderFile
from aether_desktop.services.settings_file import SettingsFile

PASSWORD, WRONG, SECOND = "planted passphrase", "planted mistake", "planted second"


class Seen:
    """Everything a person, a log or a disk could see."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def show(self, *things: object) -> None:
        for thing in things:
            self.texts += [repr(thing), str(thing)]

    def fails(self, work: Callable[[], object]) -> None:
        try:
            work()
        except AetherError as error:
            self.show(error, error.args, vars(error))
            self.texts += traceback.format_exception(error)
        else:
            pytest.fail("it was to fail")


def planted_forms(secret: str | bytes) -> Iterator[bytes]:
    raw = secret.encode() if isinstance(secret, str) else secret
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield repr(raw)[2:-1].encode()


def test_no_secret_is_shown_or_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    seen = Seen()
    settings = SettingsFile(tmp_path / "settings.json")
    target = Target(vault=tmp_path / "books.aether", key_file=tmp_path / "device.key")
    assert target.vault is not None
    services = composition.create_vault(
        target.vault, settings=settings, key_file=target.key_file, password=Factor.passphrase(PASSWORD)
    )
    access = services.access
    assert access is not None
    access.set_factor(Court.HOLY, Factor.passphrase(SECOND), label="a label")
    kit = access.new_kit("Books")
    access.keep_kit(kit, {1: kit.words[0]})
    seen.show(services, access, kit, access.describe(), access.device())
    seen.fails(lambda: access.change_password(Factor.passphrase(WRONG), Factor.passphrase(PASSWORD)))
    seen.fails(lambda: access.change_password(Factor.passphrase(PASSWORD), Factor.passphrase("short")))
    seen.fails(lambda: access.keep_kit(access.new_kit("Books"), {2: kit.words[1] + "x"}))
    services.backups.back_up(tmp_path / "copy.aether")
    services.close()
    seen.fails(lambda: composition.open_services(target, settings=settings))
    lock = find_lock(target)
    assert lock is not None
    seen.fails(lambda: lock.access.unlock(Factor.passphrase(WRONG)))
    seen.fails(lambda: lock.access.unlock(Factor.kit(" ".join([*kit.words[:23], WRONG]))))
    seen.fails(lambda: lock.access.step_up(Court.HOLY, Factor.passphrase(SECOND)))
    lock.access.unlock(Factor.passphrase(PASSWORD))
    lock.access.step_up(Court.HOLY, Factor.passphrase(SECOND))
    header, content = HeaderFile(target.vault).read()
    reference = header.levels[0].slots[0].device
    assert reference is not None
    device = KeyFileDevices(tmp_path / "device.key").find(reference)
    seen.show(lock, lock.keys, lock.keys.levels, header, device, Factor.passphrase(PASSWORD), Factor.kit("planted"))
    secrets: list[str | bytes] = [PASSWORD, WRONG, SECOND, " ".join(kit.words), "\n".join(kit.words)]
    with lock.keys.levels.copy(Court.OUTER) as first, lock.keys.levels.copy(Court.HOLY) as second:
        secrets += [bytes(first.data), bytes(second.data), bytes(device.data)]
        secrets += [bytes(key.data) for key in lock.keys.file_keys()]
    settings.flush()
    lock.access.lock()
    out = capfd.readouterr()
    shown = "\n".join([*seen.texts, caplog.text, out.out, out.err]).encode()
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.name == "books.aether.keys" for path in files)
    assert content in files.values()
    for secret in secrets:
        for form in planted_forms(secret):
            assert form not in shown
            for path, written in files.items():
                assert form not in written or path.name == "device.key", path.name
