"""mlcore and GNU Mailman, measured in the same run against the same sink: see benchmarks/README.md."""
