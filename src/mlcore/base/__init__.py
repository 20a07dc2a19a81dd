"""Floor 0: knows no mail. Errors, clock, ids, back-off, durable calls."""
