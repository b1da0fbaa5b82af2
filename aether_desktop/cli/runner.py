"""Runs one command: on a worker thread, so that Ctrl+C can interrupt the database; never ends in a traceback."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from aether_desktop.cli.application import Application
from aether_desktop.cli.asking import Asker
from aether_desktop.cli.output import ProgressLine, Terminal
from aether_desktop.ports.errors import AetherError, OperationCancelled
from aether_desktop.ports.work import CancelToken
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.targets import Target
from aether_desktop.services.vault_access import AccessState, VaultAccess

DONE, REFUSED, INTERRUPTED = 0, 1, 130
_PASSWORD = re.compile(r"(://[^/@:\s]*:)[^/@\s]+@|((?:ssl)?password=)[^\s&'\"]+", re.IGNORECASE)


@dataclass(slots=True)
class Context:
    """One run of one command."""

    app: Application
    options: argparse.Namespace
    terminal: Terminal
    progress: ProgressLine
    asker: Asker
    token: CancelToken = field(default_factory=CancelToken)
    opened: ServiceSet | None = None

    def target(self) -> Target:
        """Which vault or database the options, the environment or the settings name."""
        options = self.options
        return self.app.resolve(
            vault=Path(options.vault) if options.vault else None,
            database_url=options.database,
            key_file=Path(options.key_file) if options.key_file else None,
            confirm=options.confirm_database,
        )

    def services(self) -> ServiceSet:
        """The open vault or database; opened once, closed by the runner."""
        if self.opened is None:
            self.opened = self.app.open(self.target(), token=self.token, progress=self.progress)
            self.progress.clear()
            access = self.opened.access
            if access is not None:
                self._say_of_keys(access)
        return self.opened

    def _say_of_keys(self, access: VaultAccess) -> None:
        if access.state is AccessState.OLD:
            self.terminal.say("This vault has no password yet: whoever has its key opens it. Set one: vault password")
        elif (notice := access.keys_notice()) is not None:
            self.terminal.say(f"{notice.text} {notice.command_hint}")


Command = Callable[[Context], int]


def run_command(command: Command, app: Application, options: argparse.Namespace) -> int:
    """Run it and return the exit code. Main thread only: it takes SIGINT and SIGTERM for as long as it runs."""
    terminal = Terminal()
    asker = Asker(Path(options.password_file) if options.password_file else None)
    context = Context(app, options, terminal, ProgressLine(terminal.err), asker)
    app.ask_with(asker.password)
    codes: list[int] = []
    worker = threading.Thread(target=lambda: codes.append(_guarded(command, context)), name="command", daemon=True)
    stopped: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if asker.restore_terminal():  # a prompt waits for keys, not for tokens; nothing was begun
            terminal.err.write("\n")
            os._exit(128 + number)
        if stopped:  # asked twice: a transaction that is cut off rolls back by itself
            os._exit(128 + number)
        stopped.append(number)
        context.token.cancel()

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        worker.start()
        while worker.is_alive():
            worker.join(0.2)  # with a timeout: an untimed join keeps Windows from seeing Ctrl+C
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    code = codes[0] if codes else REFUSED
    return 128 + stopped[0] if stopped and code == INTERRUPTED else code


def _guarded(command: Command, context: Context) -> int:
    terminal = context.terminal
    try:
        code = _closing(command, context)
        terminal.flush()
    except OperationCancelled:
        context.progress.clear()
        terminal.say("Cancelled; nothing was stored.")
        return INTERRUPTED
    except AetherError as error:
        context.progress.clear()
        field_name = getattr(error, "field", "")
        terminal.say(f"{field_name}: {error}" if field_name else str(error))
        return REFUSED
    except BrokenPipeError:  # the reader has gone (head, less): nobody to tell
        _point_at_nothing(sys.stdout.fileno())
        return REFUSED
    except Exception as error:  # noqa: BLE001 - the last barrier: a person never sees a traceback
        context.progress.clear()
        terminal.say(_internal_error(context.app.state_dir, error))
        return REFUSED
    return code


def _closing(command: Command, context: Context) -> int:
    said = list(context.app.problems)
    for problem in said:
        context.terminal.say(problem)
    try:
        return command(context)
    finally:
        context.progress.clear()
        if context.opened is not None:
            context.opened.close()
        context.app.close()
        for problem in context.app.problems[len(said) :]:
            context.terminal.say(problem)


def _internal_error(state_dir: Path, error: Exception) -> str:
    """One line for the person; the traceback goes to a file, passwords in URLs left out."""
    details = _PASSWORD.sub(
        lambda match: f"{match[1] or match[2]}***" + ("@" if match[1] else ""),
        "".join(traceback.format_exception(error)),
    )
    path = state_dir / f"internal-error-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(details, encoding="utf-8")
        path.chmod(0o600)
    except OSError:
        return f"Internal error: {type(error).__name__}. Its details could not be written to {state_dir}."
    return f"Internal error: {type(error).__name__}. Nothing more was done; details are in {path}"


def _point_at_nothing(descriptor: int) -> None:
    """What is still buffered must not fail a second time when the program ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)
