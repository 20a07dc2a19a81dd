"""mlcore: a mailing-list server. Postfix hands it posts by LMTP; every member gets each exactly once."""

__version__ = "0.1.0"
