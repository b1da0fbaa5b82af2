"""network list|set|remove|check: EVM networks and their endpoints."""

from __future__ import annotations

from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.domain.networks import EvmNetwork
from aether_desktop.ports.errors import NotFoundError


def list_networks(context: Context) -> int:
    networks = context.services().networks.all()
    if context.options.json:
        context.terminal.json([_facts(each) for each in networks])
    else:
        rows = [
            (str(each.chain_id), each.name, each.symbol, str(each.confirmations), ", ".join(each.shown_endpoints))
            for each in networks
        ]
        context.terminal.table(("chain id", "name", "coin", "confirmations", "endpoints"), rows)
    return DONE


def set_network(context: Context) -> int:
    """Change the network of that chain id, or enter a new one."""
    options, networks = context.options, context.services().networks
    try:
        base: EvmNetwork | None = networks.of_chain(options.chain_id)
    except NotFoundError:
        base = None
    given: dict[str, object] = {
        "name": options.name,
        "symbol": options.symbol,
        "confirmations": options.confirmations,
        "explorer": options.explorer,
        "endpoints": None if options.endpoint is None else tuple(each for each in options.endpoint if each),
    }
    values = {name: value for name, value in given.items() if value is not None}
    network = networks.save({**values, "chain_id": options.chain_id}, base=base)
    context.terminal.say(f"{network.name} (chain {network.chain_id}) is stored.")
    if options.json:
        context.terminal.json(_facts(network))
    return DONE


def remove(context: Context) -> int:
    networks = context.services().networks
    network = networks.find(context.options.network)
    networks.remove(network)
    preset = network.chain is not None
    context.terminal.say(f"{network.name} is {'as it was before you changed it' if preset else 'removed'}.")
    return DONE


def check(context: Context) -> int:
    """Exit code 1 unless every endpoint serves its chain."""
    networks = context.services().networks
    network = networks.find(context.options.network)
    found = networks.check(network, token=context.token)
    if context.options.json:
        context.terminal.json([{"endpoint": each.shown, "head": each.head, "problem": each.problem} for each in found])
    else:
        rows = [
            (each.shown, "" if each.head is None else str(each.head), each.problem or "serves it") for each in found
        ]
        context.terminal.table(("endpoint", "latest block", f"chain {network.chain_id}"), rows)
    return REFUSED if any(each.problem for each in found) else DONE


def _facts(network: EvmNetwork) -> dict[str, object]:
    return {
        "chain_id": network.chain_id,
        "name": network.name,
        "symbol": network.symbol,
        "endpoints": list(network.shown_endpoints),
        "confirmations": network.confirmations,
        "explorer": network.explorer,
        "preset": network.chain is not None,
        "changed": bool(network.id),
    }
