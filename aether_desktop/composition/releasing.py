"""Looking for a newer version: for the window and for the command line. Worker threads only."""

from __future__ import annotations

from importlib.metadata import version

from aether_desktop.networks.release_location import read_release
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.settings import Settings
from aether_desktop.security.hybrid_signatures import BadSignatureError, verify
from aether_desktop.services.releases import PURPOSE, ReleaseNotices


def release_notices(settings: Settings) -> ReleaseNotices:
    """Over the place and the key that the settings name."""
    return ReleaseNotices(settings, current=version("aether-desktop"), read=read_release, verify=_verify)


def _verify(public: bytes, signature: bytes, message: bytes) -> None:
    try:
        verify(public, signature, message, purpose=PURPOSE)
    except BadSignatureError as error:
        raise InvalidInputError(
            "The release file is not signed with the key that you named; nothing of it is believed.",
            field="updates",
            hint="Compare the key with the one published where you got the program.",
        ) from error
