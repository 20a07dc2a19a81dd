"""How reports look that have no machine-readable part: one description a format, as data."""
