"""What is used of eth-account and eth-keyfile. Importing it takes half a second.

py_ecc, which comes with them, raises the interpreter's recursion limit to 100 000: from then on a deeply nested file
would end the whole program instead of a RecursionError. So the limit is put back.
"""

from __future__ import annotations

import sys

_LIMIT = sys.getrecursionlimit()

from eth_account import Account  # noqa: E402 - between the two lines that keep the limit
from eth_account.hdaccount.deterministic import HDPath  # noqa: E402
from eth_account.messages import SignableMessage, encode_defunct, encode_typed_data  # noqa: E402
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json  # noqa: E402
from eth_utils.exceptions import ValidationError  # noqa: E402

sys.setrecursionlimit(_LIMIT)

__all__ = [
    "Account",
    "HDPath",
    "SignableMessage",
    "ValidationError",
    "create_keyfile_json",
    "decode_keyfile_json",
    "encode_defunct",
    "encode_typed_data",
]
