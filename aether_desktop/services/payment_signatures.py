"""Payments of level quantum: signed when they are stored, verified when they are shown. Worker threads only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aether_desktop.domain.canonical import NotCanonicalError
from aether_desktop.domain.courts import Court
from aether_desktop.domain.payment_signatures import (
    HIDDEN_PURPOSE,
    PURPOSE,
    SignatureState,
    StoredSignature,
    decode_shown,
    decode_stored,
    encode_shown,
    encode_stored,
    hidden_digest,
    hidden_message,
    shown_part,
    signed_message,
)
from aether_desktop.domain.payments import Payment, SecurityLevel
from aether_desktop.domain.sealed_fields import Sealed
from aether_desktop.domain.times import InvalidTimeError, from_micros, to_micros, utc_now
from aether_desktop.ports.access import LevelLockedError, SealError
from aether_desktop.ports.errors import AetherError, InvalidInputError, PermissionDeniedError, StorageError
from aether_desktop.ports.signing import PersonSignature, PersonSigner, Signatory

SIGNED_FIELDS: Final = frozenset(
    {"paid_at", "amount", "provider", "external_id", "wallet_id", "payment_method_id", "description"}
)

_STRANGER: Final = (
    "Signed with a key that this vault's list of people does not know: it says nothing about who made it."
)


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """``sentence`` says it in plain words with the reason; ``differences`` name what was changed since.

    ``needs``: the level at which the provider's id could be compared too.
    """

    state: SignatureState
    sentence: str
    signer: str = ""
    signed_at: datetime | None = None
    differences: tuple[str, ...] = ()
    needs: Court | None = None

    @property
    def wrong(self) -> bool:
        """Whether the payment must not be relied on."""
        return self.state in {
            SignatureState.MISSING,
            SignatureState.ALTERED,
            SignatureState.UNKNOWN_KEY,
            SignatureState.UNREADABLE,
        }


def _plain_id(payment: Payment) -> str:
    """Of a vault whose ids are not sealed. Raises PermissionDeniedError for one that is."""
    if isinstance(payment.external_id, Sealed):
        raise PermissionDeniedError("The provider's id is sealed.", hint="Open the vault with its password.")
    return payment.external_id


class PaymentSignatures:
    """``signer`` None where the vault has no keys of people (the sample, vaults before passwords).

    ``open_id`` gives the provider's id in plain; it raises what ``SealedFieldService.text`` does.
    """

    def __init__(
        self,
        *,
        vault_id: int,
        signer: PersonSigner | None,
        now: Callable[[], datetime] = utc_now,
        open_id: Callable[[Payment], str] = _plain_id,
    ) -> None:
        self._open_id = open_id
        self._vault_id = vault_id
        self._signer = signer
        self._now = now

    # -- storing -------------------------------------------------------------------------------------------------

    def prepared(self, payment: Payment, *, base: Payment | None = None) -> Payment:
        """The payment as it is to be stored: signed anew where its level asks for it and what is signed changed.

        Raises InvalidInputError where the signature would be lost, PermissionDeniedError without keys,
        LevelLockedError (level 2), MembershipError.
        """
        given = "" if base is None else base.quantum_signature
        if payment.quantum_signature != given:
            raise InvalidInputError(
                "A signature is made by the program, never typed.",
                field="quantum_signature",
                hint="Choose the level quantum instead.",
            )
        if payment.security_level is not SecurityLevel.QUANTUM:
            if base is not None and base.security_level is SecurityLevel.QUANTUM and given:
                raise InvalidInputError(
                    "This payment is signed; at a lower level its signature would be lost.",
                    field="security_level",
                    hint="Keep the level quantum, or archive this payment and add another.",
                )
            return payment
        if base is not None and given and not self._changed(payment, base):
            return payment
        return self.signed(payment)

    def signed(self, payment: Payment) -> Payment:
        """With a fresh signature of this person. Raises as ``prepared``."""
        signer = self._signer
        if signer is None:
            raise PermissionDeniedError(
                "A payment of level quantum is signed, and this vault has no keys of people to sign with.",
                hint="Choose another level, or use a vault that opens with a password.",
            )
        signed_at = to_micros(self._now())
        shown = encode_shown(shown_part(payment, self._vault_id))
        made = signer.sign(signed_message(signer_id=signer.user_id, signed_at=signed_at, shown=shown), purpose=PURPOSE)
        stored = StoredSignature(signer.user_id, signed_at, made.key, shown, made.value, b"")
        if payment.external_id:
            hidden = signer.sign(self._hidden(payment, stored), purpose=HIDDEN_PURPOSE)
            stored = dataclasses.replace(stored, hidden=hidden.value)
        return dataclasses.replace(payment, quantum_signature=encode_stored(stored))

    # -- showing -------------------------------------------------------------------------------------------------

    def check(self, payment: Payment, *, complete: bool = False) -> SignatureReport:
        """Whose signature it is, and whether the payment is what was signed.

        ``complete`` raises LevelLockedError where a level is needed to compare the provider's id; else the report
        says so. Never raises for what the payment or the log holds. Raises the StorageError family.
        """
        if not payment.quantum_signature:
            return _unsigned(payment)
        try:
            stored = decode_stored(payment.quantum_signature)
            signed_at = from_micros(stored.signed_at)
            signed = decode_shown(stored.shown)
            differences = signed.differences(shown_part(payment, self._vault_id))
        except (NotCanonicalError, InvalidTimeError, ValueError):
            return SignatureReport(
                SignatureState.UNREADABLE,
                "The signature cannot be read: it was altered, cut off, or made by a newer program.",
            )
        if payment.security_level is not SecurityLevel.QUANTUM:  # the program never lowers what is signed
            differences.append(f"level: {payment.security_level.value}, and only payments of level quantum are signed")
        signer = self._signer
        if signer is None:
            return _unchecked("this vault has no keys of people to check it with")
        try:
            signatory = signer.signatory(stored.key)
            if signatory is None or signatory.user_id != stored.signer_id:
                return SignatureReport(SignatureState.UNKNOWN_KEY, _STRANGER, signed_at=signed_at)
            message = signed_message(signer_id=stored.signer_id, signed_at=stored.signed_at, shown=stored.shown)
            if not signer.verify(PersonSignature(stored.key, stored.signature), message, purpose=PURPOSE):
                differences.append("the signature itself is not the one that was made")
            unseen, needs = "", None
            if signed.has_external_id and payment.external_id:
                unseen, needs = self._compare_hidden(payment, stored, signer, differences, complete=complete)
        except (StorageError, LevelLockedError):
            raise
        except AetherError as error:
            return _unchecked(f"the list of people cannot be trusted. {error}")
        if differences:
            return SignatureReport(
                SignatureState.ALTERED,
                f"Altered since {signatory.username} signed it: {'; '.join(differences)}.",
                signer=signatory.username,
                signed_at=signed_at,
                differences=tuple(differences),
            )
        return dataclasses.replace(_valid(payment, signatory, signed_at, unseen=unseen), needs=needs)

    def _compare_hidden(
        self,
        payment: Payment,
        stored: StoredSignature,
        signer: PersonSigner,
        differences: list[str],
        *,
        complete: bool,
    ) -> tuple[str, Court | None]:
        """Adds to ``differences`` when the provider's id is another.

        Returns why that could not be checked, and the level that would do. Raises LevelLockedError if ``complete``.
        """
        try:
            message = self._hidden(payment, stored)
        except LevelLockedError as error:
            if complete:
                raise
            return f"level {int(error.level)} is locked", error.level
        except PermissionDeniedError:
            return "it is sealed, and its owner has not granted it to you", None
        except SealError:
            differences.append("provider's id: the sealed value does not open, it was altered")
            return "", None
        if not signer.verify(PersonSignature(stored.key, stored.hidden), message, purpose=HIDDEN_PURPOSE):
            differences.append("provider's id: not the one that was signed")
        return "", None

    def _hidden(self, payment: Payment, stored: StoredSignature) -> bytes:
        """What the second signature covers. Raises LevelLockedError, PermissionDeniedError, SealError."""
        hidden = hidden_digest(vault_id=self._vault_id, payment_id=payment.id, external_id=self._open_id(payment))
        return hidden_message(signer_id=stored.signer_id, signed_at=stored.signed_at, hidden=hidden)

    def _changed(self, payment: Payment, base: Payment) -> bool:
        return any(getattr(payment, name) != getattr(base, name) for name in SIGNED_FIELDS)


def _unsigned(payment: Payment) -> SignatureReport:
    if payment.security_level is SecurityLevel.QUANTUM:
        return SignatureReport(
            SignatureState.MISSING,
            "Not signed, although its level is quantum: the signature was removed, or another program stored it.",
        )
    return SignatureReport(SignatureState.NONE, f"Payments of level {payment.security_level.value} are not signed.")


def _unchecked(reason: str) -> SignatureReport:
    return SignatureReport(SignatureState.UNCHECKED, f"Not checked: {reason}.".replace("..", "."))


def _valid(payment: Payment, signatory: Signatory, signed_at: datetime, *, unseen: str) -> SignatureReport:
    name, notes = signatory.username, []
    if signatory.user_id != payment.owner_id:
        notes.append("who is not its owner")
    if not signatory.current:
        notes.append("with keys that were replaced since")
    if not signatory.active:
        notes.append("who was disabled since")
    noted = f" ({', '.join(notes)})" if notes else ""
    rest = f" The provider's id was not compared: {unseen}." if unseen else ""
    return SignatureReport(
        SignatureState.VALID,
        f"Valid: signed by {name}{noted}, and nothing that was signed has changed.{rest}",
        signer=name,
        signed_at=signed_at,
    )
