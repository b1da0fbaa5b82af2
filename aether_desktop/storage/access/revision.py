"""Which version of the access rules this program works with: a fingerprint of everything it would run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from aether_desktop.storage.access import functions, policies
from aether_desktop.storage.access.names import AccessNames


def _text() -> Iterator[str]:
    names = AccessNames("00000000")
    yield from functions.of_provisioner(names, role_options=False)
    yield from policies.statements(names)
    yield from functions.of_owner(names)


ACCESS_REVISION: Final = hashlib.sha256("\n".join(_text()).encode()).hexdigest()[:16]


def marks(names: AccessNames) -> Iterator[str]:
    """Functions of the owner that tell everybody the database's tag and the version of its rules."""
    for name, value in (("aether_tag", names.tag), ("aether_access_revision", ACCESS_REVISION)):
        body = f"LANGUAGE sql IMMUTABLE AS $$ SELECT '{value}' $$"
        yield f"CREATE OR REPLACE FUNCTION public.{name}() RETURNS text {body}"
        yield f"GRANT EXECUTE ON FUNCTION public.{name}() TO PUBLIC"
