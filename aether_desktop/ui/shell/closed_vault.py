"""A vault that is not open yet, as bootstrap hands it to the window. Knows no Qt: it is made on a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aether_desktop.ports.work import CancelToken, Progress

if TYPE_CHECKING:
    from aether_desktop.services.service_set import ServiceSet
    from aether_desktop.services.vault_access import AccessState, VaultAccess


@dataclass(frozen=True, slots=True)
class ClosedVault:
    """A vault with its locks. ``open_services`` is for a worker thread and needs what ``state`` says unlocked.

    ``why``: what a first password is for, where it is not one of a vault made before passwords; then it is needed now.
    """

    name: str
    state: AccessState
    access: VaultAccess
    open_services: Callable[[CancelToken, Progress], ServiceSet]
    why: str = ""
