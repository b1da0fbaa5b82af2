"""One store per aggregate, each implementing a port of ``ports.storage``."""
