"""A site whose database is named in pg_service.conf: the URL holds neither host nor password."""

import os
from pathlib import Path

import pytest

from support.ledger import Ledger
from support.postgresql import USER, PostgresServer
from support.relay import Relay
from support.server import RunningServer
from support.traffic import Sender

pytestmark = pytest.mark.postgresql


def test_service_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = tmp_path / "pg_service.conf"
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    with PostgresServer() as database, Relay(tmp_path) as relay:
        database.start().create_database("lists")
        services.write_text(f"[mlcore]\nhost={database.directory}\nuser={USER}\ndbname=lists\n", "utf-8")
        config = {"database": {"url": "postgresql://?service=mlcore"}}
        with RunningServer(tmp_path, smtp_port=relay.port, config=config) as server:
            members = ["anne@example.net", "bart@example.net"]
            server.make_list("ant@example.com", members)
            ledger = Ledger(server, relay)
            server.start(PGSERVICEFILE=os.environ["PGSERVICEFILE"])
            with Sender(ledger) as sender:
                assert sender.send("ant@example.com", members)
            server.wait_drained()
            ledger.verify()
            shown = server.mlcore("members", "ant@example.com")
            assert shown.stdout.decode().split() == members, shown.stderr
            assert server.stop() == 0
