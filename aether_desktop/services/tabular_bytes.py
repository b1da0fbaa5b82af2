"""Bytes of a file a person picked: checked for what it is, hashed while it is read, decoded to text block by block."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from io import FileIO
from pathlib import Path
from typing import Protocol

from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.ports.work import CancelToken, Progress

BLOCK = 256 * 1024
# Stands for bytes that are no text in the file's encoding; whoever reads rows refuses those that hold it.
UNDECODED = "\udc80"
_MARKING = "aether.undecoded"
codecs.register_error(_MARKING, lambda error: (UNDECODED, error.end))  # type: ignore[attr-defined]

_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"PAR1", "a Parquet table"),
)
_ADVICE = {
    "an Excel workbook": "Open it there and save the sheet as CSV.",
    "an old Excel or Word document": "Open it there and save the sheet as CSV.",
    "an OpenDocument file": "Open it there and save the sheet as CSV.",
    "a ZIP archive": "Unpack it and choose the CSV file inside.",
    "a gzip archive": "Unpack it and choose the CSV file inside.",
    "a 7-Zip archive": "Unpack it and choose the CSV file inside.",
    "a RAR archive": "Unpack it and choose the CSV file inside.",
    "a web page": "Sign in where it came from and download the CSV again.",
}
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<head)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml", re.IGNORECASE)
# Control bytes that text never holds; NUL is counted apart.
_CONTROLS = bytes(code for code in range(1, 32) if code not in b"\t\n\v\f\r\x1a\x1b") + b"\x7f"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class TextSource(Protocol):
    """Text that comes in blocks."""

    def text(self) -> str:
        """The next block, "" at the end."""


class SourceFile:
    """A regular file, read once from its beginning to its end. One thread at a time.

    ``text`` gives decoded blocks. A file that changes meanwhile is refused at its end.
    """

    def __init__(self, path: Path, *, token: CancelToken, progress: Progress) -> None:
        """Raises ImportRefusedError for whatever is not a readable regular file."""
        self.path = path
        self.remarks: list[str] = []
        self.encoding = "utf-8"
        self._token = token
        self._progress = progress
        self._digest = hashlib.sha256()
        self._seen = 0
        self._at_end = False
        self._file = self._opened()
        try:
            self._start = os.fstat(self._file.fileno())
            self.size = self._start.st_size
            self._first: bytes | None = self._read()
            self._refuse_other_kinds()
            self._skip = self._recognise_encoding()
            self._decoder = _Decoder(self.encoding)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def text(self) -> str:
        """The next block of text, "" at the end of the file. Raises ImportRefusedError, OperationCancelled."""
        while not self._at_end:
            if self._first is not None:
                block, self._first = self._first[self._skip :], None
            else:
                block = self._read()
            text = self._decoder.decode(block, last=self._at_end)
            if self._decoder.encoding != self.encoding:
                self.encoding = self._decoder.encoding
                self.remarks.append("The file is not UTF-8; it was read as Windows-1252 (Western European).")
            if text:
                return text
        return ""

    def sha256(self) -> str:
        """Lower-case hex of all bytes; reads what is left without decoding. Raises as ``text`` does."""
        self._first = None
        while not self._at_end:
            self._read()
        return self._digest.hexdigest()

    # -- inside ----------------------------------------------------------------------------------------------

    def _opened(self) -> FileIO:
        name = self.path.name
        try:
            kind = self.path.stat().st_mode
            if stat.S_ISDIR(kind):
                raise ImportRefusedError(f"{name} is a folder.", hint="Choose a file in it.")
            if not stat.S_ISREG(kind):
                raise ImportRefusedError(f"{name} is not an ordinary file.", hint="Save the data to a file first.")
            return FileIO(self.path, "r")
        except FileNotFoundError:
            raise ImportRefusedError(f"{name} is not there.", hint="It may have been moved or deleted.") from None
        except PermissionError:
            raise ImportRefusedError(
                f"{name} may not be read by you.", hint="Change the file's permissions or copy it."
            ) from None
        except (OSError, ValueError) as error:
            raise _unreadable(name, error) from error

    def _read(self) -> bytes:
        self._token.check()
        try:
            block = self._file.read(BLOCK) or b""
        except OSError as error:
            raise _unreadable(self.path.name, error) from error
        self._digest.update(block)
        self._seen += len(block)
        if not block:
            self._at_end = True
            self._require_unchanged()
        self._progress(self._seen, max(self.size, self._seen), self.path.name)
        return block

    def _require_unchanged(self) -> None:
        name = self.path.name
        try:
            now = self.path.stat()
        except OSError:
            raise ImportRefusedError(
                f"{name} disappeared while it was read.", hint="Nothing was stored. Choose the file again."
            ) from None
        start = self._start
        same = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == (
            start.st_dev,
            start.st_ino,
            self._seen,
            start.st_mtime_ns,
        )
        if not same:
            raise ImportRefusedError(
                f"{name} changed while it was read.", hint="Nothing was stored. Wait until it is whole and try again."
            )

    def _refuse_other_kinds(self) -> None:
        sample = self._first or b""
        if not sample.strip():
            raise ImportRefusedError(f"{self.path.name} is empty.", hint="Export it again.")
        kind = _kind(sample)
        if kind:
            raise ImportRefusedError(
                f"{self.path.name} is {kind}, not a table in text form.",
                hint=_ADVICE.get(kind, "Choose a CSV or JSON file."),
            )

    def _recognise_encoding(self) -> int:
        """Sets ``encoding``; returns how many bytes of byte order mark to leave out."""
        sample = self._first or b""
        for mark, encoding in _BOMS:
            if sample.startswith(mark):
                self.encoding = encoding
                return len(mark)
        self.encoding = _utf16_without_mark(sample) or "utf-8"
        if self.encoding != "utf-8":
            self.remarks.append(f"The file has no byte order mark; it was read as {self.encoding.upper()}.")
        return 0


class _Decoder:
    """UTF-8 that becomes Windows-1252 at the first byte that cannot be UTF-8, if all before was ASCII.

    Otherwise a few bytes are damaged: they come through as UNDECODED.
    """

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._only_ascii = True

    def decode(self, block: bytes, *, last: bool) -> str:
        pending = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(block, last)
        except UnicodeDecodeError:
            block = pending + block
            if self.encoding == "utf-8" and self._only_ascii and _plain_until_first_error(block):
                self.encoding = "cp1252"
            self._decoder = codecs.getincrementaldecoder(self.encoding)(_MARKING)
            text = self._decoder.decode(block, last)
        if self._only_ascii and not text.isascii():
            self._only_ascii = False
        return text


def _plain_until_first_error(block: bytes) -> bool:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        return block[: error.start].isascii()
    return block.isascii()


def _kind(sample: bytes) -> str:
    for magic, kind in _MAGIC:
        if sample.startswith(magic):
            return kind
    if sample.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if b"[Content_Types].xml" in sample or b"xl/" in sample:
            return "an Excel workbook"
        return "an OpenDocument file" if b"mimetypeapplication/vnd.oasis" in sample[:200] else "a ZIP archive"
    if _HTML.match(sample):
        return "a web page"
    if _XML.match(sample):
        return "an XML document"
    if sample.startswith(tuple(mark for mark, _ in _BOMS)) or _utf16_without_mark(sample):
        return ""
    head = sample[:8192]
    controls, nuls = len(head) - len(head.translate(None, _CONTROLS)), head.count(0)
    if (controls > 8 and controls * 20 > len(head)) or (nuls > 8 and nuls * 10 > len(head)):
        return "binary data"
    return ""


def _utf16_without_mark(sample: bytes) -> str:
    """UTF-16 of mostly ASCII text: every second byte is NUL and the others are not."""
    head = sample[:4096]
    half = len(head) // 2
    if half < 2:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd * 10 > half * 7 and even * 10 < half:
        return "utf-16-le"
    if even * 10 > half * 7 and odd * 10 < half:
        return "utf-16-be"
    return ""


def _unreadable(name: str, error: Exception) -> ImportRefusedError:
    reason = error.strerror if isinstance(error, OSError) else None
    return ImportRefusedError(f"{name} cannot be read: {reason or 'its name is not valid here'}.", details=str(error))
