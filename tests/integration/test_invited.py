"""An invited person's first start, in the real window over a shared database: file, secret, password, keys, reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.bootstrap import WindowProgram
from aether_desktop.composition import Program
from aether_desktop.domain.courts import Court
from aether_desktop.domain.users import Role
from aether_desktop.ports.identity import NewInvitation
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.services.service_set import ServiceSet
from aether_desktop.services.targets import Target
from aether_desktop.ui import object_names as names
from aether_desktop.ui.views.users import PeopleView
from tests.integration.locked import WAIT, Start, fill, named, press, said, services_of, starting

SECOND, THIRD, FIRST = "second gate of cedar", "third veil of linen", "my own password here"


class Founder:
    """The founder's own computer, without a window."""

    def __init__(self, administrator: str, folder: Path) -> None:
        folder.mkdir()
        self.key = key = folder / "key"
        self._program = Program(data_dir=folder / "data")
        _, url = self._program.provision_database(
            administrator, name="Temple", username="miriam", key_file=key, new_password=False
        )
        self.url = url
        self._target = Target(database_url=url, key_file=key)
        self._program.ask_with(lambda _what: Factor.passphrase("the founder's password"))
        access = self._program.access(self._target)
        assert access is not None
        access.set_first_password(Factor.passphrase("the founder's password"))
        access.set_factor(Court.HOLY, Factor.passphrase(SECOND))
        access.set_factor(Court.MOST_HOLY, Factor.passphrase(THIRD))
        self._access = access
        with closing(self.open()) as services:
            assert services.people is not None
            services.people.found()

    def open(self) -> ServiceSet:
        """Level 2 is open."""
        if not self._access.is_open(Court.HOLY):
            self._access.step_up(Court.HOLY, Factor.passphrase(SECOND))
        return self._program.open(self._target)

    def invite(self, name: str) -> NewInvitation:
        with closing(self.open()) as services:
            assert services.people is not None
            return services.people.invite(name, Role.MEMBER, url=services.info.location)

    def certify(self) -> None:
        with closing(self.open()) as services:
            assert services.people is not None
            (invitation,) = services.people.open_invitations()
            services.people.accept(invitation.id)

    def opened_by(self, name: str) -> frozenset[Court]:
        """Courts of that person which the founder holds, by the list of people as her program reads it."""
        with closing(self.open()) as services:
            assert services.people is not None
            (found,) = [each for each in services.people.known() if each.person.username == name]
            return found.opened

    def close(self) -> None:
        self._program.close()


@pytest.fixture
def miriam(postgres_database: Callable[..., str], tmp_path: Path) -> Iterator[Founder]:
    with closing(Founder(postgres_database(), tmp_path / "miriam")) as founder:
        yield founder


@pytest.fixture
def start(qtbot: QtBot, display: object, miriam: Founder, tmp_path: Path) -> Iterator[Start]:
    """Closed before the database goes."""
    with starting(qtbot, tmp_path) as started:
        yield started


def set_up(qtbot: QtBot, program: WindowProgram, level: str, passphrase: str) -> None:
    """Answer the panel that asks to set up a level."""
    qtbot.waitUntil(lambda: named(program, names.STEP_UP_PANEL).isVisible(), timeout=WAIT)
    qtbot.waitUntil(
        lambda: named(program, names.STEP_UP_PANEL).accessibleName().startswith(f"Set up level {level}"),
        timeout=WAIT,
    )
    for name in ("step_up_passphrase_new", "step_up_passphrase_new_repeat"):
        fill(program, name, passphrase)
    press(program, names.STEP_UP_START)


def shown(program: WindowProgram, name: str) -> bool:
    found = program.window.findChild(QWidget, name)
    return found is not None and found.isVisible()


def test_an_invited_member_starts_with_file_secret_and_own_password_and_grants_a_court(
    start: Start, miriam: Founder, qtbot: QtBot, tmp_path: Path
) -> None:
    made = miriam.invite("aaron")
    file = tmp_path / "aaron.aether-invitation"
    file.write_bytes(made.file)
    program = start(key_file=tmp_path / "aaron.key")
    press(program, names.FIRST_RUN_INVITED)
    fill(program, names.FIRST_RUN_INVITED_PATH, str(file))
    press(program, names.FIRST_RUN_INVITED_START)
    fill(program, names.FIRST_RUN_INVITED_SECRET, "-".join(["AAAAA"] * 4))
    with qtbot.waitSignal(program.failed, timeout=WAIT):
        press(program, names.FIRST_RUN_INVITED_START)
    assert "does not belong to this invitation" in said(program, names.FIRST_RUN_ERROR)
    fill(program, names.FIRST_RUN_INVITED_SECRET, made.secret)
    press(program, names.FIRST_RUN_INVITED_START)
    qtbot.waitUntil(lambda: shown(program, names.SET_PASSWORD_PAGE), timeout=WAIT)
    for name in (names.SET_PASSWORD, names.SET_PASSWORD_REPEAT):
        fill(program, name, FIRST)
    with qtbot.waitSignal(program.opened, timeout=WAIT):
        press(program, names.SET_PASSWORD_START)
    set_up(qtbot, program, "2", SECOND)
    set_up(qtbot, program, "3", THIRD)
    qtbot.waitUntil(lambda: "the reply is in the database" in said(program, names.MESSAGE_BAR_TEXT), timeout=WAIT)
    services = services_of(program)
    assert services.people is not None
    assert not services.people.overview().certified

    users, me = services.storage.users, services.info.user_id
    qtbot.waitUntil(lambda: users.get(me).last_login_at is not None, timeout=WAIT)  # by the login's own rights

    miriam.certify()
    press(program, names.navigation_name("people"))
    qtbot.waitUntil(lambda: program.window.findChild(PeopleView) is not None, timeout=WAIT)
    page = program.window.findChild(PeopleView)
    assert isinstance(page, PeopleView)
    page.open_part("keys")
    button = names.people_part_name("own_courts")
    qtbot.waitUntil(lambda: shown(program, button), timeout=WAIT)
    press(program, button)
    qtbot.waitUntil(lambda: "The keys of your courts are made" in said(program, names.MESSAGE_BAR_TEXT), timeout=WAIT)
    assert {court.version for court in services.people.overview().courts} == {1}
    assert [standing.warning for standing in services.people.people()] == [""], "a member reads no rows of others"

    part = names.people_part_name
    qtbot.waitUntil(lambda: "Certified people" in said(program, part("note")), timeout=WAIT)
    press(program, part("certified"))
    qtbot.waitUntil(lambda: shown(program, part("known")), timeout=WAIT)
    box = program.window.findChild(QComboBox, part("known"))
    assert box is not None
    assert [box.itemText(at) for at in range(box.count())] == ["aaron (you), Member", "miriam, Zadokite"]
    assert box.currentText() == "miriam, Zadokite"
    (miriams,) = [each.code for each in services.people.known() if not each.me]
    assert said(program, part("known_code")) == miriams
    assert miriam.opened_by("aaron") == frozenset()
    press(program, part("known_court_2"))
    wanted = "miriam may open your Holy Place now."
    qtbot.waitUntil(lambda: wanted in said(program, names.MESSAGE_BAR_TEXT), timeout=WAIT)
    assert miriam.opened_by("aaron") == {Court.HOLY}
