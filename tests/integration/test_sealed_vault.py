"""A vault with a password as the program makes and opens it: what was plain is sealed once its keys exist."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.composition import Target, create_vault, find_lock, open_services
from aether_desktop.domain.audit import Attestation
from aether_desktop.domain.courts import Court
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.vault_keys import Factor, FactorKind
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.settings_file import SettingsFile

METHODS = TableName.PAYMENT_METHODS
FACTORS = {
    Court.OUTER: "a long password of level one 11",
    Court.HOLY: "a long passphrase of level two 22",
    Court.MOST_HOLY: "a long passphrase of level three 33",
}


def factor(level: Court) -> Factor:
    """Factors are wiped by their use."""
    return Factor(FactorKind.PASSPHRASE, bytearray(FACTORS[level].encode()))


def card(services: ServiceSet, digits: str) -> int:
    return services.records.create(METHODS, {"name": f"Card {digits}", "kind": "card", "last_four": digits}).id


def test_from_the_first_password_to_a_revealed_field(tmp_path: Path) -> None:
    path, key_file = tmp_path / "own.aether", tmp_path / "key"
    settings = SettingsFile(tmp_path / "settings.json")
    first = create_vault(
        path, settings=settings, key_file=key_file, data_dir=tmp_path, username="miriam", password=factor(Court.OUTER)
    )
    with closing(first) as services:
        assert services.access is not None
        assert services.people is not None
        assert not services.sealed.active
        old = card(services, "1111")
        for level in (Court.HOLY, Court.MOST_HOLY):
            services.access.set_factor(level, factor(level))
        services.people.found()
        services.access.lock()

    lock = find_lock(Target(vault=path), key_file=key_file)
    again = open_services(
        Target(vault=path), settings=settings, key_file=key_file, lock=lock, password=factor(Court.OUTER)
    )
    with closing(again) as services:
        assert services.access is not None
        assert services.plain_values is not None
        assert services.sealed.active
        report = services.plain_values.run()
        assert report.waiting == (SealedField.PAYMENT_METHOD_LAST_FOUR,)
        with pytest.raises(LevelLockedError) as locked:
            card(services, "2222")
        assert locked.value.level is Court.HOLY
        services.access.step_up(Court.HOLY, factor(Court.HOLY))
        assert services.plain_values.run().sealed == 1
        new = card(services, "2222")
        assert [services.sealed.reveal(METHODS, each, "last_four") for each in (old, new)] == ["1111", "2222"]
        entry = services.storage.audit.recent(1)[0]
        assert (entry.action, entry.row_id, entry.attested) == ("sealed.reveal", new, Attestation.CLIENT)
        services.access.relock(Court.HOLY)
        with pytest.raises(LevelLockedError):
            services.sealed.reveal(METHODS, new, "last_four")
        services.access.lock()
    settings.close()
