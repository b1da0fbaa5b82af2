"""After a theft everything gets new keys, and what others still need is left to them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.errors import (
    InvalidInputError,
    KeyStoreError,
)
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.header_file import HeaderFile
from aether_desktop.security.vault_keys import FileVaultKeys
from tests.security.vault_places import (
    INFO,
    PASSWORD,
    SECOND,
    THIRD,
    Place,
    file_keys,
    made,
    place,
    refused,
    three,
    typed,
    words,
)

__all__ = ["made", "place", "three"]


class TestCompromised:
    NEW = ("new one 1", "new two 2", "new three 3")

    def factors(self) -> dict[Court, Factor]:
        return {level: typed(new) for level, new in zip(Court, self.NEW, strict=True)}

    def test_everything_old_opens_nothing(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND, THIRD)
        old_kit, new_kit = keys.new_kit("Books"), keys.new_kit("Books")
        keys.keep_kit(old_kit)
        old_file, old_device, (old_key,) = three.header.read_bytes(), three.device.read_bytes(), file_keys(keys)
        before = [keys.levels.derive(level, INFO) for level in Court]
        keys.compromise(self.factors(), kit=new_kit)
        assert three.device.read_bytes() != old_device
        refused(three, typed(PASSWORD))
        refused(three, words(old_kit))
        three.patient()
        again = three.unlocked(*self.NEW)
        assert not {again.levels.derive(level, INFO) for level in Court} & set(before)
        assert [again.levels.derive_previous(level, INFO) for level in Court] == [(old,) for old in before]
        present, following = file_keys(again)
        assert present == old_key != following
        by_kit = three.keys()
        by_kit.unlock(words(new_kit))
        by_kit.step_up(Court.HOLY, words(new_kit))
        by_kit.step_up(Court.MOST_HOLY, words(new_kit))
        # a thief with the old files, the old device key and the old password has the old file only
        three.header.write_bytes(old_file)
        three.patient()
        thief = three.unlocked()
        assert file_keys(thief) == [old_key]

    def test_it_is_finished_before_it_is_done_again(self, made: Place) -> None:
        keys = made.unlocked()
        keys.compromise({Court.OUTER: typed("new one 1")})
        with pytest.raises(InvalidInputError, match="still being encrypted"):
            keys.compromise({Court.OUTER: typed("new one 2")})
        following = file_keys(keys)[1]
        keys.settle_file_key()
        assert file_keys(keys) == [following]
        keys.compromise({Court.OUTER: typed("new one 2")})
        again = made.unlocked("new one 2")
        assert len(again.levels.derive_previous(Court.OUTER, INFO)) == 2
        again.drop_former(Court.OUTER)
        assert again.levels.derive_previous(Court.OUTER, INFO) == ()
        assert made.unlocked("new one 2").levels.derive_previous(Court.OUTER, INFO) == ()

    def test_every_level_must_be_open_and_get_a_factor(self, three: Place) -> None:
        keys = three.unlocked(PASSWORD, SECOND)
        content = three.header.read_bytes()
        with pytest.raises(LevelLockedError):
            keys.compromise(self.factors())
        keys.step_up(Court.MOST_HOLY, typed(THIRD))
        with pytest.raises(InvalidInputError, match="1, 2, 3"):
            keys.compromise({Court.OUTER: typed("new one 1")})
        assert three.header.read_bytes() == content
        assert sorted(path.name for path in three.device.parent.glob("device.key*")) == ["device.key"]

    def test_a_key_file_that_serves_another_vault_still_serves_it(self, made: Place, tmp_path: Path) -> None:
        folder = tmp_path / "other"
        folder.mkdir()
        other = FileVaultKeys(folder / "other.aether", KeyFileDevices(made.device))
        other.create(typed("other password"))
        made.unlocked().compromise({Court.OUTER: typed("new one 1")})
        FileVaultKeys(folder / "other.aether", KeyFileDevices(made.device)).unlock(typed("other password"))
        made.unlocked("new one 1")

    def test_of_its_own_keys_the_present_and_the_last_stay_in_a_key_file(self, made: Place) -> None:
        first, passwords = made.device.read_bytes(), [PASSWORD, "new one 1", "new two 2", "new three 3", "new four 4"]
        devices: list[bytes] = []
        for old, new in itertools.pairwise(passwords):
            keys = made.unlocked(old)
            keys.compromise({Court.OUTER: typed(new)})
            keys.settle_file_key()
            devices.append(made.device.read_bytes())
        beside = [path for path in made.device.parent.glob("device.key.*") if path.suffix != ".vault"]
        assert {path.read_bytes() for path in beside} == {first, devices[-2]}  # the first may serve others
        assert len(list(made.device.parent.glob("device.key.*.vault"))) == 2
        made.unlocked(passwords[-1])

    def test_a_key_that_came_to_serve_another_vault_stays(self, made: Place, tmp_path: Path) -> None:
        made.unlocked().compromise({Court.OUTER: typed("new one 1")})
        other = FileVaultKeys(tmp_path / "other.aether", KeyFileDevices(made.device))
        other.create(typed("other password"))
        for old, new in itertools.pairwise(("new one 1", "new two 2", "new three 3", "new four 4")):
            keys = made.unlocked(old)
            keys.settle_file_key()
            keys.compromise({Court.OUTER: typed(new)})
        FileVaultKeys(tmp_path / "other.aether", KeyFileDevices(made.device)).unlock(typed("other password"))

    def test_a_key_made_in_vain_is_taken_back_and_one_of_a_kill_is_found_later(
        self, made: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = sorted(path.name for path in made.device.parent.glob("device.key*"))
        keys = made.unlocked()

        def full(*_: object, **__: object) -> None:
            raise KeyStoreError("No room.")

        with monkeypatch.context() as patch, pytest.raises(KeyStoreError, match="No room"):
            patch.setattr(HeaderFile, "write", full)
            keys.compromise({Court.OUTER: typed("new one 1")})
        assert sorted(path.name for path in made.device.parent.glob("device.key*")) == names
        header, _ = HeaderFile(made.vault).read()
        killed, key = KeyFileDevices(made.device).renew(header.vault_id)  # and then the power went
        key.wipe()
        KeyFileDevices(made.device).renew(bytes(16))[1].wipe()  # another vault's, not yet settled
        made.unlocked().compromise({Court.OUTER: typed("new one 1")})
        left = {path.name for path in made.device.parent.glob("device.key.*")}
        assert not [name for name in left if killed.check.hex()[:8] in name]
        assert len(left) == 4  # the first key, the present one's owner, and the other vault's key with its owner
        made.unlocked("new one 1")
