"""Aether Desktop: wallets, ledger and temple nodes of AetherCoin and FractalCoin."""
