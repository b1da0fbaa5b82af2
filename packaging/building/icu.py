"""A smaller libicudata: Qt's wheel carries all of ICU's data (32 MB), of which Qt asks for a part.

Qt itself brings what it says in other languages and its own calendars; it asks ICU to compare texts, to find zones, and
to normalise. Left out: names of languages, countries, currencies and units, transliteration, numbers as words, word
breaking by dictionary, converters of old encodings. The data are those of the wheel, byte for byte, in the same format.
"""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path

from building.tools import BUILD, run

_DROPPED = re.compile(
    r"(curr|lang|region|unit|translit|rbnf)/|brkitr/.+\.dict$|brkitr/lstm|.+\.cnv$|unames\.icu$|ulayout|uemoji"
    r"|zone/(?!root|en|pool|res_index|tzdbNames)"
)
_LOCALES = re.compile(
    r"[a-z]{2,3}(_[A-Za-z0-9_]+)?\.res$"
)  # at the top: patterns of dates and numbers, which Qt has itself
_KEPT_LOCALES = {"en.res", "en_US.res", "en_001.res", "en_GB.res"}
_ALIGN = 16


def slim_icu(library: Path) -> int:
    """Replace the library by one with less in it; returns the bytes saved. SystemExit where its form is unknown."""
    before = library.stat().st_size
    symbol, data = _data_of(library)
    kept = _repacked(data)
    blob, part = BUILD / "icu.dat", BUILD / "icu.o"
    blob.write_bytes(kept)
    run(["ld", "-r", "-b", "binary", "-o", part.name, blob.name])
    readonly = ".data=.rodata,alloc,load,readonly,data,contents"
    run(["objcopy", "--rename-section", readonly, "--set-section-alignment", f".rodata={_ALIGN}", part.name])
    start = f"--defsym={symbol}=_binary_icu_dat_start"
    run(["ld", "-shared", "-z", "noexecstack", "-s", "-soname", library.name, start, "-o", library, part.name])
    again = _data_of(library)[1]
    if again[: len(kept)] != kept:
        sys.exit("the smaller libicudata does not hold what it should")
    return before - library.stat().st_size


def _data_of(library: Path) -> tuple[str, bytes]:
    """Name and content of the one symbol of data."""
    symbols = run(["readelf", "--dyn-syms", "--wide", library])
    found = re.search(r":\s+([0-9a-f]+)\s+\S+\s+\w+\s+GLOBAL\s+DEFAULT\s+\S+\s+(icudt\d+_dat)\b", symbols)
    if found is None:
        sys.exit(f"{library.name} has no data of ICU")
    address = int(found[1], 16)
    for line in run(["readelf", "--sections", "--wide", library]).splitlines():
        section = re.search(r"\]\s+\.\S+\s+\w+\s+([0-9a-f]+)\s+([0-9a-f]+)\s+([0-9a-f]+)", line)
        if section is None:
            continue
        at, offset, size = (int(each, 16) for each in section.groups())
        if at <= address < at + size:
            content = library.read_bytes()
            return found[2], content[offset + address - at : offset + size]
    sys.exit(f"{library.name}: its data lie in no section")


def _repacked(data: bytes) -> bytes:
    """The package (format "CmnD") with the items that are wanted, each at a multiple of 16."""
    (heading,) = struct.unpack_from("<H", data)
    if data[2:4] != b"\xda\x27" or data[12:16] != b"CmnD":
        sys.exit("ICU's data have an unknown form")
    (count,) = struct.unpack_from("<I", data, heading)
    entries = [struct.unpack_from("<II", data, heading + 4 + 8 * index) for index in range(count)]
    names = [data[heading + name : data.index(b"\0", heading + name)].decode("ascii") for name, _at in entries]
    ends = [*(at for _name, at in entries[1:]), len(data) - heading]
    kept = [
        (name, data[heading + at : heading + end])
        for name, (_name, at), end in zip(names, entries, ends, strict=True)
        if _wanted(name.partition("/")[2])
    ]
    table = 4 + 8 * len(kept)
    texts = b"".join(name.encode("ascii") + b"\0" for name, _item in kept)
    packed = bytearray(struct.pack("<I", len(kept)))
    name_at, item_at = table, _aligned(heading + table + len(texts)) - heading
    items = bytearray()
    for name, item in kept:
        packed += struct.pack("<II", name_at, item_at + len(items))
        name_at += len(name) + 1
        items += item
        items += bytes(_aligned(len(items)) - len(items))
    packed += texts
    packed += bytes(item_at - len(packed))
    return data[:heading] + bytes(packed) + bytes(items)


def _wanted(name: str) -> bool:
    if _DROPPED.match(name):
        return False
    return "/" in name or not _LOCALES.match(name) or name in _KEPT_LOCALES


def _aligned(offset: int) -> int:
    return (offset + _ALIGN - 1) // _ALIGN * _ALIGN
