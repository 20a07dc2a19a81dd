"""docs/operators.md, done word for word on an installed host."""

import contextlib
import sqlite3

import pytest

from support.installed import LIST, Installed, blocks, saying

pytestmark = [pytest.mark.system, pytest.mark.soak]

DOCUMENT = "docs/operators.md"


def test_every_block_does_what_it_says(site: Installed) -> None:
    """In order; at the end the restored site has its lists, and delivers."""
    site.configure("\n[logging.root]\npath: mlcore.log\n")
    transcript = [(block, site.do(block)) for block in blocks(DOCUMENT)]
    assert "mlcore is running" in saying(transcript, "tar --extract")
    assert "hold" in saying(transcript, "mlcore queues")
    assert '"owner"' in saying(transcript, "lists_members")
    assert LIST in site.mlcore("lists").stdout
    site.post("after the restore")
    site.wait_delivered("after the restore")
    assert site.delivered("after the restore") == 1
    modes = site.machine.shell("stat --format=%a /var/backups/mlcore*").stdout.split()
    assert modes == ["600", "600"]


def test_a_copy_of_the_running_database_is_a_database(site: Installed) -> None:
    site.machine.run("rm", "-f", "/var/backups/mlcore.db")
    site.do(next(block for block in blocks(DOCUMENT) if "VACUUM" in block))
    with contextlib.closing(sqlite3.connect(site.path("/var/backups/mlcore.db"))) as copy:
        assert copy.execute("SELECT list_name FROM lists").fetchall() == [("ant",)]
