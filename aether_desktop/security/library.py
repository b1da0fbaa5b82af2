"""Loads the cryptographic library and nothing else: one native file of many megabytes, with the interpreter held."""

from __future__ import annotations

import cryptography.exceptions  # noqa: F401
