"""Secrets are wiped, not shown, not copied by accident; a process of ours leaves no core."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError, Levels
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.vault_keys import Factor, require_strong
from aether_desktop.security.memory import Secret
from aether_desktop.security.unlocked_keys import FILE_KEY, UnlockedKeys

_CHILD = """
import ctypes, resource
from aether_desktop.security.memory import forbid_core_dumps
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
most = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
resource.setrlimit(resource.RLIMIT_CORE, (min(1024, most), most))
forbid_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_a_secret_is_wiped_at_the_end_of_its_block() -> None:
    with Secret(b"hunter22") as secret:
        buffer = secret.data
        assert bytes(buffer) == b"hunter22"
        other = secret.copy()
    assert buffer == bytearray(8)
    assert bytes(other.data) == b"hunter22"
    assert "hunter" not in repr(other) + str(other)


def test_a_secret_is_not_copied_by_accident() -> None:
    secret = Secret.random()
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="secret"):
            way(secret)
    assert secret != Secret(secret.data)  # no comparison by value that could leak by its time


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_no_core_is_left() -> None:
    done = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[0] == "(0, 0) 0"


def test_factors_are_one_in_every_unicode_form_and_show_nothing() -> None:
    composed, apart = Factor.passphrase("Bér"), Factor.passphrase("Be\u0301r".encode())
    assert composed.secret == apart.secret
    assert "B" not in repr(composed)[len("Factor") :]
    composed.wipe()
    assert not any(composed.secret)
    for wrong in ("", b"\xff", "x" * 1025, "\ud800"):
        with pytest.raises(InvalidInputError):
            Factor.passphrase(wrong)
    with pytest.raises(InvalidInputError, match="fewer than 8"):
        require_strong(Factor.passphrase("ééééééé"))
    require_strong(Factor.passphrase("été à Orléans"))


class TestUnlockedKeys:
    def test_levels_derive_by_purpose_and_lock_from_the_top(self) -> None:
        keys = UnlockedKeys()
        levels: Levels = keys
        for level in Court:
            keys.open(level, Secret(bytes([level]) * 32))
        derived = {levels.derive(level, info) for level in Court for info in (b"a", b"b")}
        assert len(derived) == 6
        heard: list[Court] = []
        remove = keys.on_lock(heard.append)
        keys.lock(Court.HOLY)
        assert [levels.is_open(level) for level in Court] == [True, False, False]
        assert heard == [Court.MOST_HOLY, Court.HOLY]
        with pytest.raises(LevelLockedError, match="level 2") as refused:
            levels.derive(Court.HOLY, b"a")
        assert refused.value.level is Court.HOLY
        remove()
        remove()
        keys.lock()
        assert heard == [Court.MOST_HOLY, Court.HOLY]
        assert not levels.is_open(Court.OUTER)

    def test_locking_wipes_the_very_bytes(self) -> None:
        keys = UnlockedKeys()
        secret, former = Secret.random(), Secret.random()
        keys.open(Court.OUTER, secret, [former])
        assert len(keys.derive_previous(Court.OUTER, b"x")) == 1
        keys.lock()
        assert not any(secret.data)
        assert not any(former.data)
        with pytest.raises(LevelLockedError):
            keys.derive_previous(Court.OUTER, b"x")

    def test_purposes_of_the_key_file_are_its_own(self) -> None:
        keys = UnlockedKeys()
        keys.open(Court.OUTER, Secret.random())
        with pytest.raises(ValueError, match="own"):
            keys.derive(Court.OUTER, FILE_KEY)
        assert "levels [1]" in repr(keys)

    def test_locking_while_others_derive_never_gives_a_key_of_zeros(self) -> None:
        keys = UnlockedKeys()
        right = Secret(b"\x07" * 32)
        keys.open(Court.OUTER, right.copy())
        expected = keys.derive(Court.OUTER, b"x")
        wrong: list[bytes] = []
        stop = threading.Event()

        def derive() -> None:
            while not stop.is_set():
                try:
                    got = keys.derive(Court.OUTER, b"x")
                except LevelLockedError:
                    continue
                if got != expected:
                    wrong.append(got)

        threads = [threading.Thread(target=derive) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(300):
            keys.lock()
            keys.open(Court.OUTER, right.copy())
        stop.set()
        for thread in threads:
            thread.join()
        assert wrong == []
