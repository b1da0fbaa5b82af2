"""Qt-free contract of background work: cancel token, progress, lanes."""
