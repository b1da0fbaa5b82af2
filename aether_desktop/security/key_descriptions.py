"""A key file's slots, and how the keyring answers, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import Levels
from aether_desktop.ports.errors import (
    AetherError,
    KeyMissingError,
    KeyStoreAbsentError,
    KeyStoreError,
    KeyStoreLockedError,
)
from aether_desktop.ports.vault_keys import DeviceKeyReport, DeviceKeyState, LevelDescription, SlotDescription
from aether_desktop.security.device_keys import DeviceKeys
from aether_desktop.security.key_header import Header
from aether_desktop.security.slots import Slot

_MEANING = {
    DeviceKeyState.MISSING: "The password alone does not open it here. Use the recovery kit.",
    DeviceKeyState.ABSENT: "Without it only the recovery kit opens the vault. Nothing is kept in plain text instead.",
    DeviceKeyState.LOCKED: "Unlock it and try again; the recovery kit opens the vault without it.",
    DeviceKeyState.REFUSED: "Try again; the recovery kit opens the vault without it.",
}


def describe_levels(header: Header | None, devices: DeviceKeys, levels: Levels) -> tuple[LevelDescription, ...]:
    """All three levels; without slots where none was set up."""
    described = []
    for level in Court:
        known = None if header is None else header.level(level)
        slots = () if known is None else known.slots
        described.append(
            LevelDescription(level, levels.is_open(level), tuple(_described(slot, level, devices) for slot in slots))
        )
    return tuple(described)


def describe_device(header: Header | None, devices: DeviceKeys, vault: Path) -> DeviceKeyReport:
    """How the keyring or key file answers for this vault, or for one that is to be made here. Never raises."""
    refused: KeyStoreError | None = None
    try:
        if header is None and not vault.exists():
            return DeviceKeyReport(DeviceKeyState.PRESENT, devices.answers())
        if header is None:
            devices.of_old_vault(vault)[1].wipe()
            return _present()
        for slot in header.levels[0].slots:
            if slot.device is None:
                continue
            try:
                devices.find(slot.device).wipe()
            except KeyMissingError as error:
                refused = refused or error
            else:
                return _present()
    except AetherError as error:
        return _report(error)
    return _report(refused or KeyMissingError("Only the recovery kit opens this vault."))


def _present() -> DeviceKeyReport:
    return DeviceKeyReport(DeviceKeyState.PRESENT, "This device's key is there.")


def _report(error: AetherError) -> DeviceKeyReport:
    if isinstance(error, KeyMissingError):
        state = DeviceKeyState.MISSING
    elif isinstance(error, KeyStoreAbsentError):
        state = DeviceKeyState.ABSENT
    elif isinstance(error, KeyStoreLockedError):
        state = DeviceKeyState.LOCKED
    else:
        state = DeviceKeyState.REFUSED
    return DeviceKeyReport(state, error.message, _MEANING[state])


def _described(slot: Slot, level: Court, devices: DeviceKeys) -> SlotDescription:
    here = True
    if slot.device is not None:
        try:
            devices.find(slot.device).wipe()
        except AetherError:
            here = False
    created = datetime.fromtimestamp(slot.created, UTC)
    return SlotDescription(slot.slot_id.hex(), level, slot.kind, slot.label, created, here)
