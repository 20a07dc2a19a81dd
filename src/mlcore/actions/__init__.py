"""Floor 4: what commands, mail commands, REST and jobs have in common."""
