"""Protocols, query and page values, ChangeSet and the error classes."""
