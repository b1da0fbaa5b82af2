"""Builds the program without a window: the only package that knows every concrete class. Qt-free.

The window (bootstrap) uses the functions, the command line the ``Program``.
"""

from __future__ import annotations

from aether_desktop.composition.joining import begin_joining, give_password
from aether_desktop.composition.locks import VaultLock, find_lock, lock_of
from aether_desktop.composition.opening import (
    build_sample,
    create_vault,
    default_vault,
    find_target,
    login_name,
    login_session,
    open_sample,
    open_services,
)
from aether_desktop.composition.program import Program
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
    "find_lock",
    "find_target",
    "forbid_core_dumps",
    "give_password",
    "lock_of",
    "login_name",
    "login_session",
    "open_sample",
    "open_services",
]
