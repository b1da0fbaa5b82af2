"""Settings as one JSON file in the person's configuration folder. Choices only: what looks like a secret is refused."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar, cast

from aether_desktop.ports.errors import AetherError, DiskFullError, ReadOnlyError
from aether_desktop.ports.settings import Settings
from aether_desktop.services.whole_file import writing

SettingT = TypeVar("SettingT", str, bool, int, list[str])

_SECRET_KEY = re.compile(r"password|passwd|passphrase|secret|mnemonic|seed|private_?key", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"://[^/@:\s]*:[^/@\s]+@")
_WRITE_DELAY = 0.5  # seconds: a burst of changes is one write
_MAX_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Setting(Generic[SettingT]):
    """One typed setting, declared once. A stored value of another type counts as the default."""

    key: str
    default: SettingT

    def get(self, settings: Settings) -> SettingT:
        value = settings.get(self.key, self.default)
        fits = type(value) is type(self.default)
        if fits and isinstance(value, list):
            fits = all(isinstance(each, str) for each in value)
        return cast("SettingT", value) if fits else self.default

    def set(self, settings: Settings, value: SettingT) -> None:
        settings.set(self.key, None if value == self.default else value)


DATABASE_URL = Setting("connection.database_url", "")  # without its password
VAULT_PATH = Setting("connection.vault", "")
RECENT_VAULTS = Setting("connection.recent_vaults", cast("list[str]", []))
CONFIRMED_DATABASES = Setting("connection.confirmed_databases", cast("list[str]", []))  # digests, never URLs
RELEASE_LOCATION = Setting("updates.location", "")
RELEASE_KEY = Setting("updates.public_half", "")  # of the release key: what is named a key is refused here
FIAT = Setting("overview.fiat", "")
IDLE_MINUTES = Setting("lock.idle_minutes", 15)
LOCK_VAULT_ON_SLEEP = Setting("lock.vault_on_sleep", False)
KEEP_WATCHING = Setting("monitor.keep_watching", False)  # when the window is closed
DESKTOP_NOTICES = Setting("monitor.desktop_notices", True)


class SettingsFile:
    """Implements ports.settings.Settings. Reads once; writes a little later on a thread of its own, or in ``close``.

    Another process's changes to other keys are kept. A damaged file is put aside and said in ``problems``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._changed: dict[str, object] = {}
        self._hear: Callable[[str], object] | None = None
        self._values = self._read(keep_aside=True)

    def get(self, key: str, default: object = None) -> object:
        with self._lock:
            return self._values.get(key, default)

    def set(self, key: str, value: object) -> None:
        """Raises ValueError for what JSON cannot hold, and for what looks like a secret."""
        _refuse_secrets(key, value)
        try:
            copied = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"The setting {key} cannot be written as JSON.") from error
        with self._lock:
            if self._values.get(key) == copied and type(self._values.get(key)) is type(copied):
                return
            if copied is None:
                self._values.pop(key, None)
            else:
                self._values[key] = copied
            self._changed[key] = copied
            if self._timer is None:
                self._timer = threading.Timer(_WRITE_DELAY, self._write_quietly)
                self._timer.daemon = True
                self._timer.name = "settings-writer"
                self._timer.start()

    def values(self) -> dict[str, object]:
        """All that is stored, as a copy."""
        with self._lock:
            return json.loads(json.dumps(self._values))  # type: ignore[no-any-return]

    def hear_problems(self, hear: Callable[[str], object] | None) -> None:
        """Tell each problem once, those met so far now; ``hear`` is called on any thread and must return at once."""
        with self._lock:
            self._hear = hear
            so_far = tuple(self.problems)
        if hear is not None:
            for problem in so_far:
                hear(problem)

    def flush(self) -> None:
        """Write what changed, now. Worker threads only. Raises ReadOnlyError, DiskFullError, StorageError."""
        with self._writing:
            with self._lock:
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
                changed, self._changed = self._changed, {}
            if not changed:
                return
            merged = self._read(keep_aside=False)
            for key, value in changed.items():
                if value is None:
                    merged.pop(key, None)
                else:
                    merged[key] = value
            try:
                _make_folder(self.path.parent)
                with writing(self.path) as sink:
                    json.dump(merged, sink, indent=2, sort_keys=True, ensure_ascii=False)
                    sink.write("\n")
            except BaseException:
                with self._lock:
                    self._changed = {**changed, **self._changed}  # tried again with the next change, or at close
                raise

    def close(self) -> None:
        """Write what is left. A folder that cannot be written costs the change, never the program."""
        self._write_quietly()

    def _write_quietly(self) -> None:
        try:
            self.flush()
        except AetherError as error:
            self._say(f"Settings could not be kept: {error.message} {self._advice(error)}")

    def _say(self, problem: str) -> None:
        with self._lock:
            if problem in self.problems:
                return
            self.problems.append(problem)
            hear = self._hear
        if hear is not None:
            hear(problem)

    def _advice(self, error: AetherError) -> str:
        do = (
            "Make room on its disk"
            if isinstance(error, DiskFullError)
            else f"See that you may write in {self.path.parent}"
        )
        return f"{do}; it is tried again with the next change, and when the program ends."

    def _read(self, *, keep_aside: bool) -> dict[str, object]:
        try:
            if self.path.stat().st_size > _MAX_BYTES:
                raise ValueError("too large")
            values = json.loads(self.path.read_text(encoding="utf-8"))
            if not isinstance(values, dict):
                raise TypeError("not an object")
        except FileNotFoundError:
            return {}
        except OSError as error:
            why = error.strerror or error
            self._say(f"The settings in {self.path} cannot be read: {why}. Defaults are used; see to it that you may.")
            return {}
        except (ValueError, TypeError, RecursionError):
            if keep_aside:
                self._put_aside()
            return {}
        return values

    def _put_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        try:
            self.path.rename(aside)
        except OSError:
            self._say(f"The settings in {self.path} are damaged; defaults are used.")
        else:
            self._say(f"The settings were damaged and are kept as {aside.name}; defaults are used.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ReadOnlyError(f"The folder {folder} cannot be made: {error.strerror or error}.") from error


def _refuse_secrets(key: str, value: object) -> None:
    if _SECRET_KEY.search(key):
        raise ValueError(f"The setting {key} looks like a secret; secrets belong in the keyring.")
    if isinstance(value, str) and _URL_PASSWORD.search(value):
        raise ValueError(f"The setting {key} holds a password; passwords belong in the keyring.")
    if isinstance(value, Mapping):
        for name, each in value.items():
            _refuse_secrets(f"{key}.{name}", each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            _refuse_secrets(key, each)
