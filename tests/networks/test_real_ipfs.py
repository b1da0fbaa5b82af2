"""The probe of IPFS against a real RPC, where one runs: AETHER_TEST_IPFS=http://127.0.0.1:5001 make test-long."""

from __future__ import annotations

import json
import os
import urllib.request

import pytest

from aether_desktop.domain.probes import ProbeOutcome
from tests.networks.test_probes import ask

_RPC = os.environ.get("AETHER_TEST_IPFS", "")


@pytest.mark.long
@pytest.mark.skipif(not _RPC, reason="AETHER_TEST_IPFS names no IPFS RPC on loopback")
def test_a_real_node_tells_who_it_is_and_what_it_pins() -> None:
    question = urllib.request.Request(f"{_RPC}/api/v0/pin/ls?type=recursive", method="POST")  # noqa: S310
    with urllib.request.urlopen(question, timeout=20) as answer:  # noqa: S310 - loopback, or the guard refuses it
        pins = json.load(answer)["Keys"]
    found = ask("ipfs", _RPC, settings={"pin": next(iter(pins))})
    assert (found.outcome, found.pins, found.poor) == (ProbeOutcome.ANSWERED, len(pins), False)
    other = ask("ipfs", _RPC, settings={"pin": "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"})
    assert (other.outcome, other.poor) == (ProbeOutcome.ANSWERED, True)
