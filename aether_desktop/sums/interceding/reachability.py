"""Ports that take connections, and TLS servers with the day on which their certificate expires."""

from __future__ import annotations

from aether_desktop.sum_api import Probe, ProbeAnswer, ProbeContext, ProbeKind, ProbeOutcome


class TcpProbe:
    """The target is HOST:PORT."""

    probe_kind = ProbeKind.TCP.value
    title = "Open port (TCP)"

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        await context.network.connect(_with_scheme(probe.target, "tcp"))
        return ProbeAnswer(outcome=ProbeOutcome.ANSWERED)


class TlsProbe:
    """The target is HOST or HOST:PORT. Settings: ``warn_days``; ``fingerprint``, SHA-256 of a certificate for which
    nobody vouches, in hex."""

    probe_kind = ProbeKind.TLS.value
    title = "TLS certificate"

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        pinned = probe.settings.get("fingerprint")
        handshake = await context.network.connect(
            _with_scheme(probe.target, "tls"), pinned=pinned if isinstance(pinned, str) else ""
        )
        if handshake.expires_at is not None and handshake.expires_at <= context.now:
            return ProbeAnswer(
                outcome=ProbeOutcome.WRONG, reason="Its certificate has expired.", expires_at=handshake.expires_at
            )
        return ProbeAnswer(outcome=ProbeOutcome.ANSWERED, expires_at=handshake.expires_at)


def _with_scheme(target: str, scheme: str) -> str:
    if target.startswith("https://"):
        target = target.removeprefix("https://").partition("/")[0]
    return target if "://" in target else f"{scheme}://{target}"
