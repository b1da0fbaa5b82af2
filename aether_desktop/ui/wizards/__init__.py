"""Work of several steps, inside the window: the import."""
