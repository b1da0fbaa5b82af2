"""Web addresses: the status that is expected, and words in the body. Redirects are an answer, not a way."""

from __future__ import annotations

from typing import Final

from aether_desktop.sum_api import Probe, ProbeAnswer, ProbeContext, ProbeKind, ProbeOutcome, plain_line

_READ: Final = 256 * 1024


class HttpProbe:
    """Settings: ``status`` (a number; any of 200 to 299 without), ``body`` (words that must be in it), ``method`` (GET
    or HEAD)."""

    probe_kind = ProbeKind.HTTP.value
    title = "Web address (HTTP, HTTPS)"

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        words = probe.settings.get("body")
        method = "HEAD" if probe.settings.get("method") == "HEAD" and not words else "GET"
        reply = await context.network.request(method, probe.target, most_bytes=_READ, clip=True)
        expected = probe.settings.get("status")
        if isinstance(expected, int):
            if reply.status != expected:
                return _wrong(f"It answers with HTTP status {reply.status}, not {expected}.")
        elif not 200 <= reply.status < 300:
            return _wrong(f"It answers with HTTP status {reply.status}.")
        if isinstance(words, str) and words and words.encode() not in reply.body:
            where = "" if reply.complete else f" in the first {_READ:,} bytes"
            return _wrong(f"Its body does not hold {plain_line(words, 60)!r}{where}.")
        return ProbeAnswer(outcome=ProbeOutcome.ANSWERED)


def _wrong(reason: str) -> ProbeAnswer:
    return ProbeAnswer(outcome=ProbeOutcome.WRONG, reason=reason)
