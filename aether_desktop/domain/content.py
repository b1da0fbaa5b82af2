"""Content ids: what lies on IPFS and Filecoin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aether_desktop.domain.records import InvalidRecordError, Record, require_text

_CID_V0 = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}\Z", re.ASCII)
_CID_V1 = re.compile(r"(?:b[a-z2-7]{30,200}|z[1-9A-HJ-NP-Za-km-z]{30,200}|f[0-9a-f]{30,300})\Z", re.ASCII)


class ContentKind(StrEnum):
    WALLET_BACKUP = "wallet_backup"
    SMART_CONTRACT = "smart_contract"
    TRANSACTION_LOG = "transaction_log"


class ContentStatus(StrEnum):
    ACTIVE = "active"
    SYNCING = "syncing"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentEntry(Record):
    """``cid`` is a CIDv0 or a CIDv1 in base32, base58 or base16 (multiformats/cid)."""

    cid: str
    kind: ContentKind
    status: ContentStatus = ContentStatus.SYNCING
    name: str = ""
    size_bytes: int | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cid", self.cid.strip())
        if not (_CID_V0.match(self.cid) or _CID_V1.match(self.cid)):
            raise InvalidRecordError(
                "cid", "This is not a content id: it begins with Qm, or with b, z or f (version 1)."
            )
        require_text("name", self.name, limit=200, empty=True)
        if self.size_bytes is not None and not 0 <= self.size_bytes < 2**63:
            raise InvalidRecordError("size_bytes", "A size is not negative.")
