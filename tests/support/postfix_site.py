"""mlcore and a real Postfix on both sides of it, for each way in which Postfix may learn of lists."""

import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from support.exchange import KeepingRelay, mark, message
from support.postfix import Postfix, Setting, running_postfix
from support.server import RunningServer, free_port, wait_until

IN_FILES = frozenset({"hash", "lmdb"})
MEMBER = "anne@example.net"


@dataclass(frozen=True, slots=True)
class PostfixSite:
    """relay: takes what Postfix gives on: mail for members elsewhere."""

    postfix: Postfix
    server: RunningServer
    relay: KeepingRelay

    def command(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """A command that succeeds."""
        done = self.server.mlcore(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr.decode()
        return done

    def make_list(self, address: str) -> None:
        """By commands, with `MEMBER` on it."""
        self.command("create", "--quiet", address)
        self.command("addmembers", "-", address, stdin=f"{MEMBER}\n".encode())

    def post(self, token: str, address: str) -> None:
        """From `MEMBER` to the SMTP port of Postfix. Raises what smtplib raises for a refusal."""
        self.postfix.submit(message(token, author=MEMBER, to=address), address, sender=MEMBER)

    def arrives(self, token: str) -> None:
        """The member gets a copy, and no second one while anything is under way."""
        part = mark(token)
        wait_until(lambda: self.relay.copies(part), 20, lambda: f"{self.postfix.log()}\n{self.server.tail()}")
        self.settle()
        assert self.relay.copies(mark(token)) == {MEMBER: 1}, self.postfix.log()

    def settle(self) -> None:
        """Until nothing is under way anywhere."""
        wait_until(lambda: not self.postfix.queued() and not self.server.in_transit(), 15, self.postfix.log)


@contextmanager
def postfix_site(
    directory: Path,
    setting: Setting,
    *,
    lists: Mapping[str, Iterable[str]] | None = None,
    config: Mapping[str, Mapping[str, object]] | None = None,
    commands: Sequence[Sequence[str]] = (),
) -> Iterator[PostfixSite]:
    """Runs until the end of the `with`. lists: members by posting address, there from the start;
    commands: what is done before Postfix starts."""
    reinjection_port, socketmap_port = free_port(), free_port()
    in_files = setting.way in IN_FILES
    sections: dict[str, dict[str, object]] = {
        "mta": {"incoming": "postfix" if in_files else "null"},
        "postfix": {"transport_file_type": setting.way if in_files else "none"},
    }
    if setting.way.startswith("socketmap"):
        sections["postfix"]["socketmap"] = f"127.0.0.1:{socketmap_port}"
    for section, values in (config or {}).items():
        sections[section] = {**sections.get(section, {}), **values}
    with (
        KeepingRelay() as relay,
        RunningServer(directory, smtp_port=reinjection_port, config=sections) as server,
    ):
        for address, members in (lists or {}).items():
            server.make_list(address, members)
        server.start()
        for command in commands:
            done = server.mlcore(*command)
            assert done.returncode == 0, done.stderr.decode()
        if in_files:
            assert server.control("changed", maps=True)["maps"] == "written"
        mine = replace(setting, data_dir=Path(server.settings.paths.data_dir), socketmap_port=socketmap_port)
        with running_postfix(
            lmtp_port=server.lmtp_port,
            relay_port=relay.port,
            reinjection_port=reinjection_port,
            setting=mine,
        ) as postfix:
            yield PostfixSite(postfix, server, relay)
