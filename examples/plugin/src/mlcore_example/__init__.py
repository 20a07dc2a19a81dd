"""A rule and a handler for mlcore."""
