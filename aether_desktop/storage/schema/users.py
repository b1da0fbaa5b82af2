"""People of a vault: authentication and identity."""

from __future__ import annotations

from sqlalchemy import Column

from aether_desktop.domain.users import Membership, Role
from aether_desktop.storage.columns import Choice, Flag, UtcTime, choice_check, length_check
from aether_desktop.storage.schema.base import (
    folded_column,
    order_indexes,
    record_table,
    required,
    sealed_column,
    text_column,
    unique_index,
)

# The folded columns (domain.text.fold) make names unique whatever their case, equally on both engines.
USERS = record_table(
    "users",
    text_column("username", default=False),
    text_column("username_fold", default=False),
    text_column("email"),
    text_column("email_fold"),
    text_column("display_name"),
    folded_column("display_name"),
    required("role", Choice(Role)),
    required("membership", Choice(Membership)),
    required("active", Flag()),
    Column("last_login_at", UtcTime()),
    sealed_column("email"),
    choice_check("role", Role),
    choice_check("membership", Membership),
    length_check("username", 100, least=1),
    length_check("email", 254),
    length_check("display_name", 200),
    unique_index("uq_users_username", "username_fold"),
    unique_index("uq_users_email", "email_fold", where="email_fold <> ''"),
    *order_indexes("users", "username_fold", "display_name_fold", "email_fold", "role", "membership", "active"),
    *order_indexes("users", "last_login_at", "created_at"),
)
