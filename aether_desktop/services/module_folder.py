"""Packages of Sacred Utility Modules in the data folder: what a frozen program has instead of pip's site-packages.

``pip install --target DATA/modules PACKAGE`` puts one there. A package is off, and never imported, until somebody asks.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path

from aether_desktop.sum_api import ENTRY_POINT_GROUP


class ModuleFolder:
    """Finds packages; any thread. The folder joins Python's search path, as its last, when one of it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def packages(self) -> Iterable[EntryPoint]:
        """Those installed beside the program, then those of the folder that the same name was not found for before."""
        installed = tuple(entry_points(group=ENTRY_POINT_GROUP))
        names = {point.name for point in installed}
        return (*installed, *(point for point in self._own() if point.name not in names))

    def objection(self) -> str:
        """Why nothing of the folder is used, in a sentence; empty where all is well, or there is no folder."""
        try:
            found = self.folder.stat()
        except OSError:
            return ""
        if not stat.S_ISDIR(found.st_mode):
            return f"{self.folder} is no folder."
        if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022):
            return (
                f"Modules in {self.folder} are left out: others than you may write there, and their code would run as"
                f" you. Make it yours alone: chmod go-w {self.folder}"
            )
        return ""

    def _own(self) -> Iterator[EntryPoint]:
        if not self.folder.is_dir() or self.objection():
            return
        for distribution in distributions(path=[str(self.folder)]):
            for point in distribution.entry_points.select(group=ENTRY_POINT_GROUP):
                yield _FolderPoint.of(point, self.folder)


class _FolderPoint(EntryPoint):
    """An entry point whose package is looked for in the folder when, and only when, it is loaded."""

    @classmethod
    def of(cls, point: EntryPoint, folder: Path) -> _FolderPoint:
        made = cls(point.name, point.value, point.group)
        vars(made).update(dist=point.dist, folder=str(folder))
        return made

    def load(self) -> object:
        folder = vars(self)["folder"]
        if folder not in sys.path:
            sys.path.append(folder)  # last: nothing of it takes the place of what the program or Python has
        return super().load()
