"""Where texts come from: the package, files of the site, and other hosts."""
