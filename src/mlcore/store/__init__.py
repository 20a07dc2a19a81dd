"""Floor 3: the database."""
