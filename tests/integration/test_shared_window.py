"""What other people, and psql, do to a shared database shows in a founder's window by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from aether_desktop.composition import Program
from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.courts import Court
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.payment_signatures import SignatureState
from aether_desktop.domain.records import TableName
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.ui import object_names as names
from aether_desktop.ui.views.payments import PaymentsView
from aether_desktop.ui.views.signature_section import SignatureSection
from aether_desktop.ui.views.users import PeopleView
from tests.integration.locked import WAIT, Start, press, starting, unlock
from tests.integration.test_invited import SECOND, THIRD, Founder


@pytest.fixture
def administration(postgres_database: Callable[..., str]) -> str:
    return postgres_database()


@pytest.fixture
def miriam(administration: str, tmp_path: Path) -> Iterator[Founder]:
    with closing(Founder(administration, tmp_path / "miriam")) as founder:
        yield founder


@pytest.fixture
def start(qtbot: QtBot, display: object, miriam: Founder, tmp_path: Path) -> Iterator[Start]:
    """Closed before the database goes."""
    with starting(qtbot, tmp_path / "miriam") as started:
        yield started


def paid(services: ServiceSet) -> int:
    """A payment that the founder signed."""
    (euro,) = services.storage.currencies.ensure([fiat_currency("EUR")])
    values = {
        "paid_at": datetime(2024, 5, 17, 8, 30, tzinfo=UTC),
        "amount": Amount.parse("12.30", euro),
        "security_level": "quantum",
        "external_id": "",
    }
    return services.records.create(TableName.PAYMENTS, values).id


def test_a_payment_changed_by_psql_is_verified_anew_by_itself(
    start: Start, qtbot: QtBot, miriam: Founder, administration: str
) -> None:
    with closing(miriam.open()) as services:
        paid(services)
    program = start(database_url=miriam.url, key_file=miriam.key)
    unlock(qtbot, program, "the founder's password")
    press(program, names.navigation_name("payments"))
    qtbot.waitUntil(lambda: program.window.findChild(PaymentsView) is not None, timeout=WAIT)
    page = program.window.findChild(PaymentsView)
    assert isinstance(page, PaymentsView)

    def state() -> SignatureState | None:
        section = page.findChild(SignatureSection)
        return section.report.state if isinstance(section, SignatureSection) and section.report else None

    qtbot.waitUntil(lambda: state() is SignatureState.VALID, timeout=WAIT)
    with psycopg.connect(administration) as by_hand:
        by_hand.execute("UPDATE payments SET provider = 'another'")
    qtbot.waitUntil(lambda: state() is SignatureState.ALTERED, timeout=WAIT)


def test_whose_rows_wait_for_their_own_program_is_listed(
    start: Start, qtbot: QtBot, miriam: Founder, tmp_path: Path
) -> None:
    made = miriam.invite("aaron")
    key = tmp_path / "aaron.key"
    with (
        closing(Program(data_dir=tmp_path / "aaron")) as program,
        closing(
            program.join(made.file, made.secret, key_file=key, ask=lambda: Factor.passphrase("aaron's own password"))
        ) as services,
    ):
        assert services.access is not None
        assert services.people is not None
        assert services.rotation is not None
        services.access.set_factor(Court.HOLY, Factor.passphrase(SECOND))
        services.access.set_factor(Court.MOST_HOLY, Factor.passphrase(THIRD))
        services.people.answer(made.file, made.secret)
        miriam.certify()
        services.people.make_own_courts()
        services.rotation.start(services.info.user_id, Court.HOLY)  # and then the computer goes to sleep
    window = start(database_url=miriam.url, key_file=miriam.key)
    unlock(qtbot, window, "the founder's password")
    press(window, names.navigation_name("people"))
    qtbot.waitUntil(lambda: window.window.findChild(PeopleView) is not None, timeout=WAIT)
    page = window.window.findChild(PeopleView)
    assert isinstance(page, PeopleView)
    page.open_part("keys")

    def words() -> set[str]:
        return {label.text().replace("\u200b", "") for label in page.findChildren(QLabel) if label.isVisible()}

    qtbot.waitUntil(lambda: "Outstanding" in words(), timeout=WAIT)
    assert "aaron, Holy Place: 0 values are sealed under the new key so far." in words()
