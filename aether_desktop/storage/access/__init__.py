"""Who may do what in a shared database, enforced by PostgreSQL: roles, grants, row policies and definer functions."""
