"""The sections of the window, in the order of the navigation; each page loads when it is first opened."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from PySide6.QtWidgets import QWidget

from aether_desktop.ui.context import UiContext
from aether_desktop.ui.shell.sections import Section, Steps

_TABLES: tuple[tuple[str, str, str, int], ...] = (
    ("overview", "Overview", "OverviewView", 0),
    ("wallets", "Wallets", "WalletsView", 0),
    ("transactions", "Transactions", "TransactionsView", 0),
    ("payments", "Payments", "PaymentsView", 0),
    ("payment_methods", "Payment Methods", "PaymentMethodsView", 0),
    ("contracts", "Contracts", "ContractsView", 0),
    ("content", "Content", "ContentView", 0),
    ("temple_nodes", "Temple Nodes", "TempleNodesView", 0),
    ("monitoring", "Monitoring", "MonitoringView", 0),
    ("people", "People", "PeopleView", 1),
    ("imports", "Imports", "ImportsView", 1),
    ("tokens", "Tokens", "TokensView", 1),
    ("audit", "Audit", "AuditView", 1),
    ("modules", "Modules", "ModulesView", 1),
    ("settings", "Settings", "SettingsView", 1),
)
_MODULES = {"people": "users"}


def build_sections(context: UiContext) -> list[Section]:
    """One section per page; nothing of a page is imported before it is opened."""
    return [
        Section(
            key,
            title,
            key,
            _factory(_MODULES.get(key, key), view, context),
            group,
            _overview_steps(context) if key == "overview" else None,
        )
        for key, title, view, group in _TABLES
    ]


def preload_pages() -> None:
    """Import what the pages need, so that opening one costs no import. For a worker thread."""
    for key, _title, _view, _group in _TABLES:
        import_module(f"aether_desktop.ui.views.{_MODULES.get(key, key)}")


def _overview_steps(context: UiContext) -> Callable[[], Steps]:
    """The first page that most people see, while the vault's own work goes on beside it."""

    def steps() -> Steps:
        from aether_desktop.ui.views.overview import OverviewParts, OverviewView  # noqa: PLC0415  # see build_sections

        parts = OverviewParts(context)
        for _part in parts.make():
            yield
        return OverviewView(context, parts)

    return steps


def _factory(module: str, view: str, context: UiContext) -> Callable[[], QWidget]:
    def make() -> QWidget:
        page: QWidget = getattr(import_module(f"aether_desktop.ui.views.{module}"), view)(context)
        return page

    return make
