"""A person's whole way with the package: first run, a vault, an import, locks, an upgrade, removal."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from aether_desktop.services.settings_file import KEEP_WATCHING
from tests.installed.conftest import PROJECT
from tests.installed.desktop import Desktop
from tests.installed.root import USER, MinimalRoot
from tests.support import dumps
from tests.support.storages import KEY

PASSWORD = "lantern over quiet water"
ADDRESS = "0xf98c96b5d10faafc2324847c82305bd5fd7e5ad3"
DATA = PROJECT.parent / "shared" / "data" / "etherscan" / "0xf98_etherscan.csv"
_VAULT = ".local/share/aether-desktop/vault.aether"


@pytest.fixture(scope="module")
def home(installed: MinimalRoot, older: Path) -> Path:
    """The version before, and the person's home, with a password for scripts in it and nothing else."""
    installed.install(older)
    installed.empty_home()
    secret = installed.home / "password"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    installed.own(secret)
    return installed.home


@pytest.fixture
def desktop(installed: MinimalRoot, shots: Path, home: Path) -> Iterator[Desktop]:
    with Desktop(installed, shots=shots) as started:
        yield started


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cli(words: str) -> str:
    return f"aether-desktop --password-file /home/{USER}/password {words}"


def unlock(desktop: Desktop) -> None:
    """Type the password into the locked window."""
    desktop.window("^Aether$")
    desktop.gold(404, 342)  # "Unlock"
    desktop.type(PASSWORD)
    desktop.keys("Return")
    desktop.window("^vault - Aether")


class TestLife:
    """In this order."""

    def test_the_sample_opens_from_the_first_page(self, desktop: Desktop) -> None:
        app = desktop.start("aether-desktop")
        desktop.window("^Aether$")
        desktop.gold(424, 462)  # "Create vault"
        desktop.settled("1-first-run")
        desktop.click(560, 693)  # "Try the sample vault"
        desktop.settled("2-sample-chosen")
        desktop.keys("Tab", "space")
        desktop.window("^Sample .* - Aether")
        desktop.settled("3-sample")
        desktop.keys("ctrl+3")
        desktop.settled("4-sample-transactions")
        desktop.keys("alt+F4")
        app.wait()
        assert (app.code, app.err) == (0, "")

    def test_a_vault_is_made_with_the_real_keyring(self, desktop: Desktop, home: Path) -> None:
        app = desktop.start("aether-desktop")
        desktop.window("^Aether$")
        desktop.gold(424, 462)
        desktop.settled("5-first-page")
        desktop.click(632, 288)  # "Password"; Return leads on
        for _ in range(2):
            desktop.type(PASSWORD)
            desktop.keys("Return")
        desktop.window("^vault - Aether")
        desktop.gold(397, 540)  # "I have them"
        desktop.settled("6-recovery-kit")
        assert (home / _VAULT).is_file()
        assert b"SQLite" not in (home / _VAULT).read_bytes()[:64]
        found = desktop.done("secret-tool search --all service aether-desktop 2>&1 | grep -c '^\\[' || true")
        assert int(found) >= 1, "the device's key is not in the keyring"
        desktop.click(589, 548)  # "Later"
        desktop.settled("7-empty-overview")
        leave(desktop, app)

    def test_a_real_export_is_imported_by_the_window(self, desktop: Desktop, installed: MinimalRoot) -> None:
        if not DATA.is_file():
            pytest.skip("the data folder beside the checkout is absent")
        export = installed.give(DATA, "export.csv")
        app = desktop.start("aether-desktop")
        unlock(desktop)
        desktop.done(cli(f"wallet add --name Treasury --chain ethereum --address {ADDRESS}"))
        desktop.settled("8-wallet")
        desktop.keys("ctrl+i")
        desktop.settled("9-import")
        desktop.keys("space")
        desktop.settled("10-file-dialog")
        desktop.type(export)
        desktop.keys("Return")
        desktop.gold(1208, 700)
        desktop.settled("11-files")
        desktop.click(1228, 708)  # "Next"
        desktop.gold(1140, 700)
        desktop.settled("12-preview")
        desktop.click(1228, 708)  # "Import"
        desktop.until(lambda: self._rows(desktop), "imported rows")
        desktop.settled("13-imported")
        balances = cast("list[dict[str, Any]]", desktop.json(cli("balance --json")))
        assert [row["base_units"] for row in balances if not row["contract"]] == ["0"], balances  # it was emptied
        leave(desktop, app)

    @staticmethod
    def _rows(desktop: Desktop) -> bool:
        return bool(desktop.json(cli("import list --json")))

    def test_locked_it_opens_with_the_password_alone(self, desktop: Desktop) -> None:
        app = desktop.start("aether-desktop")
        unlock(desktop)
        desktop.settled("14-unlocked")
        desktop.keys("ctrl+shift+l")
        desktop.window("^Aether$")
        desktop.gold(404, 342)
        desktop.settled("15-locked")
        desktop.type("not the password")
        desktop.keys("Return")
        desktop.settled("16-wrong-password")
        desktop.keys("ctrl+a")
        unlock(desktop)
        leave(desktop, app)

    def test_a_second_start_raises_the_first(self, desktop: Desktop) -> None:
        first = desktop.start("aether-desktop")
        unlock(desktop)
        second = desktop.run("aether-desktop")
        assert (second.code, first.running) == (0, True), first.err + second.err
        leave(desktop, first)

    def test_an_upgrade_keeps_everything(
        self, desktop: Desktop, installed: MinimalRoot, package: Path, home: Path
    ) -> None:
        before = desktop.done(cli("balance --json"))
        kept = digest(home / f"{_VAULT}.keys")
        installed.install(package)
        assert "0.0.9" not in installed.run("dpkg-query", "-W", "aether-desktop").stdout
        assert desktop.done(cli("balance --json")) == before
        assert digest(home / f"{_VAULT}.keys") == kept
        assert desktop.run(cli("doctor")).code == 0

    @pytest.mark.parametrize("revision", dumps.revisions())
    def test_a_vault_of_every_released_schema_is_brought_up(
        self, installed: MinimalRoot, desktop: Desktop, revision: str, tmp_path: Path
    ) -> None:
        dumps.make_vault(revision, tmp_path / "old.aether")
        vault = installed.give(tmp_path / "old.aether", f"old-{revision}.aether")
        key = installed.home / "old.key"
        key.write_text(KEY.hex() + "\n", encoding="ascii")
        installed.own(key)
        options = f"--vault {vault} --key-file /home/{USER}/old.key"
        told = desktop.done(f"aether-desktop {options} migrate 2>&1")
        assert "schema" in told
        assert desktop.run(f"aether-desktop {options} doctor").code == 0

    def test_one_temple_node_is_probed_and_the_tray_tells(self, desktop: Desktop, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            desktop.done(cli(f"nodes add Altar --tier outer_court --endpoint tcp=127.0.0.1:{port}"))
            asked = desktop.run(cli("monitor --once --seconds 60 --json"))
            assert asked.code == 0, asked.out + asked.err
            assert "Altar" in asked.out
            chosen = home / ".config/aether-desktop/settings.json"
            kept = json.loads(chosen.read_text(encoding="utf-8"))
            chosen.write_text(json.dumps({**kept, KEEP_WATCHING.key: True}), encoding="utf-8")
            app = desktop.start("sh -c 'echo $$ >$HOME/app.pid; exec aether-desktop'")
            unlock(desktop)
            desktop.settled("17-watching-in-the-tray")
            desktop.keys("alt+F4")
            desktop.gone("^vault - Aether")
            desktop.settled("18-only-the-tray")
            assert app.running, "a window that is closed while it watches goes on in the tray"
            pid = int((home / "app.pid").read_text())
            desktop.run(f"kill -TERM {pid}")
            app.wait()

    def test_removal_leaves_the_vault_and_says_where(self, installed: MinimalRoot, home: Path) -> None:
        before = {path: digest(path) for path in (home / _VAULT).parent.iterdir() if path.is_file()}
        said = installed.run("apt-get", "remove", "-y", "aether-desktop").stdout
        assert "~/.local/share/aether-desktop" in said
        assert not (installed.folder / "usr/lib/aether-desktop").exists()
        assert not (installed.folder / "usr/bin/aether-desktop").is_symlink()
        installed.run("apt-get", "purge", "-y", "aether-desktop")
        assert before == {path: digest(path) for path in before}


def leave(desktop: Desktop, app: object) -> None:
    """Close the window; a program that goes on in the tray is ended there."""
    from tests.installed.desktop import Started

    assert isinstance(app, Started)
    desktop.keys("alt+F4")
    with suppress(AssertionError):
        app.wait()
    if app.running:
        desktop.settled("in-the-tray")
        pytest.fail("the program goes on without its window, and nobody asked for that")
    assert app.code == 0, app.err
