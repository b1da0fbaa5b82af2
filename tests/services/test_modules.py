"""Sacred Utility Modules: built-in ones and strangers' packages, switched, failing, never breaking the program."""

from __future__ import annotations

import io
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest

from aether_desktop.domain.records import TableName
from aether_desktop.ports.errors import AetherError, ImportRefusedError, InvalidInputError, OperationCancelled
from aether_desktop.ports.tables import TABLES
from aether_desktop.services.modules import BUILT_IN as BUILT_IN_SOURCE
from aether_desktop.services.modules import ModuleEntry, ModuleService
from aether_desktop.services.tabular import open_table
from aether_desktop.sum_api import ENTRY_POINT_GROUP, HeadedTable, Movement, Row, SowingContext, SumKind
from aether_desktop.sums.built_in import BUILT_IN
from tests.sums.reading import context
from tests.sums.samples import SAMPLES

GOOD_PACKAGE = """
    from aether_desktop.sum_api import SumDescriptor, SumKind, hookimpl, Rejection

    class Plain:
        key = "stranger.plain"
        title = "Plain files"
        def recognises(self, heading):
            return list(heading) == ["plain"]
        def read(self, table, context):
            for number, cells in table.rows:
                yield Rejection(number, "seen: " + cells[0])

    class Upper:
        key = "upper"
        title = "Upper case"
        extension = "txt"
        def write(self, spec, columns, rows, sink):
            count = 0
            for row in rows:
                sink.write(str(row.values).upper() + "\\n")
                count += 1
            return count

    @hookimpl
    def sacred_utility_modules():
        return [
            SumDescriptor("stranger.plain", SumKind.SOWING, "Plain files", "0.3", "Reads them.", Plain()),
            SumDescriptor("upper", SumKind.REAPING, "Upper case", "0.3", "Shouts.", Upper()),
            SumDescriptor("watch", SumKind.INTERCEDING, "Watcher", "0.3", "Watches.", object()),
        ]
"""


class MemorySettings:
    """What the program remembers, for the length of a test."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def get(self, key: str, default: object = None) -> object:
        return self.values.get(key, default)

    def set(self, key: str, value: object) -> None:
        self.values[key] = value


class Packages:
    """Installs packages into a folder, with the metadata that pip would write, and finds them there only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, source: str, *, target: str = "") -> None:
        module = name.replace("-", "_") + "_for_tests"
        (self.folder / f"{module}.py").write_text(textwrap.dedent(source))
        info = self.folder / f"{name}-0.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.3\n")
        (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {target or module}\n")

    def find(self) -> list[EntryPoint]:
        found = distributions(path=[str(self.folder)])
        return [point for item in found for point in item.entry_points.select(group=ENTRY_POINT_GROUP)]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Packages(folder)
    for name in [name for name in sys.modules if name.endswith("_for_tests")]:
        del sys.modules[name]


@pytest.fixture
def settings() -> MemorySettings:
    return MemorySettings()


@pytest.fixture
def service(settings: MemorySettings, packages: Packages) -> ModuleService:
    return ModuleService(settings, BUILT_IN, find_packages=packages.find)


def entry(service: ModuleService, key: str) -> ModuleEntry:
    found = {item.key: item for item in service.entries()}
    return found[key]


def keys(service: ModuleService) -> list[str]:
    return [item.key for item in service.entries()]


# -- built in -----------------------------------------------------------------------------------------------------


def test_built_in_modules_are_listed_and_on(service: ModuleService) -> None:
    entries = service.entries()
    assert [item.error for item in entries] == [""] * len(entries)
    assert all(item.enabled and item.source == BUILT_IN_SOURCE and item.title and item.description for item in entries)
    assert {item.key for item in entries if item.kind is SumKind.REAPING} == {"csv", "json"}
    assert {item.key for item in entries if item.kind is SumKind.SOWING} == {*SAMPLES, "aether.json", "generic.csv"}


def test_every_sample_is_recognised_as_what_it_is(service: ModuleService) -> None:
    for key, sample in SAMPLES.items():
        found = service.recognise(sample.heading)
        assert found is not None
        assert found.key == key
    own_json = service.recognise(SAMPLES["aether.csv"].heading, "json")
    assert own_json is not None
    assert own_json.key == "aether.json"
    assert service.recognise(["some", "thing"]) is None
    assert not service.recognises(["some", "thing"])


def test_our_wheel_declares_the_same_modules() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    declared = project["entry-points"][ENTRY_POINT_GROUP]
    assert {EntryPoint(name, value, ENTRY_POINT_GROUP).load() for name, value in declared.items()} == set(BUILT_IN)


def test_our_own_entry_points_are_not_a_stranger_s(settings: MemorySettings) -> None:
    own = EntryPoint("sowing", "aether_desktop.sums.sowing", ENTRY_POINT_GROUP)
    service = ModuleService(settings, BUILT_IN, find_packages=lambda: [own])
    assert not any(key.startswith("package:") for key in keys(service))


def test_installed_packages_can_be_looked_for(settings: MemorySettings) -> None:
    assert ModuleService(settings, BUILT_IN).entries()


# -- switching ----------------------------------------------------------------------------------------------------


def test_a_module_switched_off_is_neither_asked_nor_found(service: ModuleService, settings: MemorySettings) -> None:
    service.set_enabled("koinly.universal", False)
    assert not entry(service, "koinly.universal").enabled
    assert service.recognise(SAMPLES["koinly.universal"].heading) is None
    with pytest.raises(InvalidInputError, match="switched off"):
        service.sowing("koinly.universal")
    again = ModuleService(settings, BUILT_IN, find_packages=list)
    assert not entry(again, "koinly.universal").enabled
    again.set_enabled("koinly.universal", True)
    assert again.sowing("koinly.universal").title == "Koinly universal"


def test_unknown_modules_name_the_known_ones(service: ModuleService) -> None:
    with pytest.raises(InvalidInputError, match=r"Known: csv, json\."):
        service.reaping("xlsx")
    with pytest.raises(InvalidInputError, match=r"generic\.csv"):
        service.sowing("csv")
    with pytest.raises(InvalidInputError, match="no module"):
        service.set_enabled("nothing", True)


def test_settings_that_hold_nonsense_change_nothing(settings: MemorySettings) -> None:
    for nonsense in ("text", 7, ["a"], {"csv": "no", "json": 0}):
        settings.values["modules.enabled"] = nonsense
        service = ModuleService(settings, BUILT_IN, find_packages=list)
        assert {module.key for module in service.reaping_modules()} == {"csv", "json"}


# -- strangers ----------------------------------------------------------------------------------------------------


def test_a_package_is_listed_but_not_imported_until_it_is_enabled(service: ModuleService, packages: Packages) -> None:
    packages.install("aether-plain", "raise SystemExit('imported too early')")
    listed = entry(service, "package:aether-plain")
    assert (listed.kind, listed.enabled, listed.error, listed.version) == (None, False, "", "0.3")
    assert "aether_plain_for_tests" not in sys.modules


def test_an_enabled_package_works_like_a_built_in_one(
    service: ModuleService, packages: Packages, tmp_path: Path
) -> None:
    packages.install("aether-plain", GOOD_PACKAGE)
    service.set_enabled("package:aether-plain", True)
    plain = entry(service, "stranger.plain")
    assert (plain.source, plain.kind, plain.enabled) == ("aether-plain", SumKind.SOWING, True)
    assert entry(service, "watch").kind is SumKind.INTERCEDING
    path = tmp_path / "plain.csv"
    path.write_text("plain\nx\n")
    with open_table(path) as table:
        module = service.recognise(table.table.heading)
        assert module is not None
        found = list(module.read(table.table, context()))
    assert [(item.row, getattr(item, "reason", "")) for item in found] == [(2, "seen: x")]
    sink = io.StringIO()
    assert service.reaping("upper").write(TABLES[TableName.USERS], [], [Row(1, 1, False, ("a",))], sink) == 1
    assert sink.getvalue() == "('A',)\n"
    service.set_enabled("package:aether-plain", False)
    assert "stranger.plain" not in keys(service)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("raise RuntimeError('broken at import')", "RuntimeError: broken at import"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("this is no Python", "SyntaxError"),
        ("import a_library_that_is_not_there", "ModuleNotFoundError"),
        ("x = 1", "offers no modules"),
        (
            "from aether_desktop.sum_api import hookimpl\n@hookimpl\ndef sacred_utility_modules():\n    return []",
            "offers no modules",
        ),
        (
            "from aether_desktop.sum_api import hookimpl\n@hookimpl\ndef sacred_utility_modules():\n    return [7]",
            "int where a SumDescriptor belongs",
        ),
        (
            "from aether_desktop.sum_api import hookimpl\n@hookimpl\ndef sacred_utility_modules():\n    return 1 / 0",
            "ZeroDivisionError",
        ),
        (
            "from aether_desktop.sum_api import hookimpl\n@hookimpl\ndef something_else():\n    return []",
            "something_else",
        ),
        (GOOD_PACKAGE.replace('"stranger.plain", SumKind.SOWING', '"Bad Key!", SumKind.SOWING'), "small letters"),
        (GOOD_PACKAGE.replace("def recognises", "def knows"), "lacks what a sowing module must have"),
        (GOOD_PACKAGE.replace('"stranger.plain", SumKind', '"generic.csv", SumKind'), "already taken"),
    ],
)
def test_a_broken_package_is_listed_with_its_error(
    source: str, error: str, service: ModuleService, packages: Packages
) -> None:
    packages.install("aether-broken", source)
    service.set_enabled("package:aether-broken", True)
    assert error in entry(service, "package:aether-broken").error
    assert len([each for each in service.entries() if each.kind is SumKind.SOWING]) == len(SAMPLES) + 2
    service.set_enabled("package:aether-broken", False)
    assert entry(service, "package:aether-broken").error == ""


def test_an_entry_point_to_nothing(service: ModuleService, packages: Packages) -> None:
    packages.install("aether-lost", "x = 1", target="aether_lost_for_tests:plugin")
    service.set_enabled("package:aether-lost", True)
    assert "plugin" in entry(service, "package:aether-lost").error


FAILING = GOOD_PACKAGE.replace('yield Rejection(number, "seen: " + cells[0])', "yield cells[7]").replace(
    "sink.write(str(row.values).upper()", "sink.write(row.nothing"
)


def test_a_module_that_fails_while_it_reads(service: ModuleService, packages: Packages) -> None:
    packages.install("aether-failing", FAILING)
    service.set_enabled("package:aether-failing", True)
    table = HeadedTable("x.csv", ("plain",), iter([(2, ["x"])]))
    with pytest.raises(ImportRefusedError, match="Plain files failed") as caught:
        list(service.sowing("stranger.plain").read(table, context()))
    assert "IndexError" in caught.value.details
    assert "IndexError" in entry(service, "stranger.plain").error
    with pytest.raises(AetherError, match="Upper case failed"):
        service.reaping("upper").write(TABLES[TableName.USERS], [], [Row(1, 1, False, ())], io.StringIO())
    service.set_enabled("stranger.plain", True)
    assert entry(service, "stranger.plain").error == ""


def test_a_module_that_fails_when_asked_about_a_heading(service: ModuleService, packages: Packages) -> None:
    source = GOOD_PACKAGE.replace('return list(heading) == ["plain"]', "return heading.nothing")
    packages.install("aether-failing", source)
    service.set_enabled("package:aether-failing", True)
    assert service.recognise(["plain"]) is None
    assert "AttributeError" in entry(service, "stranger.plain").error
    assert service.recognises(SAMPLES["electrum.history"].heading)


@pytest.mark.parametrize("error", [OperationCancelled(), ImportRefusedError("gone"), OSError("disk full")])
def test_what_the_file_or_the_disk_raises_is_not_the_module_s_fault(error: Exception, service: ModuleService) -> None:
    def rows() -> Iterator[tuple[int, list[str]]]:
        yield 2, ["x"] * len(SAMPLES["koinly.universal"].heading)
        raise error

    table = HeadedTable("x.csv", tuple(SAMPLES["koinly.universal"].heading), rows())
    with pytest.raises(type(error)) as caught:
        list(service.sowing("koinly.universal").read(table, context()))
    assert caught.value is error

    def failing(_: int) -> Row:
        raise error

    with pytest.raises(type(error)) as caught:
        service.reaping("csv").write(TABLES[TableName.USERS], [], map(failing, range(1)), io.StringIO())
    assert caught.value is error
    assert all(item.error == "" for item in service.entries())


# -- help with files that nobody takes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "gone"),
    [("etherscan.normal", "Value_OUT(ETH)"), ("etherscan.internal", "TxTo"), ("etherscan.erc20", "TokenSymbol"),
     ("koinly.universal", "Sent Amount"), ("ledger.live", "Operation Type"), ("electrum.history", "label"),
     ("bitcoin.core", "Address"), ("aether.csv", "fee_base_units")],
)  # fmt: skip
def test_the_nearest_kind_and_what_it_lacks(key: str, gone: str, service: ModuleService) -> None:
    heading = [name for name in SAMPLES[key].heading if name != gone]
    said = service.explain_unrecognised(heading)
    assert service.sowing(key).title in said
    assert gone.split("(", maxsplit=1)[0] in said


def test_the_nearest_kind_is_of_the_files_own_format(service: ModuleService) -> None:
    heading = [name for name in SAMPLES["aether.csv"].heading if name != "tx_hash"]
    assert "Aether JSON export, but lacks: tx_hash." in service.explain_unrecognised(heading, "json")
    assert "Aether CSV export, but lacks: tx_hash." in service.explain_unrecognised(heading)


def test_an_export_that_lacks_columns_to_be_imported_again(service: ModuleService) -> None:
    spec = TABLES[TableName.TRANSACTIONS]
    every = [column.key for column in spec.columns]
    for key in ("csv", "json"):
        assert service.lacking_to_import(key, spec, every) == ()
        lacking = [column.key for column in service.lacking_to_import(key, spec, ["amount", "occurred_at", "wallet"])]
        assert set(lacking) == {
            "direction", "status", "kind", "leg", "tx_hash", "fee", "from_address", "to_address", "contract_address"
        }  # fmt: skip
        assert service.lacking_to_import(key, spec, ["amount", "occurred_at", *lacking]) == ()
        wallets = TABLES[TableName.WALLETS]
        assert service.lacking_to_import(key, wallets, ["name"]) == (), "no importer takes wallets"
    service.set_enabled("aether.json", False)
    assert service.lacking_to_import("json", spec, ["amount"]) == ()
    assert service.lacking_to_import("csv", spec, ["amount"])
    with pytest.raises(InvalidInputError):
        service.lacking_to_import("xlsx", spec, [])


def test_a_heading_like_nothing(service: ModuleService) -> None:
    said = service.explain_unrecognised(["colour", "<b>size</b>\u202e"])
    assert "generic CSV" in said
    assert "colour" in said
    assert "\u202e" not in said


def test_accounts_of_a_file(service: ModuleService) -> None:
    sample = SAMPLES["ledger.live"]
    where: SowingContext = context()
    table = HeadedTable("x.csv", tuple(sample.heading), iter(list(enumerate(sample.records, 2))))
    assert service.sowing("ledger.live").accounts(table, where.chain) == ("Main",)
    assert service.sowing("koinly.universal").accounts(table, where.chain) == ()


def test_reading_through_the_guard_gives_the_same(service: ModuleService) -> None:
    for key, sample in SAMPLES.items():
        table = HeadedTable("x.csv", tuple(sample.heading), iter(list(enumerate(sample.records, 2))))
        found = list(service.sowing(key).read(table, sample.where))
        assert found
        assert all(isinstance(item, Movement) for item in found)
