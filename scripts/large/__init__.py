"""The large-ledger part of the bench: ours beside others over the same rows. Each module says what it measures."""
