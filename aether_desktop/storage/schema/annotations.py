"""A person's own words on any row of any of the nine tables, and imported labels that name nothing here yet."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, text

from aether_desktop.domain.records import TableName
from aether_desktop.storage.columns import Choice, Flag, Identifier, JsonText, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import (
    folded_column,
    reference,
    required,
    sealed_column,
    text_column,
    unique_index,
    vault_table,
)

LABELLED = "label_fold <> '' AND NOT detached"  # what an index says, a question repeats

# Undoing an import removes rows but not the words on them: those are ``detached`` with the wallet and ``identity`` of
# the movement, and are attached again when the same movement is imported into that wallet. ``row_id`` has no foreign
# key because it points into nine tables; stores check it when they write. ``owner_id`` is the owner of that row; of a
# foreign label, who imported it.
ANNOTATIONS = vault_table(
    "annotations",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    required("table_name", Choice(TableName)),
    required("row_id", Identifier()),
    text_column("label"),
    folded_column("label"),
    text_column("note"),
    sealed_column("note"),
    required("extra", JsonText()),
    required("version", Identifier()),
    required("changed_at", UtcTime()),
    Column("detached", Flag(), nullable=False),
    Column("owner_id", Identifier(), nullable=False, server_default=text("0")),
    Column("wallet_id", Identifier()),
    Column("identity", LargeBinary()),
    choice_check("table_name", TableName),
    length_check("label", 255),
    length_check("note", 20_000),
    CheckConstraint("length(identity) = 16", name="identity"),
    CheckConstraint("NOT detached OR (wallet_id IS NOT NULL AND identity IS NOT NULL)", name="detached"),
    reference("wallet_id", "wallets"),
    unique_index("uq_annotations_row", "table_name", "row_id", where="NOT detached"),
    Index("ix_annotations_row", "vault_id", "table_name", "row_id"),
    # to find rows by their label, and to sort them by it
    Index(
        "ix_annotations_label",
        *("vault_id", "table_name", "label_fold", "row_id"),
        sqlite_where=text(LABELLED),
        postgresql_where=text(LABELLED),
    ),
    Index("ix_annotations_identity", "vault_id", "wallet_id", "identity"),
)

ANNOTATION_TAGS = vault_table(
    "annotation_tags",
    required("annotation_id", Identifier()),
    required("position", Identifier()),
    text_column("tag", default=False),
    text_column("tag_fold", default=False),
    length_check("tag", 64, least=1),
    reference("annotation_id", "annotations", on_delete="CASCADE"),
    Index("ix_annotation_tags_tag", "vault_id", "tag_fold", "annotation_id"),
    key=("annotation_id", "position"),
)

# What sealed notes are found by on a shared server: each word once, as a key's version and an HMAC. The owner is the
# note's.
NOTE_WORDS = vault_table(
    "note_words",
    required("owner_id", Identifier()),
    required("token", LargeBinary()),
    required("annotation_id", Identifier()),
    CheckConstraint("length(token) = 40", name="token"),
    reference("annotation_id", "annotations", on_delete="CASCADE"),
    Index("ix_note_words_annotation", "vault_id", "annotation_id"),
    key=("owner_id", "token", "annotation_id"),
)

FOREIGN_LABELS = vault_table(
    "foreign_labels",
    Column("id", Identifier(), nullable=False, autoincrement=False),
    text_column("type", default=False),
    text_column("ref", default=False),
    text_column("origin"),
    required("record", JsonText()),
    Column("owner_id", Identifier(), nullable=False, server_default=text("0")),
    length_check("type", 100, least=1),
    unique_index("uq_foreign_labels_ref", "owner_id", "type", "ref", "origin"),
)
