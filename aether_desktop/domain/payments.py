"""Payments and the methods they are made with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from aether_desktop.domain.amounts import Amount
from aether_desktop.domain.records import InvalidRecordError, Record, require_text, require_zone
from aether_desktop.domain.sealed_fields import Sealed


class PaymentMethodKind(StrEnum):
    CARD = "card"
    BANK_ACCOUNT = "bank_account"
    CRYPTO = "crypto"


class PaymentMethodStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    INVALID = "invalid"


class PaymentStatus(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUNDED = "refunded"


class SecurityLevel(StrEnum):
    STANDARD = "standard"
    ENHANCED = "enhanced"
    QUANTUM = "quantum"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod(Record):
    """``last_four`` is 4 digits or empty; ``expires_on`` the last valid day."""

    name: str
    kind: PaymentMethodKind
    provider: str = ""
    provider_reference: str | Sealed = ""
    last_four: str | Sealed = ""
    expires_on: date | Sealed | None = None
    is_default: bool = False
    status: PaymentMethodStatus = PaymentMethodStatus.ACTIVE

    def __post_init__(self) -> None:
        require_text("name", self.name, limit=200)
        require_text("provider", self.provider, limit=200, empty=True)
        if not isinstance(self.provider_reference, Sealed):
            require_text("provider_reference", self.provider_reference, limit=200, empty=True)
        if isinstance(self.last_four, Sealed) or not self.last_four:
            return
        if not (len(self.last_four) == 4 and self.last_four.isascii() and self.last_four.isdigit()):
            raise InvalidRecordError("last_four", "Give the last four digits only, never the whole number.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Record):
    """Fiat or crypto. ``external_id`` is the provider's id, unique per provider when given.

    ``metadata`` is what the provider tells beside it, any text.
    """

    paid_at: datetime
    amount: Amount
    status: PaymentStatus = PaymentStatus.PENDING
    provider: str = ""
    external_id: str | Sealed = ""
    wallet_id: int | None = None
    payment_method_id: int | None = None
    security_level: SecurityLevel = SecurityLevel.STANDARD
    quantum_signature: str = ""
    description: str = ""
    metadata: str | Sealed = ""

    def __post_init__(self) -> None:
        require_zone("paid_at", self.paid_at)
        for name, limit in (
            ("provider", 200),
            ("external_id", 200),
            ("quantum_signature", 20_000),
            ("description", 10_000),
            ("metadata", 20_000),
        ):
            value = getattr(self, name)
            if not isinstance(value, Sealed):
                require_text(name, value, limit=limit, empty=True)
