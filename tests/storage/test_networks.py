"""EVM networks on both engines: stored, changed by version, one for each chain id, for their owner only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aether_desktop.domain.networks import EvmNetwork
from aether_desktop.ports.errors import AlreadyExistsError, ConflictError, NotFoundError
from aether_desktop.storage.sql_storage import SqlStorage
from tests.storage import samples


def network(storage: SqlStorage, **fields: object) -> EvmNetwork:
    made = EvmNetwork(
        id=storage.new_id(),
        owner_id=storage.info.user_id,
        created_at=samples.NOW,
        name="FractalCoin",
        chain_id=26_150,
        symbol="FTC",
        endpoints=("https://ftc.example/v3/planted-access-key", "http://127.0.0.1:8545"),
        confirmations=20,
        explorer="https://scan.example",
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # by name


def test_it_is_stored_and_found(storage: SqlStorage) -> None:
    first, second = network(storage), network(storage, chain_id=7, endpoints=(), explorer="")
    storage.networks.add(first)
    storage.networks.add(second)
    assert storage.networks.all() == [second, first]
    with pytest.raises(AlreadyExistsError) as refused:
        storage.networks.add(network(storage))
    assert refused.value.field == "chain_id"


def test_it_changes_by_version_and_goes(storage: SqlStorage) -> None:
    made = network(storage)
    storage.networks.add(made)
    storage.networks.update(replace(made, name="FTC", endpoints=()))
    (stored,) = storage.networks.all()
    assert (stored.name, stored.endpoints, stored.version) == ("FTC", (), 2)
    for stale in (storage.networks.update, storage.networks.remove):
        with pytest.raises(ConflictError):
            stale(made)
    storage.networks.remove(stored)
    assert storage.networks.all() == []
    for gone in (storage.networks.update, storage.networks.remove):
        with pytest.raises(NotFoundError):
            gone(stored)


def test_a_taken_chain_id_is_refused_in_a_change(storage: SqlStorage) -> None:
    storage.networks.add(network(storage))
    other = network(storage, chain_id=7)
    storage.networks.add(other)
    with pytest.raises(AlreadyExistsError):
        storage.networks.update(replace(other, chain_id=26_150))


def test_the_audit_names_hosts_and_no_access_keys(storage: SqlStorage) -> None:
    made = network(storage)
    storage.networks.add(made)
    storage.networks.update(replace(made, endpoints=("https://ftc.example/v3/another-planted-key",)))
    told = [entry for entry in storage.audit.recent(10) if entry.table == "evm_networks"]
    assert [entry.action for entry in told] == ["evm_networks.update", "evm_networks.create"]
    assert all("https://ftc.example" in entry.detail for entry in told)
    assert "planted" not in "".join(entry.detail for entry in told) + repr(made)
