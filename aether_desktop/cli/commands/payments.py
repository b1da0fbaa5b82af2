"""payments check: whose signatures payments of level quantum carry, and whether they were altered since."""

from __future__ import annotations

from functools import partial

from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.domain.payment_signatures import SignatureState
from aether_desktop.domain.payments import Payment
from aether_desktop.domain.records import TableName
from aether_desktop.domain.times import iso
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.queries import ArchivedRows, TableQuery
from aether_desktop.services.payment_signatures import SignatureReport


def check(context: Context) -> int:
    """Exit code 1 when one of them must not be relied on."""
    services, complete = context.services(), context.options.with_id
    reports: list[tuple[Payment, SignatureReport]] = []
    for payment_id in _ids(context):
        context.token.check()
        payment = services.records.get(TableName.PAYMENTS, payment_id)
        assert isinstance(payment, Payment)  # noqa: S101 - the table of payments holds no other
        report = with_levels(context, partial(services.signatures.check, payment, complete=complete))
        if report.state is not SignatureState.NONE or context.options.payments:
            reports.append((payment, report))
    if context.options.json:
        context.terminal.json([_json(payment, report) for payment, report in reports])
    else:
        rows = [
            (str(payment.id), str(payment.amount), report.state.value, report.signer, _when(report))
            for payment, report in reports
        ]
        context.terminal.table(("payment", "amount", "signature", "signed by", "at"), rows)
    for payment, report in reports:
        if report.state is not SignatureState.VALID:
            context.terminal.say(f"{payment.id}: {report.sentence}")
    return REFUSED if any(report.wrong for _, report in reports) else DONE


def _ids(context: Context) -> list[int]:
    wanted: list[str] = context.options.payments
    if not wanted:
        query = TableQuery(TableName.PAYMENTS, archived=ArchivedRows.INCLUDED)
        return [row.id for row in context.services().storage.windows.rows(query, token=context.token)]
    try:
        return [int(each) for each in wanted]
    except ValueError:
        raise InvalidInputError(
            "A payment is named by its id.", field="payment", hint="They stand in: payments check"
        ) from None


def _when(report: SignatureReport) -> str:
    return "" if report.signed_at is None else iso(report.signed_at)


def _json(payment: Payment, report: SignatureReport) -> dict[str, object]:
    return {
        "payment": str(payment.id),
        "amount": str(payment.amount.base_units),
        "decimals": payment.amount.currency.decimals,
        "symbol": payment.amount.currency.symbol,
        "level": payment.security_level.value,
        "signature": report.state.value,
        "sentence": report.sentence,
        "signed_by": report.signer,
        "signed_at": _when(report) or None,
        "differences": list(report.differences),
    }
