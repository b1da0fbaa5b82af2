"""The fingerprint of the rules is the same in every process, whatever the order of sets there."""

from __future__ import annotations

import os
import subprocess
import sys

from aether_desktop.storage.access.revision import ACCESS_REVISION

_PRINT = "from aether_desktop.storage.access.revision import ACCESS_REVISION; print(ACCESS_REVISION)"


def test_it_does_not_depend_on_the_process() -> None:
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", _PRINT], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout.strip() == ACCESS_REVISION
