"""Build step: migrations/ and resources/ lie at the repository's root and travel inside the wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
BUNDLED = ("migrations", "resources")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]")


class BuildWithBundledFolders(build_py):
    """Copies the root folders to aether_desktop/_bundled, where aether_desktop.locations looks first."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # a checkout uses its own folders; a copy would grow stale
            return
        target = Path(self.build_lib) / "aether_desktop" / "_bundled"
        shutil.rmtree(target, ignore_errors=True)
        for name in BUNDLED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target / name, ignore=LEFT_OUT)


setup(cmdclass={"build_py": BuildWithBundledFolders})
