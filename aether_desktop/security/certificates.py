"""What a certificate says about itself; whether to believe it is decided by who made the connection."""

from __future__ import annotations

from datetime import datetime


def certificate_expires_at(der: bytes) -> datetime:
    """The end of its validity, in UTC. Raises ValueError for what is no X.509 certificate."""
    from cryptography import x509  # noqa: PLC0415 - 0.1 s, for those who watch TLS servers only

    return x509.load_der_x509_certificate(der).not_valid_after_utc
