"""Floor 5: one runner per queue. They gather facts, ask `lists`, and carry out what it decides."""
