"""What a desktop wants to know of an installed program, below a ``share`` folder: the same in each kind of package."""

from __future__ import annotations

import shutil
from pathlib import Path

from building.icons import put_in_theme
from building.manual import manual_page
from building.origins import Component, bill_of_materials, collect_licences
from building.tools import LINUX, NAME, ROOT, SITE, Release

METAINFO = "net.aether_desktop.desktop.metainfo.xml"


def put_share(share: Path, *, release: Release, components: list[Component]) -> None:
    """Desktop entry, icons, MIME type, AppStream, manual, autostart entry, licences, bill of materials."""
    from aether_desktop.cli.parser import build_parser  # the wheel that was frozen is installed here

    documents = share / "doc" / NAME
    for source, target in {
        LINUX / f"{NAME}.desktop": share / "applications" / f"{NAME}.desktop",
        LINUX / f"{NAME}.mime.xml": share / "mime" / "packages" / f"{NAME}.xml",
        ROOT / "resources" / "desktop" / "autostart.desktop": share / NAME / "autostart" / f"{NAME}.desktop",
        ROOT / "SECURITY.md": documents / "SECURITY.md",
        ROOT / "CHANGELOG.md": documents / "CHANGELOG.md",
    }.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    metainfo = share / "metainfo" / METAINFO
    metainfo.parent.mkdir(parents=True)
    metainfo.write_text(metainfo_text(release), encoding="utf-8")
    put_in_theme(share)
    manual = share / "man" / "man1" / f"{NAME}.1.gz"
    manual.parent.mkdir(parents=True)
    manual.write_bytes(manual_page(build_parser(), version=release.version, moment=release.moment))
    collect_licences(components, documents / "licenses")
    (documents / f"{NAME}.cdx.json").write_bytes(bill_of_materials(components, release))


def metainfo_text(release: Release) -> str:
    """AppStream's description, with this release in it."""
    text = (LINUX / METAINFO).read_text(encoding="utf-8")
    comment = text.index("<!--"), text.index("-->") + len("-->\n")
    text = text[: comment[0]] + text[comment[1] :]
    filled = {"@VERSION@": release.version, "@DATE@": f"{release.moment:%Y-%m-%d}", "@SITE@": SITE}
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text


def settle(tree: Path, programs: set[Path], release: Release) -> None:
    """Rights and times that do not depend on who builds, or when."""
    import os

    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in programs else 0o644)
        os.utime(path, (release.seconds, release.seconds), follow_symlinks=False)
