"""Smart contracts: deployments and their code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aether_desktop.domain.records import InvalidRecordError, Record, require_address, require_chain, require_text


class ContractStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract(Record):
    """``address`` may be empty while pending. ``artifact`` holds ABI, bytecode and source as imported."""

    name: str
    chain: str
    address: str = ""
    status: ContractStatus = ContractStatus.PENDING
    last_interaction_at: datetime | None = None
    artifact: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_text("name", self.name, limit=200)
        chain = require_chain(self.chain)
        if self.address:
            object.__setattr__(self, "address", require_address(self.address, chain))
        elif self.status is not ContractStatus.PENDING:
            raise InvalidRecordError("address", "Only a pending contract may be without an address.")
