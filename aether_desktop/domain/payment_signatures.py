"""What a signature on a payment covers: everything that must not change afterwards. The status may.

Shown part: canonical ``aether/1/payment-shown`` (vault, payment, owner, UTC microseconds of creation and of payment,
base units in 32 bytes, currency as [chain, contract, symbol, decimals], provider, wallet and method as sequences of
none or one id, SHA-256 of the description, 1 if there is a provider's id, else 0). Hidden part: SHA-256 of canonical
``aether/1/payment-hidden`` (vault, payment, provider's id).

Two signatures: over canonical ``aether/1/payment`` (signer, UTC microseconds of signing, shown part), which everybody
can check who sees the row; and over canonical ``aether/1/payment-provider`` (signer, microseconds, hidden part), which
those can check who may open the provider's id. The hidden part is not stored: a guess could be tried against it. Stored
as base64: canonical ``aether/1/payment-signature`` (signer, microseconds, key, shown part, signature, second signature
or nothing). The shown part is stored so that a difference can be named.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aether_desktop.domain.amounts import Currency, format_units
from aether_desktop.domain.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.domain.payments import Payment
from aether_desktop.domain.times import InvalidTimeError, from_micros, iso, to_micros

PURPOSE: Final = "aether/1/payment"
HIDDEN_PURPOSE: Final = "aether/1/payment-provider"
SHOWN_LABEL: Final = "aether/1/payment-shown"
HIDDEN_LABEL: Final = "aether/1/payment-hidden"
STORED_LABEL: Final = "aether/1/payment-signature"
KEY_BYTES: Final = 32
_UNITS_BYTES: Final = 32
_DIGEST_BYTES: Final = 32


class SignatureState(StrEnum):
    """What can be said of a payment's signature."""

    NONE = "none"  # not of the level that is signed
    MISSING = "missing"  # of that level, without a signature
    VALID = "valid"
    ALTERED = "altered"
    UNKNOWN_KEY = "unknown-key"
    UNREADABLE = "unreadable"
    UNCHECKED = "unchecked"  # what is needed to check it is not at hand


@dataclass(frozen=True, slots=True)
class ShownPart:
    """The signed facts that are stored in plain columns. Times are UTC microseconds since 1970."""

    vault_id: int
    payment_id: int
    owner_id: int
    created_at: int
    paid_at: int
    base_units: int
    chain: str
    contract: str
    symbol: str
    decimals: int
    provider: str
    wallet_id: int | None
    payment_method_id: int | None
    description: bytes
    has_external_id: bool

    def differences(self, now: ShownPart) -> list[str]:
        """What differs, each as "amount: signed 1 EUR, now 2 EUR"."""
        pairs = (
            ("payment", str(self.payment_id), str(now.payment_id)),
            ("vault", str(self.vault_id), str(now.vault_id)),
            ("owner", str(self.owner_id), str(now.owner_id)),
            ("amount", *self._money(now)),
            ("time", _time(self.paid_at), _time(now.paid_at)),
            ("created", _time(self.created_at), _time(now.created_at)),
            ("provider", self.provider or "none", now.provider or "none"),
            ("wallet", _reference(self.wallet_id), _reference(now.wallet_id)),
            ("payment method", _reference(self.payment_method_id), _reference(now.payment_method_id)),
            ("provider's id", _presence(self.has_external_id), _presence(now.has_external_id)),
        )
        found = [f"{name}: signed {signed}, now {present}" for name, signed, present in pairs if signed != present]
        return found if self.description == now.description else [*found, "description: not the one that was signed"]

    def _money(self, now: ShownPart) -> tuple[str, str]:
        """Both amounts; with coin and base units where the figures alone would look the same."""
        signed, present = self._figure(), now._figure()
        return (signed, present) if signed != present else (self._whole_figure(), now._whole_figure())

    def _figure(self) -> str:
        return f"{format_units(self.base_units, self.decimals)} {self.symbol}"

    def _whole_figure(self) -> str:
        asset = f"{self.chain}:{self.contract}" if self.contract else self.chain
        return f"{self._figure()} ({asset}), {self.base_units} units of {self.decimals} decimals"


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """What the payment's column holds. ``key`` is the fingerprint of the public pair; ``hidden`` the signature over
    the provider's id, empty without one."""

    signer_id: int
    signed_at: int
    key: bytes
    shown: bytes
    signature: bytes
    hidden: bytes


def shown_part(payment: Payment, vault_id: int) -> ShownPart:
    """Of a payment as it is now."""
    currency: Currency = payment.amount.currency
    return ShownPart(
        vault_id=vault_id,
        payment_id=payment.id,
        owner_id=payment.owner_id,
        created_at=to_micros(payment.created_at),
        paid_at=to_micros(payment.paid_at),
        base_units=payment.amount.base_units,
        chain=currency.chain,
        contract=currency.contract,
        symbol=currency.symbol,
        decimals=currency.decimals,
        provider=payment.provider,
        wallet_id=payment.wallet_id,
        payment_method_id=payment.payment_method_id,
        description=hashlib.sha256(payment.description.encode("utf-8")).digest(),
        has_external_id=bool(payment.external_id),
    )


def encode_shown(part: ShownPart) -> bytes:
    """The canonical form."""
    return encode(
        SHOWN_LABEL,
        part.vault_id,
        part.payment_id,
        part.owner_id,
        part.created_at,
        part.paid_at,
        part.base_units.to_bytes(_UNITS_BYTES, "big"),
        [part.chain, part.contract, part.symbol, part.decimals],
        part.provider,
        [] if part.wallet_id is None else [part.wallet_id],
        [] if part.payment_method_id is None else [part.payment_method_id],
        part.description,
        int(part.has_external_id),
    )


def decode_shown(data: bytes) -> ShownPart:
    """Raises NotCanonicalError."""
    decoder = Decoder(SHOWN_LABEL, data)
    vault_id, payment_id, owner_id = decoder.number(), decoder.number(), decoder.number()
    created_at, paid_at = decoder.number(), decoder.number()
    base_units = int.from_bytes(decoder.bytes(_UNITS_BYTES), "big")
    currency = decoder.sequence()
    chain, contract, symbol, decimals = currency.text(), currency.text(), currency.text(), currency.number()
    currency.end()
    provider = decoder.text()
    wallet_id, method_id = _optional(decoder), _optional(decoder)
    description, has_external_id = decoder.bytes(_DIGEST_BYTES), decoder.number()
    decoder.end()
    if has_external_id > 1:
        raise NotCanonicalError("0 or 1 expected")
    return ShownPart(
        vault_id=vault_id,
        payment_id=payment_id,
        owner_id=owner_id,
        created_at=created_at,
        paid_at=paid_at,
        base_units=base_units,
        chain=chain,
        contract=contract,
        symbol=symbol,
        decimals=decimals,
        provider=provider,
        wallet_id=wallet_id,
        payment_method_id=method_id,
        description=description,
        has_external_id=bool(has_external_id),
    )


def hidden_digest(*, vault_id: int, payment_id: int, external_id: str) -> bytes:
    """Of what may be sealed."""
    return hashlib.sha256(encode(HIDDEN_LABEL, vault_id, payment_id, external_id)).digest()


def signed_message(*, signer_id: int, signed_at: int, shown: bytes) -> bytes:
    """What is signed for ``PURPOSE``."""
    return encode(PURPOSE, signer_id, signed_at, shown)


def hidden_message(*, signer_id: int, signed_at: int, hidden: bytes) -> bytes:
    """What is signed for ``HIDDEN_PURPOSE``."""
    return encode(HIDDEN_PURPOSE, signer_id, signed_at, hidden)


def encode_stored(stored: StoredSignature) -> str:
    """As the column keeps it."""
    data = encode(
        STORED_LABEL,
        stored.signer_id,
        stored.signed_at,
        stored.key,
        stored.shown,
        stored.signature,
        stored.hidden,
    )
    return base64.b64encode(data).decode("ascii")


def decode_stored(text: str) -> StoredSignature:
    """Raises NotCanonicalError."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise NotCanonicalError("this is not base64") from error
    decoder = Decoder(STORED_LABEL, data)
    stored = StoredSignature(
        signer_id=decoder.number(),
        signed_at=decoder.number(),
        key=decoder.bytes(KEY_BYTES),
        shown=decoder.bytes(),
        signature=decoder.bytes(),
        hidden=decoder.bytes(),
    )
    decoder.end()
    return stored


def _optional(decoder: Decoder) -> int | None:
    inner = decoder.sequence()
    found = None if inner.ended else inner.number()
    inner.end()
    return found


def _reference(row_id: int | None) -> str:
    return "none" if row_id is None else f"row {row_id}"


def _presence(there: bool) -> str:
    return "one" if there else "none"


def _time(count: int) -> str:
    try:
        return iso(from_micros(count))
    except InvalidTimeError:
        return f"{count} microseconds"
