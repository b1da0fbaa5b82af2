"""Use cases, one module per noun, written against ports: no Qt, no SQL."""
