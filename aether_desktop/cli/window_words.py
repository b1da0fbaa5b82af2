"""What opens the window and nothing else, read without the parser of all commands: that takes longer than to paint."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

VAULT_SUFFIX = ".aether"
_WITH_VALUE = {
    "--vault": "vault",
    "--database": "database",
    "--key-file": "key_file",
    "--password-file": "password_file",
    "--data-dir": "data_dir",
}
_FLAGS = {"--minimised": "minimised", "--confirm-database": "confirm_database"}


def window_options(arguments: Sequence[str]) -> argparse.Namespace | None:
    """What ``parse_arguments`` would say, or None for whatever is not a plain start of the window: ask that then."""
    options = argparse.Namespace(version=False, command=None, portable=None)
    for name in _WITH_VALUE.values():
        setattr(options, name, None)
    for name in _FLAGS.values():
        setattr(options, name, False)
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            setattr(options, _FLAGS[word], True)
        elif word in _WITH_VALUE and words and words[0] and not words[0].startswith("-"):
            setattr(options, _WITH_VALUE[word], words.pop(0))
        elif word.endswith(VAULT_SUFFIX) and not word.startswith("-") and not words:
            options.vault = word  # a double click on a vault's file
        else:
            return None
    return options
