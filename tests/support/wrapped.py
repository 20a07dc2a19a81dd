"""A real server that is started in another way than `support.launch` alone."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.server import TESTS, RunningServer


class WrappedServer(RunningServer):
    """See `RunningServer`. prefix: a command that ends in running what follows it, in the same process;
    module: what is run in place of `support.launch`."""

    def __init__(
        self,
        directory: Path,
        *,
        prefix: Sequence[str] = (),
        module: str = "support.launch",
        **more: Any,
    ) -> None:
        super().__init__(directory, **more)
        self._prefix = prefix
        self._module = module

    def launch(self, **environment: str) -> None:
        """See `RunningServer.launch`."""
        assert not self.running
        self._collect()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._prefix, sys.executable, "-m", self._module, str(self.config_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
            )
