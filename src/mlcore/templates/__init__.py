"""Whole texts of mails: one directory for each language, one file for each text."""
