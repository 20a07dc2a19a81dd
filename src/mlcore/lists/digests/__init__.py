"""Digests: which volume and number an issue has, and what it looks like as MIME and as plain text."""
