"""Where background work runs, without Qt."""
