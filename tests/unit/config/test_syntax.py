"""What of a file can be read at all."""

from mlcore.config.syntax import sections


def test_keys_and_values() -> None:
    text = "[mta]\n# a comment\nSMTP_Port = 25\nsmtp_host: a = b\nsmtp_user:\n  one\n  two\n[empty]\n"

    assert sections(text, "FILE") == (
        {"mta": {"smtp_port": "25", "smtp_host": "a = b", "smtp_user": "\none\ntwo"}, "empty": {}},
        [],
    )


def test_what_stands_twice_does_not_hide_the_others() -> None:
    raw, problems = sections(
        "[mta]\nsmtp_port: 1\nsmtp_port: 2\n[mta]\nsmtp_host: a\noops\n[empty]\n", "FILE"
    )

    assert raw == {"mta": {"smtp_port": "2", "smtp_host": "a"}, "empty": {}}
    assert [str(problem) for problem in problems] == [
        "FILE [mta] smtp_port: stands twice, again in line 3: keep one of the two"
    ]


def test_lines_that_cannot_be_read_do_not_hide_the_others() -> None:
    raw, problems = sections("[mta]\nsmtp_port\nsmtp_host: a\nsmtp_user\n", "FILE")

    assert raw == {"mta": {"smtp_host": "a"}}
    assert [str(problem) for problem in problems] == [
        "FILE [mta]: line 2 cannot be read: write key: value",
        "FILE [mta]: line 4 cannot be read: write key: value",
    ]
