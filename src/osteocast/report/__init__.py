"""What a forecast looks like: a page, a few lines for the terminal, and tidy tables."""
