"""import FILE..., import undo BATCH, import list."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.domain.imports import ImportBatch, Rejection
from aether_desktop.domain.times import iso
from aether_desktop.ports.errors import AetherError, ImportRefusedError, InvalidInputError, OperationCancelled
from aether_desktop.services.importing import ImportOptions, ImportReport
from aether_desktop.sum_api import GENERIC_FIELDS, FieldMapping

_ZONE = re.compile(r"([+-])([0-9]{1,2}):?([0-9]{2})\Z")
_SHOWN_REJECTIONS = 20


def run(context: Context) -> int:
    """Every file in turn; a refused one does not keep the others from being stored."""
    arguments = context.options
    options = _options(context)
    services = context.services()
    wallet = services.wallets.find(arguments.wallet)
    printed: list[dict[str, object]] = []
    code = DONE
    for name in arguments.files:
        try:
            report = services.importing.run(
                Path(name),
                wallet.id,
                options=options,
                dry_run=arguments.dry_run,
                token=context.token,
                progress=context.progress,
            )
        except ImportRefusedError as error:
            code = REFUSED
            context.progress.clear()
            context.terminal.say(f"{name}: {error}")
            printed.append(_refused(name, str(error)))
            continue
        context.progress.clear()
        code = REFUSED if report.rejections else code
        _say(context, name, report)
        printed.append(_described(name, report))
    if not arguments.dry_run:
        _settle(context)
    if arguments.json:
        context.terminal.json(printed)
    return code


def undo(context: Context) -> int:
    batch_id = _batch_id(context.options.batch)
    importing = context.services().importing
    touch = importing.touched_by_undo(batch_id)
    importing.undo(batch_id, token=context.token, progress=context.progress)
    context.progress.clear()
    _settle(context)
    own = len(touch.annotations)
    kept = f"; {touch.kept} that other imports brought too are kept" if touch.kept else ""
    words = f"; the labels and notes of {own} of them are kept and return with the same rows" if own else ""
    context.terminal.say(f"Undone: {touch.rows} rows removed{kept}{words}.")
    return DONE


def _settle(context: Context) -> None:
    """The rows are stored, so nothing fails here: until it is done, balances are made of the rows themselves."""
    with suppress(AetherError, OperationCancelled):
        context.services().ledger.settle(token=context.token, progress=context.progress)
    context.progress.clear()


def list_batches(context: Context) -> int:
    services = context.services()
    names = {wallet.id: wallet.name for wallet in services.storage.wallets.all()}
    batches = services.importing.batches()
    if context.options.json:
        context.terminal.json([_batch(batch, names.get(batch.wallet_id, "")) for batch in batches])
        return DONE
    rows = [
        (str(each.id), iso(each.imported_at), names.get(each.wallet_id, ""), each.file_name, str(each.new), each.status)
        for each in batches
    ]
    context.terminal.table(("batch", "time", "wallet", "file", "new", "status"), rows)
    return DONE


def _say(context: Context, name: str, report: ImportReport) -> None:
    settled = f", {report.updated} pending ones settled" if report.updated else ""
    stored = "" if report.batch is not None else " Nothing was stored."
    context.terminal.say(
        f"{name}: {report.title}: {report.rows} rows: {report.new} new, {report.duplicates} already there{settled}, "
        f"{len(report.rejections)} rejected.{stored}"
    )
    for rejection in report.rejections[:_SHOWN_REJECTIONS]:
        where = f"row {rejection.row}: " if rejection.row else ""
        context.terminal.say(f"{name}: {where}{rejection.reason}")
    if len(report.rejections) > _SHOWN_REJECTIONS:
        context.terminal.say(f"{name}: {len(report.rejections) - _SHOWN_REJECTIONS} more rows; --json lists all.")
    for currency in report.assumed:
        context.terminal.say(
            f"{name}: {currency.symbol} is taken to have {currency.decimals} decimals, which the file does not say; "
            "correct it with: token rescale"
        )
    if report.batch is not None and not context.options.json:
        context.terminal.line(str(report.batch.id))


def _described(name: str, report: ImportReport) -> dict[str, object]:
    return {
        "file": name,
        "kind": report.format,
        "rows": report.rows,
        "new": report.new,
        "duplicates": report.duplicates,
        "rejected": [_rejection(each) for each in report.rejections],
        "batch": None if report.batch is None else str(report.batch.id),
    }


def _refused(name: str, reason: str) -> dict[str, object]:
    rejected = [_rejection(Rejection(0, reason))]
    return {"file": name, "kind": "", "rows": 0, "new": 0, "duplicates": 0, "rejected": rejected, "batch": None}


def _rejection(rejection: Rejection) -> dict[str, object]:
    return {"row": rejection.row, "reason": rejection.reason}


def _batch(batch: ImportBatch, wallet: str) -> dict[str, object]:
    return {
        "batch": str(batch.id),
        "wallet": wallet,
        "file": batch.file_name,
        "sha256": batch.sha256,
        "kind": batch.format,
        "imported_at": iso(batch.imported_at),
        "rows": batch.rows,
        "new": batch.new,
        "duplicates": batch.duplicates,
        "rejected": batch.rejected,
        "status": batch.status.value,
    }


def _options(context: Context) -> ImportOptions:
    arguments = context.options
    columns: dict[str, str] = {}
    for part in arguments.mapping:
        field, equals, heading = part.partition("=")
        if not equals or field not in GENERIC_FIELDS:
            raise InvalidInputError(
                f"{part[:80]!r} is not FIELD=HEADING.", field="mapping", hint=f"Fields: {', '.join(GENERIC_FIELDS)}."
            )
        columns[field] = heading
    mapping = FieldMapping(columns, arguments.day_first) if columns or arguments.day_first is not None else None
    return ImportOptions(
        format=arguments.format, mapping=mapping, zone_minutes=_zone(arguments.zone), account=arguments.account
    )


def _zone(text: str) -> int:
    if text.strip().upper() in ("", "Z", "UTC"):
        return 0
    match = _ZONE.match(text.strip())
    if match is None or int(match[2]) > 14 or int(match[3]) > 59:
        raise InvalidInputError(f"{text[:20]!r} is not a zone.", field="zone", hint="Write it like +02:00.")
    minutes = int(match[2]) * 60 + int(match[3])
    return -minutes if match[1] == "-" else minutes


def _batch_id(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidInputError(
            f"{text[:40]!r} is not a batch.", field="batch", hint="See: aether-desktop import list"
        ) from None
