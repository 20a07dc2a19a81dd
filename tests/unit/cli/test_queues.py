"""`mlcore inject`, `qfile`, `queues`, `unshunt` on a spool that nobody serves."""

import re
import stat
from pathlib import Path

import pytest

from mlcore.base.durable import Place, overwrite
from mlcore.mail.envelope import Arrived, Command, Report
from mlcore.spool import operator
from mlcore.spool.entry import decode
from mlcore.spool.tail import Record, encode_record
from support.site import SiteInDirectory, answering

POST = "From: Anne <anne@example.com>\nSubject: hello\n\nHi\n\x1b[2J\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", "ant@example.com")
    return site


def only_name(site: SiteInDirectory, queue: str) -> str:
    (name,) = site.run("queues", "--names", queue).output.split()
    return name


def entry_in(site: SiteInDirectory, queue: str) -> operator.Shown:
    """The only one there."""
    disk = operator.open_disk(site.settings.paths.queue_dir)
    try:
        return operator.show(disk, Place(queue, only_name(site, queue)))
    finally:
        disk.shut()


def shunt(site: SiteInDirectory, name: str, why: str) -> None:
    """As a server does it that gives an entry of in/ up."""
    disk = operator.open_disk(site.settings.paths.queue_dir)
    octets, _ = disk.read(Place("in", name))
    _, tail = decode(octets)
    line = encode_record(Record(name=name, kind="shunt", queue="in", why=why), tail.key)
    overwrite(disk, Place("in", name), [(tail.offset, line)], sync=True)
    disk.link(Place("in", name), Place("shunt", name))
    disk.unlink(Place("in", name))
    disk.shut()


def test_a_message_is_injected_for_the_list(site: SiteInDirectory) -> None:
    assert site.run("inject", "ant@example.com", stdin=POST).output == ""

    shown = entry_in(site, "in")
    assert isinstance(shown.entry.envelope, Arrived)
    assert shown.entry.envelope.list_id == "ant.example.com"
    assert shown.entry.envelope.recipient == "ant@example.com"
    assert shown.entry.envelope.reverse_path == "anne@example.com"
    added, _, message = shown.entry.octets.partition(b"From: ")
    assert re.fullmatch(rb"Message-ID: <%b@example\.com>\r\nDate: [^\r]+\r\n" % shown.name.encode(), added)
    assert b"From: " + message == POST.replace("\n", "\r\n").encode()


def test_a_message_with_id_and_date_is_injected_as_it_is(site: SiteInDirectory) -> None:
    post = f"Message-ID: <a@b>\nDate: Thu, 01 Jan 1970 00:00:00 +0000\n{POST}"

    site.run("inject", "ant@example.com", stdin=post)

    assert entry_in(site, "in").entry.octets == post.replace("\n", "\r\n").encode()


def test_what_lmtp_would_have_said_can_be_said(site: SiteInDirectory) -> None:
    """Each field of the envelope, in the type it has."""
    given = ("reverse_path=zed@example.net", "purpose=owner", "smtputf8=true", "arrived_at=1700000000")

    site.run("inject", *(word for text in given for word in ("-m", text)), "ant@example.com", stdin=POST)

    assert entry_in(site, "in").entry.envelope == Arrived(
        list_id="ant.example.com",
        recipient="ant-owner@example.com",
        purpose="owner",
        reverse_path="zed@example.net",
        arrived_at=1_700_000_000.0,
        smtputf8=True,
        peer="mlcore inject",
    )


def test_a_command_is_for_its_own_address(site: SiteInDirectory) -> None:
    site.run("inject", "-q", "command", "-m", "command=join", "ant@example.com", stdin=POST)

    envelope = entry_in(site, "command").entry.envelope
    assert isinstance(envelope, Command)
    assert (envelope.command, envelope.recipient) == ("join", "ant-join@example.com")


@pytest.mark.parametrize(
    ("queue", "given", "text"),
    [
        ("in", "to_list=yes", "No such metadata in in: to_list: use one of recipient purpose reverse_path"),
        ("in", "list_id=bee.example.com", "No such metadata in in: list_id: "),
        ("in", "purpose", "No value: purpose: write KEY=VALUE"),
        ("in", "purpose=bounce", "Wrong metadata: Invalid enum value 'bounce' - at `$.purpose`: "),
        ("in", "arrived_at=today", "Wrong metadata: "),
        ("in", "recipient=", "Wrong metadata: recipient= "),
        ("in", "reverse_path=nobody", "Wrong metadata: reverse_path=nobody "),
        ("bounces", "purpose=post", "No such metadata in bounces: purpose: use one of recipient detail"),
    ],
)
def test_metadata_without_a_meaning_is_refused(
    site: SiteInDirectory, queue: str, given: str, text: str
) -> None:
    result = site.run("inject", "-q", queue, "-m", given, "ant@example.com", stdin=POST)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {text}")
    assert site.json("queues")[queue]["entries"] == 0


def test_p26_what_is_injected_is_readable_for_its_owner_alone(site: SiteInDirectory) -> None:
    site.run("inject", "ant@example.com", stdin=POST)

    path = Path(site.settings.paths.queue_dir, "in", only_name(site, "in"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("queue", "kind", "recipient"),
    [("command", Command, "ant-request@example.com"), ("bounces", Report, "ant-bounces@example.com")],
)
def test_other_queues_get_what_lmtp_would_give_them(
    site: SiteInDirectory, queue: str, kind: type[Command | Report], recipient: str
) -> None:
    file = site.directory / "post.eml"
    file.write_text(POST)

    assert site.run("inject", "-q", queue, "-f", str(file), "ant.example.com").exit_code == 0

    envelope = entry_in(site, queue).entry.envelope
    assert isinstance(envelope, kind)
    assert envelope.recipient == recipient


def test_what_inject_refuses(site: SiteInDirectory) -> None:
    result = site.run("inject", "-q", "nowhere", "ant@example.com", stdin=POST)
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: No such queue: nowhere: use one of in command bounces\n",
    )

    result = site.run("inject", "bee@example.com", stdin=POST)
    assert (result.exit_code, result.stderr) == (2, "Error: No such list: bee@example.com\n")

    assert site.run("inject", stdin=POST).exit_code == 2
    assert site.json("queues")["in"]["entries"] == 0


def test_inject_shows_the_queues(site: SiteInDirectory) -> None:
    assert site.run("inject", "-s").output == "Available queues:\n    in\n    command\n    bounces\n"


def test_a_running_server_hears_the_bell(site: SiteInDirectory) -> None:
    with answering(site.settings.paths.control_socket, {"bell": {"ok": True}}) as heard:
        site.run("inject", "ant@example.com", stdin=POST)

    assert heard == [{"do": "bell", "queue": "in"}]


def test_depths_of_the_queues(site: SiteInDirectory) -> None:
    for _ in range(2):
        site.run("inject", "ant@example.com", stdin=POST)

    shown = site.json("queues")
    assert shown["in"]["entries"] == 2
    assert shown["out"] == {"entries": 0, "oldest": None}
    lines = site.run("queues").output.splitlines()
    assert [line.split()[0] for line in lines] == list(shown)
    assert lines[0].split()[:3] == ["in", "2", "oldest"]
    assert lines[1].split() == ["pipeline", "0"]
    assert len(site.json("queues", "--names", "in")) == 2
    assert site.run("queues", "--names", "nowhere").exit_code == 2


def test_qfile_prints_an_entry(site: SiteInDirectory) -> None:
    site.run("inject", "ant@example.com", stdin=POST)
    name = only_name(site, "in")

    by_name = site.run("qfile", name)
    by_path = site.run("qfile", f"{site.settings.paths.queue_dir}/in/{name}")

    assert by_name.exit_code == 0
    assert by_name.output == by_path.output
    lines = by_name.output.splitlines()
    assert lines[0] == f"[----- in/{name} -----]"
    assert "list_id: ant.example.com" in lines
    assert lines[-6:] == [
        "From: Anne <anne@example.com>",
        "Subject: hello",
        "",
        "Hi",
        "\\x1b[2J",
        "[----- end -----]",
    ]


def test_qfile_says_why_it_was_set_aside(site: SiteInDirectory) -> None:
    site.run("inject", "ant@example.com", stdin=POST)
    name = only_name(site, "in")
    shunt(site, name, "Traceback:\n  boom")

    output = site.run("qfile", name).output

    assert f"[----- shunt/{name} -----]" in output
    assert f"shunt name={name} queue=in" in output
    assert "<----- why it was set aside ----->\nTraceback:\n  boom\n" in output


def test_qfile_can_be_quiet_and_open_a_prompt(site: SiteInDirectory) -> None:
    site.run("inject", "ant@example.com", stdin=POST)
    name = only_name(site, "in")

    assert site.run("qfile", "--no-print", name).output == ""
    asked = "print(len(m), m[0]['subject'], m[1].recipient)\n"
    result = site.run("qfile", "-n", "-i", name, stdin=asked)

    assert result.exit_code == 0
    assert "Number of objects found (see the variable 'm'): 2" in result.stderr
    assert "2 hello ant@example.com" in result.stdout


def test_qfile_takes_a_file_of_the_working_directory(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.run("inject", "ant@example.com", stdin=POST)
    entry = Path(site.settings.paths.queue_dir, "in", only_name(site, "in"))
    (site.directory / "copy").write_bytes(entry.read_bytes())
    monkeypatch.chdir(site.directory)

    lines = site.run("qfile", "copy").output.splitlines()

    assert lines[0] == f"[----- {site.directory.name}/copy -----]"
    assert "list_id: ant.example.com" in lines


def test_qfile_of_nothing_or_of_rubbish(site: SiteInDirectory) -> None:
    result = site.run("qfile", "0" * 21)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: No such entry: {'0' * 21}")

    rubbish = site.directory / "rubbish"
    rubbish.write_bytes(b"\x80\x04}q\x00.")
    assert "is no entry: " in site.run("qfile", str(rubbish)).stderr
    assert "cannot be read" in site.run("qfile", str(site.directory / "nothing")).stderr

    torn = Path(site.settings.paths.queue_dir, "in", "1" * 21)
    torn.write_bytes(b"torn")
    result = site.run("qfile", torn.name)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_unshunt_puts_back_what_is_named_or_all(site: SiteInDirectory) -> None:
    for _ in range(2):
        site.run("inject", "ant@example.com", stdin=POST)
    first, second = site.json("queues", "--names", "in")
    for name in (first, second):
        shunt(site, name, "boom")

    assert site.run("unshunt", first).output == ""
    assert site.json("queues", "--names", "in") == [first]
    assert site.json("queues", "--names", "shunt") == [second]

    assert site.run("unshunt").output == ""
    assert site.json("queues", "--names", "in") == [first, second]
    assert site.json("queues", "--names", "shunt") == []


def test_unshunt_discards(site: SiteInDirectory) -> None:
    site.run("inject", "ant@example.com", stdin=POST)
    shunt(site, only_name(site, "in"), "boom")

    assert site.run("unshunt", "--discard").output == ""

    assert {depth["entries"] for depth in site.json("queues").values()} == {0}


def test_unshunt_leaves_the_shunted_name_to_a_server(site: SiteInDirectory) -> None:
    """The server may have shunted the entry again meanwhile: only the owner of the spool removes it."""
    site.run("inject", "ant@example.com", stdin=POST)
    name = only_name(site, "in")
    shunt(site, name, "boom")
    lock = operator.spool_lock(site.settings.paths.queue_dir)
    assert lock.take()

    assert site.run("unshunt").exit_code == 0
    lock.release()

    assert site.json("queues", "--names", "in") == site.json("queues", "--names", "shunt") == [name]


def test_unshunt_names_what_it_cannot_find(site: SiteInDirectory) -> None:
    result = site.run("unshunt", "0" * 21)

    assert result.exit_code == 1
    assert result.stderr == f"Cannot unshunt message {'0' * 21}, skipping: no such entry in shunt/\n"
