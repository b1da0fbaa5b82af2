"""What Debian's and the desktops' own checkers say of the package, and what it holds."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed.conftest import BUILD, PROJECT

_LARGEST = 150 * 10**6


@pytest.fixture(scope="module")
def tree(package: Path) -> Path:
    folder = BUILD / "unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    return folder


def said(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
    )
    return f"{done.stdout}{done.stderr}" + (f"exit code {done.returncode}" if done.returncode else "")


def test_lintian_has_nothing_to_say(package: Path) -> None:
    words = said("lintian", "--fail-on", "error,warning", package)
    assert [line for line in words.splitlines() if "root privileges" not in line] == []


def test_every_override_is_needed(package: Path) -> None:
    assert "unused-override" not in said("lintian", "--display-info", "--tag-display-limit", "0", package)


def test_the_desktop_entries_are_valid(tree: Path) -> None:
    entries = sorted((tree / "usr/share").rglob("*.desktop"))
    assert len(entries) == 2  # the menu's, and the one for the start of the session
    assert said("desktop-file-validate", *entries) == ""


def test_appstream_accepts_the_description(tree: Path) -> None:
    (metainfo,) = (tree / "usr/share/metainfo").iterdir()
    assert "Validation was successful" in said("appstreamcli", "validate", "--no-net", "--pedantic", metainfo)
    assert "Validation was successful" in said("appstreamcli", "validate-tree", "--no-net", tree)


def test_the_manual_is_clean_and_knows_every_command(tree: Path) -> None:
    page = tree / "usr/share/man/man1/aether-desktop.1.gz"
    assert said("mandoc", "-Tlint", page) == ""
    assert "warning" not in said("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page).casefold()
    text = gzip.decompress(page.read_bytes()).decode()
    for command in ("vault create", "import", "transactions sum", "postgres provision", "doctor"):
        assert f".SS {command}\n" in text


def test_it_is_small_and_everything_bundled_has_its_licence(tree: Path) -> None:
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < _LARGEST
    documents = tree / "usr/share/doc/aether-desktop"
    bill = json.loads((documents / "aether-desktop.cdx.json").read_text(encoding="utf-8"))
    names = {each["name"] for each in bill["components"]}
    assert {"cpython", "qt", "icu", "cryptography", "sqlcipher3", "pyinstaller"} <= names
    for name in names:
        assert any((documents / "licenses" / name).iterdir()), name
    references = {each["bom-ref"] for each in bill["components"]}
    assert len(references) == len(bill["components"])
    assert set(bill["dependencies"][0]["dependsOn"]) == references


def test_sums_fit(package: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=package.parent, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    listed = (package.parent / "SHA256SUMS").read_text(encoding="utf-8")
    assert package.name in listed
    assert ".tar.gz" in listed
    assert ".whl" in listed


def test_no_file_is_for_others_to_write_and_none_runs_as_root(tree: Path) -> None:
    for path in tree.rglob("*"):
        mode = path.lstat().st_mode
        assert path.is_symlink() or not mode & 0o7022, path  # no set-uid, no group or world write


@pytest.mark.parametrize("mark", [str(PROJECT)], ids=["the checkout"])
def test_nothing_names_the_folder_it_was_built_in(tree: Path, mark: str) -> None:
    own = [*(tree / "usr/share").rglob("*"), *(tree / "usr/lib/aether-desktop/_internal/aether_desktop").rglob("*")]
    for path in own:
        if path.is_file():
            assert mark.encode() + b"/" not in path.read_bytes(), path


def test_the_windows_recipe_compiles(tmp_path: Path) -> None:
    """makensis builds an installer of a folder that stands for the frozen program; it was never run on Windows."""
    frozen = tmp_path / "aether-desktop"
    (frozen / "_internal").mkdir(parents=True)
    (frozen / "aether-desktop.exe").write_bytes(b"MZ")
    (frozen / "_internal/part.dll").write_bytes(b"MZ")
    (tmp_path / "aether-desktop.ico").write_bytes(_icon())
    words = said(
        "makensis",
        "-WX",
        "-DVERSION=0.1.0",
        f"-DFROZEN={frozen}",
        f"-DICON={tmp_path / 'aether-desktop.ico'}",
        f"-DOUTPUT={tmp_path / 'aether-desktop-0.1.0-setup.exe'}",
        PROJECT / "packaging/windows/aether-desktop.nsi",
    )
    assert (tmp_path / "aether-desktop-0.1.0-setup.exe").is_file(), words[-2000:]


def _icon() -> bytes:
    code = "import sys; from building.icons import ico; sys.stdout.buffer.write(ico())"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "packaging"), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True).stdout
