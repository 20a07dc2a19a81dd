"""Floor 3: SMTP out, and the outbox."""
