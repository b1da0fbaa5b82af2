"""The wheel carries what lies outside the package, and a program installed from it finds it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SOURCES = ("aether_desktop", "migrations", "resources", "pyproject.toml", "setup.py", "MANIFEST.in", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a wheel of this checkout was unpacked."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for path in [*(ROOT / name for name in _SOURCES), ROOT / "README.md"]:
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.is_file():
            shutil.copy(path, source)
    pip = [sys.executable, "-I", "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    built = subprocess.run(
        [*pip, "--wheel-dir", str(source), str(source)], capture_output=True, text=True, check=False, timeout=100
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = source.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file()}


@pytest.mark.parametrize("name", ["migrations", "resources"])
def test_the_folder_travels_whole(installed: Path, name: str) -> None:
    carried = _files(installed / "aether_desktop/_bundled" / name)
    assert carried == _files(ROOT / name)
    assert carried


def test_the_installed_program_looks_inside_itself(installed: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from aether_desktop import locations\n"
        "print(locations.migrations_dir(), locations.resources_dir(), sep='\\n')\n"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30)
    bundled = installed / "aether_desktop/_bundled"
    assert answer.stdout.splitlines() == [str(bundled / "migrations"), str(bundled / "resources")]


def test_nothing_but_the_program_is_installed(installed: Path) -> None:
    assert {path.name.partition("-")[0] for path in installed.iterdir()} == {"aether_desktop"}
    assert "py.typed" in _files(installed / "aether_desktop")
