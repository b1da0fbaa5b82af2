"""A system without fonts is told from others; each looked at by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_NONE = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/none</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
_ASK = "from aether_desktop.ui import application as a; app = a.own_application(); print(a.has_fonts())"


@pytest.mark.parametrize("absent", [True, False])
def test_whether_there_are_fonts(tmp_path: Path, absent: bool) -> None:
    settings = tmp_path / "fonts.conf"
    settings.write_text(_NONE.format(folder=tmp_path), encoding="utf-8")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    if absent:
        environment["FONTCONFIG_FILE"] = str(settings)
    done = subprocess.run(
        [sys.executable, "-c", _ASK], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == str(not absent)
