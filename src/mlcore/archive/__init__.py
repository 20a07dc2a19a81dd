"""Archivers: who keeps posts, and how they get them."""
