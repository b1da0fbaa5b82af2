"""The relocatable archive, and the list of sums."""

from __future__ import annotations

import gzip
import hashlib
import io
import platform
import shutil
import tarfile
from pathlib import Path

from building.desktop_files import put_share, settle
from building.origins import Component
from building.tools import BUILD, DIST, FROZEN, LINUX, NAME, ROOT, Release


def build_archive(release: Release, components: list[Component], glibc: tuple[int, int]) -> Path:
    """One folder that runs from wherever it is unpacked."""
    folder = BUILD / "archive" / f"{NAME}-{release.version}-linux-{platform.machine()}"
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.copytree(FROZEN, folder, symlinks=True)
    put_share(folder / "share", release=release, components=components)
    shutil.copyfile(LINUX / "menu", folder / "menu")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")
    libraries = "\n".join(f"  {name}" for name in _system_libraries())
    text = (LINUX / "README.archive").read_text(encoding="utf-8")
    text = text.replace("@GLIBC@", f"{glibc[0]}.{glibc[1]}").replace("@LIBRARIES@", libraries)
    (folder / "README").write_text(text, encoding="utf-8")
    settle(folder, {folder / NAME, folder / "menu"}, release)
    target = DIST / f"{folder.name}.tar.gz"
    target.write_bytes(_packed(folder, release))
    return target


def _packed(folder: Path, release: Release) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in [folder, *sorted(folder.rglob("*"))]:
            entry = archive.gettarinfo(path, str(path.relative_to(folder.parent)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime = release.seconds
            if entry.isreg():
                with path.open("rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)
    return gzip.compress(plain.getvalue(), compresslevel=9, mtime=0)


def _system_libraries() -> list[str]:
    lines = (ROOT / "scripts/system-packages").read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if line.endswith(" run")]


def write_sums() -> Path:
    """SHA256SUMS of all that lies in dist; ``sha256sum --check SHA256SUMS`` reads it."""
    target = DIST / "SHA256SUMS"
    files = sorted(path for path in DIST.iterdir() if path.is_file() and path != target)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    target.write_text("".join(lines), encoding="utf-8")
    return target
