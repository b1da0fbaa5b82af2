"""Builds the program without a window: the only package that knows every concrete class. Qt-free.

The window (bootstrap) uses the functions, the command line the ``Program``. What is asked for is loaded then: to find
out that there is nothing to open yet takes no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aether_desktop.composition.diagnosing import diagnostics_text
    from aether_desktop.composition.finding import default_vault, find_target
    from aether_desktop.composition.joining import begin_joining, give_password
    from aether_desktop.composition.locks import VaultLock, find_lock, lock_of
    from aether_desktop.composition.monitoring import open_monitor
    from aether_desktop.composition.opening import (
        build_sample,
        create_vault,
        login_name,
        login_session,
        open_sample,
        open_services,
    )
    from aether_desktop.composition.program import Program
    from aether_desktop.composition.releasing import release_notices
    from aether_desktop.composition.watching import desktop_notifier, make_watching
    from aether_desktop.security.memory import forbid_core_dumps
    from aether_desktop.services.targets import Target

__all__ = [
    "Program",
    "Target",
    "VaultLock",
    "begin_joining",
    "build_sample",
    "create_vault",
    "default_vault",
    "desktop_notifier",
    "diagnostics_text",
    "find_lock",
    "find_target",
    "forbid_core_dumps",
    "give_password",
    "lock_of",
    "login_name",
    "login_session",
    "make_watching",
    "open_monitor",
    "open_sample",
    "open_services",
    "release_notices",
]

_HOMES: Final = {
    "Program": "composition.program",
    "Target": "services.targets",
    "VaultLock": "composition.locks",
    "make_watching": "composition.watching",
    "begin_joining": "composition.joining",
    "default_vault": "composition.finding",
    "desktop_notifier": "composition.watching",
    "diagnostics_text": "composition.diagnosing",
    "find_lock": "composition.locks",
    "find_target": "composition.finding",
    "forbid_core_dumps": "security.memory",
    "give_password": "composition.joining",
    "release_notices": "composition.releasing",
    "lock_of": "composition.locks",
    "open_monitor": "composition.monitoring",
}
_OPENING: Final = "composition.opening"


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"aether_desktop.{_HOMES.get(name, _OPENING)}")
    return getattr(home, name)
