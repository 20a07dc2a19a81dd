"""mlcore as it is in this tree, and a site in a directory."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from mlcore.actions import lists as list_actions
from mlcore.config.directories import prepare as prepare_directories
from mlcore.config.loader import load
from mlcore.lists.model import Action, ArchivePolicy, Member
from mlcore.store import lists as list_store
from mlcore.store import members
from mlcore.store.engine import open_sync
from mlcore.store.upgrade import prepare
from side_by_side.site import ListSpec, Site, Wishes, member

SETTINGS: Final[dict[str, Any]] = {
    "archive_policy": ArchivePolicy.NEVER,
    "default_member_action": Action.ACCEPT,
    "digests_enabled": False,
    "max_message_size": 0,
    "send_welcome_message": False,
    "admin_immed_notify": False,
}
"""What differs from a new list: the same as in the other one."""


class MlcoreSite(Site):
    """Settings are those that it comes with but for where things are, `max_recipients` and VERP."""

    title: ClassVar[str] = "mlcore"

    def _write_config(self, sink_port: int, wishes: Wishes) -> None:
        var = self.directory / "var"
        lines = [
            "[mailman]",
            "site_owner: owner@example.net",
            "layout: bench",
            "[paths.bench]",
            f"var_dir: {var}",
            "[logging.root]",
            "path: mlcore.log",
            "[mta]",
            "incoming: null",
            "smtp_host: 127.0.0.1",
            f"smtp_port: {sink_port}",
            "lmtp_host: 127.0.0.1",
            f"lmtp_port: {self.lmtp_port}",
            f"verp_delivery_interval: {1 if wishes.verp else 0}",
        ]
        if wishes.recipients:
            lines.append(f"max_recipients: {wishes.recipients}")
        self.config.write_text("\n".join([*lines, ""]), "utf-8")
        self._settings = load(str(self.config))
        prepare_directories(self._settings.paths)
        prepare(self._settings.database.url)
        self._write_footer(Path(self._settings.paths.template_dir))

    def make(self, lists: Sequence[ListSpec]) -> None:
        now = time.time()
        with open_sync(self._settings.database.url) as connection:
            for one in lists:
                policy = replace(list_actions.create(connection, one.address, now=now), **SETTINGS)
                list_store.change(connection, policy)
                people = [Member(address=member(number)) for number in range(one.members)]
                members.add_many(connection, policy.list_id, people, now, verified=True)

    def _server(self) -> list[str]:
        return [*self._command(), "start", "--foreground"]

    def _command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("mlcore")), "-C", str(self.config)]
