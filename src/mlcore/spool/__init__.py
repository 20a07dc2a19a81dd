"""Floor 2: mail in transit, as files; the protocol is docs/spool.md."""
