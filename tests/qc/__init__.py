"""Published models written a second time from their sources, to be compared with the package's own."""
