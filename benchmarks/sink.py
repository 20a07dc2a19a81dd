"""`python benchmarks/sink.py --port 0 --log FILE`: a fast SMTP server to measure against (see --help)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "tests"))

from support.sink_command import main

if __name__ == "__main__":
    main()
