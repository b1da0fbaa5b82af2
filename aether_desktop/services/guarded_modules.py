"""Modules as the program calls them: whatever a module raises becomes an error that names the module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, TextIO

from aether_desktop.ports.errors import AetherError, ImportRefusedError, OperationCancelled
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import TableSpec
from aether_desktop.sum_api import (
    AccountLister,
    Chain,
    HeadedReaping,
    HeadedTable,
    Movement,
    ReapingModule,
    Rejection,
    SowingContext,
    SowingModule,
    SumDescriptor,
    plain_line,
)

NoteFailure = Callable[[str, str], None]
_HINT = "Switch it off under Modules, or ask its maker for a newer version."


class LoadingTrap:
    """Context that swallows what a module raises while it is loaded or asked; ``error`` says what that was."""

    def __init__(self) -> None:
        self.error = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        # SystemExit too: a module that calls sys.exit() while it is imported must not end the program.
        if isinstance(error, Exception | SystemExit):
            self.error = _described(error)
            return True
        return False


class GuardedSowing:
    """A SowingModule whose failures end the file, not the program."""

    def __init__(self, module: SowingModule, descriptor: SumDescriptor, note: NoteFailure) -> None:
        self.key = descriptor.key
        self.title = plain_line(descriptor.title, 80)
        self._module = module
        self._note = note

    def recognises(self, heading: Sequence[str]) -> bool:
        with LoadingTrap() as trap:
            return bool(self._module.recognises(heading))
        self._note(self.key, trap.error)
        return False

    def read(self, table: HeadedTable, context: SowingContext) -> Iterator[Movement | Rejection]:
        """Raises ImportRefusedError when the module fails."""
        try:
            yield from self._module.read(table, context)
        except (AetherError, OperationCancelled, OSError):
            raise
        except Exception as error:
            raise self._failed(error) from error

    def accounts(self, table: HeadedTable, chain: Chain) -> tuple[str, ...]:
        """Nothing where the module's files never hold several accounts. Raises ImportRefusedError as ``read`` does."""
        if not isinstance(self._module, AccountLister):
            return ()
        try:
            return tuple(self._module.accounts(table, chain))
        except (AetherError, OperationCancelled, OSError):
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ImportRefusedError:
        said = _described(error)
        self._note(self.key, said)
        return ImportRefusedError(f"The module {self.title} failed while it read the file.", hint=_HINT, details=said)


class GuardedReaping:
    """A ReapingModule whose failures end the export, not the program."""

    def __init__(self, module: ReapingModule, descriptor: SumDescriptor, note: NoteFailure) -> None:
        self.key = descriptor.key
        self.title = plain_line(descriptor.title, 80)
        self.extension = module.extension
        self._module = module
        self._note = note

    def heading(self, spec: TableSpec, columns: Sequence[str]) -> tuple[str, ...]:
        """Nothing where the module does not say it, or fails to."""
        if not isinstance(self._module, HeadedReaping):
            return ()
        with LoadingTrap() as trap:
            return tuple(self._module.heading(spec, columns))
        self._note(self.key, trap.error)
        return ()

    def write(self, spec: TableSpec, columns: Sequence[str], rows: Iterable[Row], sink: TextIO) -> int:
        """Raises AetherError when the module fails; what ``rows`` and ``sink`` raise passes unchanged."""
        try:
            return self._module.write(spec, columns, rows, sink)
        except (AetherError, OperationCancelled, OSError):
            raise
        except Exception as error:
            self._note(self.key, _described(error))
            raise AetherError(
                f"The module {self.title} failed while it wrote the file.", hint=_HINT, details=_described(error)
            ) from error


def _described(error: BaseException) -> str:
    return plain_line(f"{type(error).__name__}: {error}", 300)
