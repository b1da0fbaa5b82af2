"""Keys, sealing and audit: cryptography and keyring live here and nowhere else."""
