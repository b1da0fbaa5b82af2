"""The Debian package."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from pathlib import Path

from building.desktop_files import put_share, settle
from building.origins import Component
from building.tools import BUILD, DIST, FROZEN, LINUX, MAINTAINER, NAME, Release, elf_files, run

DEBIAN = BUILD / "source" / "debian"
LIBRARY = Path("usr/lib") / NAME
_DESCRIPTION = """\
Desktop vault for AetherCoin and FractalCoin
 Wallets, ledger and temple nodes in one window, kept in an encrypted vault
 on this computer or in a shared PostgreSQL database. Imports the history
 files that people have and shows every amount exactly. The same services
 are there without a window as commands.
"""


def build_deb(release: Release, components: list[Component]) -> Path:
    """Equal sources give equal bytes: all times are that of the last commit, compression takes one thread."""
    tree = DEBIAN / NAME  # where dpkg-shlibdeps knows that libraries found there are the package's own
    shutil.rmtree(DEBIAN.parent, ignore_errors=True)
    _lay_out(tree, release, components)
    architecture = run(["dpkg", "--print-architecture"]).strip()
    _write_control(tree, release, architecture)
    settle(tree, {tree / LIBRARY / NAME, tree / "DEBIAN/postrm"}, release)
    package = DIST / f"{NAME}_{release.version}_{architecture}.deb"
    settled = {**release.environment, "DPKG_DEB_THREADS_MAX": "1"}
    run(["dpkg-deb", "--build", "--root-owner-group", "-Zxz", tree, package], env=settled)
    return package


def _lay_out(tree: Path, release: Release, components: list[Component]) -> None:
    shutil.copytree(FROZEN, tree / LIBRARY, symlinks=True)
    put_share(tree / "usr/share", release=release, components=components)
    documents = tree / "usr/share/doc" / NAME
    shutil.copyfile(LINUX / "copyright", documents / "copyright")
    overrides = tree / "usr/share/lintian/overrides" / NAME
    overrides.parent.mkdir(parents=True)
    shutil.copyfile(LINUX / "lintian-overrides", overrides)
    when = run(["date", "--utc", "--rfc-email", f"--date=@{release.seconds}"]).strip()
    text = f"{NAME} ({release.version}) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- {MAINTAINER}  {when}\n"
    (documents / "changelog.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")


def _write_control(tree: Path, release: Release, architecture: str) -> None:
    size = sum(path.lstat().st_size for path in tree.rglob("*") if not path.is_dir()) // 1024
    folder = tree / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(
        f"Package: {NAME}\nVersion: {release.version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n"
        f"Installed-Size: {size}\nSection: utils\nPriority: optional\n"
        f"Depends: {_library_dependencies(tree)}, fonts-dejavu-core, hicolor-icon-theme\n"
        "Recommends: gnome-keyring | kwalletmanager, fonts-inter, fonts-jetbrains-mono\n"
        f"Description: {_DESCRIPTION}"
    )
    shutil.copyfile(LINUX / "postrm", folder / "postrm")
    sums = "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree)}\n"
        for path in sorted((tree / "usr").rglob("*"))
        if path.is_file() and not path.is_symlink()
    )
    (folder / "md5sums").write_text(sums)


def _library_dependencies(tree: Path) -> str:
    """Ask dpkg-shlibdeps which system libraries, from which versions on, the frozen folder links to."""
    (DEBIAN / "control").write_text(f"Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n")
    programs = elf_files(tree / LIBRARY)
    carried = {match.groups() for path in programs if (match := re.fullmatch(r"(lib.+)\.so\.(.+)", path.name))}
    own = "".join(f"{library} {version}\n" for library, version in sorted(carried))  # carried along: no dependency
    (DEBIAN / "shlibs.local").write_text(own)
    folders = sorted({path.parent for path in programs})
    options = [*(f"-l{folder}" for folder in folders), *(f"-e{program}" for program in programs)]
    output = run(["dpkg-shlibdeps", "-O", "--ignore-missing-info", *options], cwd=DEBIAN.parent)
    (line,) = (line for line in output.splitlines() if line.startswith("shlibs:Depends="))
    (DEBIAN / "control").unlink()  # the package has one of its own
    return line.partition("=")[2]
