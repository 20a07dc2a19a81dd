"""Floor 7: wiring, supervision, control, life cycle."""
