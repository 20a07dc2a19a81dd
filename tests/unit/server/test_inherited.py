"""Whether inherited sockets are where Postfix is told to bring mail."""

import pytest

from mlcore.config.mta import MtaSettings
from mlcore.server.inherited import missing_address


@pytest.mark.parametrize(
    ("host", "port", "socket", "addresses"),
    [
        ("127.0.0.1", 8024, "", [("127.0.0.1", 8024)]),
        ("127.0.0.1", 8024, "", ["/run/lmtp", ("127.0.0.1", 8024)]),
        ("127.0.0.1", 8024, "", [("0.0.0.0", 8024)]),
        ("127.0.0.1", 8024, "", [("::", 8024)]),
        ("0.0.0.0", 8024, "", [("127.0.0.1", 8024)]),
        ("::1", 8024, "", [("::1", 8024)]),
        ("::1", 8024, "", [("0:0::1", 8024)]),
        ("localhost", 8024, "", [("127.0.0.1", 8024)]),
        ("localhost", 8024, "", [("::1", 8024)]),
        ("lists.example.com", 8024, "", [("192.0.2.1", 8024)]),
        ("127.0.0.1", 0, "", [("127.0.0.1", 32_000)]),
        ("127.0.0.1", 8024, "/run/lmtp", ["/run/lmtp"]),
    ],
)
def test_somebody_listens_where_the_maps_say(
    host: str, port: int, socket: str, addresses: list[tuple[str, int] | str]
) -> None:
    assert missing_address(MtaSettings(lmtp_host=host, lmtp_port=port, lmtp_socket=socket), addresses) == ""


@pytest.mark.parametrize(
    ("host", "port", "socket", "addresses", "missing"),
    [
        ("127.0.0.1", 8024, "", [("127.0.0.1", 8025)], "lmtp:[127.0.0.1]:8024"),
        ("127.0.0.1", 8024, "", [("192.0.2.1", 8024)], "lmtp:[127.0.0.1]:8024"),
        ("::1", 8024, "", [("0.0.0.0", 8024)], "lmtp:[::1]:8024"),
        ("localhost", 8024, "", [("192.0.2.1", 8024)], "lmtp:[localhost]:8024"),
        ("lists.example.com", 8024, "", [("192.0.2.1", 25)], "lmtp:[lists.example.com]:8024"),
        ("127.0.0.1", 8024, "", ["/run/lmtp"], "lmtp:[127.0.0.1]:8024"),
        ("127.0.0.1", 8024, "/run/lmtp", ["/run/other"], "lmtp:unix:/run/lmtp"),
        ("127.0.0.1", 8024, "/run/lmtp", [("127.0.0.1", 8024)], "lmtp:unix:/run/lmtp"),
        (
            "127.0.0.1",
            0,
            "",
            ["/run/lmtp"],
            "[mta] lmtp_port is 0: choose a port, so that Postfix can be told of it",
        ),
    ],
)
def test_nobody_listens_where_the_maps_say(
    host: str, port: int, socket: str, addresses: list[tuple[str, int] | str], missing: str
) -> None:
    mta = MtaSettings(lmtp_host=host, lmtp_port=port, lmtp_socket=socket)
    assert missing_address(mta, addresses) == missing
