"""Wallets with a key, on each engine: made, restored, imported, used, forgotten; what is refused, and what is written
down."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from aether_desktop.domain.chains import CHAINS
from aether_desktop.domain.derivation import DerivationPath
from aether_desktop.domain.evm_transactions import LegacyFee, SignedTransaction, UnsignedTransaction
from aether_desktop.domain.records import TableName
from aether_desktop.domain.wallet_secrets import SecretKind
from aether_desktop.domain.wallets import Wallet
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import (
    AetherError,
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ports.wallet_keys import OwnKey, SeedWords
from aether_desktop.security.evm_keys import parse_private_key
from aether_desktop.security.keystore import write_keystore
from aether_desktop.security.wallet_keys import EvmWalletKeys
from aether_desktop.services.own_wallets import OwnWalletService
from aether_desktop.storage.sql_storage import SqlStorage, create_vault
from tests.sealing.conftest import Keyed

SEED = SeedWords("test test test test test test test test test test test junk", "Zadok")
PLAIN = SeedWords(SEED.words)
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"  # of PLAIN
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # FIRST's


def own(keyed: Keyed) -> OwnWalletService:
    return keyed.services.own_wallets


def payment(chain: str = "atc-local") -> UnsignedTransaction:
    chain_id = CHAINS[chain].chain_id or 0
    return UnsignedTransaction(chain_id=chain_id, nonce=0, gas_limit=21_000, fee=LegacyFee(1), to=FIRST, value=1)


def test_words_make_a_wallet_that_signs(keyed: Keyed) -> None:
    words = own(keyed).new_words()
    wallet = own(keyed).add_from_words("Treasury", "2618", words)
    assert (wallet.chain, wallet.watch_only) == ("atc-local", False)
    assert own(keyed).sign(wallet, payment()).sender == wallet.address
    revealed = own(keyed).reveal(wallet)
    assert revealed.words == words
    assert revealed.path == "m/44'/60'/0'/0/0"
    with pytest.raises(AlreadyExistsError):
        own(keyed).add_from_words("Again", "atc-local", words)
    elsewhere = own(keyed).add_from_words("On Ethereum", "ethereum", words)
    assert elsewhere.address == wallet.address


def test_several_accounts_of_one_seed(keyed: Keyed) -> None:
    first = own(keyed).add_from_words("First", "atc", PLAIN)
    second = own(keyed).add_account(first, "Second")
    fifth = own(keyed).add_account(second, "Fifth", path="m/44'/60'/0'/0/4")
    third = own(keyed).add_account(fifth, "Third")
    accounts = own(keyed).accounts(PLAIN, "atc")
    assert [each.address for each in accounts] == own(keyed)._keys.addresses(PLAIN, count=5)
    assert [each.wallet for each in accounts] == ["First", "Second", "Third", "", "Fifth"]
    assert {first.address, second.address, third.address, fifth.address} <= {each.address for each in accounts}
    assert own(keyed).accounts(SEED, "atc", count=1)[0].address != FIRST


def test_a_watched_address_gets_its_key_and_can_lose_it_again(keyed: Keyed) -> None:
    watched = keyed.services.wallets.add(name="Watched", chain="atc", address=FIRST)
    assert not own(keyed).has_key(watched)
    wallet = own(keyed).add_from_private_key("Another name", "atc", KEY)
    assert (wallet.id, wallet.name, wallet.watch_only) == (watched.id, "Watched", False)
    assert own(keyed).reveal(wallet).private_key == KEY
    with pytest.raises(NotFoundError, match="words"):
        own(keyed).add_account(wallet, "Next")
    left = own(keyed).forget(wallet)
    assert left.watch_only
    for use in (
        lambda: own(keyed).reveal(left),
        lambda: own(keyed).sign(left, payment()),
        lambda: own(keyed).forget(left),
    ):
        with pytest.raises(AetherError):
            use()


def test_key_files_come_and_go(keyed: Keyed) -> None:
    with parse_private_key(KEY) as key:
        file = write_keystore(key, bytearray(b"manna"), work=2)
    with pytest.raises(InvalidInputError, match="password"):
        own(keyed).add_from_keystore("Imported", "atc", file, bytearray(b"quails"))
    wallet = own(keyed).add_from_keystore("Imported", "atc", file, bytearray(b"manna"))
    assert wallet.address == FIRST
    assert own(keyed).kinds(wallet) == (SecretKind.PRIVATE_KEY,)
    weak = Factor.passphrase("short")
    with pytest.raises(InvalidInputError):
        own(keyed).export(wallet, weak)
    assert not any(weak.secret)


@pytest.mark.long
def test_an_exported_key_file_opens_elsewhere(keyed: Keyed) -> None:
    wallet = own(keyed).add_from_private_key("Mine", "atc", KEY)
    file = own(keyed).export(wallet, Factor.passphrase("fourteen cubits of cedar"))
    assert own(keyed)._keys.from_keystore(file, bytearray(b"fourteen cubits of cedar")).address == FIRST


@pytest.mark.parametrize(
    ("name", "chain", "path", "field"),
    [
        ("", "atc", "", "name"),
        ("Mine", "bitcoin", "", "chain"),
        ("Mine", "babel", "", "chain"),
        ("Mine", "atc", "44/60", "path"),
    ],
)
def test_what_is_refused_names_its_field(keyed: Keyed, name: str, chain: str, path: str, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        own(keyed).add_from_words(name, chain, PLAIN, path=path)
    assert refused.value.field == field
    assert keyed.storage.wallets.all() == []


def test_a_name_that_is_taken_leaves_no_key_behind(keyed: Keyed) -> None:
    keyed.services.wallets.add(name="Mine", chain="ethereum", address="0x" + "11" * 20)
    with pytest.raises(AlreadyExistsError):
        own(keyed).add_from_words("mine", "atc", PLAIN)
    assert len(keyed.storage.wallets.all()) == 1


def test_another_chains_transaction_is_not_signed(keyed: Keyed) -> None:
    wallet = own(keyed).add_from_words("Mine", "atc", PLAIN)
    with pytest.raises(InvalidInputError, match="2618"):
        own(keyed).sign(wallet, payment("atc-local"))


def test_a_wallet_with_a_key_keeps_its_address(keyed: Keyed) -> None:
    wallet = own(keyed).add_from_words("Mine", "atc", PLAIN)
    with pytest.raises(InvalidInputError) as refused:
        keyed.services.records.edit(TableName.WALLETS, wallet, {"address": "0x" + "11" * 20})
    assert refused.value.field == "address"
    keyed.services.records.edit(TableName.WALLETS, wallet, {"name": "Renamed"})
    assert keyed.storage.wallets.get(wallet.id).address == wallet.address


def test_nothing_opens_while_level_three_is_locked(keyed: Keyed) -> None:
    wallet = own(keyed).add_from_words("Mine", "atc-local", PLAIN)
    keyed.lock()
    for use in (
        lambda: own(keyed).reveal(wallet),
        lambda: own(keyed).sign(wallet, payment()),
        lambda: own(keyed).add_account(wallet, "Next"),
        lambda: own(keyed).add_from_words("Other", "atc", PLAIN),
        lambda: own(keyed).export(wallet, Factor.passphrase("fourteen cubits of cedar")),
    ):
        with pytest.raises(LevelLockedError):
            use()
    assert own(keyed).has_key(wallet)


def test_every_use_is_written_down_without_the_key(keyed: Keyed) -> None:
    wallet = own(keyed).add_from_words("Mine", "atc-local", SEED)
    own(keyed).reveal(wallet)
    signed = own(keyed).sign(wallet, payment())
    entries = keyed.storage.audit.recent(20)
    said = {entry.action: entry.detail for entry in entries}
    assert {"wallets.create", "wallet_secrets.create", "wallets.reveal_key", "wallets.sign"} <= said.keys()
    assert signed.hash in said["wallets.sign"]
    assert not any(planted in "".join(said.values()) for planted in ("junk", "Zadok", KEY[2:]))


def test_a_key_of_another_wallet_put_in_its_place_is_noticed(keyed: Keyed) -> None:
    first, second = (own(keyed).add_from_words(name, "atc", PLAIN if name == "A" else SEED) for name in "AB")
    secret = keyed.storage.wallet_secrets.get(second.id, SecretKind.SEED)
    keyed.storage.wallet_secrets.remove(keyed.storage.wallet_secrets.get(first.id, SecretKind.SEED))
    keyed.storage.wallet_secrets.remove(secret)
    keyed.storage.wallet_secrets.add(replace(secret, wallet_id=first.id))
    with pytest.raises(SealError, match="another address"):
        own(keyed).reveal(first)


class Watching(EvmWalletKeys):
    """Keeps the buffers it was handed."""

    def __init__(self) -> None:
        self.seen: list[bytearray] = []

    def sign(self, kind: SecretKind, content: bytearray, transaction: UnsignedTransaction) -> SignedTransaction:
        assert any(content)
        self.seen.append(content)
        return super().sign(kind, content, transaction)

    def from_words(self, seed: SeedWords, path: DerivationPath) -> OwnKey:
        made = super().from_words(seed, path)
        self.seen.append(made.content)
        return made


def test_a_key_is_wiped_when_its_operation_ends(keyed: Keyed) -> None:
    watching = Watching()
    service = OwnWalletService(keyed.storage, keyed.signers.identity.sealer, lambda: watching)
    wallet = service.add_from_words("Mine", "atc-local", PLAIN)
    service.sign(wallet, payment())
    assert len(watching.seen) == 2
    assert not any(any(content) for content in watching.seen)


def test_a_vault_without_keys_keeps_none(storage: SqlStorage, open_keyed: Callable[..., Keyed]) -> None:
    keyed = open_keyed(storage, sealing=False)
    assert not own(keyed).active
    with pytest.raises(PermissionDeniedError):
        own(keyed).add_from_words("Mine", "atc", PLAIN)
    assert keyed.storage.wallets.all() == []


def test_keys_stand_nowhere_in_plain(
    tmp_path: Path,
    open_keyed: Callable[..., Keyed],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """In a file without encryption, so that its pages can be read."""
    caplog.set_level(logging.DEBUG)
    planted = ["junk", "Zadok", KEY[2:], bytes.fromhex(KEY[2:]).decode("latin-1")]
    with closing(
        create_vault(tmp_path / "plain.aether", None, name="Sample", username="miriam", sample=True)
    ) as storage:
        keyed = open_keyed(storage)
        wallets: list[Wallet] = [
            own(keyed).add_from_words("Words", "atc-local", SEED),
            own(keyed).add_from_private_key("Key", "atc-local", KEY),
        ]
        for wallet in wallets:
            own(keyed).sign(wallet, payment())
            own(keyed).reveal(wallet)
        with pytest.raises(AetherError) as refused:
            own(keyed).add_from_private_key("Key", "atc-local", KEY)
        said = f"{refused.value!r} {refused.value.details} {keyed.services.undo.__dict__}"
        said += "".join(f"{entry}" for entry in storage.audit.recent(100))
        said += caplog.text + "".join(capfd.readouterr())
    gc.collect()
    everything = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert b"Words" in everything  # names are plain
    for each in planted:
        assert each.encode("latin-1") not in everything
        assert each not in said
