"""Diagnostics: what helps is there, and nothing that was planted as a secret is."""

from __future__ import annotations

import itertools
import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_desktop.ports.errors import AlreadyExistsError
from aether_desktop.security.seed_words import wordlist
from aether_desktop.services.diagnostics import Diagnostics, save_text
from aether_desktop.services.health import Check, CheckState
from aether_desktop.services.places import find_places

WORDS = wordlist().wordlist
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
PLANTED = {
    "password in a URL": ("postgresql://me:correct-horse@db/books", "correct-horse"),
    "password parameter": ("host=db password=battery-staple", "battery-staple"),
    "device key": ("key 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "0a0b0c0d0e0f"),
    "private key of a wallet": (
        "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
        "4c0883a69102937d6231471b5dbb6204",
    ),
    "address": ("from 0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3 to", "f98c96b5d10faafc"),
    "bech32 address": ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "ar0srrr7xfkvy5l643"),
    "extended key": (
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        "s21ZrQH143K3QTDL4LX",
    ),
    "recovery phrase": (f"the words are {PHRASE} and more", "winner thank year"),
    "recovery phrase in lines": ("1. " + "\n2. ".join(PHRASE.split()), "sausage"),
    "certificate": (
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----",
        "MC4CAQAwBQYDK2Vw",
    ),
    "e-mail": ("mail to miriam@example.org", "miriam@example"),
    "sealed bytes": ("AQAAAB7f0mC3Jd8Vb2k1Xo9TqLwYpR4sZ5u6Ee+Hh==", "Jd8Vb2k1Xo9TqLwYpR4"),
    "a vault's name": ("/mnt/disk/divorce-2024.aether cannot be read", "divorce-2024"),
}


def made(folder: Path, stored: dict[str, object] | None = None) -> Diagnostics:
    return Diagnostics(
        find_places(folder),
        lambda: stored or {},
        phrase_words=WORDS,
        environment={"HOME": "/home/zelophehad", "LANG": "de_DE.UTF-8", "AETHER_DATABASE_URL": "postgresql://x:y@z"},
    )


@pytest.mark.parametrize("what", PLANTED)
def test_planted_secrets_are_scrubbed_from_findings_and_reports(tmp_path: Path, what: str) -> None:
    planted, secret = PLANTED[what]
    (tmp_path / "state").mkdir()
    frame = f'  File "/a/b/aether_desktop/x.py", line 3, in seal\n    seal({planted!r})\n'
    report = f"Traceback (most recent call last):\n{frame}"
    (tmp_path / "state/internal-error-20261124T000000000000.txt").write_text(
        f"{report}ValueError: {planted}\n", encoding="utf-8"
    )
    checks = [Check(planted, CheckState.BAD, f"it said {planted}")]
    text = made(tmp_path, {"a": planted, "b": [planted], planted: True}).text(checks, [])
    assert secret not in text
    assert secret not in " ".join(text.split())
    assert "aether_desktop/x.py:3 seal" in text
    assert "ValueError" in text


def test_names_of_the_person_and_the_home_are_left_out(tmp_path: Path) -> None:
    text = made(tmp_path).text([Check("folder /home/zelophehad/.config", CheckState.GOOD, "12 MB free")], [])
    assert "zelophehad" not in text
    assert "folder ~/.config: 12 MB free" in text
    assert "LANG=de_DE.UTF-8" in text
    assert "AETHER_DATABASE_URL" not in text


def test_settings_are_told_by_their_kind(tmp_path: Path) -> None:
    text = made(tmp_path, {"lock.idle_minutes": 15, "connection.vault": "/secret/place", "views": {"a": 1}}).text(
        [], []
    )
    assert "lock.idle_minutes: 15" in text
    assert "connection.vault: str of 13" in text
    assert "views: dict of 1" in text


def test_names_of_files_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "divorce.aether").write_bytes(b"12345")
    text = made(tmp_path).text([], [])
    assert "divorce" not in text
    assert "[vault].aether 5 bytes" in text


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=12, max_size=24),
    before=st.text(alphabet="abc:/= \n'\"", max_size=12),
    between=st.sampled_from([" ", "\n", ", ", "  ", " 7. "]),
)
def test_no_phrase_survives(words: list[str], before: str, between: str) -> None:
    scrubbed = made(Path("/nonexistent")).scrub(f"{before} {between.join(words)} {before}")
    pairs = {f"{first} {second}" for first, second in itertools.pairwise(words)}
    assert not any(pair in " ".join(scrubbed.split()) for pair in pairs)


def test_random_keys_do_not_survive() -> None:
    diagnostics = made(Path("/nonexistent"))
    for size in (16, 32, 64):
        key = secrets.token_bytes(size)
        assert key.hex() not in diagnostics.scrub(f"it is {key.hex()}!")


def test_what_is_read_is_what_is_kept_and_nothing_is_overwritten(tmp_path: Path) -> None:
    text = made(tmp_path).text([], [])
    target = save_text(text, tmp_path / "d.txt")
    assert target.read_text(encoding="utf-8") == text
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(AlreadyExistsError):
        save_text("other", target)
