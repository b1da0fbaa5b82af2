"""The package of this checkout, in minimal systems. ``make package`` comes first."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed.root import MinimalRoot

PROJECT = Path(__file__).parents[2]
BUILD = PROJECT / "build" / "test-package"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.installed)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def package() -> Path:
    """The Debian package in ``dist``."""
    found = sorted((PROJECT / "dist").glob("aether-desktop_*.deb"))
    assert len(found) == 1, "build it first: make package"
    assert os.geteuid() == 0, "a minimal system is a chroot: run this as an administrator"
    return found[0]


@pytest.fixture(scope="session")
def older(package: Path) -> Path:
    """The same package under the number of a version before; what differs is what a package manager sees."""
    folder = BUILD / "older"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", str(package), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    lines = control.read_text(encoding="utf-8").splitlines()
    control.write_text("\n".join("Version: 0.0.9" if each.startswith("Version:") else each for each in lines) + "\n")
    made = folder / "aether-desktop_0.0.9_older.deb"
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", "-Znone", str(tree), str(made)], check=True)
    shutil.rmtree(tree)
    return made


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where pictures of the screen are kept, to be looked at."""
    return BUILD / "shots"


@pytest.fixture(scope="session")
def installed(older: Path) -> Iterator[MinimalRoot]:
    """A minimal Debian with the version before in it, and what a desktop has beside."""
    folder = BUILD / "root"  # half a gigabyte: not in the memory that other tests use
    shutil.rmtree(folder, ignore_errors=True)
    root = MinimalRoot.made(folder, cache=BUILD)
    root.install(older)
    missing = root.run("sh", "-c", _LINKED, check=False).stdout
    assert missing == "", f"libraries that no dependency brings: {missing}"
    root.add_tools()
    yield root
    shutil.rmtree(folder, ignore_errors=True)


_LINKED = """
export LD_LIBRARY_PATH=/usr/lib/aether-desktop/_internal
find /usr/lib/aether-desktop -name '*.so*' -type f -exec ldd {} + 2>/dev/null | grep 'not found' | sort -u
"""
