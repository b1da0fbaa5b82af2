"""Runs a command in a session of its own: temporary home, D-Bus, unlocked keyring, virtual screen.

usage: python -m scripts.private_session COMMAND [ARGUMENT...]
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing

from tests.support.display import VirtualDisplay
from tests.support.private_home import PrivateHome
from tests.support.processes import ToolMissingError
from tests.support.session_bus import KeyringDaemon, SessionBus


def main(command: Sequence[str]) -> int:
    """Return the command's exit code; 2 if there is no command or a tool is missing."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    environment = dict(os.environ)
    try:
        with ExitStack() as stack:
            stack.enter_context(closing(PrivateHome())).apply(environment)
            bus = stack.enter_context(closing(SessionBus()))
            stack.enter_context(closing(KeyringDaemon(bus)))
            screen = stack.enter_context(closing(VirtualDisplay()))
            environment.update(screen.environment, DBUS_SESSION_BUS_ADDRESS=bus.address)
            return subprocess.run(list(command), env=environment, check=False).returncode
    except ToolMissingError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
