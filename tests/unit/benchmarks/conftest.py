"""The benchmarks are scripts beside the package: their modules are found from their own directory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
