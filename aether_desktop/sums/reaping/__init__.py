"""Reaping: exporters of what a grid shows."""

from __future__ import annotations

from collections.abc import Sequence

from aether_desktop.sum_api import ReapingModule, SumDescriptor, SumKind, hookimpl
from aether_desktop.sums.reaping.csv_export import CsvExport
from aether_desktop.sums.reaping.json_export import JsonExport

_VERSION = "1.0"


@hookimpl
def sacred_utility_modules() -> Sequence[SumDescriptor]:
    """The built-in exporters."""
    return (
        _described(CsvExport(), "A table for spreadsheets: exact amounts, ISO times, no cell taken for a formula."),
        _described(JsonExport(), "An array of objects for programs: exact amounts, ISO times."),
    )


def _described(module: ReapingModule, description: str) -> SumDescriptor:
    return SumDescriptor(
        key=module.key,
        kind=SumKind.REAPING,
        title=module.title,
        version=_VERSION,
        description=description,
        implementation=module,
    )
