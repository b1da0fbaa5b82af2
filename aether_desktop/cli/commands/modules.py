"""modules list|enable|disable. No vault is opened."""

from __future__ import annotations

from aether_desktop.cli.runner import DONE, Context


def list_modules(context: Context) -> int:
    entries = context.app.modules().entries()
    if context.options.json:
        context.terminal.json(
            [
                {
                    "key": each.key,
                    "kind": each.kind.value if each.kind else None,
                    "title": each.title,
                    "version": each.version,
                    "description": each.description,
                    "source": each.source,
                    "enabled": each.enabled,
                    "error": each.error,
                }
                for each in entries
            ]
        )
        return DONE
    rows = [
        (
            each.key,
            each.kind.value if each.kind else "package",
            each.version,
            "on" if each.enabled else "off",
            each.title,
        )
        for each in entries
    ]
    context.terminal.table(("key", "kind", "version", "", "title"), rows)
    for each in entries:
        if each.error:
            context.terminal.say(f"{each.key}: {each.error}")
    return DONE


def enable(context: Context) -> int:
    _switch(context, on=True)
    context.terminal.say(f"{context.options.key} is switched on.")
    return DONE


def disable(context: Context) -> int:
    _switch(context, on=False)
    context.terminal.say(f"{context.options.key} is switched off.")
    return DONE


def _switch(context: Context, *, on: bool) -> None:
    context.app.modules().set_enabled(context.options.key, on)
    context.app.keep_settings()
