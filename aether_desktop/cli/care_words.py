"""Words of the command line that look after the vault and the installation. The standard library only."""

from __future__ import annotations

from aether_desktop.cli.words import Words, add_json


def add_care_words(words: Words) -> None:
    """``backup|restore|migrate|doctor|updates|diagnostics|schema``."""
    backup = words.add("backup", "back up the open vault to a file or folder, encrypted, proven by opening it")
    backup.add_argument("target", metavar="TARGET")
    restore = words.add("restore", "put a backup in the vault's place")
    restore.add_argument("source", metavar="SOURCE")
    restore.add_argument("--replace", action="store_true", help="keep the present vault aside under a dated name")
    migrate = words.add("migrate", "bring the schema up to date, after a backup")
    migrate.add_argument("--create", action="store_true", help="set up an empty PostgreSQL database")
    doctor = words.add("doctor", "look for what is wrong with the installation and the vault")
    doctor.add_argument("--recount", action="store_true", help="add up every row of the ledger again and compare")
    doctor.add_argument("--reindex", action="store_true", help="bring the index for search up to date and check it")
    add_json(doctor)
    newer = words.add(
        "updates", "say whether a signed release file that you name tells of a newer version; nothing is installed"
    )
    newer.add_argument("--location", metavar="PLACE", default="", help="its path or https address; remembered")
    newer.add_argument("--key", metavar="FILE", default="", help="the release key, as published; remembered")
    told = words.add(
        "diagnostics", "print what somebody who helps needs to know, without secrets; kept only if you say so"
    )
    told.add_argument("--save", metavar="FILE", default="", help="after you have read it and said yes, keep it here")
    told.add_argument("--yes", action="store_true", help="you have read it before")
    schema = words.add("schema", "print the JSON schema of a command's output")
    schema.add_argument("name", metavar="NAME", nargs="?", default="", help="default: list the names")
