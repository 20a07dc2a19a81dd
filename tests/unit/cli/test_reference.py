"""The documented texts of commands that scripts may read, one row each: what is said, where, and how it ends.

Rows of the first table change nothing, those of the second do. Texts of the terminal are in the tests of the
modules."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mlcore
from mlcore.lists.model import DeliveryStatus, Member, Role
from mlcore.store import members
from support.site import SiteInDirectory

FILES = {
    "people": "# new ones\n\nAnne <anne@example.com>\nZoe <zoe@example.com>\nnobody\n",
    "few": "Bart <BART@example.com>\nCris <cris@example.com>\nZoe Z. <zoe@example.com>\n",
    "post": "From: anne@example.com\nSubject: hello\n\nHello.\n",
}


def make(directory: Path) -> SiteInDirectory:
    """Two lists; members with each mode and status of delivery."""
    site = SiteInDirectory(directory, "[mta]\nsmtp_user: mlcore\nsmtp_pass: hunter2\n")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    site.run("create", "-o", "Olaf <olaf@example.com>", "ant@example.com")
    site.run("settings", "ant@example.com", "description=All about ants")
    site.run("create", "bee@example.org")
    site.run("settings", "bee@example.org", "advertised=no")
    site.run("admins", "-r", "moderator", "-a", "Mona <mona@example.com>", "ant@example.com")
    for mode, person in (
        ("regular", "Anne <Anne@example.com>"),
        ("mime", "bart@example.com"),
        ("plain", "Cris <cris@example.com>"),
        ("summary", "dirk@example.com"),
        ("disabled", "elsa@example.com"),
    ):
        site.run("addmembers", "-W", "-d", mode, "-", "ant@example.com", stdin=person)
    with site.connection() as connection:
        status = Member(address="fred@example.com", delivery_status=DeliveryStatus.BY_BOUNCES)
        members.add_many(connection, "ant.example.com", [status], now=1.0)
        nobody = Member(address="guest@example.net", role=Role.NONMEMBER)
        members.add_many(connection, "ant.example.com", [nobody], now=1.0)
    return site


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteInDirectory]:
    mask = os.umask(0o022)
    yield make(tmp_path_factory.mktemp("site"))
    os.umask(mask)


class Row(NamedTuple):
    """A command line, and what it says. words: `{dir}` is the directory of the site; error: standard error,
    of a usage error its last line; stdin: what it gets."""

    words: str
    out: str = ""
    error: str = ""
    status: int = 0
    stdin: str = ""


ALL = """\
Anne <Anne@example.com>
bart@example.com
Cris <cris@example.com>
dirk@example.com
elsa@example.com
fred@example.com
"""
EMPTY = "ant.example.com has no members\n"
FOUND = "2 matching mailing lists found:\n"
BAD_NOBODY = (
    "Cannot parse as valid email address (skipping): nobody"
    " (line 5: not an address: 'nobody': write it as name@example.com)\n"
)
INCOMPATIBLE = "Error: The --regular, --digest and --nomail options are incompatible with role=any.\n"
CHOOSE = "Error: At least one of -a/--all, -f/--file or -m/--member is required.\n"
BESIDE_ALL = "Error: -a/--all must not be specified with -f/--file or -m/--member.\n"
NOT_BESIDE = "Error: --fromall may not be specified with -l/--list, or -a/--all\n"
STYLES = "legacy-default, legacy-announce, private-default"

ROWS = [
    # create
    Row("create ant@example.com", error="Error: List already exists: ant@example.com\n", status=2),
    Row("create ANT@Example.COM", error="Error: List already exists: ant@example.com\n", status=2),
    Row("create ant", error="Error: Illegal list name: ant: write it as name@example.com\n", status=2),
    Row(
        "create -D cat@nowhere.example",
        error="Error: Undefined domain: nowhere.example: `mlcore domains add nowhere.example`\n",
        status=2,
    ),
    Row(
        "create --no-domain cat@nowhere.example",
        error="Error: Undefined domain: nowhere.example: `mlcore domains add nowhere.example`\n",
        status=2,
    ),
    Row("create --language xx_YY cat@example.com", error="Error: Invalid language code: xx_YY\n", status=2),
    Row(
        "create --style-name mine cat@example.com",
        error=f"Error: Unknown list style name: mine: write one of: {STYLES}\n",
        status=2,
    ),
    Row(
        "create -o olaf --owner pia@ -o ok@example.com cat@example.com",
        error="Error: Illegal owner addresses: olaf, pia@\n",
        status=2,
    ),
    Row("create", error="Error: Missing argument 'LISTNAME'.\n", status=2),
    # remove
    Row("remove cat@example.com", error="Error: No such list matching spec: cat@example.com\n", status=2),
    Row("remove -q cat.example.com", error="Error: No such list matching spec: cat.example.com\n", status=2),
    # lists
    Row("lists", FOUND + "ant@example.com\nbee@example.org\n"),
    Row("lists -N -D", FOUND + "ant@example.com\nbee@example.org\n"),
    Row("lists --names", FOUND + "ant@example.com [Ant]\nbee@example.org [Bee]\n"),
    Row("lists --descriptions", FOUND + "ant@example.com - All about ants\nbee@example.org -\n"),
    Row("lists -n -d -q", "ant@example.com [Ant] - All about ants\nbee@example.org [Bee] -\n"),
    Row("lists --advertised", "1 matching mailing lists found:\nant@example.com\n"),
    Row("lists --quiet --domain example.org --domain example.net", "bee@example.org\n"),
    Row("lists --domain EXAMPLE.org", "1 matching mailing lists found:\nbee@example.org\n"),
    Row("lists --domain example.net", "No matching mailing lists found\n"),
    Row("lists -q --domain example.net"),
    # admins
    Row("admins ant@example.com", error="Error: Nothing to add or delete.\n", status=2),
    Row("admins -a olaf ant.example.com", error="Error: Invalid email address: olaf\n", status=2),
    Row("admins --delete olaf ant.example.com", error="Error: Invalid email address: olaf\n", status=2),
    Row("admins -a x@example.com cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    Row(
        "admins -a OLAF@example.com ant.example.com",
        error="OLAF@example.com is already a owner of ant@example.com\n",
    ),
    Row(
        "admins --role moderator --add mona@example.com ant@example.com",
        error="mona@example.com is already a moderator of ant@example.com\n",
    ),
    Row(
        "admins -r moderator -d olaf@example.com ant@example.com",
        error="olaf@example.com is not a moderator of ant@example.com\n",
        status=1,
    ),
    Row(
        "admins -r member -a x@example.com ant@example.com",
        error="Error: Invalid value for '-r' / '--role': 'member' is not one of 'owner', 'moderator'.\n",
        status=2,
    ),
    # addmembers
    Row("addmembers {dir}/few cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    Row(
        "addmembers {dir}/gone ant@example.com",
        error="Error: Invalid value for 'FILENAME': '{dir}/gone': No such file or directory\n",
        status=2,
    ),
    Row(
        "addmembers -d daily {dir}/few ant@example.com",
        error=(
            "Error: Invalid value for '-d' / '--delivery': 'daily' is not one of"
            " 'regular', 'mime', 'plain', 'summary', 'disabled'.\n"
        ),
        status=2,
    ),
    Row(
        "addmembers --invite - ant@example.com",
        error="Already subscribed (skipping): ANNE@example.com\n",
        stdin="ANNE@example.com\n",
    ),
    Row(
        "addmembers - ant@example.com",
        error="Already subscribed (skipping): ANNE@example.com\n",
        stdin="\n# A.\n  ANNE@example.com\n",
    ),
    # delmembers
    Row("delmembers --fromall -l ant@example.com -m x@example.com", error=NOT_BESIDE, status=2),
    Row("delmembers --fromall --all", error=NOT_BESIDE, status=2),
    Row("delmembers --list ant@example.com --all --member x@example.com", error=BESIDE_ALL, status=2),
    Row("delmembers -l ant@example.com -a --file {dir}/few", error=BESIDE_ALL, status=2),
    Row("delmembers -m x@example.com", error="Error: Without --fromall, -l/--list is required.\n", status=2),
    Row("delmembers -a", error="Error: Without --fromall, -l/--list is required.\n", status=2),
    Row("delmembers -l ant@example.com", error=CHOOSE, status=2),
    Row("delmembers --fromall", error=CHOOSE, status=2),
    Row("delmembers -a -l cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    Row(
        "delmembers -l ant@example.com -m x@example.com",
        error="Member not subscribed (skipping): x@example.com\n",
    ),
    Row("delmembers --fromall -m x@example.com"),
    Row(
        "delmembers --fromall -m nobody",
        error=(
            "Cannot parse as valid email address (skipping): nobody"
            " (not an address: 'nobody': write it as name@example.com)\n"
        ),
        status=1,
    ),
    # syncmembers
    Row(
        "syncmembers -n {dir}/few ant@example.com",
        "[ADD] Zoe Z. <zoe@example.com>\n[DEL] Anne <Anne@example.com>\n[DEL] dirk@example.com\n"
        "[DEL] elsa@example.com\n[DEL] fred@example.com\n",
    ),
    Row("syncmembers --no-change - ant.example.com", "Nothing to do\n", stdin=ALL.upper()),
    Row("syncmembers {dir}/few cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    Row(
        "syncmembers -n {dir}/people ant@example.com",
        "[ADD] Zoe <zoe@example.com>\n[DEL] bart@example.com\n[DEL] Cris <cris@example.com>\n"
        "[DEL] dirk@example.com\n[DEL] elsa@example.com\n[DEL] fred@example.com\n",
        BAD_NOBODY,
        status=1,
    ),
    # members
    Row("members ant@example.com", ALL),
    Row("members -o - --no-change ANT.example.com", ALL),
    Row("members --email-only ant@example.com", re.sub(r"\w+ <(.*)>", r"\1", ALL)),
    Row("members --count-only ant@example.com", "6\n"),
    Row("members -c -d plaintext ant@example.com", "1\n"),
    Row("members --regular ant@example.com", "Anne <Anne@example.com>\nelsa@example.com\nfred@example.com\n"),
    Row(
        "members --digest any ant@example.com",
        "bart@example.com\nCris <cris@example.com>\ndirk@example.com\n",
    ),
    Row("members -d mime ant@example.com", "bart@example.com\ndirk@example.com\n"),
    Row("members -d plaintext ant@example.com", "Cris <cris@example.com>\n"),
    Row("members -n enabled -r ant@example.com", "Anne <Anne@example.com>\n"),
    Row("members --nomail any ant@example.com", "elsa@example.com\nfred@example.com\n"),
    Row("members -n byadmin ant@example.com", "elsa@example.com\n"),
    Row("members -n bybounces ant@example.com", "fred@example.com\n"),
    Row("members -n byuser ant@example.com", EMPTY),
    Row("members -n unknown ant@example.com", EMPTY),
    Row("members --role owner ant@example.com", "Olaf <olaf@example.com>\n"),
    Row("members -R moderator ant@example.com", "Mona <mona@example.com>\n"),
    Row("members -R administrator ant@example.com", "Mona <mona@example.com>\nOlaf <olaf@example.com>\n"),
    Row("members -R nonmember ant@example.com", "guest@example.net\n"),
    Row("members -R any -c ant@example.com", "9\n"),
    Row("members bee@example.org", "bee.example.org has no members\n"),
    Row("members -c bee@example.org", "0\n"),
    Row("members -R any -r ant@example.com", error=INCOMPATIBLE, status=2),
    Row("members -R any -d any ant@example.com", error=INCOMPATIBLE, status=2),
    Row("members -R any -n any ant@example.com", error=INCOMPATIBLE, status=2),
    Row(
        "members -e -c ant@example.com",
        error="Error: The --email_only and --count_only options are mutually exclusive.\n",
        status=2,
    ),
    Row(
        "members -a people ant@example.com",
        error="Error: The --add option is removed. Use `mlcore addmembers` instead.\n",
        status=2,
    ),
    Row(
        "members -x people ant@example.com",
        error="Error: The --delete option is removed. Use `mlcore delmembers` instead.\n",
        status=2,
    ),
    Row(
        "members --sync people ant@example.com",
        error="Error: The --sync option is removed. Use `mlcore syncmembers` instead.\n",
        status=2,
    ),
    Row("members cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    # findmember
    Row(
        "findmember ^(anne|olaf)@",
        "Email: Anne@example.com\n    List: ant.example.com\n        member\n"
        "Email: olaf@example.com\n    List: ant.example.com\n        owner\n",
    ),
    Row(
        "findmember -r owner @example", "Email: olaf@example.com\n    List: ant.example.com\n        owner\n"
    ),
    Row(
        "findmember --role nonmember .",
        "Email: guest@example.net\n    List: ant.example.com\n        nonmember\n",
    ),
    Row("findmember nobody"),
    # changeaddress
    Row(
        "changeaddress x@example.com y@example.com",
        error="Error: Address x@example.com not found.\n",
        status=2,
    ),
    Row(
        "changeaddress bart@example.com bart",
        error="Error: Address bart is not a valid email address.\n",
        status=2,
    ),
    Row(
        "changeaddress bart@example.com bart@example.com",
        error="Error: Addresses are not different.  Nothing to change.\n",
        status=2,
    ),
    Row(
        "changeaddress bart@example.com cris@example.com",
        error="Error: Address cris@example.com already exists; can't change.\n",
        status=2,
    ),
    # the server
    Row("status", "mlcore is not running\n", status=3),
    Row("stop", error="mlcore is not running\n"),
    Row("stop --quiet"),
    Row("restart", error="Error: mlcore is not running: start it: mlcore start\n", status=2),
    Row("reopen --quiet", error="Error: mlcore is not running: start it: mlcore start\n", status=2),
    # queues
    Row("inject --show", "Available queues:\n    in\n    command\n    bounces\n"),
    Row(
        "inject -q nosuch -f {dir}/post ant@example.com",
        error="Error: No such queue: nosuch: use one of in command bounces\n",
        status=2,
    ),
    Row("inject -f {dir}/post cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    Row(
        "inject --metadata peer ant@example.com",
        error="Error: No value: peer: write KEY=VALUE\n",
        status=2,
        stdin=FILES["post"],
    ),
    Row("unshunt"),
    Row("unshunt --discard"),
    Row(
        "unshunt 1a1f93d2df50000031ca1",
        error="Cannot unshunt message 1a1f93d2df50000031ca1, skipping: no such entry in shunt/\n",
        status=1,
    ),
    # jobs
    Row(
        "aliases --directory {dir}/gone",
        error="Error: Invalid value for '-d' / '--directory': Directory '{dir}/gone' does not exist.\n",
        status=2,
    ),
    # information
    Row("conf -s mta -k smtp_host", "localhost\n"),
    Row("conf --section mta --key smtp_pass", "********\n"),
    Row("conf --section styles", "[styles] default: legacy-default\n"),
    Row("conf -k smtp_port", "[mta] smtp_port: 25\n"),
    Row("conf -s nosuch", error="Error: No such section: nosuch\n", status=2),
    Row("conf -s mta -k nosuch", error="Error: Section mta: No such key: nosuch\n", status=2),
    Row("conf -k nosuch", error="Error: No such key: nosuch\n", status=2),
    Row("version", f"mlcore {mlcore.__version__}\n"),
    Row("--version", f"mlcore {mlcore.__version__}\n"),
    # the shell
    Row("shell -l ^ant", error="Error: Regular expression requires --run\n", status=2),
    Row("withlist -l ^ant", error="Error: Regular expression requires --run\n", status=2),
    Row("withlist -l cat@example.com", error="Error: No such list: cat@example.com\n", status=2),
    # what is not there
    Row("gatenews", error="Error: No such command 'gatenews'.\n", status=2),
    Row("import21", error="Error: No such command 'import21'.\n", status=2),
    Row("export", error="Error: No such command 'export'.\n", status=2),
]

CHANGES = [
    (
        Row("create Cat@Example.COM", "Created mailing list: cat@example.com\n"),
        "lists -q",
        "cat@example.com\n",
    ),
    (
        Row("create -q --owner z@example.com -N cat@new.example"),
        "members -R owner cat@new.example",
        "z@example.com\n",
    ),
    (Row("create --style-name private-default cat@example.com -q"), "lists -q -a", "ant@example.com\n"),
    (Row("remove Ant.example.com", "Removed list: Ant.example.com\n"), "lists -q", "bee@example.org\n"),
    (Row("remove --quiet bee@example.org"), "lists -q", "ant@example.com\n"),
    (
        Row("admins -a pia@example.com -d olaf@example.com ant@example.com"),
        "members -R owner ant@example.com",
        "pia@example.com\n",
    ),
    (
        Row(
            "addmembers -w {dir}/people ant@example.com",
            error=BAD_NOBODY + "Already subscribed (skipping): anne@example.com\n",
            status=1,
        ),
        "members -r -n enabled ant@example.com",
        "Anne <Anne@example.com>\nZoe <zoe@example.com>\n",
    ),
    (
        Row("addmembers --no-welcome-msg --delivery PLAIN - bee.example.org", stdin="x@example.com"),
        "members -d plaintext bee@example.org",
        "x@example.com\n",
    ),
    (
        Row(
            "delmembers -l ant@example.com -f {dir}/few -m anne@example.com -G -N",
            error="Member not subscribed (skipping): zoe@example.com\n",
        ),
        "members ant@example.com",
        "dirk@example.com\nelsa@example.com\nfred@example.com\n",
    ),
    (Row("delmembers --all -l ant@example.com"), "members ant@example.com", EMPTY),
    (Row("delmembers --fromall --member Anne@Example.com"), "members -c ant@example.com", "5\n"),
    (
        Row(
            "syncmembers -W -G -A {dir}/few ant@example.com",
            "[ADD] Zoe Z. <zoe@example.com>\n[DEL] Anne <Anne@example.com>\n[DEL] dirk@example.com\n"
            "[DEL] elsa@example.com\n[DEL] fred@example.com\n",
        ),
        "members ant@example.com",
        "bart@example.com\nCris <cris@example.com>\nZoe Z. <zoe@example.com>\n",
    ),
    (
        Row(
            "changeaddress anne@example.com ANNE@example.net",
            "Address changed from anne@example.com to ANNE@example.net.\n",
        ),
        "findmember ^anne@",
        "Email: ANNE@example.net\n    List: ant.example.com\n        member\n",
    ),
    (
        Row(
            "changeaddress cris@example.com Cris@example.com",
            "Address changed from cris@example.com to Cris@example.com.\n",
        ),
        "members -d plaintext -e ant@example.com",
        "Cris@example.com\n",
    ),
    (Row("inject --queue in --filename {dir}/post ant@example.com"), "conf -s mta -k smtp_port", "25\n"),
]


def check(site: SiteInDirectory, row: Row) -> None:
    """Runs the command of `row`, and compares."""
    where = str(site.directory)
    result = site.run(*row.words.replace("{dir}", where).split(" "), stdin=row.stdin)
    told = result.stderr
    if told.startswith("Usage: "):
        told = told[told.rindex("\n\nError: ") + 2 :]
    assert (result.stdout, told, result.exit_code) == (row.out, row.error.replace("{dir}", where), row.status)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words.replace("{dir}/", ""))
def test_a_documented_text(unchanged: SiteInDirectory, row: Row) -> None:
    check(unchanged, row)


@pytest.mark.parametrize(("row", "then", "shown"), CHANGES, ids=lambda one: getattr(one, "words", ""))
def test_a_documented_change(tmp_path: Path, row: Row, then: str, shown: str) -> None:
    site = make(tmp_path)

    check(site, row)
    result = site.run(*then.split(" "))

    assert result.exit_code == 0
    assert shown in result.stdout if then == "lists -q" else result.stdout == shown


DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "commands.md"
JSON = {
    "lists": "lists",
    "domains": "domains",
    "members ant@example.com": "members",
    "findmember .": "findmember",
    "queues": "queues",
    "status": "status",
}


@pytest.mark.parametrize("words", JSON)
def test_what_json_holds_is_documented(unchanged: SiteInDirectory, words: str) -> None:
    """Of queues, what each of them has."""
    section = DOCUMENT.read_text("utf-8").partition(f"\n## {JSON[words]}\n")[2].partition("\n#")[0]
    (row,) = re.findall(r"^\| `--json` \| (.*) \|$", section, re.MULTILINE)
    value = unchanged.json(*words.split(" "))
    shown = value[0] if isinstance(value, list) else value["in"] if words == "queues" else value

    documented = [key for key in re.findall(r"`([a-z_]+)`", row) if key not in {"as_user", "as_address"}]
    assert shown
    assert set(shown) <= set(documented)
