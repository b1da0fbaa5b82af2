"""The notice of a newer version: signed, in date, newer; anything else is refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from aether_desktop.composition.releasing import _verify
from aether_desktop.networks.release_location import read_release
from aether_desktop.ports.errors import AetherError, InvalidInputError, NotFoundError
from aether_desktop.security.hybrid_signatures import SEED_BYTES, HybridSigningKey
from aether_desktop.services.releases import PURPOSE, ReleaseNotices, Standing, print_key, release_file
from aether_desktop.services.settings_file import RELEASE_KEY, RELEASE_LOCATION, SettingsFile

KEY = HybridSigningKey(bytes(range(SEED_BYTES)))
OTHER = HybridSigningKey(bytes(range(1, SEED_BYTES + 1)))


def text(**changes: object) -> str:
    said: dict[str, object] = {
        "version": "0.2.0",
        "published": "2026-12-01",
        "valid_until": "2027-06-01",
        "notes": "Quicker.",
        "sums": {},
    }
    return json.dumps({**said, **changes})


def signed(release: str, key: HybridSigningKey = KEY, purpose: str = PURPOSE) -> bytes:
    return release_file(release, lambda message: key.sign(message, purpose=purpose))


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[SettingsFile]:
    with closing(SettingsFile(tmp_path / "settings.json")) as kept:
        RELEASE_LOCATION.set(kept, str(tmp_path / "release"))
        RELEASE_KEY.set(kept, print_key(KEY.public))
        yield kept


def notices(settings: SettingsFile, *, current: str = "0.1.0", today: date = date(2027, 1, 1)) -> ReleaseNotices:
    return ReleaseNotices(settings, current=current, read=read_release, verify=_verify, today=lambda: today)


@pytest.mark.parametrize(
    ("current", "standing"), [("0.1.0", Standing.NEWER), ("0.2.0", Standing.NEWEST), ("0.10.0", Standing.NEWEST)]
)
def test_versions_are_compared_as_numbers(
    settings: SettingsFile, tmp_path: Path, current: str, standing: Standing
) -> None:
    (tmp_path / "release").write_bytes(signed(text()))
    notice = notices(settings, current=current).look()
    assert notice.standing is standing
    assert current in notice.sentence


def test_nothing_is_looked_for_unasked(settings: SettingsFile) -> None:
    RELEASE_LOCATION.set(settings, "")
    assert notices(settings).look().standing is Standing.UNASKED


@pytest.mark.parametrize(
    "content",
    [
        signed(text(), OTHER),
        signed(text(), purpose="aether/1/another"),
        signed(text()).replace(b"0.2.0", b"9.2.0"),
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        signed("[1]"),
        signed("{"),
        signed(text(version="newest")),
        signed(text(version=3)),
        signed(text(valid_until="soon")),
        signed(text(valid_until="2026-12-31")),
    ],
    ids=[
        "another key", "another purpose", "altered", "empty", "no text", "deep", "a list", "cut", "no version",
        "a number", "no day", "out of date",
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused(settings: SettingsFile, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "release").write_bytes(content)
    with pytest.raises(InvalidInputError) as refused:
        notices(settings).look()
    assert "9.2.0" not in str(refused.value)


def test_without_a_key_nothing_is_believed(settings: SettingsFile, tmp_path: Path) -> None:
    (tmp_path / "release").write_bytes(signed(text()))
    RELEASE_KEY.set(settings, "")
    with pytest.raises(InvalidInputError, match="without one nothing is believed"):
        notices(settings).look()


@pytest.mark.parametrize("location", ["http://127.0.0.1/release", "ftp://127.0.0.1/x", "data:text/plain,x"])
def test_other_addresses_are_refused_unasked(location: str) -> None:
    with pytest.raises(InvalidInputError, match="https"):
        read_release(location)


def test_what_is_not_reached_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_release(str(tmp_path / "none"))
    with pytest.raises(AetherError, match="was not reached"):
        read_release("https://127.0.0.1:9/release")
