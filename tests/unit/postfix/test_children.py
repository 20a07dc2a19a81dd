"""What programs that are run here get to know."""

from mlcore.postfix.children import environment


def test_a_child_hears_nothing_of_the_service_manager() -> None:
    told = {
        "NOTIFY_SOCKET": "/run/systemd/notify",
        "WATCHDOG_USEC": "1",
        "WATCHDOG_PID": "1",
        "LISTEN_PID": "1",
        "LISTEN_FDS": "1",
        "LISTEN_FDNAMES": "lmtp",
    }
    assert environment({**told, "PATH": "/usr/bin", "MAIL_CONFIG": "/etc/postfix"}) == {
        "PATH": "/usr/bin",
        "MAIL_CONFIG": "/etc/postfix",
    }
