"""Fusion's palette from the tokens: what no style sheet rule touches is painted right as well."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from aether_desktop.ui.theme.tokens import Colours


def build_palette(colours: Colours) -> QPalette:
    """Return the application palette of one theme (GUI thread)."""
    role = QPalette.ColorRole
    palette = QPalette()
    for target, value in {
        role.Window: colours.background,
        role.WindowText: colours.text,
        role.Base: colours.panel,
        role.AlternateBase: colours.raised,
        role.Text: colours.text,
        role.PlaceholderText: colours.dim,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad.ink,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.Highlight: colours.selection,
        role.HighlightedText: colours.text,
        role.Accent: colours.accent,
        role.Link: colours.text,
        role.LinkVisited: colours.text,
        role.Light: colours.raised,
        role.Midlight: colours.raised,
        role.Mid: colours.line,
        role.Dark: colours.line,
        role.Shadow: colours.background,
    }.items():
        palette.setColor(target, QColor(value))
    disabled = QPalette.ColorGroup.Disabled
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(disabled, target, QColor(colours.faint))
    palette.setColor(disabled, role.Highlight, QColor(colours.raised))
    palette.setColor(disabled, role.HighlightedText, QColor(colours.dim))
    return palette
