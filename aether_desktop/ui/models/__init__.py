"""Table models, item roles and typed cells."""
