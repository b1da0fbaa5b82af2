"""The whole program in a real window: first run, wallets, history, words, two clients on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop import composition
from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.services import settings_file
from aether_desktop.services.recent_vaults import RecentVaults
from aether_desktop.services.settings_file import SettingsFile
from aether_desktop.ui import object_names as names
from aether_desktop.ui.forms.conflict_panel import ConflictPanel
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.shell.first_run import FirstRunPage
from aether_desktop.ui.theme.theme import Theme
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.views.transactions import TransactionsView
from aether_desktop.ui.widgets.message_bar import Message, MessageLevel
from tests.support.storages import as_founder, provision

ADDRESS = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"
OTHER = "0x003dc32fe920a4aaeed12dc87e145f030aa753f3"
HEADING = (
    '"Txhash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)",'
    '"Value_OUT(ETH)","CurrentValue @ $1/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status","ErrCode",'
    '"Method"'
)
_WAIT = 20_000

Start = Callable[..., WindowProgram]


def etherscan(rows: int) -> str:
    """A normal export: one received, the others sent."""
    lines = [HEADING]
    for number in range(rows):
        sender, receiver = (OTHER, ADDRESS) if number == 0 else (ADDRESS, OTHER)
        coming, going = ("5", "0") if number == 0 else ("0", f"0.0{number}")
        lines.append(
            f'"0x{number:064x}","{4_000_000 + number}","{1_500_000_000 + number * 60}","2017-07-14 02:40:00",'
            f'"{sender}","{receiver}","","{coming}","{going}","1","0.0001","0.1","300","","","Transfer"'
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def start(qtbot: QtBot, display: object, tmp_path: Path) -> Iterator[Start]:
    """Starts programs and closes them."""
    programs: list[WindowProgram] = []

    def started(**options: object) -> WindowProgram:
        program = build(**{"data_dir": tmp_path / f"data{len(programs)}", **options})  # type: ignore[arg-type]
        programs.append(program)
        with qtbot.waitSignals([program.opened], timeout=_WAIT):
            pass
        return program

    yield started
    for program in programs:
        program.close()


@pytest.fixture
def vault(tmp_path: Path) -> tuple[Path, Path]:
    """A fresh encrypted vault and its key file."""
    path, key_file = tmp_path / "books.aether", tmp_path / "books.key"
    settings = SettingsFile(tmp_path / "settings.json")
    composition.create_vault(path, key_file=key_file, settings=settings).close()
    settings.close()
    return path, key_file


def named(program: WindowProgram, name: str, kind: type[QWidget] = QWidget) -> QWidget:
    found = program.window.findChild(kind, name)
    assert isinstance(found, kind), f"no {name}"
    return found


def click(qtbot: QtBot, widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def opened_page(qtbot: QtBot, program: WindowProgram, section: str) -> TablePage:
    """The table page of a section, with its first answer there."""
    click(qtbot, named(program, names.navigation_name(section)))
    page = program.window.page(section)
    assert isinstance(page, TablePage)
    qtbot.waitUntil(lambda: page._started and not page.model.loading, timeout=_WAIT)
    return page


def fill_line(program: WindowProgram, table: str, field: str, text: str) -> None:
    line = named(program, names.field_name(table, field), QLineEdit)
    assert isinstance(line, QLineEdit)
    line.setText(text)


def add_wallet(qtbot: QtBot, program: WindowProgram, name: str, address: str) -> None:
    page = opened_page(qtbot, program, "wallets")
    click(qtbot, named(program, names.add_name("wallets")))
    qtbot.waitUntil(lambda: isinstance(page.side.form, RecordForm), timeout=_WAIT)
    fill_line(program, "wallets", "name", name)
    fill_line(program, "wallets", "address", address)
    chain = named(program, names.field_name("wallets", "chain"), QComboBox)
    assert isinstance(chain, QComboBox)
    chain.setCurrentIndex(chain.findData("ethereum"))
    click(qtbot, named(program, names.form_part_name("wallets", "save"), QPushButton))


def imported(qtbot: QtBot, program: WindowProgram, folder: Path, rows: int) -> None:
    """History of the one wallet, through the service the wizard uses."""
    services = program.services
    assert services is not None
    file = folder / "export.csv"
    file.write_text(etherscan(rows), encoding="utf-8")
    wallet = services.storage.wallets.all()[0]
    report = services.importing.run(file, wallet.id)
    assert (report.new, report.rejections) == (rows, ())


def test_the_first_run_makes_a_vault(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    program = start(key_file=tmp_path / "new.key")
    click(qtbot, named(program, names.FIRST_RUN_CREATE))
    path = named(program, names.FIRST_RUN_CREATE_PATH, QLineEdit)
    assert isinstance(path, QLineEdit)
    path.setText(str(tmp_path / "mine.aether"))
    for name in (names.FIRST_RUN_CREATE_PASSWORD, names.FIRST_RUN_CREATE_REPEAT):
        QTest.keyClicks(named(program, name), "lantern over quiet water")
    with qtbot.waitSignal(program.opened, timeout=_WAIT):
        click(qtbot, named(program, names.FIRST_RUN_CREATE_START))
    assert (tmp_path / "mine.aether").is_file()
    assert (tmp_path / "new.key").stat().st_mode & 0o777 == 0o600
    assert program.services is not None
    click(qtbot, named(program, names.KIT_LATER))
    assert named(program, names.navigation_name("transactions")).isVisible()


def test_settings_that_cannot_be_kept_are_said_once_in_the_message_bar(
    start: Start, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_file, "_WRITE_DELAY", 0.0)
    program = start()
    settings = program._settings
    settings.path.unlink(missing_ok=True)
    settings.path.mkdir(parents=True)  # whoever runs the tests, a folder is no file
    told: list[Message] = []
    program.window.messages.message_shown.connect(told.append)
    settings.set("theme", "dark")
    qtbot.waitUntil(lambda: len(told) == 2, timeout=_WAIT)  # it cannot be read again, either
    assert told[1].text.startswith("Settings could not be kept")
    assert f"may write in {settings.path.parent}; it is tried again" in told[1].text
    assert told[1].level is MessageLevel.WARNING
    assert program.window.messages.isVisible()
    settings.set("theme", "light")
    settings.close()
    QCoreApplication.processEvents()
    assert len(told) == 2


def test_the_sample_opens_without_a_keyring(start: Start, qtbot: QtBot) -> None:
    program = start()
    click(qtbot, named(program, names.FIRST_RUN_SAMPLE))
    with qtbot.waitSignal(program.opened, timeout=_WAIT):
        click(qtbot, named(program, names.FIRST_RUN_SAMPLE_START))
    page = opened_page(qtbot, program, "transactions")
    qtbot.waitUntil(lambda: page.model.rowCount() > 2000, timeout=_WAIT)  # counted behind the first page


def let_go(program: WindowProgram, *paths: Path) -> None:
    """As if files had been let go over the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 200), action, data, buttons, keys)
    QCoreApplication.sendEvent(program.window, enter)
    assert enter.isAccepted()
    QCoreApplication.sendEvent(program.window, QDropEvent(QPointF(300, 200), action, data, buttons, keys))


def test_files_let_go_over_the_window_are_imported(
    start: Start, qtbot: QtBot, vault: tuple[Path, Path], tmp_path: Path
) -> None:
    path, key_file = vault
    export = tmp_path / "export.csv"
    export.write_text(etherscan(3), encoding="utf-8")
    program = start(vault=path, key_file=key_file)
    let_go(program, export)
    page = program.window.page("transactions")
    assert isinstance(page, TransactionsView)
    qtbot.waitUntil(lambda: [file.path for file in page.wizard.flow.files] == [export], timeout=_WAIT)
    assert program.window.current_section == "transactions"


def test_a_vault_let_go_over_the_first_page_is_opened_and_remembered(
    start: Start, qtbot: QtBot, vault: tuple[Path, Path], tmp_path: Path
) -> None:
    path, key_file = vault
    program = start(key_file=key_file)
    let_go(program, tmp_path / "export.csv")
    told = program.window.messages.current
    assert told is not None
    assert "open one first" in told.text
    with qtbot.waitSignal(program.opened, timeout=_WAIT):
        let_go(program, path)
    assert program.services is not None
    program.close()
    again = FirstRunPage(Theme(), proposed_vault=path, recent=[path])
    qtbot.addWidget(again)
    with qtbot.waitSignal(again.open_chosen) as chosen:
        offered = again.findChild(QPushButton, names.first_run_recent_name(1))
        assert isinstance(offered, QPushButton)
        QTest.mouseClick(offered, Qt.MouseButton.LeftButton)
    assert chosen.args == [str(path)]
    settings = SettingsFile(tmp_path / "data0" / "settings.json")
    assert RecentVaults(settings, tmp_path / "data0").paths() == [path]


def test_a_wallet_is_added_by_the_form(start: Start, qtbot: QtBot, vault: tuple[Path, Path]) -> None:
    program = start(vault=vault[0], key_file=vault[1])
    page = opened_page(qtbot, program, "wallets")
    assert page.content.empty.isVisible()
    add_wallet(qtbot, program, "Treasury", "0xF98C96b5d10faafc2324847c82305bd5fd7e5ad3")
    form = page.side.form
    assert isinstance(form, RecordForm)
    qtbot.waitUntil(lambda: "checksum" in form._fields["address"].error.lower(), timeout=_WAIT)
    fill_line(program, "wallets", "address", ADDRESS)
    click(qtbot, named(program, names.form_part_name("wallets", "save"), QPushButton))
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=_WAIT)
    assert page.side.form is None
    row = page.model.row_at(0)
    assert row is not None
    assert row.values[page.model.spec.index("address")] == "0xf98C96B5d10faAFc2324847c82305Bd5fd7E5ad3"
    with qtbot.waitSignal(page.model.count_changed, timeout=_WAIT):
        program._vault.context.undo()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: page.model.rowCount() == 0, timeout=_WAIT)


def test_filter_sort_and_own_words(start: Start, qtbot: QtBot, vault: tuple[Path, Path], tmp_path: Path) -> None:
    program = start(vault=vault[0], key_file=vault[1])
    add_wallet(qtbot, program, "Treasury", ADDRESS)
    qtbot.waitUntil(lambda: bool(program.services and program.services.storage.wallets.all()), timeout=_WAIT)
    imported(qtbot, program, tmp_path, 9)
    page = opened_page(qtbot, program, "transactions")
    qtbot.waitUntil(lambda: page.model.rowCount() == 9, timeout=_WAIT)

    edit = named(program, names.filter_name("transactions"), QLineEdit)
    QTest.keyClicks(edit, "amount>=0.05 direction:out")
    qtbot.waitUntil(lambda: page.model.rowCount() == 4, timeout=_WAIT)
    QTest.keyClicks(edit, " nonsense:1")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert "nonsense" in page.filter_bar._error.text()
    assert page.model.rowCount() == 4
    page.filter_bar.set_text("")
    qtbot.waitUntil(lambda: page.model.rowCount() == 9 and not page.model.loading, timeout=_WAIT)

    amount = page.model.spec.index("amount")
    page.model.sort(amount, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: not page.model.loading, timeout=_WAIT)
    assert page.model.index(0, amount).data() == "+5 ETH"

    page.grid.selectRow(0)
    qtbot.waitUntil(lambda: page.details._annotation is not None, timeout=_WAIT)
    page.details.label.editor.setText("Salary <b>July</b>")
    page.details.tags.editor.setText("income 2017")
    click(qtbot, page.details.save_button)
    qtbot.waitUntil(page.details.save_button.isEnabled, timeout=_WAIT)
    page.filter_bar.set_text("label:salary tag:income")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1 and not page.model.loading, timeout=_WAIT)


def test_a_wrong_key_is_said_and_nothing_changes(
    qtbot: QtBot, display: object, vault: tuple[Path, Path], tmp_path: Path
) -> None:
    before = vault[0].read_bytes()
    wrong = tmp_path / "wrong.key"
    wrong.write_text("00" * 32 + "\n")
    wrong.chmod(0o600)
    program = build(vault=vault[0], key_file=wrong, data_dir=tmp_path / "data")
    try:
        with qtbot.waitSignal(program.failed, timeout=_WAIT) as failed:
            pass
        assert "key" in str(failed.args[0]).lower()
        assert named(program, names.FIRST_RUN_ERROR).isVisible()
        assert vault[0].read_bytes() == before
    finally:
        program.close()


def test_two_windows_see_each_other_and_no_update_is_lost(
    start: Start, qtbot: QtBot, postgres_database: Callable[..., str]
) -> None:
    administration = postgres_database()
    provision(administration)
    url = as_founder(administration)
    first, second = start(database_url=url), start(database_url=url)
    add_wallet(qtbot, first, "Treasury", ADDRESS)
    theirs = opened_page(qtbot, second, "wallets")
    qtbot.waitUntil(lambda: theirs.model.rowCount() == 1, timeout=_WAIT)

    qtbot.waitUntil(lambda: theirs.model.row_at(0) is not None, timeout=_WAIT)
    row = theirs.model.row_at(0)
    assert row is not None
    theirs.edit(row)
    qtbot.waitUntil(lambda: isinstance(theirs.side.form, RecordForm), timeout=_WAIT)
    mine = opened_page(qtbot, first, "wallets")
    qtbot.waitUntil(lambda: mine.model.row_at(0) is not None, timeout=_WAIT)
    mine_row = mine.model.row_at(0)
    assert mine_row is not None
    mine.edit(mine_row)
    qtbot.waitUntil(lambda: isinstance(mine.side.form, RecordForm), timeout=_WAIT)
    fill_line(first, "wallets", "name", "Main treasury")
    click(qtbot, named(first, names.form_part_name("wallets", "save"), QPushButton))
    name = theirs.model.spec.index("name")
    qtbot.waitUntil(lambda: theirs.model.index(0, name).data() == "Main treasury", timeout=_WAIT)

    fill_line(second, "wallets", "name", "Old chest")
    click(qtbot, named(second, names.form_part_name("wallets", "save"), QPushButton))
    qtbot.waitUntil(lambda: isinstance(theirs.side.form, ConflictPanel), timeout=_WAIT)
    panel = theirs.side.form
    assert isinstance(panel, ConflictPanel)
    assert panel.differing == ("name",)
    click(qtbot, panel.store_button)
    qtbot.waitUntil(lambda: mine.model.index(0, name).data() == "Old chest", timeout=_WAIT)


def test_every_grid_stands_under_its_name(start: Start, qtbot: QtBot, vault: tuple[Path, Path]) -> None:
    program = start(vault=vault[0], key_file=vault[1])
    sections = {"users": "people"}
    for table in names.TABLES:
        page = opened_page(qtbot, program, sections.get(table, table))
        assert isinstance(named(program, names.grid_name(table), QTableView), QTableView)
        assert named(program, names.filter_name(table)).accessibleName()
        assert page.model.rowCount() == (1 if table == "users" else 0)


def test_reopening_shows_the_same_rows(start: Start, qtbot: QtBot, vault: tuple[Path, Path]) -> None:
    first = start(vault=vault[0], key_file=vault[1])
    add_wallet(qtbot, first, "Treasury", ADDRESS)
    page = opened_page(qtbot, first, "wallets")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1, timeout=_WAIT)
    first.close()
    with closing(start(vault=vault[0], key_file=vault[1])) as second:
        assert opened_page(qtbot, second, "wallets").model.rowCount() == 1


def test_when_a_person_last_opened_the_vault_is_noted_once_an_hour(
    start: Start, vault: tuple[Path, Path], qtbot: QtBot
) -> None:
    path, key_file = vault

    def last_login(program: WindowProgram) -> datetime | None:
        assert program.services is not None
        return program.services.storage.users.get(program.services.info.user_id).last_login_at

    def noted(program: WindowProgram) -> int:
        assert program.services is not None
        return sum(entry.action == "users.login" for entry in program.services.storage.audit.recent(50))

    first = start(vault=path, key_file=key_file)
    qtbot.waitUntil(lambda: last_login(first) is not None, timeout=_WAIT)
    at = last_login(first)
    first.close()
    second = start(vault=path, key_file=key_file)
    opened = second._open
    assert opened is not None
    opened._record_login()
    qtbot.waitUntil(lambda: not opened._jobs.live, timeout=_WAIT)
    assert (last_login(second), noted(second)) == (at, 1)
