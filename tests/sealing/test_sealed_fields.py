"""Sealed fields end to end: stored sealed, opened by whoever may, refused when anything was moved or altered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from aether_desktop.domain.courts import Court
from aether_desktop.domain.payments import Payment, PaymentMethod
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, SEALED_FIELDS, Sealed, SealedField
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.tables import TABLES
from aether_desktop.storage.sql_storage import SqlStorage
from tests.sealing.conftest import METHOD, Keyed
from tests.storage import samples

METHODS, PAYMENTS, USERS = TableName.PAYMENT_METHODS, TableName.PAYMENTS, TableName.USERS


class TestStoring:
    def test_values_are_stored_sealed_and_nothing_else(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        assert isinstance(method, PaymentMethod)
        for name in ("provider_reference", "last_four", "expires_on"):
            assert isinstance(getattr(method, name), Sealed)
            plain, sealed = keyed.raw(method, name, f"{name}_sealed")
            assert plain in ("", None)
            assert sealed.revision == 1
            assert str(METHOD[name]).encode() not in sealed.stored
        assert (method.name, method.provider) == ("House card", "Lydia Bank")

    def test_what_is_left_empty_stays_empty(self, keyed: Keyed) -> None:
        method = keyed.add_method(provider_reference="", last_four="", expires_on=None)
        assert keyed.raw(method, "last_four_sealed", "expires_on_sealed") == (None, None)
        assert method == keyed.services.records.get(METHODS, method.id)

    def test_an_edit_seals_anew_what_changed_and_leaves_the_rest(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881", "name": "Other"})
        assert isinstance(edited, PaymentMethod)
        assert isinstance(method, PaymentMethod)
        assert edited.provider_reference == method.provider_reference
        assert isinstance(edited.last_four, Sealed)
        assert edited.last_four.revision == edited.version == 2
        assert keyed.reveal(edited, "last_four") == "1881"
        assert keyed.reveal(edited, "expires_on") == "2029-02-28"

    def test_editing_other_fields_needs_no_level(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        keyed.lock()
        assert keyed.services.records.edit(METHODS, method, {"name": "Other"}).version == 2
        with pytest.raises(LevelLockedError) as locked:
            keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
        assert locked.value.level is Court.HOLY

    def test_a_locked_level_stores_nothing(self, keyed: Keyed) -> None:
        keyed.lock()
        with pytest.raises(LevelLockedError):
            keyed.add_method()
        assert keyed.storage.windows.count(TableQuery(METHODS)) == 0

    def test_the_domain_still_refuses_what_it_refuses(self, keyed: Keyed) -> None:
        with pytest.raises(InvalidInputError) as refused:
            keyed.add_method(last_four="4242424242424242")
        assert refused.value.field == "last_four"

    @pytest.mark.parametrize("name", ["email", "external_id", "metadata", "last_four", "provider_reference"])
    def test_the_stores_refuse_plain_values(self, keyed: Keyed, name: str) -> None:
        """Whatever road they come on."""
        table = next(table for table, field in SEALED_FIELDS if field == name)
        sample = next(sample for sample in samples.SAMPLES if sample.table is table)
        record = sample.make(keyed.storage)
        hidden: dict[str, Any] = {field: "" for of, field in SEALED_FIELDS if of is table and field != name}
        if table is METHODS:
            hidden["expires_on"] = None
        hidden.update({"metadata": "plain"} if name == "metadata" else {})
        with pytest.raises(PermissionDeniedError, match="not sealed"):
            sample.store(keyed.storage).create(replace(record, **hidden))

    def test_the_tables_refuse_a_value_that_is_both(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        with pytest.raises(InvalidInputError, match="refuses"):
            keyed.tamper(method, last_four="4242")

    def test_undo_and_redo_seal_anew(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
        for action, wanted in ((keyed.services.undo.undo, "4242"), (keyed.services.undo.redo, "1881")):
            action()
            now = keyed.services.records.get(METHODS, edited.id)
            assert isinstance(now, PaymentMethod)
            assert isinstance(now.last_four, Sealed)
            assert now.last_four.revision == now.version
            assert keyed.reveal(now, "last_four") == wanted

    def test_undo_with_a_locked_level_changes_nothing(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
        keyed.lock()
        with pytest.raises(LevelLockedError):
            keyed.services.undo.undo()
        assert keyed.services.records.get(METHODS, method.id) == edited
        keyed.lock(above=Court.MOST_HOLY)
        assert keyed.services.undo.undo() == "edit payment method"

    def test_a_sample_stays_plain(self, storage: SqlStorage, open_keyed: Callable[..., Keyed]) -> None:
        plain = open_keyed(storage, sealing=False)
        method = plain.add_method()
        assert isinstance(method, PaymentMethod)
        assert (method.last_four, method.expires_on) == ("4242", date(2029, 2, 28))
        assert plain.reveal(method, "last_four") == "4242"
        payment = plain.add_payment()
        assert plain.services.sealed.payment("Lydia Bank", "pay_planted_id").id == payment.id


class TestSeeing:
    def test_rows_show_masks(self, keyed: Keyed) -> None:
        keyed.add_method()
        (row,) = keyed.storage.windows.rows(TableQuery(METHODS))
        values = dict(zip((column.key for column in TABLES[METHODS].columns), row.values, strict=True))
        assert [str(values[name]) for name in ("provider_reference", "last_four", "expires_on")] == [MASK] * 3
        assert repr(values["last_four"]) == "Sealed()"

    def test_a_sealed_value_is_there_but_not_searched(self, keyed: Keyed) -> None:
        keyed.add_method()
        for term, found in (
            (Term("last_four", Comparison.EQUAL, "4242"), 0),
            (Term("", Comparison.HAS, "4242"), 0),
            (Term("last_four", Comparison.EQUAL, ""), 0),
            (Term("last_four", Comparison.EQUAL, "", negated=True), 1),
            (Term("expires_on", Comparison.EQUAL, "", negated=True), 1),
            (Term("expires_on", Comparison.GREATER, "2020"), 0),
        ):
            assert keyed.storage.windows.count(TableQuery(METHODS, (term,))) == found, term

    def test_reveal_is_written_down_before_it_is_shown(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        assert keyed.reveal(method, "last_four") == "4242"
        entry = keyed.storage.audit.recent(1)[0]
        assert (entry.action, entry.table, entry.row_id) == ("sealed.reveal", "payment_methods", method.id)
        assert SealedField.PAYMENT_METHOD_LAST_FOUR.value in entry.detail
        assert "4242" not in entry.detail

    def test_without_an_entry_nothing_is_shown(self, keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
        method = keyed.add_method()

        def refuse(*_args: object, **_more: object) -> None:
            raise PermissionDeniedError("the audit is not available")

        monkeypatch.setattr(keyed.storage.audit, "note", refuse)
        with pytest.raises(PermissionDeniedError, match="audit"):
            keyed.reveal(method, "last_four")

    def test_a_locked_level_reveals_nothing_and_notes_nothing(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        before = keyed.storage.audit.recent(1)
        keyed.lock()
        with pytest.raises(LevelLockedError) as locked:
            keyed.reveal(method, "last_four")
        assert locked.value.level is Court.HOLY
        assert keyed.storage.audit.recent(1) == before

    def test_fields_that_are_not_sealed_are_not_revealed(self, keyed: Keyed) -> None:
        with pytest.raises(InvalidInputError):
            keyed.reveal(keyed.add_method(), "name")
        with pytest.raises(NotFoundError):
            keyed.services.sealed.reveal(METHODS, 12345, "last_four")

    def test_a_person_without_a_key_is_told_who_may_grant(
        self, storage: SqlStorage, open_keyed: Callable[..., Keyed]
    ) -> None:
        keyed = open_keyed(storage)
        method = keyed.add_method()
        other = samples.user(storage, username="Aaron", email="")
        storage.users.create(other)
        signing = keyed.signers.add(other.id, "Aaron")
        sealed = keyed.services.sealed
        stranger = type(sealed)(storage, signing._identity.sealer)
        with pytest.raises(PermissionDeniedError) as refused:
            stranger.reveal(METHODS, method.id, "last_four")
        assert "grant" in str(refused.value)


class TestFinding:
    def test_a_payment_is_found_by_its_sealed_id(self, keyed: Keyed) -> None:
        payment = keyed.add_payment()
        keyed.add_payment(external_id="pay_other")
        assert keyed.services.sealed.payment("Lydia Bank", "pay_planted_id").id == payment.id
        for provider, external_id in (("Lydia Bank", "pay_none"), ("Another", "pay_planted_id"), ("Lydia Bank", "")):
            with pytest.raises(NotFoundError):
                keyed.services.sealed.payment(provider, external_id)

    def test_the_palette_finds_it_by_its_whole_id(self, keyed: Keyed) -> None:
        payment = keyed.add_payment(description="Bread")
        (hit,) = keyed.services.search.find(" pay_planted_id ")
        assert (hit.table, hit.row_id, hit.title) == (PAYMENTS, payment.id, "Bread")
        assert keyed.services.search.find("pay_planted") == []
        keyed.lock()
        assert keyed.services.search.find("pay_planted_id") == []

    def test_an_id_of_a_provider_is_there_once(self, keyed: Keyed) -> None:
        payment = keyed.add_payment()
        with pytest.raises(AlreadyExistsError) as refused:
            keyed.add_payment()
        assert refused.value.field == "external_id"
        other = keyed.add_payment(external_id="pay_other")
        with pytest.raises(AlreadyExistsError):
            keyed.services.records.edit(PAYMENTS, other, {"external_id": "pay_planted_id"})
        assert keyed.services.records.edit(PAYMENTS, payment, {"description": "Bread"}).version == 2
        keyed.add_payment(external_id="pay_planted_id", provider="Another")

    def test_it_is_found_under_every_live_key(self, keyed: Keyed) -> None:
        payment = keyed.add_payment()
        issue = keyed.signers.identity.new_court(keyed.storage.info.user_id, Court.HOLY)
        keyed.signers.server.court_keys.put(issue.keys)
        keyed.signers.state(*issue.facts)
        second = keyed.add_payment(external_id="pay_second")
        assert isinstance(second, Payment)
        assert isinstance(second.external_id, Sealed)
        assert second.external_id.key_version == 2
        assert keyed.services.sealed.payment("Lydia Bank", "pay_planted_id").id == payment.id
        with pytest.raises(AlreadyExistsError):  # another token, the same id
            keyed.add_payment()

    def test_the_database_itself_refuses_a_second_token(self, keyed: Keyed) -> None:
        first = keyed.add_payment()
        second = keyed.add_payment(external_id="pay_second")
        assert isinstance(second, Payment)
        assert isinstance(second.external_id, Sealed)
        (token,) = keyed.raw(first, "external_id_blind", table=PAYMENTS)
        with pytest.raises(AlreadyExistsError):
            keyed.storage.payments.update(replace(second, external_id=replace(second.external_id, token=token)))


class TestTampering:
    def test_a_value_moved_to_another_row_or_column_does_not_open(self, keyed: Keyed) -> None:
        one, two = keyed.add_method(), keyed.add_method(name="Second", last_four="1881")
        (four,) = keyed.raw(one, "last_four_sealed")
        keyed.tamper(two, last_four_sealed=four)
        keyed.tamper(one, provider_reference_sealed=four)
        for record, name in ((two, "last_four"), (one, "provider_reference")):
            with pytest.raises(SealError) as refused:
                keyed.reveal(record, name)
            assert refused.value.field is SEALED_FIELDS[METHODS, name]

    def test_a_value_moved_to_another_table_does_not_open(self, keyed: Keyed) -> None:
        method, payment = keyed.add_method(), keyed.add_payment()
        (reference,) = keyed.raw(method, "provider_reference_sealed")
        keyed.tamper(payment, table=PAYMENTS, metadata_sealed=reference)
        with pytest.raises(SealError):
            keyed.reveal(payment, "metadata", PAYMENTS)

    @pytest.mark.parametrize("place", [0, 7, 8, 9, 17, 18, 29, 30, -1])
    def test_one_flipped_bit_anywhere_names_the_field(
        self, sqlite_storage: SqlStorage, open_keyed: Callable[..., Keyed], place: int
    ) -> None:
        keyed = open_keyed(sqlite_storage)
        method = keyed.add_method()
        (sealed,) = keyed.raw(method, "last_four_sealed")
        changed = bytearray(sealed.stored)
        changed[place] ^= 1
        keyed.tamper(method, last_four_sealed=Sealed(bytes(changed)))
        with pytest.raises((SealError, PermissionDeniedError)) as refused:
            keyed.reveal(method, "last_four")
        if isinstance(refused.value, SealError):
            assert refused.value.field is SealedField.PAYMENT_METHOD_LAST_FOUR
            assert "last_four" in str(refused.value)

    def test_an_old_value_put_back_is_noticed(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        (old,) = keyed.raw(method, "last_four_sealed")
        edited = keyed.services.records.edit(METHODS, method, {"last_four": "1881"})
        keyed.tamper(edited, last_four_sealed=old)
        with pytest.raises(SealError, match="put back") as refused:
            keyed.reveal(edited, "last_four")
        assert "audit" in refused.value.hint

    def test_a_value_that_was_taken_out_does_not_come_back(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        (old,) = keyed.raw(method, "last_four_sealed")
        emptied = keyed.services.records.edit(METHODS, method, {"last_four": ""})
        assert keyed.reveal(emptied, "last_four") == ""
        keyed.tamper(emptied, last_four_sealed=old)
        with pytest.raises(SealError, match="put back"):
            keyed.reveal(emptied, "last_four")

    def test_a_short_value_is_damaged(self, keyed: Keyed) -> None:
        method = keyed.add_method()
        keyed.tamper(method, last_four_sealed=Sealed(b"\x00" * 9))
        with pytest.raises(SealError):
            keyed.reveal(method, "last_four")


class TestPeople:
    def test_an_address_is_sealed_in_the_outer_court(self, keyed: Keyed) -> None:
        me = keyed.storage.users.get(keyed.storage.info.user_id)
        edited = keyed.services.records.edit(USERS, me, {"email": "planted@example.org"})
        keyed.lock()
        assert keyed.reveal(edited, "email", USERS) == "planted@example.org"
        assert keyed.raw(edited, "email", "email_fold", table=USERS) == ("", "")

    def test_in_an_embedded_vault_also_that_of_others(
        self, sqlite_storage: SqlStorage, open_keyed: Callable[..., Keyed]
    ) -> None:
        keyed = open_keyed(sqlite_storage)
        other = keyed.services.records.create(USERS, {"username": "aaron", "email": "aaron@example.org"})
        assert keyed.reveal(other, "email", USERS) == "aaron@example.org"

    def test_on_a_shared_one_only_with_their_key(self, keyed: Keyed) -> None:
        if keyed.storage.info.engine == "sqlite":
            pytest.skip("one person has all keys there")
        with pytest.raises(PermissionDeniedError, match="key"):
            keyed.services.records.create(USERS, {"username": "aaron", "email": "aaron@example.org"})
