"""What the import wizard runs in the background: stopping it, leaving it, a server that goes away."""

from __future__ import annotations

import threading

import pytest

from aether_desktop.ports.errors import StorageUnavailableError
from aether_desktop.ui.widgets.message_bar import MessageLevel
from aether_desktop.ui.wizards.import_flow import Step
from tests.ui.ledgers import WAIT
from tests.ui.wizard_on_screen import HEADING, Wizard, row


class TestInTheBackground:
    def test_cancel_stores_nothing_and_says_so(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", HEADING, *(row(number) for number in range(1, 50))))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        gate = threading.Event()
        wizard.ledger.jobs.write(lambda _token, _progress: gate.wait(WAIT / 1000))  # holds the one write lane
        wizard.press("next")
        live = wizard.ledger.jobs
        wizard.until(lambda: [job.title for job in live.live if job.title] == ["Import export.csv into Treasury"])
        wizard.until(wizard.part("progress_0").isVisible)
        wizard.press("cancel_0")
        gate.set()
        wizard.ended()
        assert wizard.widget.flow.files[0].cancelled
        assert wizard.rows() == 0
        assert wizard.part("retry_0").isVisible()

    def test_going_back_stops_a_check(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", HEADING, row(1)))
        wizard.ready()
        gate = threading.Event()
        wizard.ledger.jobs.write(lambda _token, _progress: gate.wait(WAIT / 1000))
        wizard.press("next")
        assert wizard.widget.flow.obstacle() == "The files are being read."
        wizard.press("back")
        gate.set()
        wizard.until(lambda: not wizard.ledger.jobs.live)
        assert wizard.step is Step.FILES
        assert len(wizard.widget.flow.without_preview()) == 1
        wizard.press("next")
        wizard.checked()

    def test_it_goes_on_when_the_wizard_is_closed_and_tells_the_end(self, wizard: Wizard) -> None:
        wizard.add(wizard.write("export.csv", HEADING, row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        wizard.press("next")
        wizard.widget.hide()
        wizard.until(lambda: bool(wizard.ledger.said))
        assert wizard.ledger.said[0][1] == "export.csv: 1 row: 1 new, 0 already there, 0 wrong."
        wizard.widget.show()
        wizard.widget.open()
        assert (wizard.step, wizard.widget.flow.files) == (Step.FILES, [])

    def test_a_failure_is_told_when_the_wizard_is_closed(self, wizard: Wizard) -> None:
        file = wizard.write("export.csv", HEADING, row(1))
        wizard.add(file)
        wizard.ready()
        wizard.press("next")
        wizard.checked()
        file.unlink()
        wizard.press("next")
        wizard.widget.hide()
        wizard.until(lambda: bool(wizard.ledger.said))
        ((level, text),) = wizard.ledger.said
        assert level is MessageLevel.WARNING
        assert "export.csv is not there" in text
        assert text.endswith("Nothing of this file was stored.")

    def test_a_server_that_goes_away_is_said_and_can_be_tried_again(
        self, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wizard.add(wizard.write("export.csv", HEADING, row(1)))
        wizard.ready()
        wizard.press("next")
        wizard.checked()

        def fail(*_args: object, **_words: object) -> None:
            raise StorageUnavailableError("The server cannot be reached.", hint="Try again later.")

        with monkeypatch.context() as patch:
            patch.setattr(type(wizard.ledger.services.importing), "run", fail)
            wizard.press("next")
            wizard.ended()
        assert wizard.widget.flow.files[0].failure == "The server cannot be reached. Try again later."
        wizard.press("retry_0")
        wizard.until(lambda: wizard.widget.flow.files[0].report is not None)
        assert wizard.rows() == 1
