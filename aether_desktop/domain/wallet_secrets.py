"""What a wallet is restored or signs with, always sealed in the Most Holy Place of its owner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aether_desktop.domain.sealed_fields import Sealed


class SecretKind(StrEnum):
    SEED = "seed"  # words of BIP-39
    PRIVATE_KEY = "private_key"
    KEYSTORE = "keystore"  # a key file with a password of its own, and that password


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSecret:
    """One secret of one wallet. ``version`` grows with every change; the seal is bound to ``id`` and ``owner_id``."""

    id: int
    owner_id: int
    wallet_id: int
    kind: SecretKind
    sealed: Sealed
    version: int = 1
    created_at: datetime
