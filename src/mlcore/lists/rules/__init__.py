"""Rules: what a post is held, rejected or discarded for."""
