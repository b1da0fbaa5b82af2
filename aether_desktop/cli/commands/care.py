"""backup, restore, migrate, doctor, schema."""

from __future__ import annotations

from pathlib import Path

from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.locations import resources_dir
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.services.diagnostics import save_text
from aether_desktop.services.health import Check, CheckState

_LONGEST_KEY = 100_000  # characters


def backup(context: Context) -> int:
    path = context.services().backups.back_up(
        Path(context.options.target), token=context.token, progress=context.progress
    )
    context.progress.clear()
    context.terminal.say("Backed up, and proven by opening the copy.")
    context.terminal.line(str(path))
    return DONE


def restore(context: Context) -> int:
    target = context.target()
    kept = context.app.restore(
        Path(context.options.source),
        target,
        replace=context.options.replace,
        token=context.token,
        progress=context.progress,
    )
    context.progress.clear()
    if kept is not None:
        context.terminal.say(f"The vault that was there is kept as {kept}.")
    context.terminal.say("Restored, and proven by opening it.")
    context.terminal.line(str(target.vault))
    return DONE


def migrate(context: Context) -> int:
    done = context.app.migrate(
        context.target(), create=context.options.create, token=context.token, progress=context.progress
    )
    context.progress.clear()
    context.terminal.say(done)
    return DONE


def doctor(context: Context) -> int:
    checks = _examined(context, recount=context.options.recount, reindex=context.options.reindex)
    if context.options.json:
        context.terminal.json(
            [{"subject": each.subject, "state": each.state.value, "detail": each.detail} for each in checks]
        )
    else:
        context.terminal.table(("state", "subject", "detail"), [(c.state.value, c.subject, c.detail) for c in checks])
    bad = sum(check.state is CheckState.BAD for check in checks)
    context.terminal.say("Everything looks well." if not bad else f"{bad} of {len(checks)} checks found something bad.")
    return REFUSED if bad else DONE


def diagnostics(context: Context) -> int:
    """The text first, then, where a file was named, the question whether it may be kept."""
    target = Path(context.options.save) if context.options.save else None
    text = context.app.diagnostics(_examined(context))
    for line in text.splitlines():
        context.terminal.line(line)
    if target is None:
        return DONE
    context.terminal.flush()
    if not context.options.yes:
        if not context.asker.can_type:
            raise InvalidInputError("Nobody said yes to what is above.", field="yes", hint="Read it, then give --yes.")
        if not context.asker.agrees(f"Keep exactly this in {target}? [y/N] "):
            context.terminal.say("Nothing was written.")
            return REFUSED
    save_text(text, target)
    context.terminal.say(f"Kept in {target}; it was sent nowhere.")
    return DONE


def updates(context: Context) -> int:
    options = context.options
    try:
        key = Path(options.key).read_text(encoding="ascii", errors="replace")[:_LONGEST_KEY] if options.key else ""
    except OSError as error:
        raise InvalidInputError(f"{options.key} cannot be read: {error.strerror or error}.", field="key") from error
    notice = context.app.newer_version(options.location, key)
    context.app.keep_settings()
    context.terminal.line(notice.sentence)
    return DONE


def _examined(context: Context, *, recount: bool = False, reindex: bool = False) -> list[Check]:
    try:
        target, refused = context.target(), []
    except AetherError as error:
        target, refused = None, [Check("vault or database", CheckState.BAD, str(error))]
    checks = context.app.examine(
        target, token=context.token, progress=context.progress, recount=recount, reindex=reindex
    )
    context.progress.clear()
    return checks + refused


def schema(context: Context) -> int:
    folder = resources_dir() / "schemas"
    names = sorted(path.stem for path in folder.glob("*.json"))
    wanted = context.options.name
    if not wanted:
        for name in names:
            context.terminal.line(name)
        return DONE
    if wanted not in names:
        raise InvalidInputError(
            f"There is no schema {wanted[:60]!r}.", field="name", hint=f"Known: {', '.join(names)}."
        )
    context.terminal.out.write((folder / f"{wanted}.json").read_text(encoding="utf-8"))
    return DONE
