"""Values that do not go together; most cases are in tests/bad_configs."""

import pytest

from mlcore.base.errors import ConfigError
from mlcore.config.loader import parse


@pytest.mark.parametrize(
    "text",
    [
        "[mta]\nlmtp_port: 25\nsmtp_host: mail.example.com\n",
        "[mta]\nlmtp_port: 25\noutgoing: outbox\n",
        "[mta]\nlmtp_port: 25\nlmtp_socket: /run/lmtp\n",
        "[mta]\nlmtp_host: 192.0.2.1\nlmtp_port: 25\n",
        "[mta]\nlmtp_port: 0\n[postfix]\nsocketmap: 127.0.0.1:0\n",
        "[mta]\nlmtp_socket: /run/lmtp\n[postfix]\nsocketmap: 127.0.0.1:8024\n",
        "[mta]\nsmtp_port: 8025\nsmtp_host: mail.example.com\n[postfix]\nsocketmap: 127.0.0.1:8025\n",
        "[mta]\nlmtp_socket: /run/lmtp\n[postfix]\nsocketmap: /run/map\n",
        "[mta]\nretry_base: 1h\nretry_cap: 1h\n",
        "[mta]\nverp_delimiter: =\n",
        "[mta]\nverp_delimiter: _\n[mailman]\nlistname_chars: [-.0-9a-z]\n",
    ],
)
def test_what_goes_together(text: str) -> None:
    parse(text, file="", cwd="/work")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [("smtp_port: 8024", "write another smtp_port"), ("lmtp_port: 25", "write another port, like 8024")],
)
def test_the_remedy_for_a_loop_is_no_loop(text: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"[mta]\n{text}\n", file="", cwd="/work")
    assert caught.value.remedy == remedy


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.2", "::1", "0.0.0.0", "::"])
def test_a_host_that_reaches_itself_makes_a_loop(host: str) -> None:
    with pytest.raises(ConfigError, match="mlcore would give mail to itself"):
        parse(f"[mta]\nlmtp_host: {host}\nlmtp_port: 10025\nsmtp_port: 10025\n", file="", cwd="/work")


def test_the_layout_in_use_is_named() -> None:
    with pytest.raises(ConfigError, match=r"\[paths\.ours\] queue_dir: data_dir is the same"):
        parse(
            "[mailman]\nlayout: ours\n[paths.ours]\nqueue_dir: /srv/x\ndata_dir: /srv/x\n", file="", cwd="/"
        )
