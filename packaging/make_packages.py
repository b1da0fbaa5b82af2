"""Builds dist/*.whl, freezes that wheel, and builds dist/*.deb from the frozen folder.

Runs in .venv-package (scripts/setup --package), which holds the locked run-time packages and PyInstaller, nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "package"
DEBIAN = BUILD / "source" / "debian"
DIST = ROOT / "dist"
LINUX = ROOT / "packaging" / "linux"
NAME = "aether-desktop"
FROZEN = BUILD / "frozen" / NAME
LIBRARY = Path("usr/lib") / NAME
_LICENCE_FILE = re.compile(r"(^|/)(LICEN[CS]E|COPYING|NOTICE|AUTHORS|LGPL|GPL)[^/]*$", re.IGNORECASE)


def run(command: Sequence[str | Path], *, cwd: Path = BUILD, env: Mapping[str, str] | None = None) -> str:
    """Run a build tool and return what it printed; SystemExit with its output if it fails."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        sys.exit(f"{result.stdout[-6000:]}\nfailed: {' '.join(map(str, command[:6]))}")
    return result.stdout


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"package: {text}", flush=True)


def python(*arguments: str | Path) -> list[str | Path]:
    """An isolated interpreter: this folder and the checkout stay out of its path."""
    return [sys.executable, "-I", *arguments]


def build_wheel(version: str) -> Path:
    """Build the wheel from a clean tree and install it here, by name, so that no path of this machine is recorded."""
    for stale in (ROOT / "build" / "lib", *(ROOT / "build").glob("bdist.*")):
        shutil.rmtree(stale, ignore_errors=True)
    for old in (*DIST.glob("*.whl"), *DIST.glob("*.deb")):
        old.unlink()
    run(python("-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", DIST, ROOT))
    (wheel,) = DIST.glob("*.whl")
    run(
        python(
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--no-index",
            "--no-compile",
            "--find-links",
            DIST,
            "--force-reinstall",
            f"{NAME}=={version}",
        )
    )
    probe = (
        "from aether_desktop.locations import migrations_dir, resources_dir; print(migrations_dir(), resources_dir())"
    )
    found = run(python("-c", probe))
    if found.count("_bundled") != 2:
        sys.exit(f"the wheel does not carry its folders: {found}")
    return wheel


def freeze() -> None:
    """Freeze the installed wheel to one folder."""
    run(
        python(
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--log-level",
            "WARN",
            "--distpath",
            FROZEN.parent,
            "--workpath",
            BUILD / "work",
            ROOT / "packaging" / f"{NAME}.spec",
        ),
        env={"PYTHONHASHSEED": "0"},
    )


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


def elf_files(folder: Path) -> list[Path]:
    """Programs and shared libraries below the folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


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


def strip_symbols() -> None:
    """Remove debugging symbols (30 MB) from the two libraries that come with them and stand stripping."""
    for pattern in ("libpython3*.so*", "sqlcipher3/*.so"):
        for path in (FROZEN / "_internal").glob(pattern):
            run(["strip", "--strip-unneeded", path])


def collect_licences(target: Path) -> None:
    """Copy the licence texts of every package that was frozen."""
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name.lower() in {NAME, "pip", "setuptools", "pyinstaller", "pyinstaller-hooks-contrib", "altgraph"}:
            continue
        for file in distribution.files or ():
            if ".dist-info/" in str(file) and _LICENCE_FILE.search(str(file)):
                text = Path(str(distribution.locate_file(file)))
                folder = target / name
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(text, folder / text.name)


def library_dependencies(tree: Path) -> str:
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
    return line.partition("=")[2]


def lay_out(tree: Path) -> None:
    """Put every file where the installed package has it."""
    shutil.copytree(FROZEN, tree / LIBRARY, symlinks=True)
    documents = tree / "usr/share/doc" / NAME
    for source, target in {
        LINUX / f"{NAME}.desktop": tree / "usr/share/applications",
        LINUX / f"{NAME}.svg": tree / "usr/share/icons/hicolor/scalable/apps",
        LINUX / "copyright": documents,
        ROOT / "SECURITY.md": documents,
    }.items():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target / source.name)
    overrides = tree / "usr/share/lintian/overrides" / NAME
    overrides.parent.mkdir(parents=True)
    shutil.copyfile(LINUX / "lintian-overrides", overrides)
    collect_licences(documents / "licenses")
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
    for path in tree.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path == tree / LIBRARY / NAME
            path.chmod(0o755 if executable else 0o644)


def write_changelog(tree: Path, *, version: str, when: str) -> None:
    """Debian's own changelog, compressed the way the policy asks for."""
    text = f"{NAME} ({version}) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- {maintainer()}  {when}\n"
    target = tree / "usr/share/doc" / NAME / "changelog.gz"
    compressed = subprocess.run(["gzip", "-9n"], input=text.encode(), capture_output=True, check=True).stdout
    target.write_bytes(compressed)
    shutil.copyfile(ROOT / "CHANGELOG.md", target.parent / "CHANGELOG.md")


def maintainer() -> str:
    """Who made this package."""
    return "Aether Desktop maintainers <maintainers@aether-desktop.invalid>"


def build_deb(version: str) -> Path:
    """Build the Debian package; its times are those of the last commit, so that equal sources give equal packages."""
    tree = DEBIAN / NAME  # where dpkg-shlibdeps knows that libraries found there are the package's own
    lay_out(tree)
    seconds = run(["git", "log", "-1", "--format=%ct"], cwd=ROOT).strip()
    when = run(["date", "--utc", "--rfc-email", f"--date=@{seconds}"]).strip()
    write_changelog(tree, version=version, when=when)
    architecture = run(["dpkg", "--print-architecture"]).strip()
    size = sum(path.lstat().st_size for path in tree.rglob("*") if not path.is_dir()) // 1024
    control = tree / "DEBIAN/control"
    control.parent.mkdir()
    control.write_text(
        f"Package: {NAME}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {maintainer()}\n"
        f"Installed-Size: {size}\nSection: utils\nPriority: optional\n"
        f"Depends: {library_dependencies(tree)}, fonts-dejavu-core\n"
        "Recommends: gnome-keyring | kwalletmanager, fonts-inter, fonts-jetbrains-mono\n"
        "Description: Desktop vault for AetherCoin and FractalCoin\n"
        " Wallets, ledger and temple nodes in one window, kept in an encrypted vault\n"
        " on this computer or in a shared PostgreSQL database. Imports the history\n"
        " files that people have and shows every amount exactly. The same services\n"
        " are there without a window as commands.\n"
    )
    package = DIST / f"{NAME}_{version}_{architecture}.deb"
    run(["dpkg-deb", "--build", "--root-owner-group", "-Zxz", tree, package], env={"SOURCE_DATE_EPOCH": seconds})
    return package


def main() -> None:
    """Build both packages and say where they are."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    DIST.mkdir(exist_ok=True)
    say("building the wheel")
    wheel = build_wheel(version)
    say("freezing")
    freeze()
    strip_symbols()
    say(f"left out {drop_orphans()} libraries that nothing needs; trying the frozen program")
    try_frozen()
    say("building the Debian package")
    package = build_deb(version)
    for path in (wheel, package):
        say(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
