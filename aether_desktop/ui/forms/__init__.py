"""Add and edit forms with inline validation."""
