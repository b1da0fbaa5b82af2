"""Stand-in for a migration of the future: rebuilds a parent table and rewrites rows, and can be held in the middle."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from aether_desktop.locations import migrations_dir

NEXT = "9001"
_TEXT = """
from __future__ import annotations

import os
import sys

import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("annotations", table_kwargs={{"sqlite_strict": True}}) as batch:
        batch.add_column(sa.Column("mood", sa.Text(), nullable=False, server_default=sa.text("'calm'")))
        batch.create_check_constraint(op.f("ck_annotations_mood"), "length(mood) <= 20")
    op.execute("UPDATE annotations SET label = label || '!'")
    if os.environ.get("AETHER_TEST_HOLD"):
        print("half", flush=True)
        sys.stdin.readline()
    if os.environ.get("AETHER_TEST_FAIL"):
        op.execute("INSERT INTO no_such_table VALUES (1)")
    op.execute("UPDATE annotations SET note = note || '!' WHERE note_sealed IS NULL")
"""


def tree_with_next(folder: Path, head: str) -> Path:
    """A copy of the migrations with one more, in ``folder``."""
    tree = folder / "migrations"
    shutil.copytree(migrations_dir(), tree, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "versions" / f"{NEXT}_next.py").write_text(_TEXT.format(next=NEXT, head=head), "utf-8")
    return tree


def main() -> None:
    """``ENGINE LOCATION TREE``: opens (or migrates) the vault as a program with that tree does; for a child process."""
    from aether_desktop.storage.access.provisioning import migrate_shared
    from aether_desktop.storage.opening import open_vault_file
    from aether_desktop.storage.upgrade import Migrations
    from tests.support.storages import KEY

    engine, location, tree = sys.argv[1:]
    print(os.getpid(), flush=True)  # noqa: T201 - the parent reads it
    if engine == "sqlite":
        open_vault_file(Path(location), KEY, migrations=Migrations(Path(tree))).close()
    else:
        migrate_shared(location, migrations=Migrations(Path(tree)))
    print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
