"""Colours, spaces, fonts and icons: one source for everything that is painted."""
