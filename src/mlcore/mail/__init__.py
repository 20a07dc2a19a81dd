"""Floor 1: RFC formats. Octets in, values out; no I/O."""
