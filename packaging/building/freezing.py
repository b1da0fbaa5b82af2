"""The wheel, the frozen program made of it, and what is left out of that."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from building.icu import slim_icu
from building.origins import TOC
from building.tools import BUILD, DIST, FROZEN, NAME, ROOT, Release, elf_files, python, run

NEWEST_GLIBC = (2, 36)
"""What may be asked of the system at most: that of Debian 12, where packages are built."""

_STRIPPED = (
    "libpython3*.so*",
    "python3*/lib-dynload/*.so",
    "sqlcipher3/*.so",
    "sqlalchemy/**/*.so",
    "cryptography/**/*.so",
    "Crypto/**/*.so",
    "bitarray/*.so",
    "cytoolz/*.so",
    "regex/*.so",
)


def build_wheel(release: Release) -> Path:
    """Build the wheel from a clean tree and install it here, by name, so that no path of this machine is recorded."""
    for stale in (ROOT / "build" / "lib", *(ROOT / "build").glob("bdist.*")):
        shutil.rmtree(stale, ignore_errors=True)
    wheel_here: list[str | Path] = ["-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation"]
    wheel_here += ["--wheel-dir", DIST, ROOT]
    run(python(*wheel_here), env=release.environment)
    (wheel,) = DIST.glob("*.whl")
    install: list[str | Path] = ["-m", "pip", "install", "--no-deps", "--no-index", "--no-compile"]
    run(python(*install, "--find-links", DIST, "--force-reinstall", f"{NAME}=={release.version}"))
    probe = (
        "from aether_desktop.locations import migrations_dir, resources_dir; print(migrations_dir(), resources_dir())"
    )
    found = run(python("-c", probe))
    if found.count("_bundled") != 2:
        sys.exit(f"the wheel does not carry its folders: {found}")
    return wheel


def freeze(release: Release) -> None:
    """Freeze the installed wheel to one folder."""
    quiet: list[str | Path] = ["-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    places: list[str | Path] = ["--distpath", FROZEN.parent, "--workpath", BUILD / "work"]
    run(
        python(*quiet, *places, ROOT / "packaging" / f"{NAME}.spec"),
        env={**release.environment, "AETHER_FROZEN_FILES": str(TOC)},
    )
    _strip_symbols()
    _forget_the_builder(FROZEN / "_internal")
    for library in (FROZEN / "_internal/PySide6/Qt/lib").glob("libicudata.so.*"):
        slim_icu(library)


def _forget_the_builder(internal: Path) -> None:
    """Take out what tells two builds apart: lists of installed files (they hold the sum of a starter that names the
    environment's folder), and the order in which modules were found."""
    for path in internal.glob("*.dist-info/RECORD"):
        path.unlink()
    library = internal / "base_library.zip"
    with zipfile.ZipFile(library) as before:
        modules = sorted((entry.filename, before.read(entry)) for entry in before.infolist())
    with zipfile.ZipFile(library, "w") as after:
        for name, content in modules:
            after.writestr(zipfile.ZipInfo(name), content)  # of 1980, stored as PyInstaller does


def drop_orphans() -> int:
    """Remove libraries that were only there for Qt plugins left out (GTK and its train); return how many."""
    internal = FROZEN / "_internal"
    dropped = 0
    while True:
        needed = set(re.findall(r"NEEDED\s+(\S+)", run(["objdump", "-p", *elf_files(FROZEN)])))
        orphans = [path for path in internal.glob("lib*.so*") if path.name not in needed and "python3" not in path.name]
        if not orphans:
            return dropped
        for path in orphans:
            path.unlink()
        dropped += len(orphans)


def least_glibc() -> tuple[int, int]:
    """The oldest glibc that every frozen library runs on. SystemExit if that is newer than we say."""
    symbols = run(["objdump", "-T", *elf_files(FROZEN)])
    newest = max((int(each[0]), int(each[1])) for each in re.findall(r"GLIBC_(\d+)\.(\d+)", symbols))
    if newest > NEWEST_GLIBC:
        sys.exit(f"glibc {newest} would be needed; build on an older system")
    return newest


def try_frozen() -> None:
    """Work with the frozen program: resources, migrations, modules, cipher and recorded versions are all there."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        said = run([FROZEN / NAME, "--version"])
        password = place / "v.password"
        password.touch(mode=0o600)
        password.write_text("of a vault that is thrown away\n", encoding="utf-8")
        vault: list[str | Path] = ["--vault", place / "v.aether", "--key-file", place / "v.key", "--data-dir", place]
        vault += ["--password-file", password]
        run([FROZEN / NAME, *vault, "vault", "create"])
        run([FROZEN / NAME, *vault, "vault", "kit", "--without-confirmation"])  # the list of words is there
        found = run([FROZEN / NAME, *vault, "doctor"]) + run([FROZEN / NAME, *vault, "modules", "list", "--json"])
        run([FROZEN / NAME, "sample", place / "sample.aether", "--data-dir", place])
        rows = run([FROZEN / NAME, "--vault", place / "sample.aether", "--data-dir", place, "balance", "--json"])
    if "not recorded" in found or "sowing" not in found or "reaping" not in found or "base_units" not in rows:
        sys.exit(f"the frozen program lacks something: {said}{found}{rows[:500]}")


def _strip_symbols() -> None:
    """Remove debugging symbols (60 MB) from what comes with them and stands stripping; wheels' own copies do not."""
    for pattern in _STRIPPED:
        for path in sorted((FROZEN / "_internal").glob(pattern)):
            run(["strip", "--strip-unneeded", path])
