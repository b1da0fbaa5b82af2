"""What every kind of term finds and refuses; on both engines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from aether_desktop.domain.monitoring import MonitoringAction, MonitoringEntry, Severity
from aether_desktop.domain.records import TableName
from aether_desktop.domain.temple import Tier
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import Comparison, TableQuery, Term
from aether_desktop.ports.storage import Storage
from aether_desktop.storage.database import Database
from aether_desktop.storage.stores.monitoring import SqlMonitoringStore
from aether_desktop.storage.windows import SqlWindowStore
from tests.storage import samples
from tests.storage.ledger import MARKET, TRANSACTIONS, ask, cells, named, store_ledger
from tests.storage.samples import NOW


@pytest.fixture
def ledger(storage: Storage) -> dict[str, int]:
    """Ids by name."""
    return store_ledger(storage)


FOUND = [
    ("", "gift rent failed pending self btc"),
    ("archived:only", "archived"),
    ("amount:0.5", "gift btc"),  # the figure people see, whatever the decimals
    ("amount=.50", "gift btc"),
    ("amount>1 amount<=3", "rent pending self"),
    ("amount>=1,000", ""),
    ("amount!=0", "gift rent pending self btc"),
    ("-amount:0", "gift rent pending self btc"),
    ('fee:""', "gift pending self btc"),
    ("fee>0", "rent failed"),
    ("-fee>0", "gift pending self btc"),  # exactly the others
    ("fee!=0.001", "gift rent pending self btc"),
    ("status:failed", "failed"),
    ("-status:failed direction:out", "rent"),
    ("ai_verified:yes", "self"),
    ("ai_verified=0 direction=self", ""),
    ("block:7", "self"),
    ("block>6 block<8", "self"),
    ('block:""', "gift rent failed pending btc"),
    ("label:lamp", "rent btc"),
    ("label=LAMP", "btc"),
    ("label:öl", "rent"),
    ("label!=lamp", "gift rent failed pending self"),
    ('label:""', "gift failed pending self"),
    ('label!=""', "rent btc"),
    ("-label:lamp", "gift failed pending self"),
    ("note:50%", "rent"),
    ("description:100%", "rent"),
    ("description:0_0", ""),  # LIKE's wildcards mean themselves
    ("description:of_m", "rent"),
    ("tag:home", "rent"),  # the whole tag
    ("tag:HOME tag:fixed", "rent"),
    ('tag:""', "gift failed pending self"),
    ("-tag:home", "gift failed pending self btc"),
    ("wallet:treas", "gift rent failed pending self"),
    ('wallet="savings ÖL"', "btc"),
    ("chain:bitcoin", "btc"),
    ("token:usdc", "rent"),
    ("asset=ethereum:eth", "gift rent failed self"),  # what moves it, and what pays its fee in it
    ("-asset=ethereum:eth", "pending btc"),
    ("asset:bitcoin", "btc"),
    ("token:t", "gift failed pending self btc"),
    (f"hash:0x{'AB' * 3}", "rent"),
    (f"hash:{'ab' * 10}", "rent"),
    ("hash:c26ba54c", "btc"),
    ("hash:f91d0a8a78462bc59398", "btc"),
    ("hash:f91d…aafd", "btc"),
    (f"hash={'0xAB'}{'ab' * 31}", "rent"),
    ("hash!=x", "gift rent failed pending self btc"),
    (f"from:{MARKET}", "gift"),
    (f"from:{MARKET[:9].upper().replace('X', 'x', 1)}", "gift"),
    (f"to={MARKET}", "rent"),
    (f"party:{MARKET[20:30]}", "gift rent"),
    (f"party:{MARKET[:6]}...{MARKET[-4:]}", "gift rent"),
    ("from:treasury", "rent"),  # an own wallet's name stands for its address
    ("to:1boat", "btc"),
    ("to!=1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "gift rent failed pending self"),
    ('contract!=""', "rent"),
    ("date:2026-03", "gift rent pending self btc"),
    ("date:2025", "failed"),
    ("date<2026", "failed"),
    ("date>=2026-03-15", "pending"),
    ("date>2026-03-14", "pending"),
    ("date<=2026-03-14 date>2025", "gift rent self btc"),
    ("date>=2026-03-14T15:09:26.535897Z date<2026-03-15", "gift rent self btc"),
    ("date:2026-03-14T16:09+01:00", "gift rent self btc"),
    ("lamp", "rent btc"),  # free words look everywhere
    ("LAMP -homest", "rent"),
    ("file", "rent"),
    ("savings", "btc"),
    ("1Boat", "btc"),
    (MARKET, "gift rent"),
    ("aafd", "btc"),
    ("rent lamp", "rent"),
    ("rent nowhere", ""),
]  # fmt: skip
REFUSED = [  # term, named field, part of the message or hint
    (Term("colour", Comparison.HAS, "red"), "colour", "tx_hash"),
    (Term("archived_at", Comparison.HAS, "2020"), "archived_at", "occurred_at"),
    (Term("status", Comparison.HAS, "lost"), "status", "pending, confirmed, failed, orphaned"),
    (Term("status", Comparison.LESS, "failed"), "status", "no order"),
    (Term("status", Comparison.HAS, ""), "status", "Possible"),
    (Term("label", Comparison.GREATER, "a"), "label", "no order"),
    (Term("ai_verified", Comparison.HAS, "perhaps"), "ai_verified", "yes, no"),
    (Term("amount", Comparison.HAS, "much"), "amount", "decimal number"),
    (Term("amount", Comparison.LESS, "-1"), "amount", "negative"),
    (Term("amount", Comparison.HAS, "1,5"), "amount", "comma"),
    (Term("amount", Comparison.GREATER, ""), "amount", "needs a value"),
    (Term("block_number", Comparison.HAS, "1.5"), "block_number", "whole number"),
    (Term("block_number", Comparison.HAS, str(2**63)), "block_number", "whole number"),
    (Term("occurred_at", Comparison.HAS, "2020-13"), "occurred_at", "2020-01-31T12:00Z"),
    (Term("label", Comparison.HAS, "x" * 2_001), "label", "2000 characters"),
    (Term("", Comparison.HAS, "a\x00b"), "filter", "NUL"),
    (Term("note", Comparison.HAS, "\ud800"), "note", "half a character"),
]


class TestFilters:
    def test_terms_find_exactly_their_rows(self, storage: Storage, ledger: dict[str, int]) -> None:
        wrong = {}
        for text, expected in FOUND:
            found = named(ledger, ask(storage, TRANSACTIONS, text))
            if found != set(expected.split()):
                wrong[text] = (sorted(found), expected)
        assert wrong == {}

    def test_what_cannot_be_asked_is_refused_by_field(self, storage: Storage) -> None:
        for term, field, part in REFUSED:
            query = TableQuery(TRANSACTIONS, (term,))
            for attempt in (
                lambda query=query: storage.windows.count(query),
                lambda query=query: storage.windows.window(query, 0, 1),
                lambda query=query: storage.windows.rows(query),
            ):
                with pytest.raises(InvalidInputError) as refused:
                    attempt()
                assert refused.value.field == field
                assert part in f"{refused.value.message} {refused.value.hint}"

    def test_too_many_terms_are_refused(self, storage: Storage) -> None:
        with pytest.raises(InvalidInputError, match="at most 64"):
            storage.windows.count(TableQuery(TRANSACTIONS, (Term("", Comparison.HAS, "a"),) * 65))

    def test_text_in_a_query_is_never_sql(self, storage: Storage, ledger: dict[str, int]) -> None:
        for value in ("'; DROP TABLE transactions; --", "%", "_", "\\", "' OR '1'='1", '"', ":x", "%(x)s", "?", "{}"):
            for field in ("", "label", "wallet", "tx_hash", "counterparty", "tags", "description"):
                query = TableQuery(TRANSACTIONS, (Term(field, Comparison.HAS, value),))
                found = named(ledger, list(storage.windows.rows(query)))
                assert found <= {"rent"}, (field, value)  # it alone holds a per cent sign and an underscore
        assert storage.windows.count(TableQuery(TRANSACTIONS)) == 6

    def test_letters_of_other_scripts_fold_alike(self, storage: Storage) -> None:
        labels = ["ΟΔΟΣ ΣΟΦΙΑΣ", "İstanbul", "straße", "ЖИЗНЬ", "ÅNGSTRÖM"]
        storage.wallets.create(wallet := samples.wallet(storage))
        rows = [samples.transaction(storage, wallet.id, description=label) for label in labels]
        for row in rows:
            storage.transactions.create(row)
        found = {
            typed: [row.id for row in ask(storage, TRANSACTIONS, f"description:{typed}")]
            for typed in ("οδοσ", "σοφιασ", "istanbul", "STRASS", "STRAß", "жизнь", "ångström", "angstrom")
        }
        assert found == {
            "οδοσ": [rows[0].id],
            "σοφιασ": [rows[0].id],
            "istanbul": [rows[1].id],
            "STRASS": [],
            "STRAß": [rows[2].id],
            "жизнь": [rows[3].id],
            "ångström": [rows[4].id],
            "angstrom": [],
        }

    def test_node_types_days_and_scores(self, storage: Storage) -> None:
        thresholds = {"candidate": (1, 1, 0), "levite": (3, 0, 0), "aaronic": (6, 1, 0), "zadokite": (4, 4, 4)}
        nodes = {}
        for name, (one, two, three) in thresholds.items():
            nodes[name] = samples.temple_node(
                storage,
                node_id=name,
                tier=Tier.OUTER_COURT,
                storage_threshold=one,
                compute_threshold=two,
                abundance_threshold=three,
                harmony=None if name == "candidate" else float(one) + 0.5,
            )
            storage.temple_nodes.create(nodes[name])
        table = TableName.TEMPLE_NODES
        for name, node in nodes.items():
            rows = ask(storage, table, f"type:{name}")
            assert [row.id for row in rows] == [node.id]
            assert cells(rows, table, "type") == [name] == [node.type.value]
        assert cells(ask(storage, table, "sort:type"), table, "node_id") == sorted(thresholds)
        assert cells(ask(storage, table, "harmony>3.5 sort:harmony"), table, "harmony") == [4.5, 6.5]
        assert cells(ask(storage, table, 'harmony:""'), table, "node_id") == ["candidate"]
        # no value comes last when ascending and first when descending
        assert cells(ask(storage, table, "sort:harmony"), table, "harmony") == [3.5, 4.5, 6.5, None]
        assert cells(ask(storage, table, "sort:-harmony"), table, "harmony") == [None, 6.5, 4.5, 3.5]
        with pytest.raises(InvalidInputError, match="compared with a number"):
            storage.windows.count(TableQuery(table, (Term("harmony", Comparison.HAS, "nan"),)))

    def test_days_without_a_time(self, storage: Storage) -> None:
        table = TableName.PAYMENT_METHODS
        for name, day in (("a", date(2028, 2, 29)), ("b", date(2027, 12, 31)), ("c", None)):
            storage.payment_methods.create(samples.payment_method(storage, name=name, expires_on=day))
        for text, expected in (
            ("expires:2028", "a"),
            ("expires:2027-12", "b"),
            ("expires<2028-02-29", "b"),
            ("expires<=2028-02-29", "ab"),
            ("expires>2027", "a"),
            ('expires:""', "c"),
            ("-expires:2028", "bc"),
            ("sort:expires_on", "bac"),
        ):
            assert "".join(cells(ask(storage, table, text), table, "name")) == expected, text
        with pytest.raises(InvalidInputError, match="compared with a day"):
            ask(storage, table, "expires:2028-02-29T12:00")

    def test_words_of_time_follow_the_clock(self, database: Database) -> None:
        store = SqlMonitoringStore(database)
        clock = [NOW]
        windows = SqlWindowStore(database, clock=lambda: clock[0])
        for days in (0, 1, 2, 20, 300):
            store.create(
                MonitoringEntry(
                    id=database.new_id(),
                    owner_id=database.user_id,
                    created_at=NOW,
                    seen_at=NOW - timedelta(days=days),
                    action=MonitoringAction.GAS_OPTIMIZATION,
                    severity=Severity.INFO,
                    description=str(days),
                )
            )

        def seen(word: str) -> list[str]:
            query = TableQuery(TableName.MONITORING, (Term("seen_at", Comparison.HAS, word),))
            return cells(list(windows.window(query, 0, 9).rows), TableName.MONITORING, "description")

        assert (seen("today"), seen("yesterday")) == (["0"], ["1"])
        assert (seen("this-week"), seen("this-month"), seen("this-year")) == (
            ["0", "1", "2"],
            ["0", "1", "2"],
            ["0", "1", "2", "20"],
        )
        assert (seen("last-month"), seen("last-year")) == (["20"], ["300"])
        clock[0] = NOW + timedelta(days=1)
        assert (seen("today"), seen("yesterday")) == ([], ["0"])
