"""What only a process shows: start time, no Qt, signals, closed pipes, missing displays, internal errors."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run, process
from tests.services import files
from tests.services.conftest import ADDRESS

NO_QT = """
import sys
from aether_desktop.__main__ import main
from tests.support import remembered_argon2
remembered_argon2.install()  # one password, eighteen times
codes = [main(words.split("|")) for words in sys.argv[1:]]
bad = sorted(name for name in sys.modules if name.split(".")[0] in {"PySide6", "shiboken6"})
print(codes, bad, file=sys.stderr)
sys.exit(bool(bad) or any(codes))
"""


def test_help_answers_at_once() -> None:
    """The processor's time, and the best of several starts: other work on the machine must not fail the test."""

    def spent() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    def seconds(*arguments: str) -> float:
        before = spent()
        subprocess.run(
            [sys.executable, *arguments], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        return spent() - before

    bare = min(seconds("-c", "pass") for _ in range(5))
    ours = min(seconds("-m", "aether_desktop", "--help") for _ in range(5))
    assert ours - bare < 0.15


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom aether_desktop.__main__ import main\nmain(['--help'])\n"
        "heavy = {'sqlalchemy', 'alembic', 'PySide6', 'cryptography', 'keyring', 'psycopg', 'orjson'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "vault" in done.stdout


def test_no_command_loads_qt(options: list[str], tmp_path: Path) -> None:
    first = str(files.write(tmp_path / "a.csv", files.NORMAL, files.incoming(1, "1")))
    prices = str(files.write(tmp_path / "p.csv", "date,symbol,currency,price", "2024-01-01,ETH,USD,1"))
    commands = [
        ["vault", "create"],
        ["vault", "info", "--json"],
        ["wallet", "add", "--name", "N", "--chain", "ethereum", "--address", ADDRESS],
        ["wallet", "list", "--json"],
        ["import", first, "--wallet", "N", "--json"],
        ["import", "list"],
        ["balance", "--json"],
        ["transactions", "list"],
        ["transactions", "export", "--format", "csv"],
        ["labels", "export", "-"],
        ["prices", "import", prices],
        ["token", "list"],
        ["modules", "list"],
        ["backup", str(tmp_path / "copy.aether")],
        ["migrate"],
        ["doctor"],
        ["schema", "balance"],
        ["sample", str(tmp_path / "sample.aether")],
    ]
    done = subprocess.run(
        [sys.executable, "-c", NO_QT, *("|".join([*options, *words]) for words in commands)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=100,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "invalid choice"),
        (["wallet", "add", "--name", "x"], "required"),
        (["import", "x.csv"], "--wallet"),
        (["import", "undo"], "import undo BATCH"),
        (["transactions", "export", "--format", "xlsx"], "invalid choice"),
        (["transactions", "list", "--limit", "-1"], "not negative"),
        (["audit", "list", "--row", "99999999999999999999"], "as large as that"),
        (["transactions", "list", "--limit", "many"], "invalid"),
        (["token", "rescale", "x", "--decimals", "six"], "invalid int"),
        (["vault"], "required"),
    ],
)
def test_wrong_usage_is_said_and_ends_with_two(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments, code=2)
    assert said in done.err
    assert done.out == ""


def test_help_and_version_end_with_zero(run: Run) -> None:
    assert "import undo BATCH" in run("import", "--help").out
    assert run("--version").out.startswith("aether-desktop ")


def test_without_a_display_one_line_says_what_to_do() -> None:
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "aether_desktop"],
        env={**bare, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "DISPLAY" in done.stderr
    assert "--help" in done.stderr


def _is_halfway(pid: int, path: Path) -> bool:
    """Whether the process reads the rows of the file (open once then; twice while it is hashed before)."""
    positions = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if link.readlink() == path:
                first_line = Path(f"/proc/{pid}/fdinfo/{link.name}").read_text().splitlines()[0]
                positions.append(int(first_line.split()[1]))
    size = path.stat().st_size
    return len(positions) == 1 and size // 4 < positions[0] < size


@pytest.mark.skipif(not Path("/proc/self/fdinfo").is_dir(), reason="only Linux tells what another process reads")
def test_an_interrupted_import_stores_nothing(books: Run, options: list[str], tmp_path: Path) -> None:
    books("wallet", "add", "--name", "N", "--chain", "ethereum", "--address", ADDRESS)
    path = files.write(tmp_path / "big.csv", files.NORMAL, *(files.incoming(n, "1") for n in range(1, 80_001)))
    command = [sys.executable, "-m", "aether_desktop", *options, "import", str(path), "--wallet", "N", "--json"]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        deadline = time.monotonic() + 50
        while not _is_halfway(started.pid, path):
            assert started.poll() is None, started.communicate()
            assert time.monotonic() < deadline
            os.sched_yield()
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "")
    assert err == "Cancelled; nothing was stored.\n"
    assert books("transactions", "list", "--json").json("transactions") == []
    assert books("import", "list", "--json").json("import-list") == []


def test_an_interruption_while_libraries_load_is_no_traceback() -> None:
    code = (
        "import sys\nclass Loading:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'sqlalchemy':\n            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Loading())\nfrom aether_desktop.__main__ import main\nsys.exit(main(['doctor']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


def test_a_closed_pipe_is_no_traceback(books: Run, options: list[str], tmp_path: Path) -> None:
    books("wallet", "add", "--name", "N", "--chain", "ethereum", "--address", ADDRESS)
    path = files.write(tmp_path / "a.csv", files.NORMAL, *(files.incoming(n, "1") for n in range(1, 5_001)))
    books("import", str(path), "--wallet", "N")
    command = [sys.executable, "-m", "aether_desktop", *options, "transactions", "export", "--format", "csv"]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert started.stdout.readline().startswith(b"occurred_at,")
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait(timeout=30) == 1


@pytest.mark.usefixtures("books")
def test_a_terminal_of_another_encoding_gets_escapes(options: list[str]) -> None:
    environment = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    added = process(
        *options, "wallet", "add", "--name", "Käse 🦊 \x1b[31m\u202e", "--chain", "1", "--address", ADDRESS,
        environment=environment,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    listed = process(*options, "wallet", "list", environment=environment)
    assert listed.returncode == 0
    assert "K\\xe4se" in listed.stdout
    assert "\x1b" not in listed.stdout + added.stderr


def test_a_bug_of_ours_is_one_line_and_a_file(books: Run, options: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom aether_desktop.services.balances import BalanceService\n"
        "def broken(*_, **__): raise RuntimeError('at postgresql://me:hunter2@host/db')\n"
        "BalanceService.balances = broken\n"
        "from aether_desktop.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *options, "balance"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Internal error: RuntimeError.")
    assert done.stderr.count("\n") == 1
    (report,) = (tmp_path / "data" / "state").glob("internal-error-*.txt")
    assert str(report) in done.stderr
    text = report.read_text()
    assert "Traceback" in text
    assert "hunter2" not in text
    assert report.stat().st_mode & 0o777 == 0o600
