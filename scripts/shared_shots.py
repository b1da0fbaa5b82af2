"""Pictures of a shared database: a founder, a priest, a member and an open invitation, on a server of our own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableView

from aether_desktop.bootstrap import WindowProgram, build
from aether_desktop.composition import Program
from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.courts import Court
from aether_desktop.domain.fiat import fiat_currency
from aether_desktop.domain.records import TableName
from aether_desktop.locations import resources_dir
from aether_desktop.ports.vault_keys import Factor
from aether_desktop.ui.object_names import SECTIONS, UNLOCK_PASSWORD, UNLOCK_START, people_part_name
from scripts.gui_session import click, named, settle, wait
from tests.support.postgres import PostgresCluster


class Desk:
    """One person at a computer of their own, working from the command line."""

    def __init__(self, folder: Path, url: str = "") -> None:
        folder.mkdir()
        self.folder, self.url = folder, url
        self.password = f"{folder.name} and the quiet water"
        self.files = {name: self._private(name, f"{name} of {self.password}") for name in ("second", "third")} | {
            "password": self._private("password", self.password)
        }

    @property
    def key_file(self) -> Path:
        return self.folder / "key"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, *words: str, keys: bool = False) -> str:
        """What the command line answers on standard output. Raises CalledProcessError."""
        command = [sys.executable, "-m", "aether_desktop", "--data-dir", str(self.data), "--key-file"]
        command += [str(self.key_file), "--password-file", str(self.files["password"])]
        command += ["--database", self.url] if self.url else []
        factors = [f"2={self.files['second']}", f"3={self.files['third']}"] if keys else []
        command += [*words, *(part for factor in factors for part in ("--factor-file", factor))]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def give(self, name: str, text: str) -> str:
        """The path of a private file with this text."""
        return str(self._private(name, text))

    def _private(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text + "\n", encoding="utf-8")
        path.chmod(0o600)
        return path


@contextmanager
def temple(folder: Path) -> Iterator[tuple[Desk, Desk, Desk]]:
    """The desks of founder, priest and member; the sample's history is the founder's."""
    with ExitStack() as stack:
        cluster = stack.enter_context(closing(PostgresCluster()))
        cluster.start()
        miriam = Desk(folder / "miriam")
        administrator = cluster.url(cluster.create_database())
        miriam.url = miriam.run("postgres", "provision", administrator, "--name", "Temple", "--username", "miriam")
        miriam.run("vault", "password")
        miriam.run("people", "begin", keys=True)
        aaron = _joined(miriam, folder, "aaron", "levite")
        judith = _joined(miriam, folder, "judith", "member")
        miriam.run("people", "grant", "aaron", "holy", keys=True)
        miriam.run("people", "invite", "tobias", "--file", str(folder / "tobias.invitation"), keys=True)
        _fill(miriam)
        yield miriam, aaron, judith


def _joined(miriam: Desk, folder: Path, name: str, role: str) -> Desk:
    desk, file = Desk(folder / name), str(folder / f"{name}.invitation")
    secret = desk.give("secret", miriam.run("people", "invite", name, "--role", role, "--file", file, keys=True))
    desk.url = desk.run("people", "accept", file, "--secret-file", secret, keys=True)
    miriam.run("people", "certify", name, keys=True)
    desk.run("courts", "make", keys=True)
    return desk


def _fill(desk: Desk) -> None:
    """The treasury's history and labels by the command line; two payments by the program's services."""
    sample = resources_dir() / "sample"
    wallet = json.loads((sample / "sample.json").read_text("utf-8"))["wallets"][0]
    desk.run("wallet", "add", "--name", "Treasury", "--chain", wallet["chain"], "--address", wallet["address"])
    desk.run("import", *(str(sample / file) for file in wallet["files"]), "--wallet", "Treasury")
    desk.run("prices", "import", str(sample / "prices.csv"))
    program = Program(data_dir=desk.data)
    program.ask_with(lambda _what: Factor.passphrase(desk.password))
    target = program.resolve(database_url=desk.url, key_file=desk.key_file)
    with closing(program), closing(program.open(target)) as services:
        if services.access is None:
            raise RuntimeError("the database has no levels")
        services.access.step_up(Court.HOLY, Factor.passphrase(f"second of {desk.password}"))
        (euro,) = services.storage.currencies.ensure([fiat_currency("EUR")])
        for day, level in ((17, "quantum"), (19, "standard")):
            values = {
                "paid_at": datetime(2026, 9, day, 8, 30, tzinfo=UTC),
                "amount": Amount.parse("312.50", euro),
                "security_level": level,
                "provider": "stripe",
                "external_id": f"pi_3Pw{day}",
                "description": "Oil for the lamps",
            }
            services.records.create(TableName.PAYMENTS, values)


def take_shared(camera: Any, folder: Path) -> None:
    """Every section as the founder sees it and the sheets of people; then the people as priest and member see them."""
    with temple(folder) as (miriam, aaron, judith):
        program = _unlocked(camera, miriam)
        for section in SECTIONS:
            _open(camera, section)
            camera.shoot(f"shared-{section}", 600)
        for part in ("keys", "certified", "invitations", "invite_button"):
            _open(camera, "people")
            click(camera.window, people_part_name(part))
            camera.shoot(f"shared-people-{part.removesuffix('_button')}", 1500)
        program.close()
        program = _unlocked(camera, aaron)
        for section in ("overview", "transactions", "people", "settings"):
            _open(camera, section)
            camera.shoot(f"shared-levite-{section}", 600)
        click(camera.window, "navigation_people")
        click(camera.window, people_part_name("keys"))
        camera.shoot("shared-levite-keys", 1500)
        program.close()
        program = _unlocked(camera, judith)
        _open(camera, "people")
        click(camera.window, people_part_name("certified"))
        camera.shoot("shared-member-certified", 1500)
        program.close()


def _unlocked(camera: Any, desk: Desk) -> WindowProgram:
    program = build(database_url=desk.url, key_file=desk.key_file, data_dir=desk.data)
    camera.point_at(program)
    QTest.keyClicks(named(camera.window, UNLOCK_PASSWORD), desk.password)
    click(camera.window, UNLOCK_START)
    wait(lambda: program.services is not None)
    settle(1_500)
    return program


def _open(camera: Any, section: str) -> None:
    page = camera.window.open_section(section)
    settle(900)
    grid = page.findChild(QTableView)
    if grid is not None and grid.model() is not None and grid.model().rowCount():
        grid.selectRow(min(1, grid.model().rowCount() - 1))
