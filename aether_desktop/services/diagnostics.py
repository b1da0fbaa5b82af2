"""Diagnostics for somebody who helps: one text, without secrets, that the person reads before it is kept anywhere.

What may be in it is listed; everything else is left out or told by its kind. Reports of internal errors give where
something failed and the kind of failure, never its message, for messages hold what people typed. What is taken over
from elsewhere (findings, names of folders) passes ``scrub`` besides.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from aether_desktop.ports.errors import AlreadyExistsError
from aether_desktop.services.health import Check
from aether_desktop.services.modules import ModuleEntry
from aether_desktop.services.places import Places
from aether_desktop.services.whole_file import writing

_ENVIRONMENT: Final = (
    "DESKTOP_SESSION", "LANG", "LC_ALL", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "WAYLAND_DISPLAY", "DISPLAY",
    "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE",
)  # fmt: skip
_REPORTS: Final = 5  # the latest
_FRAMES: Final = 40
_LARGEST_REPORT: Final = 200_000
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>[\w<>.]+)\s*$')
_RAISED = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Warning|Cancelled|Exit|Group))(?::|$)")
_PATTERNS: Final = (
    (re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL), "[a key or certificate]"),
    (re.compile(r"(://[^/@:\s]*):[^/@\s]+@"), r"\1:[password]@"),
    (re.compile(r"((?:password|passphrase|passwd|secret|token|pin)\w*\s*[=:]\s*)\S+", re.IGNORECASE), r"\1[left out]"),
    (re.compile(r"[^/\s:\"']+\.aether\b"), "[vault].aether"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "[e-mail address]"),
    (re.compile(r"\b(?:0x)?[0-9a-fA-F]{24,}\b"), "[hexadecimal digits]"),
    (re.compile(r"\b(?:bc|tb|ltc|cosmos|f[0-4]|t[0-4])1?[02-9ac-hj-np-z]{25,}\b"), "[an address]"),
    (re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])(?=\w*[a-z])[1-9A-HJ-NP-Za-km-z]{25,}\b"), "[an address or a key]"),
    (re.compile(r"(?<![\w/+])(?=[\w/+-]*\d)(?=[\w/+-]*[A-Z])[\w/+-]{32,}={0,2}(?![\w/+=])"), "[encoded data]"),
)
_WORDS_TOGETHER: Final = 4  # of a recovery phrase's list, one after another


class Diagnostics:
    """Puts the text together. Worker threads only: it reads folders. ``phrase_words`` are those of recovery phrases."""

    def __init__(
        self,
        places: Places,
        settings: Callable[[], Mapping[str, object]],
        *,
        phrase_words: Collection[str],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._places, self._settings = places, settings
        self._words = frozenset(phrase_words)
        self._environment = environment

    def text(self, checks: Iterable[Check], modules: Iterable[ModuleEntry]) -> str:
        """Everything, as it would be kept."""
        parts = [
            ("Aether Desktop, diagnostics", self._about()),
            ("What was looked at", (f"{each.state.value:<7} {each.subject}: {each.detail}" for each in checks)),
            ("Environment", self._surroundings()),
            ("Settings (choices by their kind; no texts)", self._choices()),
            ("Modules", (f"{each.key} {each.version} {'on' if each.enabled else 'off'}" for each in modules)),
            ("Files of the program (sizes and rights; no names of vaults)", self._files()),
            ("Internal errors (where and of what kind; no messages)", self._errors()),
        ]
        lines: list[str] = []
        for title, found in parts:
            lines += ["", f"== {title}", *(self.scrub(line) for line in found)]
        return "\n".join(lines).lstrip("\n") + "\n"

    def scrub(self, text: str) -> str:
        """The text without passwords, keys, addresses, recovery phrases, names of this person and this computer."""
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        text = self._without_phrases(text)
        for name, instead in self._names():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", instead, text)
        return text

    # -- parts ---------------------------------------------------------------------------------------------------
    def _about(self) -> Iterator[str]:
        yield f"made: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        try:
            yield f"version: {version('aether-desktop')}"
        except PackageNotFoundError:
            yield "version: not recorded"
        yield f"installed as: {'a package' if getattr(sys, 'frozen', False) else 'Python packages'}"
        yield f"system: {platform.system()} {platform.release()} {platform.machine()}"
        yield f"Python: {platform.python_version()}"

    def _surroundings(self) -> Iterator[str]:
        for name in _ENVIRONMENT:
            if name in self._environment:
                yield f"{name}={self._environment[name][:60]}"

    def _choices(self) -> Iterator[str]:
        for key, value in sorted(self._settings().items()):
            if isinstance(value, bool | int | float):
                yield f"{key}: {value}"
            else:
                size = len(value) if isinstance(value, str | list | dict) else 0
                yield f"{key}: {type(value).__name__} of {size}"

    def _files(self) -> Iterator[str]:
        for title, folder in (("data", self._places.data), ("settings", self._places.config)):
            counted = 0
            with suppress(OSError):
                for path in sorted(folder.iterdir()):
                    found = path.lstat()
                    kind = "".join(path.suffixes[-2:]) or ("folder" if path.is_dir() else "file")
                    counted += 1
                    if counted <= 50:
                        yield f"{title}: *{kind[:30]} {found.st_size:,} bytes, mode {found.st_mode & 0o777:o}"
            yield f"{title}: {counted} entries"

    def _errors(self) -> Iterator[str]:
        reports: list[Path] = []
        with suppress(OSError):
            reports = sorted(self._places.state.glob("internal-error-*.txt"))[-_REPORTS:]
        for path in reports:
            with suppress(OSError):
                text = path.read_bytes()[:_LARGEST_REPORT].decode("utf-8", errors="replace")
                yield path.stem
                yield from (f"  {line}" for line in _skeleton(text))
        yield f"{len(reports)} reports"

    # -- names and phrases -----------------------------------------------------------------------------------------
    def _names(self) -> Iterator[tuple[str, str]]:
        """The longest first: a home's path holds the login."""
        home = self._environment.get("HOME") or ""
        if len(home) > 1:
            yield home, "~"
        for found, instead in ((_login(), "[login]"), (socket.gethostname(), "[computer]")):
            if len(found) > 2 and found not in {"root", "localhost"}:
                yield found, instead

    def _without_phrases(self, text: str) -> str:
        """Words of the list that follow one another are replaced, however they are divided."""
        pieces = re.split(r"([^A-Za-z]+)", text)  # words at even places
        run: list[int] = []
        for place in range(0, len(pieces) + 2, 2):
            word = pieces[place].casefold() if place < len(pieces) else ""
            between = pieces[place - 1] if 0 < place <= len(pieces) else ""
            if word in self._words and (not run or re.fullmatch(r"[\s,;.|\d:()-]{1,8}", between)):
                run.append(place)
                continue
            self._blank(pieces, run)
            run = [place] if word in self._words else []
        return "".join(pieces)

    @staticmethod
    def _blank(pieces: list[str], run: list[int]) -> None:
        if len(run) >= _WORDS_TOGETHER:
            pieces[run[0]] = "[words of a phrase]"
            for place in range(run[0] + 1, run[-1] + 1):
                pieces[place] = ""


def save_text(text: str, target: Path) -> Path:
    """Keep the text that was read, in a new file that only this person may read.

    Raises AlreadyExistsError, ReadOnlyError, DiskFullError, StorageError.
    """
    if target.exists():
        raise AlreadyExistsError(f"{target} is already there.", field="file", hint="Choose another name.")
    with writing(target) as sink:
        sink.write(text)
    return target


def _skeleton(text: str) -> Iterator[str]:
    """Files, lines and functions of a traceback, and what kind of error it ended with; no message, no source."""
    frames = 0
    for line in text.splitlines():
        if frame := _FRAME.match(line):
            frames += 1
            if frames <= _FRAMES:
                parts = Path(frame["file"]).parts
                yield f"{'/'.join(parts[-3:])}:{frame['line']} {frame['name']}"
        elif raised := _RAISED.match(line):
            yield raised["kind"]


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
