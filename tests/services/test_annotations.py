"""Labels, notes and tags on any row, found again, undoable."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import ConflictError, InvalidInputError
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.services.service_set import ServiceSet
from tests.services.conftest import ADDRESS, open_services_over

WALLETS = TableName.WALLETS


@pytest.fixture
def wallet_ids(services: ServiceSet) -> list[int]:
    return [
        services.wallets.add(name=name, chain=chain, address=ADDRESS).id
        for name, chain in (("One", "ethereum"), ("Two", "atc"))
    ]


def found(services: ServiceSet, query: str) -> set[int]:
    return {row.id for row in services.storage.windows.rows(parse_table_query(query, WALLETS))}


def test_words_are_stored_found_and_undone(services: ServiceSet, wallet_ids: list[int]) -> None:
    one, two = wallet_ids
    changed = services.annotations.annotate(
        WALLETS, wallet_ids, label=" rent ", note="paid\nmonthly", tags=["house", "2024"]
    )
    assert changed == 2
    words = services.annotations.of(WALLETS, one)
    assert (words.label, words.note, words.tags) == ("rent", "paid\nmonthly", ("house", "2024"))
    assert found(services, "label:rent") == found(services, "tag:house") == {one, two}
    assert found(services, "note:monthly") == {one, two}
    services.annotations.annotate(WALLETS, [one], add_tags=["late"], remove_tags=["house"])
    assert services.annotations.of(WALLETS, one).tags == ("2024", "late")
    assert found(services, "tag:house") == {two}
    assert services.undo.undo() == "annotate wallet"
    assert services.annotations.of(WALLETS, one).tags == ("house", "2024")
    assert services.undo.undo() == "annotate 2 rows"
    assert found(services, "label:rent") == set()
    assert services.annotations.of(WALLETS, one).is_empty
    services.undo.redo()
    assert found(services, "label:rent") == {one, two}


def test_nothing_to_change_is_no_step(services: ServiceSet, wallet_ids: list[int]) -> None:
    services.annotations.annotate(WALLETS, wallet_ids[:1], label="rent")
    step = services.undo.undo_text
    assert services.annotations.annotate(WALLETS, wallet_ids[:1], label="rent") == 0
    assert services.annotations.save(services.annotations.of(WALLETS, wallet_ids[0]), {"label": "rent"}).label == "rent"
    assert services.undo.undo_text == step


def test_a_form_saved_over_a_change_is_refused(
    services: ServiceSet, wallet_ids: list[int], vault_file: Path, tmp_path: Path
) -> None:
    row = wallet_ids[0]
    services.annotations.annotate(WALLETS, [row], label="first")
    base = services.annotations.of(WALLETS, row)
    with closing(open_services_over(vault_file, tmp_path)) as other:
        other.annotations.annotate(WALLETS, [row], label="theirs")
    with pytest.raises(ConflictError):
        services.annotations.save(base, {"label": "mine"})
    with pytest.raises(ConflictError):
        services.undo.undo()
    assert services.annotations.of(WALLETS, row).label == "theirs"


@pytest.mark.parametrize(
    ("words", "field"),
    [({"tags": ["two words"]}, "tags"), ({"label": "x" * 256}, "label"), ({"note": "\x00"}, "note")],
)
def test_refused_words_change_no_row(
    services: ServiceSet, wallet_ids: list[int], words: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        services.annotations.annotate(WALLETS, wallet_ids, **words)  # type: ignore[arg-type]  # one of three
    assert caught.value.field == field
    assert all(services.annotations.of(WALLETS, row).is_empty for row in wallet_ids)
