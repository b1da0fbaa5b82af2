"""A fresh minimal Debian, with nothing in it but what the package asks for. Needs an administrator: it is a chroot."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.processes import tool

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
USER = "tester"
_TOOLS = ("dbus", "gnome-keyring", "libsecret-tools", "trayer", "openbox", "man-db")
_ENTER = """
root=$1; shift
for name in null zero full random urandom tty; do
  # never removed: that would take it from the sessions that run here already
  [ -e "$root/dev/$name" ] || : >"$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"
done
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
exec chroot "$root" "$@"
"""


class MinimalRoot:
    """One system below a folder. Commands have mounts and processes of their own, which end with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def made(cls, folder: Path, *, cache: Path) -> MinimalRoot:
        """``debootstrap --variant=minbase``, once; then copies of that."""
        clean = cache / f"{SUITE}-minbase"
        if not (clean / "etc/debian_version").is_file() or (clean / "debootstrap").exists():
            shutil.rmtree(clean, ignore_errors=True)
            clean.parent.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [tool("debootstrap"), "--variant=minbase", SUITE, str(clean), MIRROR],
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
            )
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        subprocess.run(["cp", "-a", "--reflink=auto", str(clean), str(folder)], check=True, timeout=300)
        (folder / "tmp").chmod(0o1777)
        if Path("/etc/resolv.conf").is_file():
            shutil.copyfile("/etc/resolv.conf", folder / "etc/resolv.conf")
        return cls(folder)

    def command(
        self, words: Sequence[str], *, user: str = "root", environment: Mapping[str, str] | None = None
    ) -> list[str]:
        """The words as they are run inside, as this person, with nothing of our own environment."""
        home = "/root" if user == "root" else f"/home/{user}"
        known = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **(environment or {}),
        }
        inside = ["env", "-i", *(f"{name}={value}" for name, value in known.items())]
        if user != "root":
            inside = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *inside, "sh", "-c", _AT_HOME]
            inside += ["sh"]
        apart = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        return [tool("unshare"), *apart, "sh", "-ec", _ENTER, "enter", str(self.folder), *inside, *words]

    def run(
        self,
        *words: str,
        user: str = "root",
        environment: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; AssertionError with what it said, unless it went well or ``check`` is off."""
        done = subprocess.run(
            self.command(words, user=user, environment=environment),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def install(self, package: Path) -> str:
        """With apt, and with what the package depends on, nothing else."""
        shutil.copyfile(package, self.folder / "srv" / package.name)
        self.run("apt-get", "update", "-qq")
        return self.run(
            "apt-get", "install", "-y", "-q", "--no-install-recommends", "--allow-downgrades", f"/srv/{package.name}"
        ).stdout

    def add_tools(self) -> None:
        """What a desktop has beside: a keyring, a window manager, a tray; and a person."""
        self.run("apt-get", "install", "-y", "-q", "--no-install-recommends", *_TOOLS)
        self.run("useradd", "--create-home", "--shell", "/bin/sh", USER)

    @property
    def home(self) -> Path:
        return self.folder / "home" / USER

    def empty_home(self) -> None:
        """As on the person's first day."""
        self.run(
            "sh", "-c", f"rm -rf /home/{USER} && cp -r /etc/skel /home/{USER} && chown -R {USER}:{USER} /home/{USER}"
        )

    def give(self, source: Path, name: str) -> str:
        """Put a file into the person's home; returns its path inside."""
        target = self.home / name
        shutil.copyfile(source, target)
        self.own(target)
        return f"/home/{USER}/{name}"

    def own(self, path: Path) -> None:
        """It belongs to the person, and to nobody else."""
        found = (self.folder / "etc/passwd").read_text(encoding="utf-8")
        (line,) = (line for line in found.splitlines() if line.startswith(f"{USER}:"))
        os.chown(path, int(line.split(":")[2]), int(line.split(":")[3]))
        path.chmod(0o600)


_AT_HOME = 'cd "$HOME" && exec "$@"'
