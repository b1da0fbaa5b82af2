"""postgres provision|migrate: the work of the administrator of a shared database."""

from __future__ import annotations

from pathlib import Path

from aether_desktop.cli.runner import DONE, Context


def provision(context: Context) -> int:
    options = context.options
    said, url = context.app.provision_database(
        options.url,
        name=options.name,
        username=options.username,
        key_file=Path(options.key_file) if options.key_file else None,
        new_password=options.new_password,
    )
    context.terminal.say(said)
    context.terminal.line(url)
    return DONE


def migrate(context: Context) -> int:
    context.terminal.say(context.app.migrate_database(context.options.url))
    return DONE
