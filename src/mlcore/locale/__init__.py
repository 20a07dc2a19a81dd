"""Translations of short texts: one directory for each language (gettext)."""
