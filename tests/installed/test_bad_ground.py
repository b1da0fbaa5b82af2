"""Bad ground: each is said in a sentence, with an exit code, without a traceback, and nothing is lost."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.installed.conftest import PROJECT
from tests.installed.desktop import Desktop, Started
from tests.installed.root import USER, MinimalRoot
from tests.support import dumps
from tests.support.storages import KEY

_HOME = f"/home/{USER}"


@pytest.fixture(scope="module")
def ground(installed: MinimalRoot, package: Path, tmp_path_factory: pytest.TempPathFactory) -> MinimalRoot:
    """The newest version, a vault of it with its key in a file, and its password."""
    installed.install(package)
    installed.empty_home()
    secret = installed.home / "password"
    secret.write_text("lantern over quiet water\n", encoding="utf-8")
    installed.own(secret)
    key = installed.home / "old.key"
    key.write_text(KEY.hex() + "\n", encoding="ascii")
    installed.own(key)
    made = tmp_path_factory.mktemp("vault") / "v.aether"
    dumps.make_vault(dumps.revisions()[-1], made)
    installed.give(made, "v.aether")
    return installed


def plain(started: Started) -> str:
    """What it said; there is no traceback in it and no message of Qt's own end."""
    said = started.out + started.err
    assert "Traceback" not in said
    assert "core dumped" not in said
    assert "Aborted" not in said
    return said


def test_a_home_that_cannot_be_written(ground: MinimalRoot, shots: Path) -> None:
    (ground.folder / "home/frozen").mkdir(mode=0o555, exist_ok=True)
    with Desktop(ground, shots=shots, environment={"HOME": "/home/frozen"}) as desktop:
        ended = desktop.run(f"cd / && aether-desktop --password-file {_HOME}/password vault create")
        assert ended.code == 1
        assert "/home/frozen" in plain(ended)
        app = desktop.start("cd / && aether-desktop")
        desktop.window("^Aether$")
        desktop.settled("20-read-only-home")
        assert app.running


def test_a_full_disk(ground: MinimalRoot, shots: Path) -> None:
    folder = ground.home / "full"
    folder.mkdir()
    ground.own(folder)
    folder.chmod(0o700)
    with Desktop(ground, shots=shots) as desktop:
        small = "ulimit -f 400"  # blocks of 512 bytes: writing past that fails, as on a full disk
        ended = desktop.run(
            f"{small}; trap '' XFSZ; aether-desktop --data-dir {_HOME}/full --password-file {_HOME}/password"
            f" --key-file {_HOME}/full/key vault create"
        )
        assert ended.code == 1, plain(ended)
        assert plain(ended).strip()
        assert not list(folder.glob("*.aether")), "half a vault was left behind"


def test_no_keyring(ground: MinimalRoot, shots: Path) -> None:
    with Desktop(ground, shots=shots, without=("keyring",)) as desktop:
        ended = desktop.run(f"aether-desktop --data-dir {_HOME}/nk --password-file {_HOME}/password vault create")
        assert ended.code == 1
        assert "keyring" in plain(ended).casefold()
        assert not (ground.home / "nk/vault.aether").exists()


def test_no_session_bus(ground: MinimalRoot, shots: Path) -> None:
    with Desktop(ground, shots=shots, bus=False) as desktop:
        ended = desktop.run(f"aether-desktop --data-dir {_HOME}/nb --password-file {_HOME}/password vault create")
        assert ended.code == 1
        assert "keyring" in plain(ended).casefold()
        app = desktop.start(f"aether-desktop --vault {_HOME}/v.aether --key-file {_HOME}/old.key")
        desktop.window(" - Aether")
        desktop.settled("21-no-bus")
        desktop.keys("alt+F4")
        app.wait()
        assert app.code == 0, plain(app)


def test_no_tray(ground: MinimalRoot, shots: Path) -> None:
    with Desktop(ground, shots=shots, without=("tray",)) as desktop:
        app = desktop.start(f"aether-desktop --vault {_HOME}/v.aether --key-file {_HOME}/old.key")
        desktop.window(" - Aether")
        desktop.settled("22-no-tray")
        desktop.keys("alt+F4")
        app.wait()
        assert app.code == 0, "without a tray closing the window ends the program"


def test_no_fonts(ground: MinimalRoot, shots: Path) -> None:
    fonts = ground.folder / "usr/share/fonts"
    away = fonts.with_name("fonts-away")
    fonts.rename(away)
    try:
        with Desktop(ground, shots=shots, without=("manager", "tray")) as desktop:
            ended = desktop.run(f"aether-desktop --data-dir {_HOME}/nf")
            assert ended.code == 1
            assert "no fonts" in plain(ended)
    finally:
        away.rename(fonts)


def test_wayland_variables_without_a_compositor(ground: MinimalRoot, shots: Path) -> None:
    with Desktop(ground, shots=shots, environment={"WAYLAND_DISPLAY": "wayland-0"}) as desktop:
        app = desktop.start(f"aether-desktop --vault {_HOME}/v.aether --key-file {_HOME}/old.key")
        desktop.window(" - Aether")
        desktop.keys("alt+F4")
        app.wait()
        assert app.code == 0, plain(app)
        ended = desktop.run("env -u DISPLAY aether-desktop")
        assert ended.code == 1
        assert "does not answer" in plain(ended)


def test_two_versions_at_once(ground: MinimalRoot, shots: Path) -> None:
    """The archive beside the package, on the same vault: one window comes forward, both write without harm."""
    (archive,) = (PROJECT / "dist").glob("*.tar.gz")
    given = ground.give(archive, "aether.tar.gz")
    with Desktop(ground, shots=shots) as desktop:
        desktop.done(f"tar -xzf {given} && mv aether-desktop-*-linux-* 'a folder with blanks'")
        options = f"--vault {_HOME}/v.aether --key-file {_HOME}/old.key"
        app = desktop.start(f"aether-desktop {options}")
        desktop.window(" - Aether")
        other = f"'{_HOME}/a folder with blanks/aether-desktop' {options}"
        assert desktop.run(other).code == 0
        assert app.running
        added = f"{other} wallet add --name Other --chain ethereum --address 0x003dc32fe920a4aaeed12dc87e145f030aa753f3"
        assert desktop.run(added).code == 0
        assert "Other" in desktop.done(f"aether-desktop {options} wallet list")
        desktop.done("'./a folder with blanks/menu' add")
        entry = ground.home / ".local/share/applications/aether-desktop.desktop"
        assert f'Exec="{_HOME}/a folder with blanks/aether-desktop" %f' in entry.read_text(encoding="utf-8")
        desktop.done("'./a folder with blanks/menu' remove")
        assert not entry.exists()
        desktop.keys("alt+F4")
        app.wait()


def test_a_vault_of_a_newer_version(ground: MinimalRoot, shots: Path, tmp_path: Path) -> None:
    made = tmp_path / "newer.aether"
    dumps.make_vault(dumps.revisions()[-1], made)
    _make_newer(made)
    before = hashlib.sha256(made.read_bytes()).hexdigest()
    vault = ground.give(made, "newer.aether")
    with Desktop(ground, shots=shots) as desktop:
        options = f"--vault {vault} --key-file {_HOME}/old.key"
        ended = desktop.run(f"aether-desktop {options} balance")
        assert ended.code == 1
        assert "newer" in plain(ended)
        app = desktop.start(f"aether-desktop {options}")
        desktop.window("^Aether$")
        desktop.settled("23-newer-vault")
        desktop.keys("alt+F4")
        app.wait()
        plain(app)
    assert hashlib.sha256((ground.home / "newer.aether").read_bytes()).hexdigest() == before


def _make_newer(path: Path) -> None:
    """As a later version leaves it: a schema that this one has never heard of."""
    from contextlib import closing

    from aether_desktop.storage.sqlite import SqliteKit
    from aether_desktop.storage.upgrade import VERSION_TABLE

    kit = SqliteKit(path, KEY)
    with closing(kit.connect()) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    kit.dispose()
