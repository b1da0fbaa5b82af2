"""labels export|import|set, prices import."""

from __future__ import annotations

from pathlib import Path

from aether_desktop.cli.runner import DONE, INTERRUPTED, REFUSED, Context
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.query_language import parse_table_query
from aether_desktop.services.bip329 import LabelsOut
from aether_desktop.services.bulk_words import BulkWords


def export_labels(context: Context) -> int:
    name = context.options.file
    labels = context.services().labels
    if name == "-":
        out = context.terminal.exact()
        told = LabelsOut()
        for line in labels.lines(token=context.token, out=told):
            out.write(line + "\n")
        if told.remark:
            context.terminal.say(told.remark)
        return DONE
    told = labels.export(Path(name), token=context.token, progress=context.progress)
    context.progress.clear()
    context.terminal.say(" ".join(filter(None, (f"{told.records} labels written to {name}.", told.remark))))
    return DONE


def import_labels(context: Context) -> int:
    name = context.options.file
    report = context.services().labels.import_file(Path(name), token=context.token, progress=context.progress)
    context.progress.clear()
    context.terminal.say(
        f"{name}: {report.records} labels: {report.applied} applied, {report.unchanged} already there, "
        f"{report.kept} kept for rows that are not here yet, {len(report.rejections)} rejected."
    )
    if context.options.json:
        context.terminal.json(
            {
                "file": name,
                "records": report.records,
                "applied": report.applied,
                "unchanged": report.unchanged,
                "kept": report.kept,
                "rejected": _rejected(report.rejections),
            }
        )
    return _said(context, name, "line", report.rejections)


def set_labels(context: Context) -> int:
    options = context.options
    bulk = context.services().bulk_words
    query = parse_table_query(options.query, TableName.TRANSACTIONS)
    words = BulkWords(label=options.label, note=options.note, tags=tuple(options.tag), keep=not options.replace)
    if not options.yes:
        survey = bulk.survey(query, token=context.token)
        theirs = "gets the new one" if options.replace else "keeps it"
        raise InvalidInputError(
            f"{survey.rows:,} rows would be written on; each of the {survey.labelled:,} that have a label {theirs}.",
            hint="Nothing was changed. Add --yes to do it.",
        )
    result = bulk.write_on_query(query, words, token=context.token, progress=context.progress)
    context.progress.clear()
    context.terminal.say(result.said)
    if options.json:
        context.terminal.json(
            {
                "rows": result.rows,
                "changed": result.changed,
                "unchanged": result.same,
                "gone": result.gone,
                "problem": result.problem,
            }
        )
    if context.token.cancelled and not result.whole:
        return INTERRUPTED
    return DONE if result.whole and not result.problem else REFUSED


def import_prices(context: Context) -> int:
    name = context.options.file
    report = context.services().prices.import_file(Path(name), token=context.token, progress=context.progress)
    context.progress.clear()
    context.terminal.say(
        f"{name}: {report.rows} rows: {report.stored} prices new or changed, {len(report.rejections)} rejected."
    )
    if context.options.json:
        context.terminal.json(
            {
                "file": name,
                "rows": report.rows,
                "stored": report.stored,
                "rejected": _rejected(report.rejections),
            }
        )
    return _said(context, name, "row", report.rejections)


def _said(context: Context, name: str, what: str, rejections: tuple[Rejection, ...]) -> int:
    for rejection in rejections:
        context.terminal.say(f"{name}: {what} {rejection.row}: {rejection.reason}")
    return REFUSED if rejections else DONE


def _rejected(rejections: tuple[Rejection, ...]) -> list[dict[str, object]]:
    return [{"row": each.row, "reason": each.reason} for each in rejections]
