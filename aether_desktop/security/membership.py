"""The membership log: statements signed by people, each linked to the one before, read from the founder's on.

Body: canonical ``aether/1/membership`` (vault, index, hash of the line before, signer, UTC microseconds, kind, fields).
Signature: ``hybrid_signatures`` with the purpose of the same name. Hash of a line: SHA-256 of canonical
``aether/1/membership-line`` (body, signature). What each statement may say is decided in ``domain.membership_state``.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aether_desktop.domain.membership import (
    HASH_BYTES,
    Fact,
    Genesis,
    KeysReplaced,
    PersonAdded,
    Pin,
    PublicKeys,
    Statement,
)
from aether_desktop.domain.membership_state import MembershipRuleError, MembershipState
from aether_desktop.ports.errors import PermissionDeniedError
from aether_desktop.ports.identity import (
    MembershipError,
    MembershipFault,
    MembershipStore,
    PinStore,
    StoredStatement,
)
from aether_desktop.security.canonical import Decoder, NotCanonicalError, encode
from aether_desktop.security.hybrid_signatures import BadSignatureError, HybridSigningKey, verify
from aether_desktop.security.membership_facts import decode_fact, encode_fact
from aether_desktop.security.person_keys import POSSESSION, comparison_code, encode_bundle

LABEL: Final = "aether/1/membership"
PIN_NAME: Final = "membership"
_LINE_LABEL: Final = "aether/1/membership-line"
_PIN_LABEL: Final = "aether/1/membership-pin"
_BEGINNING: Final = bytes(HASH_BYTES)


# -- bytes -------------------------------------------------------------------------------------------------------


def encode_statement(statement: Statement) -> bytes:
    """What is signed."""
    kind, fields = encode_fact(statement.fact)
    return encode(
        LABEL,
        statement.vault_id,
        statement.index,
        statement.previous,
        statement.signer_id,
        statement.signed_at,
        kind,
        fields,
    )


def decode_statement(body: bytes) -> Statement:
    """Raises NotCanonicalError."""
    decoder = Decoder(LABEL, body)
    vault_id, index = decoder.number(), decoder.number()
    previous = decoder.bytes(HASH_BYTES)
    signer_id, signed_at, kind = decoder.number(), decoder.number(), decoder.number()
    fact = decode_fact(kind, decoder.sequence())
    decoder.end()
    return Statement(vault_id, index, previous, signer_id, signed_at, fact)


def line_digest(stored: StoredStatement) -> bytes:
    """What the next statement, and a pin, name this line by."""
    return hashlib.sha256(encode(_LINE_LABEL, stored.body, stored.signature)).digest()


def encode_pin(vault_id: int, pin: Pin) -> bytes:
    """What a client keeps outside the database."""
    return encode(_PIN_LABEL, vault_id, pin.genesis, pin.index, pin.head)


def decode_pin(vault_id: int, data: bytes) -> Pin:
    """Raises MembershipError when it is another vault's, or damaged."""
    try:
        decoder = Decoder(_PIN_LABEL, data)
        known, genesis, index = decoder.number(), decoder.bytes(HASH_BYTES), decoder.number()
        head = decoder.bytes(HASH_BYTES)
        decoder.end()
    except NotCanonicalError as error:
        raise MembershipError(
            "What this computer remembers of the membership log is damaged.", fault=MembershipFault.UNKNOWN
        ) from error
    if known != vault_id:
        raise MembershipError("This computer remembers another vault's log.", fault=MembershipFault.FOREIGN)
    return Pin(genesis, index, head)


# -- the log -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Verified:
    """As far as the log was read: the state, and every line's hash."""

    state: MembershipState
    digests: list[bytes]


class MembershipLog:
    """The verified log of one vault. Any worker thread; reads the store, and verifies only what is new."""

    def __init__(self, store: MembershipStore, pins: PinStore, *, vault_id: int) -> None:
        self._store = store
        self._pins = pins
        self._vault_id = vault_id
        self._lock = threading.Lock()
        self._verified = _Verified(MembershipState(), [])

    def state(self) -> MembershipState:
        """What the log says now; without people when there is none yet. A copy.

        Raises MembershipError (also when this computer remembers more than the database holds), KeyStoreError, the
        StorageError family.
        """
        with self._lock:
            self._require_pinned(self._read())
            return self._verified.state.copy()

    def head(self) -> Pin:
        """The first and the latest line, verified. Raises as ``state`` does, MembershipError without any."""
        with self._lock:
            verified = self._read()
            self._require_pinned(verified)
            return _pin_of(verified)

    def code(self) -> str:
        """For two people to compare: equal codes are equal logs. Raises as ``head`` does."""
        head = self.head()
        return f"{head.index + 1}: {comparison_code(head.head)}"

    def accept_code(self, code: str) -> Pin:
        """Begin to remember from a code that a colleague read out, on a computer that remembers nothing yet.

        The log may have grown since. Raises MembershipError when it is not the colleague's.
        """
        number, _, digits = code.partition(":")
        with self._lock:
            verified = self._read()
            place = int(number) if number.strip().isascii() and number.strip().isdigit() else 0
            if not 1 <= place <= len(verified.digests) or not hmac.compare_digest(
                _plain_code(comparison_code(verified.digests[place - 1])), _plain_code(digits)
            ):
                raise MembershipError(
                    "The code is not this log's.", fault=MembershipFault.FORK, hint="Let it be read out again."
                )
            pin = Pin(verified.digests[0], place - 1, verified.digests[place - 1])
        self.trust(pin)
        return pin

    def remember(self) -> Pin:
        """Verify what is stored now and keep its head outside the database. Raises as ``head`` does."""
        head = self.head()
        kept = self._pins.load(self._vault_id, PIN_NAME)
        value = encode_pin(self._vault_id, head)
        if kept != value:
            self._pins.save(self._vault_id, PIN_NAME, value)
        return head

    def beginning(self) -> tuple[Pin, PublicKeys] | None:
        """The first line alone and the founder's keys in it, whatever is remembered; None without a log.

        Raises MembershipError for a log that does not verify in itself.
        """
        with self._lock:
            verified = self._read()
            if not verified.digests:
                return None
            founder = decode_statement(self._store.statements(0)[0].body).fact
            assert isinstance(founder, Genesis)  # noqa: S101 - the state refuses any other beginning
            return Pin(verified.digests[0], 0, verified.digests[0]), founder.keys

    def trust(self, pin: Pin) -> None:
        """Begin to remember, from an invitation or a code that was compared. Never replaces what is remembered.

        Raises MembershipError when the log does not agree with it.
        """
        with self._lock:
            _require_agreement(self._read(), pin)
        if self._pins.load(self._vault_id, PIN_NAME) is None:
            self._pins.save(self._vault_id, PIN_NAME, encode_pin(self._vault_id, pin))

    def compose(
        self,
        facts: Sequence[Fact],
        *,
        signer_id: int,
        key: HybridSigningKey,
        next_key: HybridSigningKey | None = None,
    ) -> list[StoredStatement]:
        """Signed lines on top of the log as it is now; nothing is stored. ``next_key`` signs once it replaced ``key``.

        Raises PermissionDeniedError with the rule that refuses, and as ``state`` does.
        """
        with self._lock:
            verified = self._read()
            self._require_pinned(verified)
            state, digests = verified.state.copy(), list(verified.digests)
        lines: list[StoredStatement] = []
        for fact in facts:
            try:
                state.apply(signer_id, fact)
            except MembershipRuleError as error:
                raise PermissionDeniedError(error.reason, hint=error.who_may) from error
            lines.append(self._line(fact, digests, signer_id=signer_id, key=key))
            digests.append(line_digest(lines[-1]))
            if next_key is not None and isinstance(fact, KeysReplaced) and fact.keys.signing == next_key.public:
                key = next_key
        return lines

    # -- inside --------------------------------------------------------------------------------------------------

    def _line(self, fact: Fact, digests: list[bytes], *, signer_id: int, key: HybridSigningKey) -> StoredStatement:
        statement = Statement(
            vault_id=self._vault_id,
            index=len(digests),
            previous=digests[-1] if digests else _BEGINNING,
            signer_id=signer_id,
            signed_at=int(datetime.now(UTC).timestamp() * 1_000_000),
            fact=fact,
        )
        body = encode_statement(statement)
        return StoredStatement(statement.index, body, key.sign(body, purpose=LABEL))

    def _read(self) -> _Verified:
        """Verify what is stored and was not verified yet.

        Where the stored log no longer holds what was read before, it is read from the beginning: that was perhaps
        read inside a transaction that was undone. Whether something is missing, the pin decides.
        """
        known = len(self._verified.digests)
        lines = self._store.statements(max(known - 1, 0))
        if known:
            if lines and lines[0].index == known - 1 and line_digest(lines[0]) == self._verified.digests[-1]:
                lines = lines[1:]
            else:
                self._verified = _Verified(MembershipState(), [])
                lines = self._store.statements(0)
        if lines:
            fresh = _Verified(self._verified.state.copy(), list(self._verified.digests))
            for line in lines:
                self._append(fresh, line)
            self._verified = fresh
        return self._verified

    def _append(self, verified: _Verified, line: StoredStatement) -> None:
        index = len(verified.digests)
        statement = self._checked_place(verified, line)
        fact, signer_id = statement.fact, statement.signer_id
        try:
            keys = fact.keys if isinstance(fact, Genesis) else verified.state.person(signer_id).keys
            verify(keys.signing, line.signature, line.body, purpose=LABEL)
            if isinstance(fact, PersonAdded | KeysReplaced):
                verify(fact.keys.signing, fact.possession, encode_bundle(fact.keys), purpose=POSSESSION)
            verified.state.apply(signer_id, fact)
        except BadSignatureError as error:
            raise MembershipError(
                f"Statement {index} of the membership log was not signed by the person it names.",
                fault=MembershipFault.SIGNATURE,
                index=index,
            ) from error
        except MembershipRuleError as error:
            raise MembershipError(
                f"Statement {index} of the membership log was signed by somebody who may not make it: {error.reason}",
                fault=MembershipFault.NOT_ENTITLED,
                index=index,
            ) from error
        verified.digests.append(line_digest(line))

    def _checked_place(self, verified: _Verified, line: StoredStatement) -> Statement:
        """The statement, which must say itself where it stands."""
        index = len(verified.digests)
        try:
            statement = decode_statement(line.body)
        except NotCanonicalError as error:
            raise MembershipError(
                f"Statement {index} of the membership log is damaged, or of a newer program.",
                fault=MembershipFault.DAMAGED,
                index=index,
            ) from error
        if statement.vault_id != self._vault_id:
            raise MembershipError(
                "The membership log belongs to another vault.", fault=MembershipFault.FOREIGN, index=index
            )
        previous = verified.digests[-1] if verified.digests else _BEGINNING
        if line.index != index or statement.index != index or statement.previous != previous:
            raise MembershipError(
                f"Statement {index} of the membership log does not follow the one before it.",
                fault=MembershipFault.DAMAGED,
                index=index,
            )
        return statement

    def _require_pinned(self, verified: _Verified) -> None:
        kept = self._pins.load(self._vault_id, PIN_NAME)
        if kept is not None:
            _require_agreement(verified, decode_pin(self._vault_id, kept))
        elif verified.digests:
            raise MembershipError(
                "This computer has no copy of the membership log's beginning to compare it with.",
                fault=MembershipFault.UNKNOWN,
                hint="Open the invitation, or compare the membership code with a colleague and accept it.",
            )


def _pin_of(verified: _Verified) -> Pin:
    if not verified.digests:
        raise MembershipError("The vault has no membership log yet.", fault=MembershipFault.UNKNOWN)
    return Pin(verified.digests[0], len(verified.digests) - 1, verified.digests[-1])


def _require_agreement(verified: _Verified, pin: Pin) -> None:
    """The log begins as the pin says and still holds what it says. Raises MembershipError."""
    if not verified.digests:
        raise _cut(pin.index)
    if verified.digests[0] != pin.genesis:
        raise MembershipError(
            "The membership log has another beginning than the one this computer knows.",
            fault=MembershipFault.FOREIGN,
            index=0,
        )
    if pin.index >= len(verified.digests):
        raise _cut(pin.index)
    if verified.digests[pin.index] != pin.head:
        raise _fork(pin.index)


def _plain_code(digits: str) -> bytes:
    return "".join(digits.split()).upper().encode("utf-8")


def _cut(index: int) -> MembershipError:
    return MembershipError(
        f"An old membership log was put back: this computer has seen statement {index}, the database lacks it.",
        fault=MembershipFault.CUT,
        index=index,
    )


def _fork(index: int) -> MembershipError:
    return MembershipError(
        f"The membership log was replaced: statement {index} is another than this computer has seen.",
        fault=MembershipFault.FORK,
        index=index,
    )
