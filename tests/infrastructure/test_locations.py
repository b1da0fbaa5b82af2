"""The folders that travel with the program are found in a checkout, in a wheel and in a frozen program."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aether_desktop import locations

ROOT = Path(__file__).parents[2]


def _copy_of_the_module(folder: Path) -> Path:
    package = folder / "aether_desktop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(ROOT / "aether_desktop/locations.py", package)
    return package


def _ask(folder: Path, *, frozen: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(folder)!r})\n"
        f"frozen = {str(frozen) if frozen else None!r}\n"
        "if frozen: sys._MEIPASS = frozen\n"
        "from aether_desktop import locations\n"
        "print(locations.migrations_dir())\n"
    )
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, timeout=30)


def test_an_installed_wheel_uses_what_it_carries(tmp_path: Path) -> None:
    package = _copy_of_the_module(tmp_path / "site")
    bundled = package / "_bundled/migrations"
    bundled.mkdir(parents=True)
    (tmp_path / "site/migrations").mkdir()  # a stranger's folder beside the package
    assert _ask(tmp_path / "site").stdout.strip() == str(bundled)


def test_a_checkout_uses_its_own_folders(tmp_path: Path) -> None:
    _copy_of_the_module(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "migrations").mkdir()
    assert _ask(tmp_path).stdout.strip() == str(tmp_path / "migrations")


def test_a_frozen_program_uses_its_own_folder(tmp_path: Path) -> None:
    _copy_of_the_module(tmp_path / "site")
    frozen = tmp_path / "frozen"
    (frozen / "migrations").mkdir(parents=True)
    assert _ask(tmp_path / "site", frozen=frozen).stdout.strip() == str(frozen / "migrations")


def test_a_broken_installation_says_so(tmp_path: Path) -> None:
    _copy_of_the_module(tmp_path / "site")
    (tmp_path / "site/migrations").mkdir()
    answer = _ask(tmp_path / "site")
    assert answer.returncode != 0
    assert "folder 'migrations' is missing" in answer.stderr


def test_resources_of_this_checkout_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "resources").mkdir()
    monkeypatch.setattr(locations, "_PACKAGE", tmp_path / "aether_desktop")
    (tmp_path / "pyproject.toml").touch()
    assert locations.resources_dir() == tmp_path / "resources"
