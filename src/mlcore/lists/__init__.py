"""Floor 2: pure list logic. Facts in, decisions out; no I/O."""
