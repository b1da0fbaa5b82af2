"""IPFS nodes over the RPC that Kubo defines (POST /api/v0/...): identity, repository, pins."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from aether_desktop.sum_api import (
    AnswerTooLargeError,
    BadAnswerError,
    HttpReply,
    HttpStatusError,
    Probe,
    ProbeAnswer,
    ProbeContext,
    ProbeKind,
    ProbeOutcome,
    plain_line,
)

_PEER: Final = re.compile(r"[A-Za-z0-9]{32,128}\Z")
_CID: Final = re.compile(r"[A-Za-z0-9]{10,128}\Z")
_PIN_BYTES: Final = 1 << 20
_NEARLY_FULL: Final = 0.95


class IpfsProbe:
    """Settings: ``pin``, a CID that must be pinned; ``pins`` False where all of them are not to be counted."""

    probe_kind = ProbeKind.IPFS.value
    title = "IPFS node (RPC)"

    async def ask(self, probe: Probe, context: ProbeContext) -> ProbeAnswer:
        identity = await _asked(probe, context, "id")
        if identity is None:
            return ProbeAnswer(outcome=ProbeOutcome.UNSUPPORTED, reason="The endpoint offers no IPFS RPC.")
        peer = identity.get("ID")
        if not isinstance(peer, str) or not _PEER.match(peer):
            raise BadAnswerError("The endpoint names no IPFS peer.")
        expected = probe.settings.get("peer")
        if isinstance(expected, str) and expected and expected != peer:
            return ProbeAnswer(outcome=ProbeOutcome.WRONG, reason="It is another IPFS peer than the one expected.")
        amiss = [await _pin_missing(probe, context), await _repo_full(probe, context)]
        pins, claim = (None, "")
        if probe.settings.get("pins") is not False:
            pins, claim = await _pins(probe, context)
        reason = plain_line(" ".join(each for each in amiss if each), 300)
        return ProbeAnswer(outcome=ProbeOutcome.ANSWERED, pins=pins, claim=claim, poor=bool(reason), reason=reason)


async def _asked(
    probe: Probe, context: ProbeContext, command: str, *, most_bytes: int = 64 * 1024
) -> Mapping[str, object] | None:
    """None where the endpoint lacks the command. Raises NetworkError."""
    reply = await context.network.request("POST", f"{probe.target.rstrip('/')}/api/v0/{command}", most_bytes=most_bytes)
    if reply.status in (404, 405, 501):
        return None
    if reply.status != 200:
        raise HttpStatusError(f"The IPFS RPC answers with HTTP status {reply.status}.", status=reply.status)
    return _object(reply)


def _object(reply: HttpReply) -> Mapping[str, object]:
    try:
        parsed = json.loads(reply.body) if len(reply.body) <= _PIN_BYTES else None
    except (ValueError, RecursionError) as error:
        raise BadAnswerError("The endpoint answers with something that is not JSON.") from error
    if not isinstance(parsed, dict):
        raise BadAnswerError("The endpoint answers with JSON of another form.")
    return parsed


async def _pin_missing(probe: Probe, context: ProbeContext) -> str:
    cid = probe.settings.get("pin")
    if not isinstance(cid, str) or not cid:
        return ""
    if not _CID.match(cid):
        return "The CID of this probe's settings cannot be read."
    try:
        listed = await _asked(probe, context, f"pin/ls?arg={quote(cid)}")
    except HttpStatusError as error:
        if error.status != 500:  # what this RPC answers where something is not pinned
            raise
        return f"It does not pin {cid}."
    keys = None if listed is None else listed.get("Keys")
    return "" if isinstance(keys, dict) and keys else f"It does not pin {cid}."


async def _repo_full(probe: Probe, context: ProbeContext) -> str:
    repo = await _asked(probe, context, "repo/stat")
    if repo is None:
        return ""
    size, most = repo.get("RepoSize"), repo.get("StorageMax")
    if type(size) is int and type(most) is int and 0 < most < 1 << 62 and size > _NEARLY_FULL * most:
        return "Its repository is nearly full."
    return ""


async def _pins(probe: Probe, context: ProbeContext) -> tuple[int | None, str]:
    """How many roots it pins, and a digest of which; nothing where the list is too long."""
    try:
        listed = await _asked(probe, context, "pin/ls?type=recursive", most_bytes=_PIN_BYTES)
    except AnswerTooLargeError:
        return None, ""
    keys = None if listed is None else listed.get("Keys", {})
    if not isinstance(keys, dict):
        return None, ""
    digest = hashlib.sha256("\n".join(sorted(map(str, keys))).encode("utf-8", "replace")).hexdigest()
    return len(keys), f"pins={digest}"
