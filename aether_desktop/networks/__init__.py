"""Adapters to the outside: so far the desktop's session."""
