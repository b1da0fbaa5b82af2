"""One module per section of the window, and the parts they share."""
