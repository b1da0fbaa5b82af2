"""The ledger in groups, over any number of rows: found by steps from group to group, added up for those on view.

A step asks an index for the next value that another row has, so a page of groups costs a look for each of them,
however many rows they have. Where the filter finds few rows, these are gathered and grouped at once. One rule of adding
up holds everywhere; ``ledger_days`` says it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, literal, select, type_coerce

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.records import TableName
from aether_desktop.domain.transactions import Direction, TransactionStatus
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.groups import Group, GroupPage, GroupQuery, GroupTotals, TokenTotal
from aether_desktop.ports.queries import ArchivedRows, GroupBy, GroupKey, Sort, TableQuery
from aether_desktop.ports.work import CancelToken
from aether_desktop.storage.currency_rows import currency_of
from aether_desktop.storage.database import Database
from aether_desktop.storage.ledger_days import DaySums, LedgerDays, day_number
from aether_desktop.storage.query_totals import COSTS_FEE, Part, added_up, parts_of
from aether_desktop.storage.schema import CURRENCIES, TRANSACTIONS, WALLETS
from aether_desktop.storage.schema.ledger import DAY
from aether_desktop.storage.unindexed import gathered
from aether_desktop.storage.window_question import Question
from aether_desktop.storage.window_walks import LISTED, Arms, by_index
from aether_desktop.storage.windows import SqlWindowStore

_ROWS, _COINS = TRANSACTIONS.c, CURRENCIES.c
_TIMES: Final = frozenset({GroupBy.DAY, GroupBy.MONTH})
_LONGEST_MONTH: Final = 31  # days
_LAST_ID: Final = 2**63 - 1
_ADDED_UP_AT_ONCE: Final = 64  # marked days; with more the kept sums are no quick answer
_SIGN: Final = {Direction.IN: 1, Direction.OUT: -1, Direction.SELF: 0}
Condition = ColumnElement[bool]


class SqlGroupStore:
    """Implements ``ports.groups.GroupStore``. Worker threads only; raises the StorageError family."""

    def __init__(self, database: Database, windows: SqlWindowStore, days: LedgerDays) -> None:
        self._database, self._windows, self._days = database, windows, days

    def page(
        self, asked: GroupQuery, *, after: Group | None = None, limit: int, token: CancelToken | None = None
    ) -> GroupPage:
        """See ports.groups. Raises InvalidInputError, OperationCancelled."""
        question = self._question(asked)

        def look(connection: Connection) -> GroupPage:
            return self._page(connection, asked, question, after, limit)

        return self._database.fetch(look, token=token)

    def kept(
        self, asked: GroupQuery, groups: Sequence[Group], *, token: CancelToken | None = None
    ) -> Mapping[GroupKey, GroupTotals]:
        """See ports.groups. Raises InvalidInputError, OperationCancelled."""
        if not groups or asked.by is GroupBy.COUNTERPARTY:
            return {}
        self._question(asked)  # refuses what cannot be asked
        return self._database.fetch(lambda connection: self._kept(connection, asked, groups, token), token=token)

    def totals(
        self, asked: GroupQuery, groups: Sequence[Group], *, token: CancelToken | None = None
    ) -> Mapping[GroupKey, GroupTotals]:
        """See ports.groups. Raises InvalidInputError, OperationCancelled."""
        if not groups:
            return {}
        question = self._question(asked)

        def add_up(connection: Connection) -> Mapping[GroupKey, GroupTotals]:
            kept = self._kept(connection, asked, groups, token)
            if kept and all(each.whole for each in kept.values()):
                return kept
            by_index(connection)
            arms = self._in_time(connection, asked, question.walk.arms(connection))
            if arms is None:
                return {}
            tallies: defaultdict[GroupKey, _Tally] = defaultdict(_Tally)
            for key, part in self._parts(connection, asked, arms, [group.key for group in groups], token):
                tallies[key].add(part)
            coins = self._currencies(connection, {coin for tally in tallies.values() for coin in tally.coins})
            return {key: tally.totals(coins) for key, tally in tallies.items()}

        return self._database.fetch(add_up, token=token)

    # -- inside ----------------------------------------------------------------------------------------------

    def _question(self, asked: GroupQuery) -> Question:
        """The rows in the order of their groups, where one index has them so. Raises InvalidInputError."""
        if asked.query.table is not TableName.TRANSACTIONS:
            raise InvalidInputError("Only transactions are grouped.", field="by")
        column = "occurred_at" if asked.by in _TIMES else "counterparty"
        return self._windows.question(replace(asked.query, sort=(Sort(column, asked.descending),)))

    def _in_time(self, connection: Connection, asked: GroupQuery, arms: Arms | None) -> Arms | None:
        """For rows of one counterparty or token: within these an index bounds the time, too."""
        if arms is None or arms.gathered or asked.by in _TIMES:
            return arms
        return self._windows.question(replace(asked.query, sort=())).walk.arms(connection)

    def _parts(
        self,
        connection: Connection,
        asked: GroupQuery,
        arms: Arms,
        keys: Sequence[GroupKey],
        token: CancelToken | None,
    ) -> Iterator[tuple[GroupKey, Part]]:
        """Few rows that are found together by one statement; else group by group, a slice of its rows at a time."""
        if arms.gathered:
            wanted, value = set(keys), gathered(_value_of(asked.by))
            for part in added_up(connection, arms.source, (*arms.scope, *arms.tests, *arms.ends), (value,)):
                number = part.group[0]
                key = _of_day(asked.by, number) if asked.by in _TIMES else GroupKey(asked.by, number)
                if key in wanted:
                    yield key, part
            return
        for key in keys:
            rows = self._windows.question(replace(asked.query, within=(*asked.query.within, key), sort=()))
            for part in parts_of(connection, rows, token=token):
                yield key, part

    def _page(
        self, connection: Connection, asked: GroupQuery, question: Question, after: Group | None, limit: int
    ) -> GroupPage:
        by_index(connection)
        arms = question.walk.arms(connection)
        if arms is None:
            return GroupPage((), more=False)
        if asked.by is GroupBy.TOKEN:
            tokens = self._tokens(connection, asked, self._in_time(connection, asked, arms) or arms)
            return _cut(tokens, after, limit, asked.descending)
        if arms.gathered:
            keys = sorted(set(_gathered_keys(connection, arms, asked.by)), reverse=asked.descending)
            return _cut([Group(GroupKey(asked.by, key)) for key in keys], after, limit, asked.descending)
        place = None if after is None else after.key
        by_steps = asked.by is GroupBy.MONTH and bool(arms.tests or arms.branches)
        if len(arms.branches) > 1 or by_steps:
            found = _stepped(connection, question, asked, place, limit)
        elif asked.by in _TIMES:
            found = _days_or_months(connection, arms, asked, place, limit)
        else:
            found = _hopped(connection, arms, _ROWS.counterparty, place, limit, descending=asked.descending)
        groups = tuple(Group(GroupKey(asked.by, value)) for value in found)
        return GroupPage(groups, more=len(groups) == limit)

    def _tokens(self, connection: Connection, asked: GroupQuery, arms: Arms) -> list[Group]:
        """All tokens that a row moves: few, so they are asked for at once."""
        if arms.gathered:
            coins = self._currencies(connection, set(_gathered_keys(connection, arms, GroupBy.TOKEN)))
        else:
            one = select(_ROWS.id).where(*arms.scope, *arms.loose, *arms.ends, _ROWS.currency_id == _COINS.id)
            one = one.order_by(_ROWS.occurred_at.desc()).limit(1).correlate(CURRENCIES)
            used = select(CURRENCIES).where(
                _COINS.vault_id == self._database.vault_id, one.scalar_subquery().is_not(None)
            )
            possible = self._possible_tokens(connection, asked, arms)
            if possible is not None:
                used = used.where(_COINS.id.in_(possible))
            coins = {row.id: currency_of(row) for row in connection.execute(used)}
        ordered = sorted(coins.values(), key=_token_order, reverse=asked.descending)
        return [Group(GroupKey(GroupBy.TOKEN, coin.id), coin) for coin in ordered]

    def _possible_tokens(self, connection: Connection, asked: GroupQuery, arms: Arms) -> list[int] | None:
        """Those that the filter leaves: to see that a token has no such row, all of its rows would be read."""
        found = [set(arms.only["symbol"])] if "symbol" in arms.only else []
        wallets = [arms.only[key] for key in ("wallet", "chain") if key in arms.only]
        if wallets and asked.query.archived is ArchivedRows.HIDDEN:
            theirs = list(frozenset.intersection(*map(frozenset, wallets)))
            if len(theirs) <= LISTED and len(self._days.marked(connection, theirs)) <= _ADDED_UP_AT_ONCE:
                found.append({day.currency_id for day in self._days.totals(connection, theirs) if day.shown})
        return list(set.intersection(*found)) if found else None

    def _currencies(self, connection: Connection, ids: Iterable[int]) -> dict[int, Currency]:
        query = select(CURRENCIES).where(_COINS.vault_id == self._database.vault_id)
        wanted = set(ids)
        return {row.id: currency_of(row) for row in connection.execute(query) if row.id in wanted}

    def _kept(
        self,
        connection: Connection,
        asked: GroupQuery,
        groups: Sequence[Group],
        token: CancelToken | None,
    ) -> Mapping[GroupKey, GroupTotals]:
        if asked.by is GroupBy.COUNTERPARTY:
            return {}
        wallets = self._wallets(connection, asked.query)
        days = _span([group.key for group in groups]) if asked.by in _TIMES else None
        if not wallets or len(self._days.marked(connection, wallets, days)) > _ADDED_UP_AT_ONCE:
            return {}
        sums = self._days.sums(connection, wallets, token, days=days, fees=asked.by is GroupBy.TOKEN)
        tallies = kept_tallies(sums, asked.by, {group.key for group in groups})
        coins = self._currencies(connection, {coin for tally in tallies.values() for coin in tally.coins})
        if any(total.coming is None for total in sums.totals):  # older sums, which settling renews
            return {key: each.kept_totals(coins, with_net=asked.by in _TIMES) for key, each in tallies.items()}
        return {
            key: each.totals(coins) for key, each in tallies.items() if any(coin.rows for coin in each.coins.values())
        }

    def _wallets(self, connection: Connection, query: TableQuery) -> list[int] | None:
        """Those whose rows the query finds, where it finds all of them; None: it asks for more than wallets."""
        if query.within or query.archived is not ArchivedRows.HIDDEN:
            return None
        if not query.terms:
            vault = WALLETS.c.vault_id == self._database.vault_id
            return list(connection.scalars(select(WALLETS.c.id).where(vault)))
        question = self._windows.question(replace(query, sort=()))
        keys = {question.plan.spec.column(term.field.lower()).key if term.field else "" for term in query.terms}
        if not keys <= {"wallet", "chain"}:
            return None
        by_index(connection)
        arms = question.walk.arms(connection)
        if arms is None or not keys <= arms.only.keys():
            return None
        return list(frozenset.intersection(*(frozenset(arms.only[key]) for key in keys)))


# -- finding groups -----------------------------------------------------------------------------------------------


def _cut(groups: list[Group], after: Group | None, limit: int, descending: bool) -> GroupPage:
    """The page after a group, of groups that are all here."""
    if after is not None:
        place = _place(after)
        groups = [each for each in groups if (_place(each) < place if descending else _place(each) > place)]
    return GroupPage(tuple(groups[:limit]), more=len(groups) > limit)


def _place(group: Group) -> tuple[Any, ...]:
    return (group.key.value,) if group.currency is None else _token_order(group.currency)


def _token_order(coin: Currency) -> tuple[str, str, str, str, int]:
    return coin.symbol.casefold(), coin.symbol, coin.chain, coin.contract, coin.id


def _gathered_keys(connection: Connection, arms: Arms, by: GroupBy) -> Iterator[Any]:
    key = gathered(_value_of(by))
    query = select(key).select_from(arms.source).where(*arms.scope, *arms.tests, *arms.ends).distinct()
    for value in connection.scalars(query):
        yield _of_day(by, value).value if by in _TIMES else value


def _value_of(by: GroupBy) -> ColumnElement[Any]:
    """What the engine groups by; months are put together of days."""
    if by in _TIMES:
        day: ColumnElement[Any] = day_number(_ROWS.occurred_at)
        return day
    return _ROWS.counterparty if by is GroupBy.COUNTERPARTY else _ROWS.currency_id


def _of_day(by: GroupBy, day: int) -> GroupKey:
    """The group of a day since 1970."""
    key = GroupKey(GroupBy.DAY, day)
    return key if by is GroupBy.DAY else GroupKey.of_time(by, key.start)


def _span(keys: Sequence[GroupKey]) -> tuple[int, int]:
    """The first and the last day of these days or months, and of all between them."""
    last = max(keys).end
    first = GroupKey.of_time(GroupBy.DAY, min(keys).start).value
    beyond = GroupKey.of_time(GroupBy.DAY, datetime.max.replace(tzinfo=UTC) if last is None else last).value
    return int(first), int(beyond) - (last is not None)


def _days_or_months(
    connection: Connection, arms: Arms, asked: GroupQuery, place: GroupKey | None, limit: int
) -> list[int | str]:
    """By steps from day to day; a month has few of them."""
    if asked.by is GroupBy.DAY:
        return _hopped(connection, arms, _ROWS.occurred_at, place, limit, descending=asked.descending)
    found: dict[int | str, None] = {}
    while len(found) < limit:
        days = _hopped(
            connection, arms, _ROWS.occurred_at, place, min(limit, 12) * _LONGEST_MONTH, descending=asked.descending
        )
        found.update((_of_day(GroupBy.MONTH, int(day)).value, None) for day in days)
        if len(days) < min(limit, 12) * _LONGEST_MONTH:
            break
        place = GroupKey(GroupBy.DAY, days[-1])
    return list(found)[:limit]


def _hopped(
    connection: Connection,
    arms: Arms,
    column: ColumnElement[Any],
    place: GroupKey | None,
    limit: int,
    *,
    descending: bool,
) -> list[int | str]:
    """Different values of a column (days of the time) by one statement: a look at the index for each of them."""
    in_days = column is _ROWS.occurred_at
    held = type_coerce(column, BigInteger) if in_days else column
    order = held.desc() if descending else held.asc()

    def following(*after: Condition) -> Select[Any]:
        every = select(held).select_from(arms.source).where(*arms.scope, *arms.tests, *arms.ends, *arms.branches)
        return every.where(*after).order_by(order).limit(1)

    def beyond(value: Any) -> Condition:
        edge = value if not in_days else (day_number(value) + int(not descending)) * DAY
        later: Condition = held >= edge if in_days else held > edge
        earlier: Condition = held < edge
        return earlier if descending else later

    first = following() if place is None else following(_after_key(held, place, descending=descending))
    steps = select(first.scalar_subquery().label("value"), literal(1, BigInteger).label("number")).cte(
        "steps", recursive=True
    )
    onward = following(beyond(steps.c.value)).correlate(steps).scalar_subquery()
    more = and_(steps.c.value.is_not(None), steps.c.number < limit)
    steps = steps.union_all(select(onward, steps.c.number + 1).where(more))
    found = connection.execute(select(steps.c.number, steps.c.value).where(steps.c.value.is_not(None))).all()
    values = [value for _number, value in sorted(found)]
    return [value // DAY for value in values] if in_days else values


def _after_key(held: ColumnElement[Any], place: GroupKey, *, descending: bool) -> Condition:
    if place.by not in _TIMES:
        return held < place.value if descending else held > place.value
    first, last = _span([place])
    return held < first * DAY if descending else held >= (last + 1) * DAY


def _stepped(
    connection: Connection, question: Question, asked: GroupQuery, place: GroupKey | None, limit: int
) -> list[int | str]:
    """Where rows are merged from several places of an index: one question after the other."""
    found: list[int | str] = []
    while len(found) < limit:
        key = None if place is None else _edge(place, descending=asked.descending)
        if place is not None and key is None:
            break
        rows = question.walk.keys(connection, key, limit=1)
        if not rows:
            break
        place = GroupKey.of_time(asked.by, rows[0][0])
        found.append(place.value)
    return found


def _edge(place: GroupKey, *, descending: bool) -> tuple[datetime, int] | None:
    """A key between a day or month and the next; None where there is none."""
    if descending:
        return place.start, 0
    end = place.end
    return None if end is None else (end, 0)


# -- adding up ----------------------------------------------------------------------------------------------------


class _Coin:
    __slots__ = ("coming", "fees", "going", "net", "rows")

    def __init__(self) -> None:
        self.rows = self.coming = self.going = self.fees = self.net = 0


class _Tally:
    """One group, by currency."""

    def __init__(self) -> None:
        self.coins: defaultdict[int, _Coin] = defaultdict(_Coin)

    def add(self, part: Part) -> None:
        found = self.coins[part.currency_id]
        found.rows += part.rows
        if part.status is TransactionStatus.CONFIRMED and part.amount:
            sign = _SIGN[part.direction]
            found.coming += part.amount if sign > 0 else 0
            found.going += part.amount if sign < 0 else 0
            found.net += sign * part.amount
        if part.fee_currency_id is not None and part.fee and part.status in COSTS_FEE:
            self.coins[part.fee_currency_id].fees += part.fee
            self.coins[part.fee_currency_id].net -= part.fee

    def totals(self, currencies: Mapping[int, Currency]) -> GroupTotals:
        return self._ordered(
            TokenTotal(currencies[coin], each.rows, each.net, each.coming, each.going, each.fees)
            for coin, each in self.coins.items()
            if each.rows or each.fees
        )

    def kept_totals(self, currencies: Mapping[int, Currency], *, with_net: bool) -> GroupTotals:
        return self._ordered(
            TokenTotal(currencies[coin], each.rows, each.net if with_net else None)
            for coin, each in self.coins.items()
            if each.rows or (each.net and with_net)
        )

    def _ordered(self, found: Iterable[TokenTotal]) -> GroupTotals:
        tokens = sorted(found, key=lambda each: (-each.rows, _token_order(each.currency)))
        return GroupTotals(sum(each.rows for each in tokens), tuple(tokens))


def kept_tallies(sums: DaySums, by: GroupBy, wanted: Set[GroupKey]) -> Mapping[GroupKey, _Tally]:
    """What the sums of days make of these groups; of a token the fees that its own rows paid."""
    tallies: defaultdict[GroupKey, _Tally] = defaultdict(_Tally)
    for total in sums.totals:
        key = GroupKey(by, total.currency_id) if by is GroupBy.TOKEN else _of_day(by, total.day)
        if key in wanted:
            coin, coming, going = tallies[key].coins[total.currency_id], total.coming or 0, total.going or 0
            coin.rows += total.shown
            coin.coming += coming
            coin.going += going
            coin.fees += coming - going - total.units
            coin.net += total.units
    for fee in sums.fees:
        for key, sign in ((GroupKey(by, fee.fee_currency_id), -1), (GroupKey(by, fee.currency_id), 1)):
            if key in wanted:
                coin = tallies[key].coins[fee.fee_currency_id]
                coin.fees += sign * fee.units
                coin.net -= sign * fee.units
    return tallies
