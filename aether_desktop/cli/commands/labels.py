"""labels export|import, prices import."""

from __future__ import annotations

from pathlib import Path

from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.domain.imports import Rejection
from aether_desktop.services.bip329 import LabelsOut


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
