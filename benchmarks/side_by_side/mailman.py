"""GNU Mailman in an environment of its own: made once, outside of the tree, and a site in a directory."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from side_by_side import processes
from side_by_side.site import Failed, ListSpec, Site, Wishes, end_of, environment, member

VERSION: Final = "3.3.10"
PINS: Final = Path(__file__).with_name("mailman.txt")
CACHE: Final = "MLCORE_BENCHMARKS"
"""Names the directory for environments, if it is to be another one than ~/.cache/mlcore-benchmarks."""
_INSTALL_S: Final = 900.0
_MAKE_S: Final = 1_800.0


def environment_directory() -> Path:
    """Where the environment is or will be."""
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "mlcore-benchmarks") / f"mailman-{VERSION}"


def install() -> Path:
    """The directory of its programs; what is missing, or was made from other pins, is made anew.

    Raises Failed with what pip says."""
    place = environment_directory()
    stamp = place / "pins"
    pins = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text("utf-8") != pins:
        print(f"GNU Mailman {VERSION} is being installed in {place}", file=sys.stderr)
        shutil.rmtree(place, ignore_errors=True)
        base = Path(sys.base_prefix, "bin", "python3")
        for command in (
            [str(base), "-m", "venv", str(place)],
            [str(place / "bin" / "pip"), "install", "--quiet", "--requirement", str(PINS)],
        ):
            done = subprocess.run(command, capture_output=True, timeout=_INSTALL_S, check=False)
            if done.returncode:
                raise Failed(f"{' '.join(command[:2])}: {end_of(done.stderr)}")
        stamp.write_text(pins, "utf-8")
    return place / "bin"


class MailmanSite(Site):
    """Settings are those that it comes with but for where things are, `max_recipients` and VERP."""

    title: ClassVar[str] = f"GNU Mailman {VERSION}"

    def _write_config(self, sink_port: int, wishes: Wishes) -> None:
        self._programs = install()
        var = self.directory / "var"
        lines = [
            "[mailman]",
            "site_owner: owner@example.net",
            "layout: here",
            "[paths.here]",
            f"var_dir: {var}",
            "[webservice]",
            f"port: {processes.free_port()}",
            "[mta]",
            "incoming: mailman.mta.null.NullMTA",
            "smtp_host: 127.0.0.1",
            f"smtp_port: {sink_port}",
            "lmtp_host: 127.0.0.1",
            f"lmtp_port: {self.lmtp_port}",
            f"verp_delivery_interval: {1 if wishes.verp else 0}",
        ]
        if wishes.recipients:
            lines.append(f"max_recipients: {wishes.recipients}")
        self.config.write_text("\n".join([*lines, ""]), "utf-8")
        self._write_footer(var / "templates")

    def make(self, lists: Sequence[ListSpec]) -> None:
        wanted = [
            {"address": one.address, "members": [member(number) for number in range(one.members)]}
            for one in lists
        ]
        done = subprocess.run(
            [
                str(self._programs / "python"),
                "-P",  # beside that file are modules that are called like those it imports
                str(Path(__file__).with_name("in_mailman.py")),
                str(self.config),
            ],
            input=json.dumps(wanted).encode(),
            capture_output=True,
            timeout=_MAKE_S,
            check=False,
            cwd=self.directory,
            env=environment(),
        )
        if done.returncode:
            raise Failed(f"{self.title}: lists were not made: {end_of(done.stderr)}")

    def _server(self) -> list[str]:
        return [str(self._programs / "master"), "--force", "-C", str(self.config)]

    def _command(self) -> list[str]:
        return [str(self._programs / "mailman"), "--run-as-root", "-C", str(self.config)]

    def spare(self, pids: Sequence[int]) -> list[int]:
        """Its REST server, whose workers are processes of their own."""
        first = [pid for pid in pids if "--runner=rest:" in processes.command_line(pid)]
        return [pid for root in first for pid in processes.tree(root)]
