"""Asking for files without a nested event loop: the answer comes later, or never."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_file(parent: QWidget, title: str, *, filters: str, then: Callable[[Path], None]) -> QFileDialog:
    """Ask for a file that is there (GUI thread); returns at once."""
    dialog = QFileDialog(parent, title, "", filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _opened(dialog, then)


def ask_files(parent: QWidget, title: str, *, filters: str, then: Callable[[list[Path]], None]) -> QFileDialog:
    """Ask for one or more files that are there (GUI thread); returns at once."""
    dialog = QFileDialog(parent, title, "", filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.filesSelected.connect(lambda names: then([Path(name) for name in names]))
    return _shown(dialog)


def ask_new_file(
    parent: QWidget, title: str, *, name: str, filters: str, then: Callable[[Path], None], replaces: bool = False
) -> QFileDialog:
    """Ask where to write (GUI thread); returns at once.

    ``replaces`` asks before an existing file is taken; without it whoever writes refuses one and says so.
    """
    dialog = QFileDialog(parent, title, "", filters)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not replaces)
    dialog.selectFile(name)
    return _opened(dialog, then)


def _opened(dialog: QFileDialog, then: Callable[[Path], None]) -> QFileDialog:
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    return _shown(dialog)


def _shown(dialog: QFileDialog) -> QFileDialog:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog
