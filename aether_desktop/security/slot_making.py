"""New slots and new headers: what the changes of a key file are made of."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from aether_desktop.domain.courts import Court
from aether_desktop.ports.vault_keys import Factor, FactorKind, RecoveryKit
from aether_desktop.security.key_header import (
    VAULT_ID_BYTES,
    Header,
    LevelKeys,
    open_file_key,
    seal_file_key,
    seal_former,
)
from aether_desktop.security.memory import Secret
from aether_desktop.security.slot_factors import factor_bytes
from aether_desktop.security.slots import DeviceRef, Slot, SlotPlace, make_slot
from aether_desktop.security.unlocked_keys import UnlockedKeys

_LABEL_LIMIT = 100  # characters


@dataclass(frozen=True, slots=True)
class Device:
    """This device's key and its name. Whoever was given one wipes the key."""

    ref: DeviceRef
    key: Secret


class SlotMaker:
    """Makes slots now. Any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def slot(
        self,
        place: SlotPlace,
        secret: Secret,
        *,
        factor: Factor,
        below: Secret | None,
        device: DeviceRef | None = None,
        label: str = "",
    ) -> Slot:
        """Raises what ``factor_bytes`` does."""
        with factor_bytes(factor) as material:
            return make_slot(
                place,
                secret,
                factor=material.data,
                kind=factor.kind,
                below=below,
                device=device if place.level is Court.OUTER else None,
                label=label[:_LABEL_LIMIT],
                created=int(self._clock()),
            )

    def kit_slot(self, place: SlotPlace, secret: Secret, kit: RecoveryKit, *, below: Secret | None) -> Slot:
        """``below`` is S(n-1), None at level 1. Raises WrongFactorError for words that are no kit."""
        words = Factor.kit(" ".join(kit.words))
        try:
            return self.slot(place, secret, factor=words, below=below, label=kit.kit_id)
        finally:
            words.wipe()

    def first_header(self, password: Factor, device: Device, root: Secret, *, file_keys: tuple[Secret, ...]) -> Header:
        """Level 1 with one slot."""
        header = Header(secrets.token_bytes(VAULT_ID_BYTES), 1, (), ())
        slot = self.slot(header.place(Court.OUTER), root, factor=password, below=device.key, device=device.ref)
        header = header.with_level(LevelKeys(Court.OUTER, (slot,)))
        return replace(header, file_keys=tuple(seal_file_key(header, each, root) for each in file_keys))

    def with_kit(self, header: Header, kit: RecoveryKit, levels: UnlockedKeys) -> Header:
        """The kit's slot at every level, in the place of an older kit's. Raises LevelLockedError."""
        for level in header.levels:
            with ExitStack() as held:
                secret = held.enter_context(levels.copy(level.level))
                below = _below(level.level, lambda lower: held.enter_context(levels.copy(lower)))
                slot = self.kit_slot(header.place(level.level), secret, kit, below=below)
            others = tuple(each for each in level.slots if each.kind is not FactorKind.KIT)
            header = header.with_level(replace(level, slots=(*others, slot)))
        return header

    def renewed(
        self,
        header: Header,
        new: Mapping[Court, Secret],
        *,
        levels: UnlockedKeys,
        factors: Mapping[Court, Factor],
        device: Device,
        kit: RecoveryKit | None,
    ) -> Header:
        """Every level under a new secret, the old ones sealed under the new, a further file key. All must be open."""
        changed = replace(header, levels=())
        for level, secret in new.items():
            place = header.place(level)
            below = _below(level, new.__getitem__)
            salt = device.key if below is None else below
            slots = [self.slot(place, secret, factor=factors[level], below=salt, device=device.ref)]
            if kit is not None:
                slots.append(self.kit_slot(place, secret, kit, below=below))
            with ExitStack() as held:
                former = [held.enter_context(each) for each in (levels.copy(level), *levels.copy_previous(level))]
                sealed = tuple(seal_former(place, each, secret) for each in former)
            changed = changed.with_level(LevelKeys(level, tuple(slots), sealed))
        if not header.file_keys:
            return changed
        root = new[Court.OUTER]
        with (
            levels.copy(Court.OUTER) as old_root,
            open_file_key(header, header.file_keys[0], old_root) as present,
            Secret.random() as following,
        ):
            file_keys = (seal_file_key(header, present, root), seal_file_key(header, following, root))
        return replace(changed, file_keys=file_keys)


def _below(level: Court, secret_of: Callable[[Court], Secret]) -> Secret | None:
    return None if level is Court.OUTER else secret_of(Court(level - 1))
