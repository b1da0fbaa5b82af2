"""vault create|info, sample."""

from __future__ import annotations

from pathlib import Path

from aether_desktop.cli.runner import DONE, Context
from aether_desktop.ports.storage import StorageInfo


def create(context: Context) -> int:
    options, target = context.options, context.target()
    password = None
    if target.vault is not None and not target.vault.exists():
        password = context.asker.new_password(
            str(target.vault), known=(target.vault.stem, options.name, options.username)
        )
    info = context.app.create_vault(target, name=options.name, username=options.username, password=password)
    context.terminal.say(f"Created the vault {info.vault_name}.")
    if password is not None:
        context.terminal.say("Make a recovery kit next, it opens the vault without this device: vault kit")
    context.terminal.line(info.location)
    return DONE


def info(context: Context) -> int:
    described = describe(context.services().info)
    if context.options.json:
        context.terminal.json(described)
    else:
        context.terminal.table(("what", "value"), [(key, str(value)) for key, value in described.items()])
    return DONE


def sample(context: Context) -> int:
    if context.options.rows is not None:
        return _large_sample(context)
    path = Path(context.options.path)
    rows = context.app.create_sample(path, token=context.token, progress=context.progress)
    context.terminal.say(f"Created the sample vault with {rows} generated transactions; it is not encrypted.")
    context.terminal.line(str(path))
    return DONE


def _large_sample(context: Context) -> int:
    options, target = context.options, context.target()
    password = None
    if target.vault is not None and not target.vault.exists():
        password = context.asker.new_password(str(target.vault), known=(target.vault.stem,))
    info = context.app.create_large_sample(
        target,
        rows=options.rows,
        seed=options.seed,
        password=password,
        token=context.token,
        progress=context.progress,
    )
    context.progress.clear()
    context.terminal.say(f"Filled {info.vault_name} with {options.rows:,} generated transactions; none is real.")
    context.terminal.line(info.location)
    return DONE


def describe(storage: StorageInfo) -> dict[str, object]:
    """A storage as JSON shows it."""
    return {
        "engine": storage.engine,
        "engine_version": storage.engine_version,
        "location": storage.location,
        "encrypted": storage.encrypted,
        "schema_revision": storage.schema_revision,
        "vault": storage.vault_name,
    }
