"""Notes sealed on a shared database, and what their words are found by there.

Nothing is sealed here, because that needs the person's keys: each owner's program does it after it opened the vault.
Revision 0006, after 0005. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    once = sa.CheckConstraint("note_sealed IS NULL OR note = ''", name=op.f("ck_annotations_note_once"))
    op.add_column("annotations", sa.Column("note_sealed", sa.LargeBinary(), once, nullable=True))
    op.create_table(
        "note_words",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("length(token) = 40", name=op.f("ck_note_words_token")),
        sa.ForeignKeyConstraint(
            ["vault_id", "annotation_id"],
            ["annotations.vault_id", "annotations.id"],
            name=op.f("fk_note_words_annotation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_note_words_vault")),
        sa.PrimaryKeyConstraint("vault_id", "owner_id", "token", "annotation_id", name=op.f("pk_note_words")),
        sqlite_strict=True,
    )
    op.create_index("ix_note_words_annotation", "note_words", ["vault_id", "annotation_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT aether_audit_watch('note_words')")
