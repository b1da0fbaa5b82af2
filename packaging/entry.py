"""Where the frozen program starts: the same function as the console script."""

from __future__ import annotations

import sys

from aether_desktop.__main__ import main

sys.exit(main())
