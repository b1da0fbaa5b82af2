"""Which role may do what to which table, and why not: the rules that a shared database enforces.

storage/access makes grants and row policies of them; the window asks ``refusal`` what to say about a greyed action. A
table that is not listed may be touched by nobody. Table names are those of the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aether_desktop.domain.records import TableName
from aether_desktop.domain.users import Role

RANKS: Final = tuple(Role)  # each role may do what those before it may


class Verb(StrEnum):
    """What can be done to rows."""

    READ = "read"
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    EMPTY = "empty"  # TRUNCATE: nobody, ever


@dataclass(frozen=True, slots=True)
class Least:
    """The lowest role that may, with one's own rows and with other people's. None: nobody."""

    own: Role | None
    others: Role | None


NOBODY: Final = Least(None, None)
OWN: Final = Least(Role.MEMBER, None)
EVERYBODY: Final = Least(Role.MEMBER, Role.MEMBER)
WATCH: Final = Least(Role.MEMBER, Role.LEVITE)
TREASURY: Final = Least(Role.MEMBER, Role.AARONIC)
TREASURER: Final = Least(Role.AARONIC, Role.AARONIC)
GROUPS: Final = Least(Role.MEMBER, Role.ZADOKITE)
PEOPLE: Final = Least(Role.ZADOKITE, Role.ZADOKITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """One table. ``owner`` names the column with the person a row belongs to; empty: the vault's common rows.

    ``parent``: (column, table) where a row belongs to whom another row belongs to. ``columns``: what may be changed, by
    the lowest role that may; None: all but keys, owner and creation. ``given``: what a new row may be given, if not
    all. ``groups``: the owner may be a group, whose rows are the Zadokites'.
    """

    noun: str
    owner: str = "owner_id"
    parent: tuple[str, str] | None = None
    read: Least = WATCH
    add: Least = NOBODY
    change: Least = NOBODY
    remove: Least = NOBODY
    columns: Mapping[Role, tuple[str, ...]] | None = field(default=None)
    given: tuple[str, ...] = ()
    groups: bool = False

    @property
    def common(self) -> bool:
        """Whether rows belong to the vault and to nobody in it."""
        return not self.owner and self.parent is None

    def least(self, verb: Verb) -> Least:
        """Who may."""
        return {
            Verb.READ: self.read,
            Verb.ADD: self.add,
            Verb.CHANGE: self.change,
            Verb.REMOVE: self.remove,
            Verb.EMPTY: NOBODY,
        }[verb]


def _of_node(noun: str, *, change: Least = TREASURY, remove: Least = NOBODY) -> TableRule:
    """What belongs to a temple node: whoever may change the node may add to it."""
    parent = ("node_id", "temple_nodes")
    return TableRule(noun=noun, owner="", parent=parent, add=TREASURY, change=change, remove=remove)


_LEASE: Final = ("holder", "generation", "writes", "leased_at", "expires_at", "released_at")
RULES: Final[Mapping[str, TableRule]] = MappingProxyType(
    {
        "vaults": TableRule(noun="vaults", owner="", read=EVERYBODY, change=PEOPLE, columns={Role.ZADOKITE: ("name",)}),
        "users": TableRule(
            noun="people",
            owner="id",
            add=PEOPLE,
            change=Least(Role.MEMBER, Role.ZADOKITE),
            columns={
                Role.MEMBER: (
                    *("display_name", "display_name_fold", "last_login_at", "version"),
                    *("email", "email_fold", "email_sealed"),
                ),
                Role.ZADOKITE: ("username", "username_fold", "role", "membership", "active", "archived_at"),
            },
        ),
        "vault_members": TableRule(
            noun="memberships",
            owner="user_id",
            add=PEOPLE,
            change=PEOPLE,
            columns={Role.ZADOKITE: ("role", "left_at")},
            given=("vault_id", "user_id", "role", "joined_at", "left_at"),  # whose login it is, a function says
        ),
        "wallets": TableRule(noun="wallets", add=OWN, change=OWN),
        "transactions": TableRule(noun="transactions", add=OWN, change=OWN, remove=OWN),
        "ledger_days": TableRule(noun="sums of days"),
        "ledger_fees": TableRule(noun="sums of fees"),
        "ledger_marks": TableRule(noun="marks of changed days"),
        "search_marks": TableRule(noun="marks of texts that changed"),
        "search_parties": TableRule(noun="addresses that are searched", read=NOBODY),
        "search_texts": TableRule(noun="texts that are searched", read=NOBODY),
        "search_waters": TableRule(noun="what is indexed in a vault file", owner="", read=NOBODY),
        "smart_contracts": TableRule(noun="contracts", add=TREASURY, change=TREASURY),
        "temple_nodes": TableRule(noun="temple nodes", add=TREASURY, change=TREASURY),
        "node_probes": _of_node("probes of nodes", remove=TREASURY),
        "node_states": _of_node("states of nodes"),
        "node_samples": _of_node("samples of nodes", change=NOBODY, remove=TREASURY),
        "node_roll_ups": _of_node("roll-ups of nodes", remove=TREASURY),
        "node_transitions": _of_node("changes of nodes' states", change=NOBODY, remove=TREASURY),
        "node_harmony": _of_node("harmony of nodes", remove=TREASURY),
        "node_leases": _of_node("turns at watching nodes"),
        "node_covenants": _of_node("covenants", change=NOBODY),
        "council_seats": TableRule(
            noun="seats of the council", owner="", read=EVERYBODY, add=TREASURER, change=TREASURER, remove=TREASURER
        ),
        "node_silences": TableRule(
            noun="silences", add=TREASURY, change=TREASURY, columns={Role.MEMBER: ("ended_at",)}
        ),
        "node_notices": TableRule(
            noun="notices",
            read=OWN,
            add=OWN,
            change=OWN,
            remove=OWN,
            columns={Role.MEMBER: ("fate", "read_at")},
        ),
        "payments": TableRule(noun="payments", add=TREASURY, change=TREASURY),
        "payment_methods": TableRule(noun="payment methods", add=TREASURY, change=TREASURY),
        "cid_entries": TableRule(noun="content ids", add=OWN, change=OWN),
        "ai_monitoring_logs": TableRule(noun="findings", add=WATCH, change=WATCH),
        "annotations": TableRule(noun="labels and notes", add=WATCH, change=WATCH, remove=WATCH),
        "annotation_tags": TableRule(
            noun="tags", owner="", parent=("annotation_id", "annotations"), add=WATCH, change=WATCH, remove=WATCH
        ),
        "note_words": TableRule(noun="words of sealed notes", add=WATCH, remove=WATCH),
        "foreign_labels": TableRule(noun="imported labels", add=OWN, change=OWN),
        "import_batches": TableRule(noun="imports", owner="imported_by", add=OWN, change=OWN),
        "import_rejections": TableRule(noun="rejected rows", owner="", parent=("batch_id", "import_batches"), add=OWN),
        "import_sightings": TableRule(
            noun="sightings", owner="", parent=("batch_id", "import_batches"), add=OWN, change=OWN, remove=OWN
        ),
        "currencies": TableRule(
            noun="coins and tokens",
            owner="",
            read=EVERYBODY,
            add=EVERYBODY,
            change=PEOPLE,
            columns={Role.ZADOKITE: ("decimals", "decimals_assumed", "name")},
        ),
        "prices": TableRule(noun="prices", owner="", read=EVERYBODY, add=TREASURER, change=TREASURER),
        "id_clients": TableRule(
            noun="client numbers",
            owner="",
            read=EVERYBODY,
            add=EVERYBODY,
            change=EVERYBODY,
            columns={Role.MEMBER: _LEASE},
        ),
        "audit_entries": TableRule(noun="audit entries", owner="user_id", add=OWN),
        "audit_heads": TableRule(noun="heads of the audit log", owner="", read=EVERYBODY),
        "audit_devices": TableRule(noun="signing devices", owner="user_id", read=EVERYBODY),
        "audit_checkpoints": TableRule(noun="checkpoints", owner="user_id", read=EVERYBODY, add=OWN),
        "audit_tally": TableRule(noun="counts of the audit", owner="", read=NOBODY),
        "person_keys": TableRule(
            noun="keys", owner="user_id", read=EVERYBODY, add=OWN, change=OWN, columns={Role.MEMBER: ("sealed",)}
        ),
        "court_keys": TableRule(
            noun="court keys",
            read=EVERYBODY,
            add=OWN,
            change=OWN,
            columns={Role.MEMBER: ("recipient_key", "wrapped", "created_at")},
            groups=True,
        ),
        "seal_counts": TableRule(
            noun="counts of seals",
            owner="recipient_id",
            read=EVERYBODY,
            add=OWN,
            change=OWN,
            columns={Role.MEMBER: ("seals",)},
        ),
        "membership_statements": TableRule(
            noun="statements of the membership log", owner="", read=EVERYBODY, add=EVERYBODY
        ),
        "invitations": TableRule(
            noun="invitations",
            owner="user_id",
            read=GROUPS,
            add=PEOPLE,
            change=GROUPS,
            columns={Role.MEMBER: ("reply",), Role.ZADOKITE: ("settled_at",)},
        ),
        "rotation_journal": TableRule(
            noun="rotations",
            add=OWN,
            change=OWN,
            columns={Role.MEMBER: ("started_at", "field", "row_id", "rows_done", "finished_at")},
            groups=True,
        ),
        "quorum_deals": TableRule(noun="shares of court keys", owner="dealer_id", read=EVERYBODY, add=OWN),
        "quorum_requests": TableRule(
            noun="requests to holders of shares",
            owner="requester_id",
            read=EVERYBODY,
            add=OWN,
            change=OWN,
            columns={Role.MEMBER: ("settled_at",)},
        ),
        "quorum_releases": TableRule(noun="released shares", owner="holder_id", read=EVERYBODY, add=OWN),
        "wallet_secrets": TableRule(noun="wallet secrets", read=OWN, add=OWN, change=OWN, remove=OWN),
        "evm_networks": TableRule(noun="networks", read=OWN, add=OWN, change=OWN, remove=OWN),
        "unlock_attempts": TableRule(
            noun="counts of wrong factors",
            owner="user_id",
            read=OWN,
            add=OWN,
            change=OWN,
            columns={Role.MEMBER: ("failures", "last_at")},
        ),
        "key_slots": TableRule(noun="key slots", owner="", read=NOBODY),
    }
)
SQL_NAMES: Final[Mapping[TableName, str]] = MappingProxyType(
    {name: name.value for name in TableName}
    | {
        TableName.CONTRACTS: "smart_contracts",
        TableName.CONTENT: "cid_entries",
        TableName.MONITORING: "ai_monitoring_logs",
    }
)
_DOING: Final = {
    Verb.READ: ("Reading", "reads"),
    Verb.ADD: ("Adding", "adds"),
    Verb.CHANGE: ("Changing", "changes"),
    Verb.REMOVE: ("Deleting", "deletes"),
    Verb.EMPTY: ("Emptying", "empties"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """``rule`` says what forbids it, ``lift`` who or what could allow it; plain sentences."""

    rule: str
    lift: str

    def __str__(self) -> str:
        return f"{self.rule} {self.lift}"


def title(role: Role) -> str:
    """As people write it."""
    return role.value.capitalize()


def least_role(verb: Verb, table: str, *, own: bool) -> Role | None:
    """The lowest role that may; None: nobody. Common rows count as other people's."""
    rule = RULES.get(table)
    if rule is None:
        return None
    least = rule.least(verb)
    return least.own if own and not rule.common else least.others


def may(role: Role, verb: Verb, table: str, *, own: bool) -> bool:
    """Whether the role permits it in a shared database."""
    least = least_role(verb, table, own=own)
    return least is not None and RANKS.index(role) >= RANKS.index(least)


def refusal(verb: Verb, table: str, *, own: bool, role: Role | None = None) -> Refusal | None:
    """Why ``role`` (None: somebody of unknown role) may not; None if it may."""
    if role is not None and may(role, verb, table, own=own):
        return None
    rule = RULES.get(table)
    doing, does = _DOING[verb]
    if rule is None:
        return Refusal(f"No role may use the table {table}.", "This program has no use for it there.")
    least = rule.least(verb)
    whose = f"other people's {rule.noun}" if not own and not rule.common else rule.noun
    needed = least_role(verb, table, own=own)
    yours = "" if role is None else f" Yours is {title(role)}."
    if needed is not None:
        return Refusal(
            f"{doing} {whose} needs the role {title(needed)} or a higher one.{yours}",
            "A Zadokite of the vault can give it (People).",
        )
    if least.own is not None and not own:
        return Refusal(f"Nobody {does} {whose}, whatever their role.", "Only the person they belong to may.")
    if table.startswith("audit"):
        return Refusal(f"Nobody {does} {rule.noun}.", "No one can lift this; it is what makes the log worth reading.")
    return Refusal(f"Nobody {does} {rule.noun} here.", "No role lifts this.")
