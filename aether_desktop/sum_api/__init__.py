"""What a Sacred Utility Module may import: hooks, descriptors and stable names."""
