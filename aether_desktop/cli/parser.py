"""The words of the command line. Imports the standard library only, so that --help answers at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from aether_desktop.cli.care_words import add_care_words
from aether_desktop.cli.node_words import add_node_words
from aether_desktop.cli.wallet_words import add_wallet_words
from aether_desktop.cli.window_words import VAULT_SUFFIX
from aether_desktop.cli.words import Words, add_factor_file, add_json, count

_DESCRIPTION = (
    "Aether Desktop: wallets, ledger and temple nodes. Without a command the window opens; a path that ends in .aether"
    " is opened as a vault."
)
_EXIT_CODES = "exit codes: 0 done, 1 refused or bad input (also when rows were rejected), 2 usage, 130 interrupted"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Raises SystemExit: 0 after --help and --version, 2 for wrong usage (said on standard error)."""
    parser = build_parser()
    options = parser.parse_args(_named_vault(parser, sys.argv[1:] if arguments is None else arguments))
    if options.version:
        from importlib.metadata import version  # noqa: PLC0415 - 9 ms that other starts do without

        sys.stdout.write(f"aether-desktop {version('aether-desktop')}\n")
        parser.exit(0)
    _settle_places(parser, options)
    if options.command == "import":
        _settle_import(parser, options)
    if options.command == "sample":
        _settle_sample(parser, options)
    return options


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aether-desktop", description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="store_true", help="say the version")
    _add_globals(parser, suppressed=False)
    shared = argparse.ArgumentParser(add_help=False)
    _add_globals(shared, suppressed=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    words = Words(commands, shared)
    _add_vault_words(words)
    add_wallet_words(words)
    _add_import_words(words)
    _add_ledger_words(words)
    _add_module_words(words)
    monitor = words.add("monitor", "watch the temple nodes without a window, until it is interrupted")
    monitor.add_argument("--once", action="store_true", help="ask every node once; exit code 1 unless all are well")
    monitor.add_argument("--locked", action="store_true", help="only what may be watched without a password")
    monitor.add_argument("--seconds", type=float, default=0.0, metavar="N", help="end after so many")
    monitor.add_argument("--json", action="store_true", help="one JSON object on each line")
    add_node_words(words)
    _add_people_words(words)
    _add_sealed_words(words)
    _add_audit_words(words)
    _add_postgres_words(words)
    add_care_words(words)
    return parser


def _add_globals(parser: argparse.ArgumentParser, *, suppressed: bool) -> None:
    group = parser.add_argument_group("which vault or database")
    default = argparse.SUPPRESS if suppressed else None
    group.add_argument("--vault", metavar="PATH", default=default, help="the vault file")
    group.add_argument("--database", metavar="URL", default=default, help="a shared PostgreSQL database")
    group.add_argument(
        "--key-file", metavar="PATH", default=default, help="the vault's key in a file (mode 0600), never by default"
    )
    group.add_argument(
        "--password-file",
        metavar="PATH",
        default=default,
        help="the vault's password, the first line of a file (mode 0600); asked for at a terminal otherwise",
    )
    group.add_argument(
        "--data-dir", metavar="PATH", default=default, help="where the default vault, settings and reports lie"
    )
    group.add_argument(
        "--portable",
        metavar="DIR",
        default=default,
        help="keep everything below DIR, on a stick for example, nothing at home but the device's key in a keyring;"
        " on another computer the recovery kit opens a vault",
    )
    if not suppressed:
        group.add_argument(
            "--minimised", action="store_true", help="open no window, only the icon in the tray; for starting at login"
        )
    group.add_argument(
        "--confirm-database",
        action="store_true",
        default=argparse.SUPPRESS if suppressed else False,
        help="yes, use the database that DATABASE_URL names (asked once)",
    )


def _named_vault(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> list[str]:
    """A path after options alone is a vault to open: what a double click on a vault's file gives."""
    words = list(arguments)
    if not words or not words[-1].endswith(VAULT_SUFFIX):
        return words
    flags = {name for action in parser._actions if action.nargs == 0 for name in action.option_strings}
    before = iter(words[:-1])
    for word in before:
        if not word.startswith("-"):
            return words  # a command
        if word not in flags and "=" not in word and next(before, None) is None:
            return words  # the path belongs to that option
    return [*words[:-1], "--vault", words[-1]]


def _settle_places(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """``--portable`` is a data folder that also keeps what libraries write; it is made when it is not there."""
    if "" in (options.portable, options.data_dir):  # a script's empty variable: nothing is written at home by mistake
        parser.error("--portable and --data-dir need the name of a folder")
    if not options.portable:
        return
    if options.data_dir:
        parser.error("--portable and --data-dir name the same thing: give one of them")
    options.portable = options.data_dir = str(Path(options.portable).absolute())


def _add_vault_words(words: Words) -> None:
    vault = words.group("vault", "create a vault, or say what is in it")
    create = vault.add(
        "create", "create an encrypted vault with a password; the device's key goes to the keyring or to --key-file"
    )
    create.add_argument("--name", default="", help="the vault's name (default: the file's)")
    create.add_argument("--username", default="", help="its first person (default: the login name)")
    add_json(vault.add("info", "say which vault or database this is"))
    _add_key_words(vault)
    _add_sample_words(words)


def _add_sample_words(words: Words) -> None:
    sample = words.add(
        "sample",
        "create the sample vault: generated data, not encrypted, needs no keyring; with --rows a new encrypted vault"
        " (password and key as for vault create), or an empty shared database, with a large ledger: also generated",
    )
    sample.add_argument("path", metavar="PATH", nargs="?", default="", help="the vault to make")
    sample.add_argument("--rows", type=count, default=None, metavar="N", help="transactions in the large ledger")
    sample.add_argument("--seed", type=count, default=1, help="the same seed makes the same rows (default: 1)")


def _settle_sample(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """One place: PATH, or with --rows a database."""
    shared = options.rows is not None and options.database
    if bool(options.path) == bool(shared):
        parser.error("sample needs PATH, or --rows N with --database URL")
    if options.path and options.rows is not None:
        options.vault = options.path


def _add_key_words(vault: Words) -> None:
    password = vault.add("password", "set or change the vault's password; nothing is encrypted anew but its slot")
    password.add_argument("--with-kit", action="store_true", help="the recovery kit opens it; its words are asked for")
    password.add_argument("--kit-file", metavar="PATH", default="", help="the kit's words on one line (mode 0600)")
    kit = vault.add("kit", "show a new recovery kit once; it replaces an older one")
    kit.add_argument("--without-confirmation", action="store_true", help="for scripts that keep the words safe")
    add_json(vault.add("keys", "say what opens the vault, and how the keyring answers"))
    vault.add("unlock", "say whether the password opens the vault")
    accept = vault.add("accept-keys", "take an older key file as it is from now on, after a restored back-up")
    accept.add_argument("--yes", action="store_true", help="you restored it yourself")
    copies = vault.add(
        "forget-copies", "list older copies beside the vault that open with less than it does; delete them with --yes"
    )
    copies.add_argument("--set-aside", action="store_true", help="also the vaults that restored back-ups replaced")
    copies.add_argument("--yes", action="store_true", help="delete them, after the vault was verified")
    compromised = vault.add("compromised", "new keys for everything, after somebody may have learned the old ones")
    for parser in (password, compromised):
        parser.add_argument("--new-password-file", metavar="PATH", default="", help="the new password (mode 0600)")
    for parser in (kit, compromised):
        add_factor_file(parser, "the passphrase of level 2 or 3 (mode 0600), where that level was set up")
    add_factor_file(compromised, "and the new one", name="--new-factor-file")
    compromised.add_argument(
        "--keep-device-key",
        action="store_true",
        help="leave the former key in the keyring: back-ups made before go on opening with the former password",
    )


def _add_import_words(words: Words) -> None:
    text = "import history files: import FILE... --wallet N, or: import undo BATCH, import list"
    parser = words.add("import", text)
    parser.add_argument("files", nargs="+", metavar="FILE", help="files, or the words: undo BATCH, list")
    parser.add_argument("--wallet", metavar="N", help="the wallet's name, address or id")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, store nothing")
    parser.add_argument("--format", default="", help="the importer's key (default: recognised by the headings)")
    parser.add_argument(
        "--mapping",
        action="append",
        default=[],
        metavar="FIELD=HEADING",
        help="for other CSV files: which heading holds a field; may be given several times",
    )
    parser.add_argument("--day-first", action="store_true", default=None, help="3/4/2020 is the third of April")
    parser.add_argument("--month-first", action="store_false", dest="day_first", help="3/4/2020 is the fourth of March")
    parser.add_argument("--zone", default="", metavar="+HH:MM", help="zone of times written without one (default: UTC)")
    parser.add_argument("--account", default="", help="which account of a file that holds several")
    add_json(parser)


def _settle_import(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """``import undo BATCH`` and ``import list`` share the word with files; ``./undo`` names a file."""
    files: list[str] = options.files
    options.action = "run"
    if files[0] == "undo":
        if len(files) != 2:
            parser.error("import undo takes one batch: import undo BATCH")
        options.action, options.batch = "undo", files[1]
    elif files == ["list"]:
        options.action = "list"
    elif not options.wallet:
        parser.error("import needs --wallet N")


def _add_ledger_words(words: Words) -> None:
    balance = words.add("balance", "what the rows of each wallet add up to")
    balance.add_argument("--wallet", metavar="N", help="one wallet: its name, address or id")
    add_json(balance)
    transactions = words.group("transactions", "list, export, group and add up transactions")
    listing = transactions.add("list", "list transactions")
    listing.add_argument("--limit", type=count, default=100, help="at most so many rows (default: 100)")
    add_json(listing)
    export = transactions.add("export", "export all that the query finds")
    export.add_argument("--format", required=True, choices=("csv", "json"))
    export.add_argument("--output", metavar="FILE", default="-", help="default: standard output")
    adding = transactions.add("sum", "add up all that the query finds: in, out, fees and net of each token")
    add_json(adding)
    groups = transactions.add("groups", "groups of transactions and what the rows of each add up to")
    groups.add_argument("--by", required=True, choices=("day", "month", "counterparty", "token"))
    groups.add_argument("--limit", type=count, default=None, help="at most so many groups (default: all)")
    add_json(groups)
    for parser in (listing, export, groups, adding):
        parser.add_argument("--query", default="", metavar="Q", help="for example: amount>1 status:pending sort:-date")
    for parser in (listing, export):
        parser.add_argument("--columns", default="", metavar="A,B,...", help="default: all")
    labels = words.group("labels", "labels, notes and tags as BIP-329 JSON Lines")
    labels.add("export", "write them").add_argument("file", metavar="FILE", help="- is standard output")
    take = labels.add("import", "read them")
    take.add_argument("file", metavar="FILE")
    add_json(take)
    put = labels.add("set", "write a label, a note or tags on all transactions that the query finds")
    put.add_argument("--query", required=True, metavar="Q", help='for example: party:0x7a3f label:""; "" is all')
    put.add_argument("--label", default=None, metavar="L")
    put.add_argument("--note", default=None, metavar="N")
    put.add_argument("--tag", action="append", default=[], metavar="T", help="added to the tags; may be repeated")
    put.add_argument("--replace", action="store_true", help="also where a row has a label (a note) already")
    put.add_argument("--yes", action="store_true", help="do it; without this it only says how many rows it would be")
    add_json(put)
    prices = words.group("prices", "fiat prices")
    price_import = prices.add("import", "read a CSV file with date, symbol, currency, price")
    price_import.add_argument("file", metavar="FILE")
    add_json(price_import)


def _add_module_words(words: Words) -> None:
    modules = words.group("modules", "the Sacred Utility Modules")
    add_json(modules.add("list", "list them"))
    for name, text in (("enable", "use a module again"), ("disable", "do not use a module")):
        modules.add(name, text).add_argument("key", metavar="KEY")


def _add_postgres_words(words: Words) -> None:
    postgres = words.group("postgres", "what the administrator of a shared database does")
    provision = postgres.add(
        "provision",
        "set up or renew a database: roles, tables, row security, the first vault and its founder's own login, whose"
        " password goes to the keyring (or beside --key-file); may be run again",
    )
    provision.add_argument("--name", default="", help="the first vault's name (default: vault)")
    provision.add_argument("--username", default="", help="its founder (default: the login name)")
    provision.add_argument("--new-password", action="store_true", help="give the founder's login another password")
    migrate = postgres.add("migrate", "bring schema and access rules up to date")
    for parser in (provision, migrate):
        parser.add_argument("url", metavar="URL", help="as a superuser, or as the database's owner with CREATEROLE")


def _add_quorum_words(courts: Words) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Those that name a court."""
    deal = courts.add("deal", "share a court's key out: several people together can give it back after a loss")
    deal.add_argument("--holders", required=True, metavar="NAMES", help="user names with commas; one more than needed")
    deal.add_argument("--needed", required=True, type=int, metavar="NUMBER", help="how many of them must agree")
    ask = courts.add("ask", "after a loss: ask the holders for a court's key")
    ask.add_argument("--purpose", required=True, metavar="TEXT", help="what for, in words that the holders read")
    for parser in (deal, ask):
        parser.add_argument("--owner", default="", metavar="NAME", help="a group of yours (default: yourself)")
    add_json(courts.add("requests", "say who holds shares, what you are asked, and what you ask"))
    add_factor_file(deal)
    add_factor_file(ask)
    for name, said in (
        ("release", "agree: release your share for one request"),
        ("restore", "with enough shares: take the key back"),
        ("withdraw", "take your request back"),
    ):
        parser = courts.add(name, said)
        parser.add_argument("request", metavar="REQUEST", help="its number, see: courts requests")
        add_factor_file(parser)
    return deal, ask


def _add_people_words(words: Words) -> None:
    people = words.group("people", "who shares these books: invite, certify, roles, and who may open what you sealed")
    add_json(people.add("list", "list people, whether their keys are certified, and the codes to compare by voice"))
    invite = people.add("invite", "write an invitation file and show its one-time secret, once")
    invite.add_argument("--role", default="member", help="member, levite, aaronic or zadokite (default: member)")
    invite.add_argument("--file", required=True, metavar="PATH", help="where to write the invitation")
    invite.add_argument("--address", default="", metavar="URL", help="how they reach the database (default: as here)")
    invite.add_argument("--display-name", default="", metavar="NAME")
    invite.add_argument("--again", action="store_true", help="somebody who is here already and lost their keys")
    accept = people.add("accept", "as the invited person: make keys and answer, with a password of your own")
    accept.add_argument("file", metavar="FILE", help="the invitation")
    accept.add_argument("--secret-file", metavar="PATH", default="", help="its secret (mode 0600); asked for otherwise")
    accept.add_argument("--reply", metavar="PATH", default="", help="write the reply to a file too")
    begin = people.add("begin", "make the founder's keys; once per vault")
    trust = people.add("trust", "on a computer that never saw this list of people: trust it by a colleague's code")
    trust.add_argument("code", metavar="CODE", help="what courts status shows them, told by voice")
    certify = people.add("certify", "certify the keys of a reply")
    certify.add_argument(
        "--reply", metavar="FILE", default="", help="the reply's file, where it is not in the database"
    )
    role = people.add("role", "give a role")
    found = [people.add(*each) for each in (("disable", "disable somebody"), ("enable", "enable somebody again"))]
    grant = people.add("grant", "let somebody open one of your courts")
    revoke = people.add("revoke", "end that: the court's key is replaced; it cannot unread")
    for parser in (invite, certify, role, *found, grant, revoke):
        parser.add_argument("name", metavar="NAME", help="the user name")
    role.add_argument("role", metavar="ROLE", help="member, levite, aaronic or zadokite")
    courts = words.group("courts", "the keys of what is sealed: who opens what, and replacing a key")
    add_json(courts.add("status", "say versions, who opens them, and what is outstanding"))
    make = courts.add("make", "once certified: make the first keys of one's own courts")
    rotate = courts.add("rotate", "replace a court's key and seal the rows anew; goes on where it was ended")
    rotate.add_argument("--owner", default="", metavar="NAME", help="a group of yours (default: yourself)")
    deal, ask = _add_quorum_words(courts)
    for parser in (grant, revoke, rotate, deal, ask):
        parser.add_argument("court", choices=("outer", "holy", "most-holy", "1", "2", "3"))
    payments = words.group("payments", "payments of level quantum")
    check = payments.add("check", "verify signatures; exit code 1 when a payment was altered since, or is not signed")
    check.add_argument("payments", metavar="ID", nargs="*", help="default: all that are signed or should be")
    check.add_argument("--with-id", action="store_true", help="compare the sealed provider's id too (level 2)")
    add_json(check)
    for parser in (invite, accept, begin, certify, role, *found, grant, revoke, make, rotate, check):
        add_factor_file(parser)


def _add_sealed_words(words: Words) -> None:
    sealed = words.group("sealed", "fields that are sealed one by one: which there are, and revealing one")
    listing = sealed.add("list", "list the rows that have sealed values; nothing is opened")
    reveal = sealed.add("reveal", "print one sealed value to standard output; the audit log tells of it")
    for parser in (listing, reveal):
        parser.add_argument(
            "table", metavar="TABLE", help="users, payments or payment_methods; any, in a shared database: notes"
        )
    add_json(listing)
    reveal.add_argument("row", metavar="ID", help="the row's id, as sealed list says it")
    reveal.add_argument("field", metavar="FIELD", help="for example email, external_id, last_four, note")
    add_factor_file(
        reveal, "the passphrase of level 2 (mode 0600), for fields of the Holy Place; asked for at a terminal otherwise"
    )


def _add_audit_words(words: Words) -> None:
    audit = words.group("audit", "who did what, whether the log is whole, and proofs for others")
    listing = audit.add("list", "list entries, the latest first")
    listing.add_argument("--limit", type=count, default=100, help="at most so many (default: 100)")
    listing.add_argument("--person", default="", metavar="NAME", help="by one person")
    listing.add_argument("--event", default="", metavar="ACTION", help="of one kind, for example wallets.update")
    listing.add_argument("--table", default="", metavar="NAME", help="about one table")
    listing.add_argument("--row", type=count, default=None, metavar="ID", help="about one row")
    for name in ("since", "until"):
        listing.add_argument(f"--{name}", default="", metavar="DAY", help="for example 2026-11-23 (UTC, included)")
    checkpoint = audit.add("checkpoint", "sign how far the log reaches (level 2), to a file")
    points = audit.add("checkpoints", "list what was signed so far")
    proof = audit.add("proof", "prove that an entry is in the log, to a file for resources/verify_proof.py")
    proof.add_argument("entry", metavar="ID", type=count, help="as listed")
    consistency = audit.add("consistency", "prove that one checkpoint's log is the beginning of another's")
    for name in ("first", "second"):
        consistency.add_argument(name, metavar=name.upper(), type=count, help="as listed by: audit checkpoints")
    for parser in (checkpoint, proof, consistency):
        parser.add_argument("file", metavar="FILE")
    for parser in (checkpoint, proof):
        add_factor_file(parser)
    audit.add("code", "say the log's short code, to compare by voice")
    compare = audit.add("compare", "compare with a colleague's; exit code 1 unless both are the same")
    compare.add_argument("other", metavar="CODE|FILE", help="their code, or the file of their checkpoint")
    accept = audit.add("accept", "take the log as it is from now on, after a restored back-up")
    accept.add_argument("--yes", action="store_true", help="you know why it is shorter or another")
    verify = audit.add("verify", "read the whole log; exit code 1 when it was altered, cut or forked")
    for parser in (listing, points, verify):
        add_json(parser)
