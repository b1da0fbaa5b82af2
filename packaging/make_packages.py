"""Builds what people install into dist/: a wheel, that wheel frozen as .deb and .tar.gz, the bill of materials, sums.

Runs in .venv-package (scripts/setup --package), which holds the locked run-time packages and PyInstaller, nothing else.
``--twice`` builds again afterwards and fails unless both are the same, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the interpreter is isolated

from building.archive import build_archive, write_sums
from building.debian import build_deb
from building.freezing import build_wheel, drop_orphans, freeze, least_glibc, try_frozen
from building.origins import Origins, bill_of_materials, largest_parts
from building.tools import BUILD, DIST, FROZEN, NAME, ROOT, Release, run, say

_LARGEST_INSTALLED = 150 * 10**6
_OURS = ("*.whl", "*.deb", "*.tar.gz", "*.cdx.json", "SHA256SUMS")


def build() -> list[Path]:
    """Everything, once."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    release = Release(version, int(run(["git", "log", "-1", "--format=%ct"], cwd=ROOT)))
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    for pattern in _OURS:
        for old in DIST.glob(pattern):
            old.unlink()
    say("building the wheel")
    wheel = build_wheel(release)
    say("freezing")
    freeze(release)
    say(f"left out {drop_orphans()} libraries that nothing needs; trying the frozen program")
    try_frozen()
    glibc = least_glibc()
    installed = sum(path.lstat().st_size for path in FROZEN.rglob("*") if path.is_file())
    say(f"the program's folder: {installed / 1e6:.1f} MB; glibc {glibc[0]}.{glibc[1]} or newer")
    if installed > _LARGEST_INSTALLED:
        sys.exit("that is more than 150 MB: leave something out")
    components = Origins().components()
    for size, name in largest_parts()[:10]:
        say(f"  {size / 1e6:6.1f} MB  {name}")
    bill = DIST / f"{NAME}-{version}.cdx.json"
    bill.write_bytes(bill_of_materials(components, release))
    say("building the packages")
    built = [wheel, build_deb(release, components), build_archive(release, components, glibc), bill]
    return [*built, write_sums()]


def main() -> None:
    """Build and say where everything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--twice", action="store_true", help="build again and compare")
    options = parser.parse_args()
    BUILD.parent.mkdir(exist_ok=True)
    BUILD.mkdir(exist_ok=True)
    DIST.mkdir(exist_ok=True)
    built = build()
    if options.twice:
        first = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built}
        say("building all of it again")
        built = build()
        other = [path.name for path in built if first[path.name] != hashlib.sha256(path.read_bytes()).hexdigest()]
        if other:
            sys.exit(f"not the same the second time: {', '.join(other)}")
        say("the same the second time, byte for byte")
    for path in built:
        say(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
