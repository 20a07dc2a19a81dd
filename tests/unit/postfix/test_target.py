"""How Postfix names mlcore."""

import pytest

from mlcore.base.errors import BadInput
from mlcore.postfix.target import lmtp_target


@pytest.mark.parametrize(
    ("host", "socket", "target"),
    [
        ("127.0.0.1", "", "lmtp:[127.0.0.1]:8024"),
        ("lists.example.com", "", "lmtp:[lists.example.com]:8024"),
        ("::1", "", "lmtp:[::1]:8024"),
        ("0.0.0.0", "", "lmtp:[127.0.0.1]:8024"),
        ("::", "", "lmtp:[::1]:8024"),
        ("127.0.0.1", "/run/mlcore/lmtp.sock", "lmtp:unix:/run/mlcore/lmtp.sock"),
    ],
)
def test_targets(host: str, socket: str, target: str) -> None:
    assert lmtp_target(host, 8024, socket) == target


def test_a_port_that_nobody_has_chosen_cannot_be_told() -> None:
    with pytest.raises(BadInput, match="choose a port"):
        lmtp_target("127.0.0.1", 0)
