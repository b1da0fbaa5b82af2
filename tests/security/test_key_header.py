"""The key file's format: damage, alteration, weakening and newer forms are refused; the published vector is read."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from aether_desktop.domain.courts import Court
from aether_desktop.ports.access import KeysDamagedError, WrongFactorError
from aether_desktop.ports.errors import AetherError, KeyMissingError
from aether_desktop.ports.vault_keys import Factor, FactorKind
from aether_desktop.security import key_header
from aether_desktop.security.canonical import encode
from aether_desktop.security.device_keys import KeyFileDevices
from aether_desktop.security.key_header import (
    BODY_LABEL,
    FILE_LABEL,
    LONGEST,
    Header,
    encode_tail,
    read_header,
    write_header,
)
from aether_desktop.security.memory import Secret
from aether_desktop.security.passwords import Cost
from aether_desktop.security.slots import Slot, slot_fields
from aether_desktop.security.vault_keys import FileVaultKeys

PASSWORD = "correct horse"
VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "vault_keys.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, Secret]:
    """A folder with a vault of two levels, the file's content, and S(1)."""
    folder = tmp_path_factory.mktemp("made")
    keys = FileVaultKeys(folder / "books.aether", KeyFileDevices(folder / "device.key"))
    keys.create(Factor.passphrase(PASSWORD))
    keys.set_factor(Court.HOLY, Factor.passphrase("battery staple"), label="typed")
    return folder, (folder / "books.aether.keys").read_bytes(), keys.levels.copy(Court.OUTER)


def opened(folder: Path, content: bytes) -> FileVaultKeys:
    (folder / "books.aether.keys").write_bytes(content)
    (folder / "books.aether.attempts").unlink(missing_ok=True)
    keys = FileVaultKeys(folder / "books.aether", KeyFileDevices(folder / "device.key"))
    keys.unlock(Factor.passphrase(PASSWORD))
    return keys


def test_every_flipped_bit_is_damage_before_a_password_is_tried(made: tuple[Path, bytes, Secret]) -> None:
    _, content, _ = made
    for position in range(len(content)):
        for bit in range(8):
            altered = bytearray(content)
            altered[position] ^= 1 << bit
            with pytest.raises(KeysDamagedError):
                read_header(bytes(altered))


def test_alteration_by_somebody_who_mends_the_checksum_opens_nothing(made: tuple[Path, bytes, Secret]) -> None:
    folder, content, _ = made
    end = len(content) - len(encode_tail(b""))
    refused: set[type[AetherError]] = set()
    for position in range(40, end, 23):
        altered = bytearray(content[:end])
        altered[position] ^= 1 << (position % 8)
        with pytest.raises((KeysDamagedError, WrongFactorError, KeyMissingError)) as error:
            opened(folder, bytes(altered) + encode_tail(bytes(altered)))
        refused.add(error.type)
    assert KeysDamagedError in refused
    assert opened(folder, content).levels.is_open(Court.OUTER)


@given(st.integers(0, 3000))
def test_a_cut_file_is_damage(made: tuple[Path, bytes, Secret], length: int) -> None:
    _, content, _ = made
    with pytest.raises(KeysDamagedError):
        read_header(content[: length % len(content)])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(made: tuple[Path, bytes, Secret], content: bytes) -> None:
    with pytest.raises(KeysDamagedError):
        read_header(content)
    with pytest.raises(KeysDamagedError):
        read_header(made[1] + content if content else b"")


def test_a_file_without_end_is_not_read(made: tuple[Path, bytes, Secret]) -> None:
    with pytest.raises(KeysDamagedError, match="too long"):
        opened(made[0], b"\x00" * (LONGEST + 1))


def test_a_newer_file_asks_for_a_newer_program() -> None:
    with pytest.raises(KeysDamagedError, match="newer program"):
        read_header(encode("aether/2/vault-keys", b"anything", 7))


def _with_slot(**changes: Any) -> Callable[[Header], Header]:
    def change(header: Header) -> Header:
        level = header.levels[0]
        return header.with_level(replace(level, slots=(replace(level.slots[0], **changes),)))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _with_slot(cost=Cost(memory=65535, passes=3, lanes=4)),
        _with_slot(cost=Cost(memory=65536, passes=2, lanes=4)),
        _with_slot(cost=Cost(memory=65536, passes=3, lanes=1)),
        _with_slot(cost=Cost(memory=1 << 30, passes=3, lanes=4)),
        _with_slot(device=None),
        _with_slot(kind=FactorKind.KIT),
        _with_slot(salt=b"short"),
        _with_slot(commitment=b""),
        _with_slot(wrapped=b"\x00" * 59),
        _with_slot(created=1 << 41),
        lambda header: replace(header, vault_id=b"short"),
        lambda header: replace(header, levels=()),
        lambda header: replace(header, levels=header.levels[1:]),
        lambda header: replace(header, file_keys=header.file_keys * 3),
        lambda header: header.with_level(replace(header.levels[0], slots=())),
        lambda header: header.with_level(replace(header.levels[0], slots=header.levels[0].slots * 2)),
        lambda header: header.with_level(replace(header.levels[0], former=(b"short",))),
    ],
)
def test_what_is_weaker_or_impossible_is_refused_even_when_it_is_authenticated(
    made: tuple[Path, bytes, Secret], change: Callable[[Header], Header]
) -> None:
    _, content, root = made
    with pytest.raises(KeysDamagedError, match="does not know"):
        read_header(write_header(change(read_header(content)), root))


@pytest.mark.parametrize("place", ["body", "slot", "level"])
def test_unknown_fields_are_refused(
    made: tuple[Path, bytes, Secret], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, content, root = made
    header = read_header(content)
    if place == "slot":
        monkeypatch.setattr(key_header, "slot_fields", lambda slot: (*slot_fields(slot), "unknown"))
        altered = write_header(header, root)
    else:
        level = (1, tuple(_fields(slot) for slot in header.levels[0].slots), ())
        levels = ((*level, "unknown"),) if place == "level" else (level,)
        body = encode(BODY_LABEL, header.vault_id, 9, levels, header.file_keys, *(["unknown"] * (place == "body")))
        authenticated = encode(FILE_LABEL, body, key_header._mac(body, root))
        altered = authenticated + encode_tail(authenticated)
    with pytest.raises(KeysDamagedError, match="does not know"):
        read_header(altered)


def _fields(slot: Slot) -> tuple[bytes | str | int, ...]:
    return (*slot_fields(slot), slot.wrapped)


def test_what_is_read_is_written_alike(made: tuple[Path, bytes, Secret]) -> None:
    _, content, root = made
    assert write_header(read_header(content), root) == content


def test_a_file_key_of_another_vault_does_not_open(made: tuple[Path, bytes, Secret]) -> None:
    _, content, root = made
    header = read_header(content)
    with pytest.raises(KeysDamagedError):
        key_header.open_file_key(replace(header, vault_id=b"\x00" * 16), header.file_keys[0], root)
    with pytest.raises(KeysDamagedError):
        key_header.open_former(header.place(Court.OUTER), header.file_keys[0], root)


# -- the published vector ------------------------------------------------------------------------------------------


def test_the_vector_opens_with_the_program(tmp_path: Path) -> None:
    (tmp_path / "device.key").write_text(VECTOR["device_key"])
    (tmp_path / "device.key").chmod(0o600)
    (tmp_path / "books.aether.keys").write_bytes(bytes.fromhex(VECTOR["file"]))
    for ways in (
        (VECTOR["password"], VECTOR["passphrase_2"], VECTOR["passphrase_3"]),
        (VECTOR["kit"],) * 3,
    ):
        keys = FileVaultKeys(tmp_path / "books.aether", KeyFileDevices(tmp_path / "device.key"))
        factors = [Factor.kit(way) if way == VECTOR["kit"] else Factor.passphrase(way) for way in ways]
        keys.unlock(factors[0])
        keys.step_up(Court.HOLY, factors[1])
        keys.step_up(Court.MOST_HOLY, factors[2])
        assert [key.data.hex() for key in keys.file_keys()] == [VECTOR["file_key"]]
        info = VECTOR["derived"]["info"].encode()
        assert [keys.levels.derive(level, info).hex() for level in Court] == VECTOR["derived"]["keys"]


def test_the_vector_opens_with_nothing_but_the_documentation() -> None:
    """Written from the module's description alone: what another program has to do."""

    def elements(data: bytes) -> list[Any]:
        found: list[Any] = []
        while data:
            tag, length = struct.unpack(">BI", data[:5])
            content, data = data[5 : 5 + length], data[5 + length :]
            found.append(readers[tag](content))
        return found

    readers: dict[int, Callable[[bytes], Any]] = {
        1: bytes,
        2: bytes.decode,
        3: lambda number: int.from_bytes(number, "big"),
        4: elements,
    }

    def element(value: Any) -> bytes:
        if isinstance(value, int):
            content, tag = value.to_bytes(8, "big"), 3
        elif isinstance(value, str):
            content, tag = value.encode(), 2
        elif isinstance(value, list):
            content, tag = b"".join(map(element, value)), 4
        else:
            content, tag = value, 1
        return struct.pack(">BI", tag, len(content)) + content

    def structure(*values: Any) -> bytes:
        return b"".join(map(element, values))

    def derive(secret: bytes, info: bytes, salt: bytes | None = None, size: int = 32) -> bytes:
        return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(secret)

    label, body, mac, checksum = elements(bytes.fromhex(VECTOR["file"]))
    assert hashlib.sha256(structure(label, body, mac)).digest() == checksum
    _, vault_id, _, levels, file_keys = elements(body)
    below = bytes.fromhex(VECTOR["device_key"])
    secrets = []
    for (number, slots, _), typed in zip(
        levels, (VECTOR["password"], VECTOR["passphrase_2"], VECTOR["passphrase_3"]), strict=True
    ):
        slot = next(each for each in slots if each[1] == "passphrase")
        stretched = Argon2id(salt=slot[6], length=32, memory_cost=slot[7], iterations=slot[8], lanes=slot[9]).derive(
            typed.encode()
        )
        keys = derive(stretched, structure("aether/1/slot-key", vault_id, number, slot[1], slot[0]), below, 64)
        assert keys[32:] == slot[10]
        associated = structure("aether/1/slot", vault_id, number, slot[:11])
        below = AESGCM(keys[:32]).decrypt(slot[11][:12], slot[11][12:], associated)
        secrets.append(below)
    assert hmac.digest(derive(secrets[0], b"aether/1/vault-keys"), body, "sha256") == mac
    wrapping = derive(secrets[0], b"aether/1/vault-file")
    (sealed,) = file_keys
    file_key = AESGCM(wrapping).decrypt(sealed[:12], sealed[12:], structure("aether/1/vault-file", vault_id))
    assert file_key.hex() == VECTOR["file_key"]
    assert [derive(secret, VECTOR["derived"]["info"].encode()).hex() for secret in secrets] == VECTOR["derived"]["keys"]
