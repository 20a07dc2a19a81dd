"""On what a run was made, and how fast that was then."""

import os
import platform
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_ADDITIONS: Final = 10_000_000


def facts(directory: Path) -> dict[str, str]:
    """What a reader has to know to judge the figures. directory: where the sites are."""
    processor = _first("/proc/cpuinfo", r"model name\s*:\s*(.+)")
    system = _first("/etc/os-release", r'PRETTY_NAME="([^"]*)"')
    memory = int(_first("/proc/meminfo", r"MemTotal:\s*(\d+)") or 0) // 1024
    return {
        "date": datetime.now(tz=UTC).strftime("%Y-%m-%d"),
        "processors": f"{os.cpu_count()} × {processor}",
        "memory": f"{memory:,} MiB",
        "system": f"{system}, Linux {platform.release()}",
        "disk": _file_system(directory),
        "python": platform.python_version(),
    }


def calibrate() -> float:
    """Seconds of processor for ten million additions: shared machines change their speed by the minute."""
    begun, total = time.process_time(), 0
    for number in range(_ADDITIONS):
        total += number
    return time.process_time() - begun


def _first(path: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(path).read_text("utf-8", "replace"))
    except OSError:
        return ""
    return found[1].strip() if found else ""


def _file_system(directory: Path) -> str:
    done = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
