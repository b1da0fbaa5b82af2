"""The window around the pages: navigation, status bar, command palette, keyboard, first run."""
