"""Qt-free job contract: cancel token, progress, lanes."""
