"""What a start loads before the window is painted, and before the first-run page: seen in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_HEAVY = ("sqlalchemy", "psycopg", "alembic", "keyring", "sqlcipher3", "aether_desktop.storage")
_FIND = """
from pathlib import Path
from aether_desktop.bootstrap.entrance import Entrance, StartOptions
from aether_desktop.services.settings_file import SettingsFile
folder = Path(sys.argv[1])
settings = SettingsFile(folder / "settings.json")
assert Entrance(StartOptions(data_dir=folder), settings).find() is None
settings.close()
"""


def _loaded(code: str, *arguments: str) -> set[str]:
    """The modules a process has after running the code. Raises CalledProcessError."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_window_is_painted_without_the_domain() -> None:
    loaded = _loaded("import aether_desktop.bootstrap")
    assert "aether_desktop.ui.shell.main_window" in loaded
    assert loaded.isdisjoint({*_HEAVY, "aether_desktop.composition", "aether_desktop.domain"})


def test_that_there_is_nothing_to_open_is_found_without_a_database(tmp_path: Path) -> None:
    loaded = _loaded(_FIND, str(tmp_path))
    assert "cryptography" in loaded  # on purpose, while nobody types
    assert loaded.isdisjoint(_HEAVY)
