"""Frozen values, enums and pure rules; standard library only."""
