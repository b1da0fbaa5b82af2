"""Passwords for the command line: from a file that only its owner may read, or typed at a terminal. Never both, never
from the environment or an argument, which others can see."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aether_desktop.domain.password_strength import ADVICE, estimate
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import Factor, VaultLockedError, require_strong
from aether_desktop.security.private_files import read_first_line

_REFUSED = "Name a file whose first line it is: --password-file PATH (mode 0600)."


class Asker:
    """One run's way to ask. Worker thread, but for ``restore_terminal``."""

    def __init__(self, password_file: Path | None) -> None:
        self._file = password_file
        self._terminal: Any = None

    @property
    def can_type(self) -> bool:
        """Whether somebody sits at a terminal."""
        return sys.stdin is not None and sys.stdin.isatty()

    def agrees(self, question: str) -> bool:
        """Whether a person at the terminal says yes; anything else is no."""
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in {"y", "yes"}

    def password(self, what: str) -> Factor:
        """Of something that exists. Raises VaultLockedError when nobody can be asked, InvalidInputError,
        KeyStoreError."""
        if self._file is not None:
            return from_file(self._file)
        if not self.can_type:
            raise VaultLockedError(f"{what} opens with its password.", hint=_REFUSED)
        return self.typed(f"Password of {what}: ")

    def new_password(self, what: str, file: Path | None = None, *, known: Iterable[str] = ()) -> Factor:
        """For something that is made, or made anew: typed twice, judged as in the window.

        Raises as ``password``, and InvalidInputError for what is too easy to guess; ``known`` are words anybody tries.
        """
        named = file or self._file
        if named is not None:
            return self.judged(from_file(named), known=known)
        if not self.can_type:
            raise VaultLockedError(f"{what} needs a new password.", hint=_REFUSED)
        return self.typed_twice(f"New password of {what}: ", known=known)

    def typed_twice(self, prompt: str, *, known: Iterable[str] = ()) -> Factor:
        """Raises InvalidInputError when the two differ, and for what is too easy to guess."""
        first = self.judged(self.typed(prompt), known=known)
        second = self.typed("Again: ")
        same = first.secret == second.secret
        second.wipe()
        if not same:
            first.wipe()
            raise InvalidInputError("The two passwords differ.", field="password", hint="Type the same twice.")
        return first

    def judged(self, factor: Factor, *, known: Iterable[str] = ()) -> Factor:
        """A new password or passphrase by the window's rule: the same is refused, of the same a person is warned.

        Raises InvalidInputError; the factor is wiped then.
        """
        tried = tuple(known)
        try:
            require_strong(factor, known=tried)
        except InvalidInputError:
            factor.wipe()
            raise
        judgement = estimate(factor.secret.decode("utf-8"), known=tried)
        if judgement.warned_of:
            sys.stderr.write(f"{judgement.sentence} {ADVICE}\n")
        return factor

    def typed(self, prompt: str) -> Factor:
        """Without echo. Raises InvalidInputError for an empty one."""
        return Factor.passphrase(self._hidden(prompt))

    def words(self) -> Factor:
        """The words of a recovery kit, without echo. Raises VaultLockedError."""
        if not self.can_type:
            raise VaultLockedError("The words are typed at a terminal.", hint="Or name a file: --kit-file PATH")
        return Factor.kit(self._hidden("The 24 words of the recovery kit: "))

    def line(self, prompt: str) -> str:
        """With echo, at a terminal."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    def restore_terminal(self) -> bool:
        """Give the terminal its echo back when a prompt is interrupted; whether one was open. Any thread."""
        state, self._terminal = self._terminal, None
        if state is None:
            return False
        import termios  # noqa: PLC0415 - not on Windows, where a prompt reads keys by itself

        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, state)
        return True

    def _hidden(self, prompt: str) -> str:
        if os.name == "posix":
            import termios  # noqa: PLC0415 - not on Windows

            self._terminal = termios.tcgetattr(sys.stdin.fileno())
        try:
            return getpass.getpass(prompt, stream=sys.stderr)
        except EOFError:
            raise VaultLockedError("No password was typed.", hint=_REFUSED) from None
        finally:
            self._terminal = None


def from_file(path: Path) -> Factor:
    """Raises PermissionDeniedError for a file that others may touch, NotFoundError, InvalidInputError,
    KeyStoreError."""
    line = read_first_line(path)
    try:
        return Factor.passphrase(line)
    finally:
        line[:] = bytes(len(line))


def words_from_file(path: Path) -> Factor:
    """The kit's words, all on the first line. Raises as ``from_file``."""
    line = read_first_line(path)
    try:
        return Factor.kit(line.decode("utf-8", "replace"))
    finally:
        line[:] = bytes(len(line))
