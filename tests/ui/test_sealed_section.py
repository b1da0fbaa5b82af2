"""Sealed values on the screen: masked in grid, pane and form; revealed on demand, hidden again, copied for a while."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.domain.courts import Court
from aether_desktop.domain.payments import PaymentMethod
from aether_desktop.domain.records import TableName
from aether_desktop.domain.sealed_fields import MASK, Sealed
from aether_desktop.ports.access import LevelLockedError
from aether_desktop.ports.queries import Row, TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.ports.tables import TABLES
from aether_desktop.services.modules import ModuleService
from aether_desktop.services.service_set import build_services
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.storage.sql_storage import open_vault
from aether_desktop.sums.built_in import BUILT_IN
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.models.copying import CopyFormat, copy_rows
from aether_desktop.ui.models.formatting import CellFormatter
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.details_pane import DetailsPane
from aether_desktop.ui.views.payment_methods import PaymentMethodsView
from aether_desktop.ui.views.sealed_section import SealedSection
from tests.services.signers import Signers
from tests.support.storages import KEY, vault_template
from tests.ui.ledgers import WAIT, Ledger, opened_ledger

METHODS = TableName.PAYMENT_METHODS
PLAIN = {"provider_reference": "pm_planted", "last_four": "4242"}


@dataclass
class Keyed:
    ledger: Ledger
    signers: Signers
    method: PaymentMethod

    def row(self) -> Row:
        (row,) = self.ledger.services.storage.windows.rows(TableQuery(METHODS))
        return row


@pytest.fixture
def keyed(tmp_path: Path, ledger_templates: Path, theme: Theme) -> Iterator[Keyed]:
    path = tmp_path / "books.aether"
    shutil.copyfile(vault_template(ledger_templates), path)
    path.chmod(0o600)
    storage, settings = open_vault(path, KEY), SettingsFile(tmp_path / "settings.json")
    signers = Signers(storage)

    def close() -> None:
        storage.close()
        settings.close()

    services = build_services(
        storage, settings, ModuleService(settings, BUILT_IN), on_close=close, sealer=signers.identity.sealer
    )
    with opened_ledger(path, tmp_path, theme, services=services) as ledger:
        method = services.records.create(METHODS, {"name": "House card", "kind": "card", **PLAIN})
        assert isinstance(method, PaymentMethod)
        yield Keyed(ledger, signers, method)


@pytest.fixture
def make_section(keyed: Keyed, qtbot: QtBot) -> Callable[..., SealedSection]:
    """In a pane, as the page puts it there."""

    def make(**times: int) -> SealedSection:
        pane = DetailsPane(METHODS, keyed.ledger.context, CellFormatter(TABLES[METHODS]))
        section = SealedSection(METHODS, keyed.ledger.context, **times)
        pane.add_section(section)
        pane.row_shown.connect(section.show_row)
        qtbot.addWidget(pane)
        pane.resize(360, 900)
        pane.show()
        qtbot.waitExposed(pane)
        pane.show_row(keyed.row())
        return section

    return make


@pytest.fixture
def section(make_section: Callable[..., SealedSection]) -> SealedSection:
    return make_section()


def texts(widget: QWidget) -> str:
    """All that labels below the widget show."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def test_values_are_masked_at_first(section: SealedSection) -> None:
    assert section.isVisible()
    assert {key for key, value in section.values.items() if value.isVisible()} == {"provider_reference", "last_four"}
    assert section.values["last_four"].text.text() == MASK
    pane = section.window()
    assert not any(plain in texts(pane) for plain in PLAIN.values())
    assert texts(pane).count("Last four") == 1  # not among the plain facts as well


def test_reveal_shows_the_value_and_a_second_click_hides_it(section: SealedSection, qtbot: QtBot) -> None:
    value = section.values["last_four"]
    value.reveal_button.click()
    qtbot.waitUntil(lambda: value.text.text() == "4242", timeout=WAIT)
    assert section.values["provider_reference"].text.text() == MASK
    value.reveal_button.click()
    assert value.text.text() == MASK


def test_a_revealed_value_is_hidden_again(
    keyed: Keyed, make_section: Callable[..., SealedSection], qtbot: QtBot
) -> None:
    value = make_section(shown_ms=30).values["last_four"]
    with qtbot.waitSignal(value._due.timeout, timeout=WAIT):
        value.reveal_button.click()
    assert value.text.text() == MASK
    assert keyed.ledger.services.storage.audit.recent(1)[0].action == "sealed.reveal"


def test_another_row_or_a_hidden_pane_forgets_it(section: SealedSection, qtbot: QtBot) -> None:
    value = section.values["last_four"]
    value.reveal("4242")
    section.window().hide()  # as the screen lock does
    assert value.text.text() == MASK
    section.window().show()
    value.reveal("4242")
    section.show_row(None)
    assert value.text.text() == MASK


def test_it_is_masked_when_its_level_is_locked_again(section: SealedSection, keyed: Keyed, qtbot: QtBot) -> None:
    value = section.values["last_four"]
    locked = keyed.ledger.context.navigator.level_locked
    for level, shown in ((Court.MOST_HOLY, "4242"), (Court.HOLY, MASK)):  # it is of the Holy Place
        value.reveal("4242")
        locked.emit(int(level))
        assert value.text.text() == shown
    section.clipboard.put("4242")
    locked.emit(int(Court.HOLY))
    assert QGuiApplication.clipboard().text() == ""


def test_an_answer_that_comes_too_late_is_not_shown(section: SealedSection, keyed: Keyed, qtbot: QtBot) -> None:
    value = section.values["last_four"]
    value.reveal_button.click()
    section.window().hide()
    qtbot.waitUntil(lambda: not keyed.ledger.jobs.live, timeout=WAIT)
    QApplication.processEvents()
    assert value.text.text() == MASK


def test_copy_leaves_the_screen_masked(section: SealedSection, qtbot: QtBot) -> None:
    value = section.values["provider_reference"]
    value.copy_button.click()
    clipboard = QGuiApplication.clipboard()
    qtbot.waitUntil(lambda: clipboard.text() == "pm_planted", timeout=WAIT)
    assert value.text.text() == MASK
    section.clipboard.clear()
    assert clipboard.text() == ""


def test_a_closed_vault_leaves_nothing(section: SealedSection) -> None:
    value = section.values["provider_reference"]
    value.reveal("pm_planted")
    section.clipboard.put("pm_planted")
    section.close_values()
    assert QGuiApplication.clipboard().text() == ""
    assert value.text.text() == MASK


def test_the_page_closes_it(keyed: Keyed, qtbot: QtBot) -> None:
    page = PaymentMethodsView(keyed.ledger.context)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.details.row is not None, timeout=WAIT)
    (section,) = page.findChildren(SealedSection)
    section.clipboard.put("pm_planted")
    page.close_model()
    assert QGuiApplication.clipboard().text() == ""


def test_a_filter_on_a_sealed_column_says_what_it_cannot_do(keyed: Keyed, qtbot: QtBot) -> None:
    page = PaymentMethodsView(keyed.ledger.context)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.count_changed, timeout=WAIT):
        page.show_query(parse_table_query("last_four:4242", METHODS))
    qtbot.waitUntil(lambda: "not searched" in texts(page), timeout=WAIT)
    with qtbot.waitSignal(page.count_changed, timeout=WAIT):
        page.show_query(parse_table_query("name:house", METHODS))
    qtbot.waitUntil(lambda: "not searched" not in texts(page), timeout=WAIT)


def test_a_locked_level_is_asked_for_and_nothing_is_shown(section: SealedSection, keyed: Keyed, qtbot: QtBot) -> None:
    keyed.signers.levels.open = {Court.OUTER}
    section.values["last_four"].reveal_button.click()
    qtbot.waitUntil(lambda: bool(keyed.ledger.said), timeout=WAIT)
    assert "level 2" in keyed.ledger.said[0][1]
    assert section.values["last_four"].text.text() == MASK


def test_the_step_up_repeats_what_was_asked(section: SealedSection, keyed: Keyed, qtbot: QtBot) -> None:
    asked: list[BaseException] = []

    def step_up(error: BaseException, repeat: Callable[[], None], _give_up: Callable[[], None]) -> bool:
        asked.append(error)
        keyed.signers.levels.open = set(Court)
        repeat()
        return True

    keyed.ledger.jobs.refusal = step_up
    keyed.signers.levels.open = {Court.OUTER}
    value = section.values["last_four"]
    value.reveal_button.click()
    qtbot.waitUntil(lambda: value.text.text() == "4242", timeout=WAIT)
    assert isinstance(asked[0], LevelLockedError)


def test_a_form_whose_step_up_was_cancelled_can_be_stored_again(keyed: Keyed, qtbot: QtBot) -> None:
    page = PaymentMethodsView(keyed.ledger.context)
    qtbot.addWidget(page, before_close_func=lambda _page: page.close_model())
    page.show()
    page.add()
    qtbot.waitUntil(lambda: isinstance(page.side.form, RecordForm), timeout=WAIT)
    form = page.side.form
    assert isinstance(form, RecordForm)
    for key, text in (("name", "Typed once"), ("last_four", "1234")):
        editor = form._fields[key].editor
        assert isinstance(editor, QLineEdit)
        editor.setText(text)
    cancelled: list[BaseException] = []

    def cancel(error: BaseException, _repeat: Callable[[], None], give_up: Callable[[], None]) -> bool:
        cancelled.append(error)
        give_up()
        return True

    keyed.ledger.jobs.refusal = cancel
    keyed.signers.levels.open = {Court.OUTER}
    form.save_button.click()
    assert not form.save_button.isEnabled()
    qtbot.waitUntil(lambda: bool(cancelled) and form.save_button.isEnabled(), timeout=WAIT)
    keyed.signers.levels.open = set(Court)
    form.save_button.click()
    qtbot.waitUntil(lambda: page.side.form is None, timeout=WAIT)
    stored = keyed.ledger.services.storage.payment_methods.of_user(keyed.ledger.services.info.user_id)
    assert "Typed once" in {method.name for method in stored}


def test_grid_copy_and_tooltip_have_the_mask(keyed: Keyed) -> None:
    row, spec = keyed.row(), TABLES[METHODS]
    formatter = CellFormatter(spec)
    position = spec.index("last_four")
    assert formatter.cell(row, position).plain() == MASK
    assert formatter.raw(row, position) == formatter.whole(row, position) == MASK
    for form in CopyFormat:
        copied = copy_rows(spec, ["name", "last_four", "provider_reference"], [row], form)
        assert MASK in copied
        assert not any(plain in copied for plain in PLAIN.values())


class TestForm:
    @pytest.fixture
    def form(self, keyed: Keyed, theme: Theme, qtbot: QtBot) -> RecordForm:
        made = RecordForm(METHODS, theme, record=keyed.method)
        qtbot.addWidget(made)
        return made

    def editor(self, form: RecordForm) -> QLineEdit:
        editor = form._fields["last_four"].editor
        assert isinstance(editor, QLineEdit)
        return editor

    def test_it_shows_the_mask_and_leaves_the_value(self, form: RecordForm, keyed: Keyed, qtbot: QtBot) -> None:
        assert self.editor(form).text() == ""
        assert self.editor(form).placeholderText() == MASK
        with qtbot.waitSignal(form.submitted) as sent:
            form.submit()
        assert sent.args[0]["last_four"] == keyed.method.last_four

    def test_typing_replaces_it_and_a_dash_takes_it_out(self, form: RecordForm, keyed: Keyed, qtbot: QtBot) -> None:
        for typed, wanted in (("1881", "1881"), ("-", "")):
            self.editor(form).setText(typed)
            with qtbot.waitSignal(form.submitted) as sent:
                form.submit()
            assert sent.args[0]["last_four"] == wanted
            form.set_busy(False)

    def test_what_was_typed_is_stored_sealed(self, form: RecordForm, keyed: Keyed, qtbot: QtBot) -> None:
        self.editor(form).setText("1881")
        with qtbot.waitSignal(form.submitted) as sent:
            form.submit()
        stored = keyed.ledger.services.records.edit(METHODS, keyed.method, sent.args[0])
        assert isinstance(stored, PaymentMethod)
        assert isinstance(stored.last_four, Sealed)
        assert keyed.ledger.services.sealed.reveal(METHODS, stored.id, "last_four") == "1881"
