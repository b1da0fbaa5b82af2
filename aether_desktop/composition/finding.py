"""What the window needs before anything is open; it loads neither database nor keys: the first page is there soon."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from aether_desktop.ports.settings import Settings
from aether_desktop.services.places import find_places
from aether_desktop.services.targets import Target, TargetOrigin, resolve_target


def default_vault(data_dir: Path | None = None) -> Path:
    """Where a new vault is proposed. Any thread."""
    return find_places(data_dir).default_vault


def find_target(
    *,
    vault: Path | None = None,
    database_url: str | None = None,
    data_dir: Path | None = None,
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
) -> Target | None:
    """What to open at start; None when nothing was named and there is no vault yet.

    Raises UnconfirmedDatabaseError for a DATABASE_URL that was never confirmed, InvalidInputError.
    """
    target = resolve_target(
        vault=vault,
        database_url=database_url,
        key_file=None,
        settings=settings,
        environment=environment,
        default_vault=default_vault(data_dir),
    )
    if target.vault is not None and target.origin is not TargetOrigin.OPTION and not target.vault.exists():
        return None
    return target
