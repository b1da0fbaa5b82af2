"""Adapters to the outside: EVM JSON-RPC, IPFS, node probes."""
