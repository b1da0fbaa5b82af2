"""The SQLAlchemy adapter: everything that knows a table."""
