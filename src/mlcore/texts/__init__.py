"""Texts of mails: which there are, in which language, filled in and broken into lines. No I/O."""
