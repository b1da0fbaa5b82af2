"""Entry point: the command line when a command is given, the window otherwise."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from aether_desktop.cli.window_words import window_options
from aether_desktop.displays import settle_display

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 refused or bad input, 2 usage, 130 interrupted. Main thread only."""
    try:
        options = _options(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as stop:  # argparse has said why
        return stop.code if isinstance(stop.code, int) else 2
    if options.portable and not _carry(Path(options.portable)):
        return 1
    try:
        return _run_command(options) if options.command else _open_window(options)
    except KeyboardInterrupt:  # while libraries were loading; what runs says more itself
        sys.stderr.write("Interrupted.\n")
        return _INTERRUPTED


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    if (plain := window_options(arguments)) is not None:
        return plain
    from aether_desktop.cli.parser import parse_arguments  # noqa: PLC0415 - a hundred commands: 25 ms before a window

    return parse_arguments(arguments)


def _run_command(options: argparse.Namespace) -> int:
    # Imported here: --help must not wait for the storage to load.
    from aether_desktop.cli.commands import command_for  # noqa: PLC0415 - see above
    from aether_desktop.cli.runner import run_command  # noqa: PLC0415 - see above
    from aether_desktop.composition import Program  # noqa: PLC0415 - see above

    return run_command(command_for(options), Program(data_dir=_path(options.data_dir)), options)


def _open_window(options: argparse.Namespace) -> int:
    if problem := settle_display():
        sys.stderr.write(problem + "\n")
        return 1
    if options.confirm_database:
        from aether_desktop.composition import Program  # noqa: PLC0415 - see above

        program = Program(data_dir=_path(options.data_dir))
        program.resolve(confirm=True)
        program.close()
    gc.disable()  # as the window does once it runs: nothing that is loaded goes again
    # The one deferred import of everything that knows Qt.
    from aether_desktop import bootstrap  # noqa: PLC0415 - see above

    return bootstrap.run(
        vault=_path(options.vault),
        database_url=options.database,
        key_file=_path(options.key_file),
        data_dir=_path(options.data_dir),
        minimised=options.minimised,
    )


def _carry(folder: Path) -> bool:
    """Make the folder of ``--portable``, and have libraries write there what they would write at home."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        sys.stderr.write(f"--portable: nothing can be written in {folder}. Name a folder that is yours.\n")
        return False
    for variable, place in (("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state")):
        os.environ[variable] = str(folder / "libraries" / place)
    return True


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


if __name__ == "__main__":
    sys.exit(main())
