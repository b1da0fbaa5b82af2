"""Sacred Utility Modules: found, switched on and off, called so that a bad one breaks nothing but itself."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, cast

import pluggy

from aether_desktop.ports.errors import InvalidInputError
from aether_desktop.ports.settings import Settings
from aether_desktop.ports.tables import ColumnSpec, TableSpec
from aether_desktop.services.guarded_modules import GuardedReaping, GuardedSowing, LoadingTrap
from aether_desktop.services.module_folder import ModuleFolder
from aether_desktop.services.probe_runners import GuardedProbe, ProbeRoads
from aether_desktop.sum_api import (
    ENTRY_POINT_GROUP,
    HeadingAdviser,
    ProbeModule,
    ReapingModule,
    SowingModule,
    SumDescriptor,
    SumKind,
    plain_line,
)
from aether_desktop.sum_api.descriptors import SumHooks

BUILT_IN = "built in"
PACKAGE_PREFIX = "package:"
_SETTING = "modules.enabled"
_OWN_MODULES = "aether_desktop.sums."
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")
_PROTOCOLS: Mapping[SumKind, type] = {SumKind.SOWING: SowingModule, SumKind.REAPING: ReapingModule}


@dataclass(frozen=True, slots=True)
class ModuleEntry:
    """One line of the modules page. ``kind`` is None for a package, whose modules are known only once it is enabled.

    ``source`` is "built in" or the package's name; ``error`` says what went wrong, empty when nothing did.
    """

    key: str
    kind: SumKind | None
    title: str
    version: str
    description: str
    source: str
    enabled: bool
    error: str = ""


class _Hooks(Protocol):
    def sacred_utility_modules(self) -> list[Sequence[SumDescriptor]]: ...


@dataclass(slots=True)
class _Known:
    descriptor: SumDescriptor
    source: str


class ModuleService:
    """Any thread. ``built_in`` are the program's own plug-in objects, ``find_packages`` finds strangers' entry points.

    A stranger's package is imported only once it has been enabled; what it raises is listed with it.
    """

    def __init__(
        self,
        settings: Settings,
        built_in: Iterable[object],
        *,
        find_packages: Callable[[], Iterable[EntryPoint]] | None = None,
        folder: ModuleFolder | None = None,
    ) -> None:
        self._settings = settings
        self._built_in = tuple(built_in)
        self._find_packages = find_packages or (_installed_packages if folder is None else folder.packages)
        self._folder = folder
        self._lock = threading.RLock()
        self._known: dict[str, _Known] | None = None
        self._packages: dict[str, EntryPoint] = {}
        self._errors: dict[str, str] = {}

    # -- the modules page ------------------------------------------------------------------------------------

    def entries(self) -> list[ModuleEntry]:
        """Every module and every package, built-in ones first; loads the enabled packages when asked first."""
        with self._lock:
            known = self._load()
            listed = [self._entry(item.descriptor, item.source) for item in known.values()]
            listed.sort(key=lambda entry: (entry.source != BUILT_IN, entry.source, entry.kind or "", entry.key))
            listed += [self._package_entry(key) for key in sorted(self._packages)]
            return listed + self._folder_entries()

    def set_enabled(self, key: str, enabled: bool) -> None:
        """Switch a module or a package on or off, from now on and for the next start. Raises InvalidInputError."""
        with self._lock:
            known = self._load()
            if key not in known and key not in self._packages:
                raise InvalidInputError(f"There is no module {plain_line(key, 80)!r}.", field="module")
            self._settings.set(_SETTING, {**self._switches(), key: enabled})
            if key in self._packages:
                self._errors.pop(key, None)
                self._known = None
            elif enabled:
                self._errors.pop(key, None)

    # -- use -------------------------------------------------------------------------------------------------

    def reaping_modules(self) -> list[ReapingModule]:
        """The enabled exporters, guarded."""
        return [self._reaping(item.descriptor) for item in self._enabled(SumKind.REAPING)]

    def probes(self, roads: ProbeRoads, *, wall: Callable[[], datetime]) -> dict[str, GuardedProbe]:
        """The enabled probes by kind, guarded; of two for one kind the built-in one."""
        found: dict[str, GuardedProbe] = {}
        for item in self._enabled(SumKind.INTERCEDING):
            module = item.descriptor.implementation
            if isinstance(module, ProbeModule):
                probe = GuardedProbe(item.descriptor, module, roads, wall=wall, note=self._note)
                found.setdefault(probe.kind, probe)
        return found

    def sowing(self, key: str) -> GuardedSowing:
        """One importer by key. Raises InvalidInputError when it is unknown or switched off."""
        return self._sowing(self._wanted(key, SumKind.SOWING))

    def reaping(self, key: str) -> ReapingModule:
        """One exporter by its format name. Raises InvalidInputError when it is unknown or switched off."""
        return self._reaping(self._wanted(key, SumKind.REAPING))

    def recognise(self, heading: Sequence[str], file_format: str = "csv") -> GuardedSowing | None:
        """The first enabled importer that takes this heading, in a table of this format, for its own."""
        for item in self._enabled(SumKind.SOWING):
            module = self._sowing(item.descriptor)
            wanted = getattr(item.descriptor.implementation, "file_format", file_format)
            if wanted == file_format and module.recognises(heading):
                return module
        return None

    def recognises(self, heading: Sequence[str]) -> bool:
        """Whether any enabled importer does; what ``open_table`` finds the heading by."""
        return self.recognise(heading) is not None

    def lacking_to_import(self, key: str, spec: TableSpec, columns: Collection[str]) -> tuple[ColumnSpec, ...]:
        """What an export of these columns lacks to be imported again; empty where nothing does.

        Empty as well where no importer takes such a file even with all columns. Raises InvalidInputError for an
        exporter that is unknown or switched off.
        """
        module = self._reaping(self._wanted(key, SumKind.REAPING))
        every = [column.key for column in spec.columns]
        whole = module.heading(spec, every)
        importer = self.recognise(whole, module.extension) if whole else None
        if importer is None:
            return ()

        def needed(column: ColumnSpec) -> bool:
            return not importer.recognises(module.heading(spec, [each for each in every if each != column.key]))

        return tuple(column for column in spec.columns if column.key not in columns and needed(column))

    def explain_unrecognised(self, heading: Sequence[str], file_format: str = "csv") -> str:
        """Which known kind of this format the heading is nearest to, and which columns it lacks, in some words."""
        nearest: tuple[int, float, str, tuple[str, ...]] | None = None
        for item in self._enabled(SumKind.SOWING):
            adviser = item.descriptor.implementation
            wanted = getattr(adviser, "file_format", file_format)
            if wanted != file_format or not isinstance(adviser, HeadingAdviser):
                continue
            with LoadingTrap() as trap:
                fit = adviser.compare(heading)
            if trap.error:
                self._note(item.descriptor.key, trap.error)
                continue
            share = fit.found / max(1, fit.found + len(fit.missing))
            if fit.found and (nearest is None or (share, fit.found) > (nearest[1], nearest[0])):
                nearest = (fit.found, share, item.descriptor.title, fit.missing)
        return _explanation(nearest, heading)

    # -- inside ----------------------------------------------------------------------------------------------

    def _load(self) -> dict[str, _Known]:
        if self._known is None:
            self._known = {}
            for plugin in self._built_in:
                self._collect(plugin, BUILT_IN, BUILT_IN)
            self._packages = {
                PACKAGE_PREFIX + point.name: point
                for point in self._find_packages()
                if not point.value.startswith(_OWN_MODULES)  # a wheel declares our own, which are here already
            }
            for key, point in self._packages.items():
                if self._is_enabled(key):
                    with LoadingTrap() as trap:
                        self._collect(_plugin(point), key, _package_name(point))
                    if trap.error:
                        self._errors[key] = trap.error
        return self._known

    def _collect(self, plugin: object, key: str, source: str) -> None:
        manager = pluggy.PluginManager("aether_desktop")
        manager.add_hookspecs(SumHooks)
        with LoadingTrap() as trap:
            manager.register(plugin)
            manager.check_pending()
            offers = cast("_Hooks", manager.hook).sacred_utility_modules()
            descriptors = [descriptor for offer in offers for descriptor in offer]
            if not descriptors:
                trap.error = "It offers no modules: the hook sacred_utility_modules is missing or gave none."
            for descriptor in descriptors:
                self._add(descriptor, key, source)
        if trap.error:
            self._errors[key] = trap.error

    def _add(self, descriptor: object, key: str, source: str) -> None:
        assert self._known is not None  # noqa: S101 - only called while loading
        problem = _problem(descriptor)
        if isinstance(descriptor, SumDescriptor) and not problem:
            if descriptor.key not in self._known:
                self._known[descriptor.key] = _Known(descriptor, source)
                return
            problem = f"The key {descriptor.key} is already taken by a module of: {self._known[descriptor.key].source}."
        self._errors[key] = problem

    def _entry(self, descriptor: SumDescriptor, source: str) -> ModuleEntry:
        return ModuleEntry(
            key=descriptor.key,
            kind=descriptor.kind,
            title=plain_line(descriptor.title, 80),
            version=plain_line(descriptor.version, 40),
            description=plain_line(descriptor.description, 400),
            source=source,
            enabled=self._is_enabled(descriptor.key),
            error=self._errors.get(descriptor.key, ""),
        )

    def _package_entry(self, key: str) -> ModuleEntry:
        point = self._packages[key]
        enabled = self._is_enabled(key)
        return ModuleEntry(
            key=key,
            kind=None,
            title=plain_line(point.name, 80),
            version=plain_line(point.dist.version, 40) if point.dist is not None else "",
            description=f"Modules of the installed package {_package_name(point)}.",
            source=_package_name(point),
            enabled=enabled,
            error=self._errors.get(key, "") if enabled else "",
        )

    def _folder_entries(self) -> list[ModuleEntry]:
        """A line for a folder of modules that is not used, and why."""
        problem = "" if self._folder is None else self._folder.objection()
        if self._folder is None or not problem:
            return []
        where = plain_line(str(self._folder.folder), 400)
        return [ModuleEntry("folder", None, "Folder of modules", "", where, "outside", enabled=False, error=problem)]

    def _switches(self) -> dict[str, object]:
        stored = self._settings.get(_SETTING)
        return dict(stored) if isinstance(stored, Mapping) else {}

    def _is_enabled(self, key: str) -> bool:
        choice = self._switches().get(key)
        return choice if isinstance(choice, bool) else not key.startswith(PACKAGE_PREFIX)

    def _enabled(self, kind: SumKind) -> list[_Known]:
        with self._lock:
            return [
                item
                for item in self._load().values()
                if item.descriptor.kind is kind and self._is_enabled(item.descriptor.key)
            ]

    def _wanted(self, key: str, kind: SumKind) -> SumDescriptor:
        enabled = {item.descriptor.key: item.descriptor for item in self._enabled(kind)}
        if key in enabled:
            return enabled[key]
        with self._lock:
            item = self._load().get(key)
        if item is not None and item.descriptor.kind is kind:
            raise InvalidInputError(
                f"The module {key} is switched off.", field="format", hint="Switch it on under Modules."
            )
        raise InvalidInputError(
            f"There is no {kind} module {plain_line(key, 80)!r}.",
            field="format",
            hint=f"Known: {', '.join(sorted(enabled))}.",
        )

    def _sowing(self, descriptor: SumDescriptor) -> GuardedSowing:
        return GuardedSowing(cast("SowingModule", descriptor.implementation), descriptor, self._note)

    def _reaping(self, descriptor: SumDescriptor) -> GuardedReaping:
        return GuardedReaping(cast("ReapingModule", descriptor.implementation), descriptor, self._note)

    def _note(self, key: str, error: str) -> None:
        with self._lock:
            self._errors[key] = error


def _installed_packages() -> Iterable[EntryPoint]:
    return entry_points(group=ENTRY_POINT_GROUP)


def _plugin(point: EntryPoint) -> object:
    loaded: object = point.load()
    return loaded() if isinstance(loaded, type) else loaded


def _package_name(point: EntryPoint) -> str:
    return plain_line(point.dist.name if point.dist is not None else point.value, 80)


def _problem(descriptor: object) -> str:
    if not isinstance(descriptor, SumDescriptor):
        return f"It offers a {type(descriptor).__name__} where a SumDescriptor belongs."
    if not _KEY.match(descriptor.key):
        return f"The key {plain_line(descriptor.key, 80)!r} is not made of small letters, digits, dots and hyphens."
    wanted = _PROTOCOLS.get(descriptor.kind)
    if wanted is not None and not isinstance(descriptor.implementation, wanted):
        return f"The module {descriptor.key} lacks what a {descriptor.kind} module must have."
    return ""


def _explanation(nearest: tuple[int, float, str, tuple[str, ...]] | None, heading: Sequence[str]) -> str:
    shown = ", ".join(plain_line(name, 40) for name in heading[:12])
    if nearest is None or nearest[1] < 0.25:
        return (
            f"No known kind of file has this heading: {plain_line(shown, 400)}. "
            "Use the generic CSV and say which column holds what."
        )
    _, _, title, missing = nearest
    if not missing:
        return f"The heading is like that of {title}, but something beside its columns does not fit."
    return f"The heading is nearest to {title}, but lacks: {plain_line(', '.join(missing), 400)}."
