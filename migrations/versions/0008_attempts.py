"""Wrong factors of levels 2 and 3 on a shared database are counted there, for every computer of the person.

Revision 0008, after 0007. Forward only: the way back is the back-up made before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unlock_attempts",
        sa.Column("vault_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_unlock_attempts_level")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_unlock_attempts_failures")),
        sa.ForeignKeyConstraint(
            ["vault_id", "user_id"], ["users.vault_id", "users.id"], name=op.f("fk_unlock_attempts_user_id")
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vaults.id"], name=op.f("fk_unlock_attempts_vault")),
        sa.PrimaryKeyConstraint("vault_id", "user_id", "level", name=op.f("pk_unlock_attempts")),
        sqlite_strict=True,
    )
