"""balance, transactions list|export|groups|sum."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.amounts import Amount, format_units
from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import iso
from aether_desktop.ports.groups import GroupQuery, TokenTotal
from aether_desktop.ports.queries import TableQuery
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.services.grouping import group_by, group_text
from aether_desktop.services.totals import HEADING, total_words, uncounted_words

_SHOWN = ("occurred_at", "wallet", "direction", "amount", "fee", "status", "counterparty", "label")


def balance(context: Context) -> int:
    services = context.services()
    wanted = context.options.wallet
    ids = None if wanted is None else [services.wallets.find(wanted).id]
    balances = services.balances.balances(ids, token=context.token)
    if context.options.json:
        context.terminal.json(
            [
                {
                    "wallet": each.wallet,
                    "symbol": each.currency.symbol,
                    "contract": each.currency.contract,
                    "decimals": each.currency.decimals,
                    "base_units": str(each.base_units),
                }
                for each in balances
            ]
        )
        return DONE
    rows = [
        (
            each.wallet,
            format_units(each.base_units, each.currency.decimals),
            each.currency.symbol,
            each.currency.contract,
        )
        for each in balances
    ]
    context.terminal.table(("wallet", "balance", "symbol", "contract"), rows)
    return DONE


def list_transactions(context: Context) -> int:
    options = context.options
    services = context.services()
    query = _query(context)
    if options.json:
        services.exporting.write(
            context.terminal.exact(),
            query,
            format_key="json",
            columns=_columns(options.columns),
            limit=options.limit,
            token=context.token,
        )
        return DONE
    columns = _columns(options.columns) or list(_SHOWN)
    rows = services.exporting.read(query, columns=columns, limit=options.limit, token=context.token)
    context.terminal.table(columns, [[_shown(value) for value in row] for row in rows])
    return DONE


def export_transactions(context: Context) -> int:
    options = context.options
    services = context.services()
    query, columns = _query(context), _columns(options.columns)
    if options.output != "-":
        report = services.exporting.run(
            Path(options.output),
            query,
            format_key=options.format,
            columns=columns,
            token=context.token,
            progress=context.progress,
        )
        context.progress.clear()
        context.terminal.say(f"{report.rows} rows written to {report.path}.")
        return DONE
    services.exporting.write(
        context.terminal.exact(), query, format_key=options.format, columns=columns, token=context.token
    )
    return DONE


def sum_transactions(context: Context) -> int:
    totals = context.services().totals.of_query(_query(context), token=context.token, progress=context.progress)
    context.progress.clear()
    if context.options.json:
        context.terminal.json(
            {
                "rows": totals.rows,
                "uncounted": totals.uncounted,
                "tokens": [
                    {
                        "symbol": each.currency.symbol,
                        "chain": each.currency.chain,
                        "contract": each.currency.contract,
                        "decimals": each.currency.decimals,
                        "rows": each.rows,
                        "in": str(each.incoming),
                        "out": str(each.outgoing),
                        "fees": str(each.fees),
                        "net": str(each.net),
                    }
                    for each in totals.tokens
                ],
            }
        )
        return DONE
    context.terminal.table([title.lower() for title in HEADING], [total_words(each) for each in totals.tokens])
    said = uncounted_words(totals)
    rows = "1 row." if totals.rows == 1 else f"{totals.rows:,} rows."
    context.terminal.say(f"{rows} {said}".strip())
    return DONE


def list_groups(context: Context) -> int:
    """Groups come as they are added up; JSON is written once all are there."""
    options, services = context.options, context.services()
    asked = GroupQuery.usual(_query(context), group_by(options.by))
    found = services.grouping.read(asked, limit=options.limit, token=context.token)
    if options.json:
        context.terminal.json(
            [{"group": group_text(group), "rows": totals.rows, "tokens": [*map(_token, totals.tokens)]}
             for group, totals in found]
        )  # fmt: skip
        return DONE
    rows = [(group_text(group), str(totals.rows), *_figures(each)) for group, totals in found for each in totals.tokens]
    context.terminal.table((options.by, "rows", "in", "out", "fees", "net", "token"), rows)
    return DONE


def _token(total: TokenTotal) -> dict[str, object]:
    coin = total.currency
    return {
        "symbol": coin.symbol,
        "chain": coin.chain,
        "contract": coin.contract,
        "decimals": coin.decimals,
        "rows": total.rows,
        "in": str(total.coming or 0),
        "out": str(total.going or 0),
        "fees": str(total.fees or 0),
        "net": str(total.net or 0),
    }


def _figures(total: TokenTotal) -> list[str]:
    coin = total.currency
    units = (total.coming or 0, total.going or 0, total.fees or 0, total.net or 0)
    return [*(format_units(each, coin.decimals) for each in units), coin.symbol]


def _query(context: Context) -> TableQuery:
    return parse_table_query(context.options.query, TableName.TRANSACTIONS)


def _columns(text: str) -> list[str] | None:
    names = [name.strip() for name in text.split(",") if name.strip()]
    return names or None


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Amount):
        return str(value)
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return iso(value) if isinstance(value, datetime) else str(value)
