"""The manual page aether-desktop(1), from the command line's own words, so that it never tells of another program."""

from __future__ import annotations

import argparse
import gzip
import textwrap
from collections.abc import Iterator
from datetime import datetime

_DESCRIPTION = """\
Without a command the window opens. A path that ends in
.I .aether
is opened as a vault, as a double click on the file does.
.PP
A vault is one encrypted file,
.IR NAME .aether,
with
.IR NAME .aether.keys
beside it. It opens with a password and with this device's key, which lies in
the keyring of the desktop, or with the recovery kit. Back both files up
together.
"""
_AFTER = """\
.SH FILES
The program follows the XDG base directories and writes nowhere else.
.TP
.I $XDG_DATA_HOME/aether\\-desktop/
The default vault and the sample
.RI ( ~/.local/share
unless set); below
.I modules
packages of modules from outside.
.TP
.I $XDG_CONFIG_HOME/aether\\-desktop/settings.json
Settings
.RI ( ~/.config
unless set). No passwords, no keys.
.TP
.I $XDG_STATE_HOME/aether\\-desktop/
Reports of internal errors
.RI ( ~/.local/state
unless set).
.SH ENVIRONMENT
.TP
.B AETHER_DATABASE_URL
A shared PostgreSQL database to open instead of a vault.
.TP
.B DATABASE_URL
The same, once it was confirmed.
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Refused, or bad input; also when rows of a file were rejected.
.TP
.B 2
Wrong usage.
.TP
.B 130
Interrupted.
.SH EXAMPLES
.nf
aether\\-desktop \\-\\-vault books.aether import export.csv \\-\\-wallet Treasury
aether\\-desktop \\-\\-vault books.aether balance \\-\\-json
aether\\-desktop \\-\\-portable /media/stick/aether
aether\\-desktop doctor
.fi
.SH REMOVING THE PROGRAM
Removing the package leaves vaults and settings where they are: see FILES.
"""


def manual_page(parser: argparse.ArgumentParser, *, version: str, moment: datetime) -> bytes:
    """The page, compressed the way packages carry it."""
    lines = [
        f'.TH AETHER\\-DESKTOP 1 {moment:%Y-%m-%d} "Aether Desktop {version}" "User Commands"',
        ".SH NAME",
        "aether\\-desktop \\- vault for wallets, ledger and temple nodes",
        ".SH SYNOPSIS",
        ".B aether\\-desktop",
        ".RI [ OPTION ...]",
        ".RI [ VAULT.aether ]",
        ".br",
        ".B aether\\-desktop",
        ".RI [ OPTION ...]",
        ".I COMMAND",
        ".RI [ ARGUMENT ...]",
        ".SH DESCRIPTION",
        _DESCRIPTION.rstrip("\n"),
        ".SH OPTIONS",
        *_options(parser),
        ".SH COMMANDS",
        "The options above may stand before or after a command.",
        *_commands(parser, ""),
        _AFTER.rstrip("\n"),
        "",
    ]
    return gzip.compress("\n".join(lines).encode(), compresslevel=9, mtime=0)


def _commands(parser: argparse.ArgumentParser, before: str) -> Iterator[str]:
    for name, sub in sorted(_subparsers(parser).items()):
        words = f"{before} {name}".strip()
        inner = _subparsers(sub)
        if inner:
            yield from _commands(sub, words)
            continue
        yield f".SS {_text(words)}"
        yield _text(_sentence(sub.description or ""))
        yield from _options(sub, own_only=True)


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _options(parser: argparse.ArgumentParser, *, own_only: bool = False) -> Iterator[str]:
    """Options and arguments; ``own_only`` leaves out those that every command takes."""
    for action in parser._actions:
        if action.help is argparse.SUPPRESS or isinstance(action, argparse._SubParsersAction):
            continue
        if own_only and (action.default is argparse.SUPPRESS or action.dest == "help"):
            continue
        value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        shown = value if isinstance(value, str) else " ".join(value)
        if action.choices is not None and not action.metavar:
            shown = "|".join(map(str, action.choices))
        yield ".TP"
        if action.option_strings:
            names = ", ".join(f"\\fB{_text(each)}\\fR" for each in action.option_strings)
            yield f"{names} \\fI{_text(shown)}\\fR" if action.nargs != 0 else names
        else:
            yield f"\\fI{_text(shown)}\\fR"
        yield _text(_sentence((action.help or "").replace("%%", "%"))) or "\\&"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith(".") else ".")


def _text(text: str) -> str:
    """Text that roff prints as it stands."""
    shown = "\n".join(textwrap.wrap(text, 76, break_long_words=False, break_on_hyphens=False))
    shown = (
        shown.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    )
    return "\n".join(f"\\&{line}" if line.startswith((".", "\\(aq")) else line for line in shown.split("\n"))
