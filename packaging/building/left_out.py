"""What PyInstaller collects and a window of widgets on a desktop does not need; shared by both specifications."""

from __future__ import annotations

import re
from pathlib import Path

# Qt plugins that such a window never loads; the gtk3 theme alone drags in all of GTK.
_UNUSED = re.compile(
    r"PySide6/Qt/(qml|translations)"  # the program speaks English, so Qt's dialogs do
    r"|PySide6/Qt/plugins/(assetimporters|designer|egldeviceintegrations|generic|networkinformation|qmllint|qmltooling"
    r"|renderers|sceneparsers|sqldrivers|tls|virtualkeyboard|platforminputcontexts/libqtvirtualkeyboard"
    r"|imageformats/libq(?!svg)"
    r"|platformthemes/libqgtk3|platforms/libq(eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc))"
    r"|PySide6/Qt/lib/libQt6(Designer|Pdf|Qml|Quick|ShaderTools|Sql|Test|VirtualKeyboard|Egl)"
)
# Compiled parts of pycryptodome beside Keccak and the field of the shares: PyInstaller's hook takes all of them.
_UNUSED_CRYPTO = re.compile(
    r"Crypto/(Cipher|Hash|Math|Protocol|PublicKey|Util)/_(?!keccak|strxor|cpuid_c)\w+\.abi3\.so"
)
# Part of every desktop and named in the package's dependencies: a second copy would quarrel with the system's own.
_HOST = re.compile(
    r"^lib(X|x|ICE|SM|EGL|GL|OpenGL|drm|gbm|wayland|glib|gobject|gio|gmodule|gthread|fontconfig|freetype|dbus|systemd"
    r"|stdc\+\+|gcc_s|z\.so|expat|png|brotli|pcre2|mount|blkid|selinux|lz4|lzma|zstd|cap\.so|gcrypt|gpg-error|bsd|md\.so)"
)
EXCLUDED_MODULES = [
    "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtSql", "PySide6.QtTest", "PySide6.QtUiTools",
    "IPython", "_tkinter", "lib2to3", "matplotlib", "pip", "pydoc_data", "setuptools", "test", "tkinter", "wheel",
    "multiprocessing", "xmlrpc",  # nobody forks; PyInstaller would load them in every start
    "readline",  # GPL; the program has no prompt
    "sqlite3",  # the vault's engine is sqlcipher3
]  # fmt: skip


def is_wanted(target: str) -> bool:
    """Whether a library or data file, by its place in the program's folder, belongs there."""
    name = target.replace("\\", "/")
    return not (_UNUSED.search(name) or _UNUSED_CRYPTO.search(name) or _HOST.match(Path(name).name))
