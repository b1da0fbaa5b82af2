"""Built-in Sacred Utility Modules; they import sum_api only."""
