"""Starts of the installed program, in the shape in which people get it, beside a bare frozen PySide6 window.

Both are watched from outside, by the same eye: the memory of a virtual screen, read every half millisecond. A start is
counted from the process to the first picture on a quarter of the screen's lines. ``make package`` comes first.
"""

from __future__ import annotations

import mmap
import os
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/package/frozen/aether-desktop/aether-desktop"
BARE = ROOT / "build/bare/bare-window/bare-window"
STARTS = 15
WANTED = 1.5
_LINES = 24  # of the screen, looked at
_PATIENCE = 60.0


class WatchedScreen:
    """Xvfb whose picture lies in a file. X without a window manager, so that nothing else draws."""

    def __init__(self, folder: Path) -> None:
        reading, writing = os.pipe()
        words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset"]
        words += ["-fbdir", str(folder)]
        self._server = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as answer:
            self.display = f":{answer.readline().strip()}"
        with (folder / "Xvfb_screen0").open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        heading = struct.unpack(">25I", self._memory[:100])  # X11's XWDFile.h
        size, height, line, colours = heading[0], heading[5], heading[12], heading[19]
        begin = size + 12 * colours
        step = height // _LINES
        self._places = [(begin + line * number, line) for number in range(step // 2, height, step)]

    def painted(self) -> bool:
        """Whether a quarter of the lines show something."""
        seen: int = sum(self._memory[at : at + size].count(0) != size for at, size in self._places)
        return seen >= _LINES // 4

    def close(self) -> None:
        self._memory.close()
        self._server.terminate()
        self._server.wait()


def seconds_to_paint(program: Path, screen: WatchedScreen, home: Path) -> float:
    """One start. RuntimeError when nothing is ever painted."""
    end = time.monotonic() + 10
    while screen.painted():  # the one before is still going
        if time.monotonic() > end:
            raise RuntimeError("the screen does not become empty")
        time.sleep(0.01)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment |= {
        "DISPLAY": screen.display,
        "QT_QPA_PLATFORM": "xcb",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
    }
    environment.pop("WAYLAND_DISPLAY", None)
    environment.pop("XAUTHORITY", None)
    began = time.perf_counter()
    process = subprocess.Popen([program], env=environment, stderr=subprocess.DEVNULL)
    try:
        while not screen.painted():
            if process.poll() is not None or time.perf_counter() - began > _PATIENCE:
                raise RuntimeError(f"{program.name} painted nothing; ended with {process.poll()}")
            time.sleep(0.0005)
        return time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def forget(folder: Path) -> None:
    """Have the kernel drop what it keeps of these files: the next start reads them from the disk."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fdatasync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def build_bare() -> None:
    """Freeze the bare window with the same tool and the same things left out."""
    python = ROOT / ".venv-package/bin/python"
    words: list[str | Path] = [python, "-I", "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    words += ["--distpath", BARE.parent.parent, "--workpath", ROOT / "build/bare/work"]
    words.append(ROOT / "packaging/bare-window.spec")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])


def main() -> int:
    if not PROGRAM.is_file():
        print("\nStart of the installed program: not measured; build it first with: make package")
        return 0
    if not BARE.is_file():
        build_bare()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - as a session's runtime folder is
    with tempfile.TemporaryDirectory(prefix="aether-start-", dir=memory) as name:
        folder = Path(name)
        home = folder / "home"
        home.mkdir(mode=0o700)
        screen = WatchedScreen(folder)
        try:
            pairs = {cold: [_pair(screen, home, cold=cold) for _ in range(STARTS + 1)][1:] for cold in (False, True)}
        finally:
            screen.close()
    print(f"\nStart of the installed program to the first painted window, {STARTS} starts of each in turn, seconds")
    worst = 0.0
    for cold, words in ((False, "files in memory"), (True, "files read from the disk")):
        bare, ours = ([pair[at] for pair in pairs[cold]] for at in (0, 1))
        ratio = [mine / other for other, mine in pairs[cold]]
        worst = max(worst, statistics.median(ratio))
        print(f"  {words} (least, median, most)")
        for what, figures in (("bare frozen window", bare), ("Aether Desktop", ours), ("ratio of each pair", ratio)):
            print(f"    {what:<20}{min(figures):7.3f}{statistics.median(figures):7.3f}{max(figures):7.3f}")
    print(f"  wanted: a median ratio under {WANTED}{'' if worst < WANTED else ': NOT REACHED'}")
    return 0


def _pair(screen: WatchedScreen, home: Path, *, cold: bool) -> tuple[float, float]:
    """One start of each, one right after the other: a slow moment of the machine hits both."""
    taken = []
    for program in (BARE, PROGRAM):
        if cold:
            forget(program.parent)
        taken.append(seconds_to_paint(program, screen, home))
    return taken[0], taken[1]


if __name__ == "__main__":
    sys.exit(main())
