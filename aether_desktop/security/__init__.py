"""Keys and where they lie. The only layer that knows cryptography and the keyring."""
