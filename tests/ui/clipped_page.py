"""Shows table pages with an open form over a fresh vault and prints what is clipped. Run as a program by tests."""

from __future__ import annotations

import gc
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from aether_desktop.domain.records import TableName
from aether_desktop.ui.forms.record_form import RecordForm
from aether_desktop.ui.theme.theme import Theme, ThemeMode
from aether_desktop.ui.views.table_content import TablePageWords
from aether_desktop.ui.views.table_page import TablePage
from aether_desktop.ui.widgets.form_field import FormField
from tests.support.storages import vault_template
from tests.ui.clipping import clipped_texts, overlapping
from tests.ui.ledgers import Ledger, opened_ledger


def main(templates: Path, width: int, height: int, tables: Sequence[TableName]) -> int:
    """Exit code 1 if anything is clipped; ``templates`` holds the template of vaults."""
    gc.disable()  # a worker that came upon a cycle with widgets in it would end them on its thread
    app = QApplication([])
    theme = Theme(ThemeMode.LIGHT)
    theme.apply(app)
    bad: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = folder / "books.aether"
        shutil.copyfile(vault_template(templates), vault)
        vault.chmod(0o600)
        with opened_ledger(vault, folder, theme) as ledger:
            ledger.imported(50)
            for table in tables:
                bad += [f"{table.value}: {line}" for line in _clipped(app, ledger, table, width, height)]
    for line in dict.fromkeys(bad):
        sys.stdout.write(line + "\n")
    return 1 if bad else 0


def _clipped(app: QApplication, ledger: Ledger, table: TableName, width: int, height: int) -> list[str]:
    """Of one table, in the details and in the form."""
    page = TablePage(table, ledger.context, TablePageWords(table.value, table.value, "Nothing here.", "Add"))
    page.resize(width, height)
    page.show()
    _settle(app, lambda: bool(page.model.rowCount()) and page.details._annotation is not None)
    page.filter_bar.set_text("nonsense:1")
    _settle(app, page.filter_bar._error.isVisible)
    bad = clipped_texts(page) + overlapping(page)
    page.filter_bar.set_text("")
    page.add()
    _settle(app, lambda: page.side.form is not None)
    form = page.side.form
    assert isinstance(form, RecordForm)
    form.submit()  # errors under fields need room too
    _settle(app, lambda: any(field.error for field in form.findChildren(FormField)))
    bad += clipped_texts(page) + overlapping(page)
    page.close_model()
    page.close()
    return bad


def _settle(app: QApplication, ready: Callable[[], bool]) -> None:
    """Let the loop turn until it is ready, and a little more for layouts."""
    end = time.monotonic() + 20
    while not ready() and time.monotonic() < end:
        app.processEvents()
    assert ready()
    for _turn in range(20):
        app.processEvents()


if __name__ == "__main__":
    folder, width, height = sys.argv[1:4]
    sys.exit(main(Path(folder), int(width), int(height), [TableName(name) for name in sys.argv[4:]]))
