"""Floor 1: the settings of a site, read from one file into frozen records."""
