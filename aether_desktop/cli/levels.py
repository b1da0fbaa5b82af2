"""Opening levels 2 and 3 for a command: from files, or typed at a terminal, when the work asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from aether_desktop.cli.asking import from_file
from aether_desktop.cli.runner import Context
from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import Factor, VaultLockedError
from aether_desktop.services.vault_access import VaultAccess

ResultT = TypeVar("ResultT")


def with_levels(context: Context, work: Callable[[], ResultT]) -> ResultT:
    """Do the work; each level that it finds locked is opened, or set up where there is none, and it is tried again.

    Raises LevelLockedError without keys, VaultLockedError when nobody can be asked, WrongFactorError, InvalidInputError
    for an option that is no LEVEL=PATH.
    """
    access = context.services().access
    files = factor_files(context)
    for _ in Court:
        try:
            return work()
        except LevelLockedError as locked:
            if access is None or locked.level is Court.OUTER or access.is_open(locked.level):
                raise
            _open(context, access, locked.level, files)
    return work()


def factor_files(context: Context, option: str = "factor-file") -> dict[Court, Path]:
    """What ``--factor-file``, or another option like it, names by level. Raises InvalidInputError."""
    found: dict[Court, Path] = {}
    for given in getattr(context.options, option.replace("-", "_")):
        level, equals, path = given.partition("=")
        if not equals or not path or level not in {"2", "3"}:
            raise InvalidInputError(
                f"{given[:80]!r} is not LEVEL=PATH.", field=option, hint=f"For example: --{option} 2=PATH"
            )
        found[Court(int(level))] = Path(path)
    return found


def _open(context: Context, access: VaultAccess, level: Court, files: dict[Court, Path]) -> None:
    for below in Court:
        if Court.OUTER < below < level and not access.is_open(below):
            _open(context, access, below, files)
    if access.describe()[level - 1].exists:
        access.step_up(level, level_factor(context, level, files))
        return
    access.set_factor(level, new_level_factor(context, level, files))
    context.terminal.say(f"Level {int(level)} ({level.title}) was not set up yet; it opens with this factor now.")


def level_factor(context: Context, level: Court, files: Mapping[Court, Path]) -> Factor:
    """What opens a level: from its file, or typed. Raises as ``from_file``, VaultLockedError when nobody can be asked.

    ``files``: what ``factor_files`` found.
    """
    if level in files:
        return from_file(files[level])
    _require_terminal(context, level, "factor-file")
    return context.asker.typed(f"Passphrase of {_named(level)}: ")


def new_level_factor(
    context: Context, level: Court, files: Mapping[Court, Path], *, option: str = "factor-file"
) -> Factor:
    """What is to open a level from now on, judged. Raises as ``level_factor``, InvalidInputError for a weak one."""
    if level in files:
        return context.asker.judged(from_file(files[level]))
    _require_terminal(context, level, option)
    return context.asker.typed_twice(f"New passphrase of {_named(level)}: ")


def _require_terminal(context: Context, level: Court, option: str) -> None:
    if not context.asker.can_type:
        raise VaultLockedError(
            f"This needs {_named(level)}.",
            hint=f"Name a file with its passphrase (mode 0600): --{option} {int(level)}=PATH",
        )


def _named(level: Court) -> str:
    return f"level {int(level)} ({level.title})"
