"""`mlcore addmembers`, `delmembers` and `syncmembers`: texts that scripts read, and exit statuses."""

from pathlib import Path

import pytest

from mlcore.actions.members import CHUNK
from mlcore.lists.model import Role
from mlcore.store import bans, members, notices
from support.site import SiteInDirectory, answering


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "-o", "owner@example.com", "ant@example.com")
    return site


def add(site: SiteInDirectory, *lines: str, spec: str = "ant@example.com") -> None:
    result = site.run("addmembers", "-W", "-", spec, stdin="".join(f"{line}\n" for line in lines))
    assert (result.exit_code, result.output) == (0, "")


def shown(site: SiteInDirectory, spec: str = "ant@example.com") -> list[str]:
    return site.run("members", spec).output.splitlines()


def queued(site: SiteInDirectory) -> list[str]:
    with site.connection() as connection:
        return [f"{row.kind} {row.address.partition('@')[0]}" for row in notices.take(connection, 100)]


def test_members_come_from_standard_input_or_a_file(site: SiteInDirectory) -> None:
    assert site.run("addmembers", "-", "ant.example.com", stdin="太郎 <Taro@example.jp>\n").output == ""
    file = site.directory / "members.txt"
    file.write_text("# more\n\nanne@example.com\n", "utf-8")
    assert site.run("addmembers", str(file), "ant@example.com").output == ""

    assert shown(site) == ["anne@example.com", "太郎 <Taro@example.jp>"]


def test_each_bad_line_is_named_with_its_number(site: SiteInDirectory) -> None:
    result = site.run("addmembers", "-", "ant@example.com", stdin=b"anne\nbart@example.com\n\x1b[2J\xff@\n")

    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith("Cannot parse as valid email address (skipping): anne (line 1: ")
    assert second.startswith("Cannot parse as valid email address (skipping): \\x1b[2J\\udcff@ (line 3: ")
    assert "\x1b" not in result.stderr
    assert shown(site) == ["bart@example.com"]


def test_who_is_there_is_skipped(site: SiteInDirectory) -> None:
    add(site, "anne@example.com")

    result = site.run("addmembers", "-", "ant@example.com", stdin="ANNE@example.com\n")

    assert (result.exit_code, result.stderr) == (0, "Already subscribed (skipping): ANNE@example.com\n")


def test_who_may_not_be_a_member(site: SiteInDirectory) -> None:
    with site.connection() as connection:
        bans.add(connection, "bart@example.com", now=1.0)

    result = site.run(
        "addmembers", "-", "ant@example.com", stdin="# two\nbart@example.com\nant-owner@example.com\n"
    )

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Membership is banned (skipping): bart@example.com (line 2)",
        "Address of a list (skipping): ant-owner@example.com (line 3)",
    ]
    assert shown(site) == ["ant.example.com has no members"]


def test_people_are_invited(site: SiteInDirectory) -> None:
    add(site, "there@example.com")
    with site.connection() as connection:
        bans.add(connection, "bart@example.com", now=1.0)
    lines = "anne@example.com\nthere@example.com\nbart@example.com\nant@example.com\nbad\n"

    result = site.run("addmembers", "--invite", "-", "ant@example.com", stdin=lines)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[1:] == [
        "Already subscribed (skipping): there@example.com",
        "Membership is banned (skipping): bart@example.com (line 3)",
        "Address of a list (skipping): ant@example.com (line 4)",
    ]
    assert shown(site) == ["there@example.com"]
    assert queued(site) == ["invite anne"]

    result = site.run("addmembers", "-i", "-", "ant@example.com", stdin="ANNE@example.com\n")
    assert (result.exit_code, result.stderr) == (
        0,
        "Subscription already pending (skipping): ANNE@example.com\n",
    )
    assert queued(site) == ["invite anne"]


def test_p19_who_had_too_many_is_not_invited(site: SiteInDirectory) -> None:
    for name in ("bee", "cow", "dog"):
        site.run("create", "-N", f"{name}@example.com")
        site.run("addmembers", "-i", "-", f"{name}@example.com", stdin="anne@example.com\n")
    result = site.run("addmembers", "-i", "-", "ant@example.com", stdin="anne@example.com\n")
    assert result.exit_code == 1
    assert result.stderr == "Had too many confirmations today (skipping): anne@example.com (line 1)\n"


def test_members_added_before_they_answered_are_members(site: SiteInDirectory) -> None:
    site.run("addmembers", "-i", "-", "ant@example.com", stdin="anne@example.com\n")
    add(site, "anne@example.com")
    assert shown(site) == ["anne@example.com"]
    assert queued(site) == []
    assert site.json("requests", "list") == []


@pytest.fixture
def asking(tmp_path: Path) -> SiteInDirectory:
    """A site where everybody is asked, with a log."""
    log = "[logging.root]\npath: mlcore.log\n"
    site = SiteInDirectory(tmp_path, f"[mailman]\nmass_subscription: invite\n{log}")
    site.run("create", "-N", "ant@example.com")
    return site


def logged(site: SiteInDirectory) -> str:
    path = Path(site.settings.paths.log_dir, "mlcore.log")
    return path.read_text("utf-8") if path.exists() else ""


def test_a_site_can_have_everybody_asked(asking: SiteInDirectory) -> None:
    result = asking.run("addmembers", "-", "ant@example.com", stdin="anne@example.com\n")
    assert (result.exit_code, result.stderr) == (
        0,
        "Inviting, not adding: mass_subscription is invite (--consented adds)\n",
    )
    assert shown(asking) == ["ant.example.com has no members"]
    assert queued(asking) == ["invite anne"]
    assert logged(asking) == ""
    again = asking.run("addmembers", "-i", "-", "ant@example.com", stdin="bart@example.com\n")
    assert (again.exit_code, again.stderr) == (0, "")


def test_who_says_that_they_agreed_leaves_a_trace(
    asking: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "olga\nroot")
    lines = "anne@example.com\nbart@example.com\n"

    result = asking.run("addmembers", "--consented", "-", "ant@example.com", stdin=lines)

    assert (result.exit_code, result.output) == (0, "")
    assert shown(asking) == ["anne@example.com", "bart@example.com"]
    (line,) = logged(asking).splitlines()
    assert line.endswith(' info consented list_id=ant.example.com members=2 by="olga\\nroot"')


def test_the_trace_is_in_the_system_log_where_there_is_no_other(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("syslog.syslog", lambda _priority, text: written.append(text))
    monkeypatch.setenv("SUDO_USER", "")
    monkeypatch.setenv("LOGNAME", "")

    site.run("addmembers", "--consented", "-", "ant@example.com", stdin="anne@example.com\n")
    site.run("addmembers", "--consented", "-", "ant@example.com", stdin="anne@example.com\n")

    (line,) = written
    assert line.startswith("mlcore: consented list_id=ant.example.com members=1 by='")


def test_invitations_need_nobodys_word(site: SiteInDirectory) -> None:
    result = site.run("addmembers", "-i", "--consented", "-", "ant@example.com", stdin="")
    assert result.exit_code == 2
    assert "--invite may not be specified with --consented." in result.stderr


def test_a_file_is_matched_by_invitations(asking: SiteInDirectory) -> None:
    asking.run("addmembers", "--consented", "-W", "-", "ant@example.com", stdin="gone@example.com\n")
    lines = "anne@example.com\nBart <bart@example.com>\n"

    dry = asking.run("syncmembers", "-n", "-", "ant@example.com", stdin=lines)
    result = asking.run("syncmembers", "-G", "-", "ant@example.com", stdin=lines)

    said = ["[INVITE] anne@example.com", "[INVITE] Bart <bart@example.com>", "[DEL] gone@example.com"]
    assert dry.stdout.splitlines() == result.stdout.splitlines() == said
    assert result.stderr == "Inviting, not adding: mass_subscription is invite (--consented adds)\n"
    assert shown(asking) == ["ant.example.com has no members"]
    assert queued(asking) == ["invite anne", "invite bart"]


def test_a_file_is_matched_at_once_where_all_have_agreed(asking: SiteInDirectory) -> None:
    result = asking.run("syncmembers", "--consented", "-", "ant@example.com", stdin="anne@example.com\n")
    assert result.stdout == "[ADD] anne@example.com\n"
    assert shown(asking) == ["anne@example.com"]
    assert " consented list_id=ant.example.com members=1 " in logged(asking)


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), ["welcome anne"]), (("-w",), ["welcome anne"]), (("-W",), []), (("--no-welcome-msg",), [])],
)
def test_welcome(site: SiteInDirectory, options: tuple[str, ...], expected: list[str]) -> None:
    site.run("addmembers", *options, "-", "ant@example.com", stdin="anne@example.com\n")
    assert queued(site) == expected


@pytest.mark.parametrize(
    ("delivery", "mode", "status"),
    [
        ("regular", "regular", "enabled"),
        ("mime", "mime_digests", "enabled"),
        ("plain", "plaintext_digests", "enabled"),
        ("summary", "summary_digests", "enabled"),
        ("disabled", "regular", "by_moderator"),
        ("MIME", "mime_digests", "enabled"),
    ],
)
@pytest.mark.parametrize("command", ["addmembers", "syncmembers"])
def test_delivery(site: SiteInDirectory, command: str, delivery: str, mode: str, status: str) -> None:
    site.run(command, "-d", delivery, "-", "ant@example.com", stdin="anne@example.com\n")
    (one,) = site.json("members", "ant@example.com")
    assert (one["delivery_mode"], one["delivery_status"]) == (mode, status)


@pytest.mark.parametrize("command", ["addmembers", "syncmembers"])
def test_a_file_that_is_not_there_is_a_usage_error(site: SiteInDirectory, command: str) -> None:
    assert site.run(command, "/no/such/file", "ant@example.com").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        ("addmembers", "-", "bee@example.com"),
        ("syncmembers", "-", "bee@example.com"),
        ("syncmembers", "-n", "-", "bee@example.com"),
        ("delmembers", "-l", "bee@example.com", "-f", "-"),
        ("delmembers", "-l", "bee@example.com", "-a"),
    ],
)
@pytest.mark.parametrize("stdin", ["anne@example.com\nbad\n", ""])
def test_a_list_that_is_not_there(site: SiteInDirectory, command: tuple[str, ...], stdin: str) -> None:
    result = site.run(*command, stdin=stdin)

    assert (result.exit_code, result.stderr) == (2, "Error: No such list: bee@example.com\n")


def test_members_are_removed_by_file_and_by_option(site: SiteInDirectory) -> None:
    add(site, "anne@example.com", "bart@example.com", "carl@example.com", "dora@example.com")

    result = site.run(
        *("delmembers", "-l", "ant.example.com", "-f", "-", "-m", "BART@example.com"),
        *("--member", "Carl <carl@example.com>", "-m", "x", "-m", "zoe@example.com"),
        stdin="# one\nAnne <ANNE@example.com>\nbad\neve@example.com\n",
    )

    assert result.exit_code == 1
    bad, eve, option, zoe = result.stderr.splitlines()
    assert bad.startswith("Cannot parse as valid email address (skipping): bad (line 3: ")
    assert eve == "Member not subscribed (skipping): eve@example.com"
    assert option.startswith("Cannot parse as valid email address (skipping): x (not an address")
    assert zoe == "Member not subscribed (skipping): zoe@example.com"
    assert shown(site) == ["dora@example.com"]


def test_who_is_no_member_is_no_failure(site: SiteInDirectory) -> None:
    result = site.run("delmembers", "-l", "ant@example.com", "-m", "zoe@example.com")
    assert (result.exit_code, result.stderr) == (0, "Member not subscribed (skipping): zoe@example.com\n")


def test_all_members_go_and_owners_stay(site: SiteInDirectory) -> None:
    add(site, "anne@example.com", "owner@example.com")
    result = site.run("delmembers", "--list", "ant@example.com", "--all")
    assert (result.exit_code, result.output) == (0, "")
    assert shown(site) == ["ant.example.com has no members"]
    assert site.run("members", "-R", "owner", "ant@example.com").output == "owner@example.com\n"


def test_from_all_lists(site: SiteInDirectory) -> None:
    site.run("create", "bee@example.com")
    for spec in ("ant@example.com", "bee@example.com"):
        add(site, "anne@example.com", "bart@example.com", spec=spec)
    result = site.run("delmembers", "--fromall", "-m", "anne@example.com", "-m", "zoe@example.com")
    assert (result.exit_code, result.output) == (0, "")
    assert shown(site) == shown(site, "bee@example.com") == ["bart@example.com"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["goodbye anne"]),
        (("-g", "-n"), ["goodbye anne", "admin-unsubscribe anne"]),
        (("-G", "--admin-notify"), ["admin-unsubscribe anne"]),
        (("--no-goodbye-msg", "-N"), []),
    ],
)
@pytest.mark.parametrize(
    "whom",
    [
        ("-l", "ant@example.com", "-m", "anne@example.com"),
        ("-l", "ant@example.com", "-a"),
        ("--fromall", "-m", "anne@example.com"),
    ],
)
def test_goodbye(
    site: SiteInDirectory, whom: tuple[str, ...], options: tuple[str, ...], expected: list[str]
) -> None:
    add(site, "anne@example.com")
    site.run("delmembers", *whom, *options)
    assert queued(site) == expected


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            ("--fromall", "-l", "ant@example.com"),
            "--fromall may not be specified with -l/--list, or -a/--all",
        ),
        (("--fromall", "-a"), "--fromall may not be specified with -l/--list, or -a/--all"),
        (
            ("-l", "ant@example.com", "-a", "-m", "anne@example.com"),
            "-a/--all must not be specified with -f/--file or -m/--member.",
        ),
        (("-a", "-f", "-"), "-a/--all must not be specified with -f/--file or -m/--member."),
        (("-m", "anne@example.com"), "Without --fromall, -l/--list is required."),
        (("-a",), "Without --fromall, -l/--list is required."),
        (
            ("-l", "ant@example.com"),
            "At least one of -a/--all, -f/--file or -m/--member is required.",
        ),
        (("--fromall",), "At least one of -a/--all, -f/--file or -m/--member is required."),
    ],
)
def test_options_that_do_not_go_together(site: SiteInDirectory, options: tuple[str, ...], text: str) -> None:
    result = site.run("delmembers", *options)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"\nError: {text}\n")


def test_sync_adds_and_removes(site: SiteInDirectory) -> None:
    add(site, "Anne <Anne@example.com>", "bart@example.com", "Carl@example.com")
    lines = "ANNE@example.com\nZoe <zoe@example.com>\nbad\n\n# Dora\ndora@example.com\n"
    expected = [
        "[ADD] dora@example.com",
        "[ADD] Zoe <zoe@example.com>",
        "[DEL] bart@example.com",
        "[DEL] Carl@example.com",
    ]

    dry = site.run("syncmembers", "-n", "-", "ant@example.com", stdin=lines)
    assert (dry.exit_code, dry.stdout.splitlines()) == (1, expected)
    assert shown(site) == ["Anne <Anne@example.com>", "bart@example.com", "Carl@example.com"]

    result = site.run("syncmembers", "-", "ant@example.com", stdin=lines)
    assert (result.exit_code, result.stdout.splitlines()) == (1, expected)
    assert result.stderr == dry.stderr
    assert result.stderr.startswith("Cannot parse as valid email address (skipping): bad (line 3: ")
    assert shown(site) == ["Anne <Anne@example.com>", "dora@example.com", "Zoe <zoe@example.com>"]

    again = site.run("syncmembers", "-", "ant@example.com", stdin=lines.replace("bad\n", ""))
    assert (again.exit_code, again.output) == (0, "Nothing to do\n")


def test_sync_adds_nobody_who_may_not_be_a_member(site: SiteInDirectory) -> None:
    with site.connection() as connection:
        bans.add(connection, "^.*@spam", now=1.0)
    for options in ((), ("-n",)):
        result = site.run(
            "syncmembers", *options, "-", "ant@example.com", stdin="a@spam.example\nant@example.com\n"
        )
        assert (result.exit_code, result.stdout) == (1, "Nothing to do\n")
        assert result.stderr == (
            "Membership is banned (skipping): a@spam.example (line 1)\n"
            "Address of a list (skipping): ant@example.com (line 2)\n"
        )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {"welcome bart", "goodbye anne"}),
        (
            ("-w", "-g", "-a"),
            {"welcome bart", "goodbye anne", "admin-subscribe bart", "admin-unsubscribe anne"},
        ),
        (("-W", "-G", "-A"), set()),
        (("--no-welcome-msg", "--admin-notify", "-G"), {"admin-subscribe bart", "admin-unsubscribe anne"}),
    ],
)
def test_who_hears_of_a_sync(site: SiteInDirectory, options: tuple[str, ...], expected: set[str]) -> None:
    add(site, "anne@example.com")
    site.run("syncmembers", *options, "-", "ant@example.com", stdin="bart@example.com\n")
    assert set(queued(site)) == expected


def test_long_work_is_done_in_parts_and_the_server_is_told(site: SiteInDirectory) -> None:
    lines = "".join(f"member-{number}@example.com\n" for number in range(CHUNK + 1))
    control = site.settings.paths.control_socket
    with answering(control, {}) as heard:
        site.run("addmembers", "-W", "-", "ant@example.com", stdin=lines)
        assert heard == [{"do": "changed"}]
        assert site.run("members", "-c", "ant@example.com").output == f"{CHUNK + 1}\n"
        with site.connection() as connection:
            version = members.roster_version(connection, "ant.example.com")
            assert version is not None
        site.run("delmembers", "-G", "-l", "ant@example.com", "-a")
        assert heard == [{"do": "changed"}] * 2
    with site.connection() as connection:
        assert members.members(connection, "ant.example.com", Role.MEMBER) == []
