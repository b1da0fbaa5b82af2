"""Checkpoints and proofs as files for other programs: JSON, every byte string in hexadecimal.

resources/verify_proof.py reads them without this program. ``body`` and ``entry`` are canonical structures
(domain.canonical); everything else in a file only repeats what they say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from aether_desktop.domain.audit import CheckpointBody
from aether_desktop.domain.canonical import NotCanonicalError
from aether_desktop.ports.audit import LogRow, StoredCheckpoint
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.services.whole_file import writing

CHECKPOINT: Final = "aether/1/audit-checkpoint"
INCLUSION: Final = "aether/1/audit-inclusion-proof"
CONSISTENCY: Final = "aether/1/audit-consistency-proof"
_LIMIT: Final = 1_000_000  # bytes of a file that is read


def checkpoint_fields(point: StoredCheckpoint) -> dict[str, object]:
    """A checkpoint as it stands in all three kinds of files."""
    body = CheckpointBody.decode(point.body)
    return {
        "format": CHECKPOINT,
        "vault": str(body.vault_id),
        "size": body.size,
        "root": body.root.hex(),
        "person": str(body.user_id),
        "time": point.at.isoformat(),
        "code": body.code,
        "body": point.body.hex(),
        "public_key": point.public_key.hex(),
        "signature": point.signature.hex(),
    }


def inclusion_fields(
    row: LogRow, device_key: bytes, proof: Sequence[bytes], point: StoredCheckpoint
) -> dict[str, object]:
    """``device_key`` is empty for an entry that only the server vouches for."""
    return {
        "format": INCLUSION,
        "index": row.leaf_index,
        "entry": row.entry.hex(),
        "entry_signature": row.signature.hex(),
        "device_key": device_key.hex(),
        "proof": [step.hex() for step in proof],
        "checkpoint": checkpoint_fields(point),
    }


def consistency_fields(first: StoredCheckpoint, second: StoredCheckpoint, proof: Sequence[bytes]) -> dict[str, object]:
    """That the first checkpoint's log is the beginning of the second's."""
    return {
        "format": CONSISTENCY,
        "first": checkpoint_fields(first),
        "second": checkpoint_fields(second),
        "proof": [step.hex() for step in proof],
    }


def write_fields(path: Path, fields: dict[str, object]) -> None:
    """The whole file or none; an existing one is replaced. Raises as ``whole_file.writing`` does."""
    with writing(path) as sink:
        sink.write(json.dumps(fields, indent=1, ensure_ascii=False) + "\n")


def read_checkpoint(path: Path) -> tuple[CheckpointBody, bytes, bytes, bytes]:
    """Body, its bytes, public key and signature; not verified yet. Raises InvalidInputError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
        read: Any = json.loads(content) if len(content) <= _LIMIT else None
        if not isinstance(read, dict):
            raise ValueError
        if read.get("format") == INCLUSION:
            read = read["checkpoint"]
        if read.get("format") != CHECKPOINT:
            raise ValueError
        body, public, signature = (bytes.fromhex(read[name]) for name in ("body", "public_key", "signature"))
        return CheckpointBody.decode(body), body, public, signature
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror or error}.", field="file") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NotCanonicalError):
        raise InvalidInputError(
            f"{path.name} is no checkpoint of an audit log.",
            field="file",
            hint="Choose a file that was exported with: Export checkpoint.",
        ) from None
