"""A site in a directory of its own, and commands run in it."""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import Connection

from mlcore.cli.main import cli
from mlcore.config.loader import read
from mlcore.config.settings import Settings
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare
from support.database import section as database_section


class SiteInDirectory:
    """`run` is one command on a site below `directory`, with the configuration `text`."""

    def __init__(self, directory: Path, text: str = "") -> None:
        self.directory = directory
        self.config = directory / "mlcore.cfg"
        head = f"[paths.here]\nvar_dir: {directory}/var\n"
        if "[database]" not in text:
            head += "".join(
                f"[database]\n{key}: {value}\n" for key, value in database_section(directory).items()
            )
        self.config.write_text(head + text, "utf-8")

    @property
    def settings(self) -> Settings:
        """The configuration as a command reads it."""
        return read(str(self.config))

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        """One command, in this process; unexpected errors are raised."""
        result = CliRunner().invoke(cli, ["-C", str(self.config), *arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *arguments: str) -> Any:
        """What a command prints with `--json`."""
        result = self.run(*arguments, "--json")
        assert result.exit_code in {0, 3}, result.output
        return json.loads(result.stdout)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """One transaction in the site's database, which is made if it is missing."""
        url = self.settings.database.url
        os.makedirs(self.settings.paths.data_dir, mode=0o700, exist_ok=True)
        prepare(url)
        with open_sync(url) as connection:
            yield connection


@contextlib.contextmanager
def answering(
    path: str, answers: dict[str, dict[str, Any]], *, until: str = ""
) -> Iterator[list[dict[str, Any]]]:
    """A control socket at `path` that answers each command by what it does; yields the commands it heard.

    until: after this command it is gone, as a server that stops."""
    heard: list[dict[str, Any]] = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        done = False
        while not done:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as stream:
                for line in stream:
                    command = json.loads(line)
                    heard.append(command)
                    done = done or command["do"] == until
                    stream.write(json.dumps(answers.get(command["do"], {})).encode() + b"\n")
                    stream.flush()
        os.unlink(path)
        listener.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
