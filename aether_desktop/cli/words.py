"""What the words of the command line are made of. Imports the standard library only, like ``parser``."""

from __future__ import annotations

import argparse


class Words:
    """Adds commands that all take the global options, before or after their own."""

    def __init__(
        self, commands: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
    ) -> None:
        self._commands = commands
        self._shared = shared

    def add(self, name: str, text: str) -> argparse.ArgumentParser:
        """A command; its own options are added to what is returned."""
        return self._commands.add_parser(name, help=text, description=text, parents=[self._shared])

    def group(self, name: str, text: str) -> Words:
        """A command that is followed by one of its actions."""
        parser = self.add(name, text)
        return Words(parser.add_subparsers(dest="action", metavar="ACTION", required=True), self._shared)


def add_json(parser: argparse.ArgumentParser) -> None:
    """For commands whose output has a JSON schema."""
    parser.add_argument("--json", action="store_true", help="print JSON (see: aether-desktop schema)")


def add_factor_file(
    parser: argparse.ArgumentParser,
    text: str = "the passphrase of level 2 or 3 (mode 0600); asked for at a terminal otherwise",
    *,
    name: str = "--factor-file",
) -> None:
    """For commands that may need a level above the first; ``LEVEL=PATH``, may be repeated."""
    parser.add_argument(name, action="append", default=[], metavar="LEVEL=PATH", help=text)


def count(text: str) -> int:
    """A type of arguments: 0 to 2^63 - 1. Raises ArgumentTypeError beyond, ValueError for what is no number."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("a count is not negative")
    if number >= 2**63:
        raise argparse.ArgumentTypeError("there are no numbers as large as that here")
    return number
