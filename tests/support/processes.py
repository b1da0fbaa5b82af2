"""Child processes of a test run: they end with it, even when it is killed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

THREAD_PREFIX = "test-run-"  # threads of the run itself; the leak guard lets them be
_STOP_SECONDS = 10.0


class ToolMissingError(RuntimeError):
    """A program that the tests need is not installed."""


def tool(name: str, *, folders: Sequence[Path] = ()) -> str:
    """Return the program's path; ToolMissingError names the cure."""
    search = os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"])
    found = shutil.which(name, path=search)
    if found is None:
        raise ToolMissingError(f"{name} is not installed; run: scripts/setup --dev")
    return found


def bound_to_parent(command: Sequence[str], *, signal_name: str = "TERM", user: str | None = None) -> list[str]:
    """Return the command wrapped so that the kernel signals it when this process dies, and as another user if named."""
    wrapper = [tool("setpriv"), f"--pdeathsig={signal_name}"]
    if user is not None:
        wrapper += [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups"]
    return [*wrapper, "--", *command]


class Child:
    """A long-running program whose output is kept, and whose readiness is a line it prints. Stop it from any thread."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        ready: Callable[[str], bool],
        name: str,
        stdin: bytes = b"",
        pass_fds: Sequence[int] = (),
        cwd: Path | None = None,
    ) -> None:
        self._name = name
        self._ready = ready
        self._lines: list[str] = []
        self._event = threading.Event()
        self._process = subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(pass_fds),
        )
        assert self._process.stdin is not None
        self._process.stdin.write(stdin)
        self._process.stdin.close()
        self._reader = threading.Thread(target=self._read, name=f"{THREAD_PREFIX}{name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the program itself (setpriv replaces itself)."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """What it printed so far."""
        return "".join(self._lines)

    def wait_until_ready(self, seconds: float = 30.0) -> None:
        """Block until the ready line; RuntimeError with the output if it ends or stays silent."""
        if not self._event.wait(seconds) or not self.running:
            self.stop(signal=9)
            raise RuntimeError(f"{self._name} did not start:\n{self.output}")

    def stop(self, *, signal: int = 15) -> None:
        """Signal, wait, kill if it does not obey. Doing it twice is harmless."""
        if self.running:
            self._process.send_signal(signal)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_STOP_SECONDS)
        self._reader.join(_STOP_SECONDS)
        assert self._process.stdout is not None
        if not self._reader.is_alive():
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            line = raw.decode("utf-8", "replace")
            self._lines.append(line)
            if self._ready(line):
                self._event.set()
        self._event.set()  # ended: wake whoever waits
