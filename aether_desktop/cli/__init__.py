"""The same services without a window; never imports Qt."""
