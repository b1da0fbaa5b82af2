"""nodes ...: temple nodes from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.domain.chains import UnknownChainError, find_chain
from aether_desktop.domain.covenants import Covenant
from aether_desktop.domain.probes import Probe, ProbeKind
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import CovenantKind, Tier
from aether_desktop.domain.temple_nodes import TempleNode
from aether_desktop.domain.times import InvalidTimeError, iso, parse_time
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.services.node_files import kind_of, tier_named
from aether_desktop.services.nodes import CovenantStanding, NodeService, ProbeDraft

_WRONG = frozenset({CovenantStanding.ALTERED, CovenantStanding.UNKNOWN_KEY})
_THRESHOLDS = ("storage", "compute", "abundance")


def add(context: Context) -> int:
    options, nodes = context.options, _nodes(context)
    values: dict[str, object] = {"node_id": options.node, "tier": _tier(options.tier).value}
    values |= {f"{name}_threshold": getattr(options, name) or 0 for name in _THRESHOLDS}
    node = nodes.register(values, _drafts(context))
    context.terminal.say(f"Registered {node.node_id}: {node.type.display_name}, {node.tier.display_name}.")
    if options.json:
        context.terminal.json(_facts(node))
    else:
        context.terminal.line(str(node.id))
    return DONE


def edit(context: Context) -> int:
    options, nodes = context.options, _nodes(context)
    node = nodes.named(options.node)
    values: dict[str, object] = {}
    if options.name is not None:
        values["node_id"] = options.name
    if options.tier is not None:
        values["tier"] = _tier(options.tier).value
    for name in _THRESHOLDS:
        if getattr(options, name) is not None:
            values[f"{name}_threshold"] = getattr(options, name)
    drafts = _drafts(context)
    services = context.services()
    with services.storage.unit_of_work():
        if values:
            services.records.edit(TableName.TEMPLE_NODES, node, values)
        if drafts or options.no_endpoints:
            nodes.save_probes(node.id, drafts)
    stored = services.storage.temple_nodes.get(node.id)
    context.terminal.say(f"{stored.node_id}: {stored.type.display_name}, {stored.tier.display_name}.")
    if stored.elevation is not None:
        context.terminal.say(f"Its thresholds allow more: nodes elevate {stored.node_id}")
    if options.json:
        context.terminal.json(_facts(stored))
    return DONE


def list_nodes(context: Context) -> int:
    nodes = _nodes(context).all()
    if context.options.json:
        context.terminal.json([_facts(node) for node in nodes])
        return DONE
    rows = [
        (
            node.node_id,
            node.tier.display_name,
            node.type.display_name,
            node.status.value,
            "" if node.harmony is None else f"{node.harmony:.2f}",
            "Elder" if node.elder else "",
        )
        for node in nodes
    ]
    context.terminal.table(("node", "tier", "type", "status", "harmony", ""), rows)
    return DONE


def show(context: Context) -> int:
    nodes = _nodes(context)
    node = nodes.named(context.options.node)
    log = context.services().storage.watching.log
    reading, harmony = log.reading(node.id), log.harmony(node.id)
    probes, covenants = nodes.probes(node.id), nodes.covenants(node.id)
    why = reading.state.why if reading else "Not measured yet."
    explained = harmony[0].explanation if harmony else "Not measured yet."
    if context.options.json:
        context.terminal.json(
            {
                **_facts(node),
                "why": why,
                "since": iso(reading.state.since) if reading else None,
                "heard_at": iso(reading.state.heard_at) if reading and reading.state.heard_at else None,
                "harmony_explained": explained,
                "probes": [_probe(probe) for probe in probes],
                "covenants": len(covenants),
            }
        )
        return DONE
    lines = [
        f"{node.node_id}: {node.type.display_name}, {node.tier.display_name}",
        f"status: {node.status.value}. {why}",
        f"harmony: {explained}",
        *(f"probe: {probe.kind} {probe.target} every {probe.interval} s" for probe in probes),
        f"covenants: {len(covenants)}",
    ]
    for line in lines:
        context.terminal.line(line)
    return DONE


def import_nodes(context: Context) -> int:
    name = context.options.file
    report = context.services().node_files.import_file(Path(name), token=context.token, progress=context.progress)
    context.progress.clear()
    context.terminal.say(
        f"{name}: {report.rows} rows: {report.nodes} nodes with {report.probes} endpoints registered,"
        f" {len(report.rejections)} rows rejected."
    )
    if context.options.json:
        context.terminal.json(
            {
                "file": name,
                "rows": report.rows,
                "nodes": report.nodes,
                "endpoints": report.probes,
                "rejected": [{"row": each.row, "reason": each.reason} for each in report.rejections],
            }
        )
    for rejection in report.rejections:
        context.terminal.say(f"{name}: row {rejection.row}: {rejection.reason}")
    return REFUSED if report.rejections else DONE


def elevate(context: Context) -> int:
    nodes = _nodes(context)
    node = nodes.elevate(nodes.named(context.options.node))
    context.terminal.say(f"{node.node_id} is {node.type.display_name} now.")
    return DONE


def retire(context: Context) -> int:
    nodes = _nodes(context)
    context.terminal.say(f"{nodes.retire(nodes.named(context.options.node)).node_id} is retired.")
    return DONE


def reinstate(context: Context) -> int:
    nodes = _nodes(context)
    context.terminal.say(f"{nodes.reinstate(nodes.named(context.options.node)).node_id} is watched again.")
    return DONE


def silence(context: Context) -> int:
    options, nodes = context.options, _nodes(context)
    if bool(options.node) == bool(options.tier):
        raise InvalidInputError("Name one node or one tier.", field="node", hint="For example: --tier outer_court")
    until = _until(options.until, ended=options.end)
    if options.node:
        node = nodes.named(options.node)
        nodes.silence([node.id], until, why=options.why)
        what = node.node_id
    else:
        tier = _tier(options.tier)
        nodes.silence_tier(tier, until, why=options.why)
        what = tier.display_name
    context.terminal.say(f"{what} is heard again." if until is None else f"{what} is silent until {iso(until)}.")
    return DONE


def covenant(context: Context) -> int:
    options, nodes = context.options, _nodes(context)
    node = nodes.named(options.node)
    made = with_levels(context, lambda: nodes.perform(node.id, CovenantKind(options.kind), options.note))
    context.terminal.say(f"{node.node_id} performed the {made.kind.display_name}; signed and on record.")
    context.terminal.line(str(made.id))
    return DONE


def covenants(context: Context) -> int:
    """Exit code 1 where a signature is not valid."""
    nodes = _nodes(context)
    node_id = nodes.named(context.options.node).id if context.options.node else None
    found = [(each, nodes.check_covenant(each)) for each in nodes.covenants(node_id)]
    wrong = [
        report for _, report in found if report.standing in {CovenantStanding.ALTERED, CovenantStanding.UNKNOWN_KEY}
    ]
    if context.options.json:
        context.terminal.json(
            [
                {**_covenant(each), "signature": report.standing.value, "sentence": report.sentence}
                for each, report in found
            ]
        )
    else:
        rows = [
            (iso(each.performed_at), each.node_name, each.kind.display_name, report.sentence) for each, report in found
        ]
        context.terminal.table(("performed", "node", "covenant", "signature"), rows)
    return REFUSED if wrong else DONE


def watch_locked(context: Context) -> int:
    locked = context.services().locked_watching
    if locked is None:
        raise InvalidInputError("Only a vault file with keys can be watched while it is locked.", field="wish")
    wish = context.options.wish
    if wish == "on":
        locked.allow()
    elif wish == "off":
        locked.forbid()
    state = "goes on" if locked.allowed else "stops"
    context.terminal.line(f"Watching {state} while the vault is locked.")
    return DONE


def _nodes(context: Context) -> NodeService:
    return context.services().nodes


def _drafts(context: Context) -> Sequence[ProbeDraft]:
    options, network = context.options, ""
    if options.network:
        try:
            network = find_chain(options.network).key
        except UnknownChainError as error:
            raise InvalidInputError(error.reason, field="network") from error
    return [_draft(text, network, options.interval) for text in options.endpoint]


def _draft(text: str, network: str, interval: int) -> ProbeDraft:
    kind, equals, target = text.partition("=")
    if not equals or kind not in {each.value for each in ProbeKind}:
        kind, target = kind_of(text, network), text
    chain = network if kind == ProbeKind.EVM.value else ""
    return ProbeDraft(kind=kind, target=target, network=chain, interval=interval)


def _tier(text: str) -> Tier:
    try:
        return tier_named(text)
    except ValueError as error:
        raise InvalidInputError(str(error), field="tier") from error


def _until(text: str, *, ended: bool) -> datetime | None:
    if ended:
        return None
    if not text:
        return datetime.now(UTC) + timedelta(hours=1)
    try:
        return parse_time(text)
    except InvalidTimeError as error:
        raise InvalidInputError(error.reason, field="until") from error


def _facts(node: TempleNode) -> dict[str, object]:
    return {
        "id": str(node.id),
        "name": node.node_id,
        "tier": node.tier.value,
        "type": node.type.value,
        "elevation": None if node.elevation is None else node.elevation.value,
        "storage": node.storage_threshold,
        "compute": node.compute_threshold,
        "abundance": node.abundance_threshold,
        "status": node.status.value,
        "harmony": node.harmony,
        "elder": node.elder,
    }


def _probe(probe: Probe) -> dict[str, object]:
    return {
        "kind": probe.kind,
        "target": probe.target,
        "network": probe.network,
        "interval": probe.interval,
        "essential": probe.essential,
    }


def _covenant(each: Covenant) -> dict[str, object]:
    return {
        "id": str(each.id),
        "node": each.node_name,
        "kind": each.kind.value,
        "type": each.node_type.value,
        "elder": each.elder,
        "performed_at": iso(each.performed_at),
        "performer": str(each.performer_id),
        "note": each.note,
    }
