"""The words of ``nodes``. Imports the standard library only, like ``parser``."""

from __future__ import annotations

from aether_desktop.cli.words import Words, add_factor_file, add_json

_COVENANTS = (
    *("resurrection_seal", "sabbath", "jubilee"),
    *("feast_synchronization", "book_of_life", "melchizedek_blessing"),
)


def add_node_words(words: Words) -> None:
    """``nodes add|list|show|edit|import|elevate|retire|reinstate|silence|covenant|covenants|watch-locked``."""
    nodes = words.group("nodes", "temple nodes: register, elevate, silence, covenants")
    adding = nodes.add("add", "register a node; its type follows from its thresholds")
    adding.add_argument("node", metavar="NAME")
    adding.add_argument("--tier", required=True, metavar="T", help="outer_court, holy_place or most_holy_place")
    editing = nodes.add("edit", "change a node; endpoints that are given replace those that are there")
    editing.add_argument("node", metavar="NAME")
    editing.add_argument("--name", default=None, metavar="NEW")
    editing.add_argument("--tier", default=None, metavar="T")
    editing.add_argument("--no-endpoints", action="store_true", help="watch nothing of it any more")
    for parser in (adding, editing):
        for name in ("storage", "compute", "abundance"):
            parser.add_argument(f"--{name}", type=int, default=None, metavar="N", help="threshold, 0 to 1000")
        parser.add_argument(
            "--endpoint",
            action="append",
            default=[],
            metavar="[KIND=]TARGET",
            help="a URL or host:port to probe, may be repeated; KIND is evm, ipfs, http, tcp or tls",
        )
        parser.add_argument("--network", default="", metavar="N", help="the chain that its EVM endpoints must serve")
        parser.add_argument("--interval", type=int, default=30, metavar="S", help="seconds between two probes")
        add_json(parser)
    add_json(nodes.add("list", "list them"))
    showing = nodes.add("show", "one node: state and why, harmony and how it came about, probes, covenants")
    showing.add_argument("node", metavar="NAME")
    add_json(showing)
    taking = nodes.add("import", "read a CSV file: name,tier,storage,compute,abundance,endpoint,kind,network,interval")
    taking.add_argument("file", metavar="FILE")
    add_json(taking)
    for name, text in (
        ("elevate", "raise a node by one type, where its thresholds allow it"),
        ("retire", "watch a node no more; its history stays"),
        ("reinstate", "watch a retired node again"),
    ):
        nodes.add(name, text).add_argument("node", metavar="NAME")
    silence = nodes.add("silence", "hear nothing of a node or a tier until a time")
    silence.add_argument("node", metavar="NAME", nargs="?", default="")
    silence.add_argument("--tier", default="", metavar="T")
    silence.add_argument("--until", default="", metavar="TIME", help="ISO 8601; UTC where no zone is named")
    silence.add_argument("--end", action="store_true", help="lift it")
    silence.add_argument("--why", default="", metavar="TEXT")
    covenant = nodes.add("covenant", "perform a covenant: signed with your keys, in the audit log for ever")
    covenant.add_argument("node", metavar="NAME")
    covenant.add_argument("kind", choices=_COVENANTS, metavar="KIND", help=", ".join(_COVENANTS))
    covenant.add_argument("--note", default="", metavar="TEXT")
    add_factor_file(covenant)
    listing = nodes.add("covenants", "covenants that were performed, their signatures checked")
    listing.add_argument("node", metavar="NAME", nargs="?", default="")
    add_json(listing)
    locked = nodes.add("watch-locked", "whether watching goes on while the vault is locked (NAME.monitor)")
    locked.add_argument("wish", choices=("on", "off", "status"))
