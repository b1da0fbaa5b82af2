"""Which fields are sealed, and in which court."""

from __future__ import annotations

from enum import StrEnum

from aether_desktop.domain.courts import Court


class SealedField(StrEnum):
    """The values are permanent ids: part of every seal, they never change, whatever a column is called."""

    USER_EMAIL = "user.email"
    NOTE = "annotation.note"
    PAYMENT_METHOD_EXTERNAL_ID = "payment_method.external_id"
    PAYMENT_METHOD_LAST_FOUR = "payment_method.last_four"
    PAYMENT_METHOD_EXPIRY = "payment_method.expiry"
    PAYMENT_EXTERNAL_ID = "payment.external_id"
    PAYMENT_METADATA = "payment.metadata"
    WALLET_SECRET = "wallet.secret"  # noqa: S105 - a field's id

    @property
    def court(self) -> Court:
        """The court whose key seals it."""
        if self in {SealedField.USER_EMAIL, SealedField.NOTE}:
            return Court.OUTER
        return Court.MOST_HOLY if self is SealedField.WALLET_SECRET else Court.HOLY
