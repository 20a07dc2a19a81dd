"""Fifty posts in Japanese and English in a digest of either form, as programs read it that are not ours:
Python's email, mblaze, and Perl's MIME::Parser. Subject, author and text of every post come out as they were
written."""

import html
import json
import os
import re
import subprocess
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Final

import pytest

from mlcore.mail import charsets
from support.digest_mails import burst, mime, plain
from support.digest_posts import Said, fifty
from support.posts import policy

_POSTS: Final = fifty()
_LISTS: Final = {
    "english": policy(display_name="Ant lovers", subject_prefix="[Ant] "),
    "japanese": policy(display_name="蟻の会", subject_prefix="[Ant] ", preferred_language="ja"),
    "iso-2022-jp": policy(
        display_name="蟻の会", subject_prefix="[Ant] ", preferred_language="ja", charset="iso-2022-jp"
    ),
}
_PERL: Final = r"""
use strict; use warnings; use Encode; use JSON::PP; use MIME::Parser;
my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
my @found;

sub said {
    my $part = shift;
    for my $inner ($part->parts) {
        my $text = said($inner);
        return $text if $text =~ /\S/;
    }
    return '' if $part->parts or $part->mime_type !~ m{^text/(?:plain|html)$};
    my $charset = $part->head->mime_attr('content-type.charset') || 'us-ascii';
    $charset = 'us-ascii' unless find_encoding($charset);
    return decode($charset, $part->bodyhandle->as_string);
}

sub walk {
    my $part = shift;
    if ($part->mime_type ne 'multipart/digest') { walk($_) for $part->parts; return; }
    for my $whole ($part->parts) {
        my ($post) = $whole->parts;
        my $head = $post->head;
        my %shown = map { ($_ => decode('MIME-Header', $head->get($_) // '')) } qw(Subject From Message);
        s/\s+\z// for values %shown;
        push @found, { %shown, Text => said($post) };
    }
}

walk($parser->parse_open($ARGV[0]));
print JSON::PP->new->ascii->encode(\@found);
"""


def _run(*command: str, given: str = "", cwd: Path) -> str:
    done = subprocess.run(
        command,
        input=given.encode(),
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MBLAZE": str(cwd)},
    )
    return done.stdout.decode()


def _lines(text: str) -> list[str]:
    """What stands on its lines: a reader of HTML sees markup around it, and indentation is no matter of a
    charset."""
    bare = html.unescape(re.sub(r"</?(?:p|html)>", "", text))
    return [line.strip() for line in bare.splitlines() if line.strip()]


def _same(post: Said, subject: str, author: str, text: str) -> bool:
    author = author.replace('"', "")
    return (subject, author) == (post.subject, post.author) and _lines(text) == _lines(post.text)


@pytest.fixture(scope="module", params=list(_LISTS))
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both forms lie as files, for a list of each kind."""
    path: Path = tmp_path_factory.mktemp(request.param)
    posts = [post.item for post in _POSTS]
    (path / "seq").touch()
    (path / "mime").write_bytes(mime(*posts, about=_LISTS[request.param]))
    (path / "plain").write_bytes(plain(*posts, about=_LISTS[request.param]))
    return path


def _maildir(path: Path, messages: list[str]) -> Path:
    """A maildir of these, in their order by name."""
    maildir = path / f"maildir{len(list(path.iterdir()))}"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number, message in enumerate(messages):
        (maildir / "cur" / f"{number:03}:2,").write_bytes(message.encode())
    return maildir


def test_python_reads_the_mime_form(directory: Path) -> None:
    found: Any = message_from_bytes((directory / "mime").read_bytes(), policy=default)
    (digest,) = [part for part in found.walk() if part.get_content_type() == "multipart/digest"]
    inner: list[EmailMessage] = [part.get_content() for part in digest.iter_parts()]
    assert [message["Message"] for message in inner] == [str(number) for number in range(1, 51)]
    for post, message in zip(_POSTS, inner, strict=True):
        if post.sound:
            body: Any = message.get_body(("plain", "html"))
            assert _same(post, message["Subject"], message["From"], body.get_content())
    files = [part.get_filename() for message in inner for part in message.walk() if part.get_filename()]
    assert files == ["plan.pdf"] * 6


def test_perl_reads_the_mime_form(directory: Path) -> None:
    found = json.loads(_run("perl", "-e", _PERL, str(directory / "mime"), cwd=directory))
    assert [message["Message"] for message in found] == [str(number) for number in range(1, 51)]
    for post, message in zip(_POSTS, found, strict=True):
        if post.sound:
            assert _same(post, message["Subject"], message["From"], message["Text"])


def test_mblaze_reads_the_mime_form(directory: Path) -> None:
    path = str(directory / "mime")
    structure = _run("mshow", "-t", path, cwd=directory)
    numbers = re.findall(r"^ +([0-9]+): message/rfc822 ", structure, re.MULTILINE)
    assert len(numbers) == 50
    maildir = _maildir(directory, [""] * 50)
    for number, name in zip(numbers, sorted((maildir / "cur").iterdir()), strict=True):
        done = subprocess.run(
            ["mshow", "-O", path, number],
            capture_output=True,
            timeout=60,
            check=True,
            env={**os.environ, "MBLAZE": str(directory)},
        )
        name.write_bytes(done.stdout)
    listed = sorted(_run("mlist", str(maildir), cwd=directory).splitlines())
    assert len(listed) == 50
    scanned = _run("mscan", "-f", "%S", given="\n".join(listed), cwd=directory).splitlines()
    assert len(scanned) == 50
    for post, file in zip(_POSTS, listed, strict=True):
        if post.sound:
            shown = _run("mshow", "-n", "-N", "-h", "from:subject", file, cwd=directory)
            head, _, body = shown.partition("\n\n")
            assert head.splitlines() == [f"From: {post.author}", f"Subject: {post.subject}"]
            assert set(_lines(post.text)) <= set(_lines(body))


def test_python_reads_the_plain_form(directory: Path) -> None:
    """Also where a label was wrong or missing: a plain digest has been read already."""
    found: Any = message_from_bytes((directory / "plain").read_bytes(), policy=default)
    _check_messages(burst(found.get_content())[1])


def test_perl_decodes_the_plain_form(directory: Path) -> None:
    perl = (
        "use Encode; use MIME::Parser; my $p = MIME::Parser->new; $p->output_to_core(1);"
        "my $e = $p->parse_open($ARGV[0]); my $c = $e->head->mime_attr('content-type.charset');"
        "print encode('utf-8', decode($c, $e->bodyhandle->as_string));"
    )
    _check_messages(burst(_run("perl", "-e", perl, str(directory / "plain"), cwd=directory))[1])


def test_mblaze_reads_the_plain_form(directory: Path) -> None:
    shown = _run("mshow", "-n", "-N", "-h", "", str(directory / "plain"), cwd=directory)
    _, messages, _ = burst(shown)
    _check_messages(messages)
    # Burst into messages of their own they can be read as such, where their charset is that of a file here.
    label = 'charset="iso-2022-jp"' if "iso-2022-jp" in str(directory) else 'charset="utf-8"'
    maildir = _maildir(directory, [message.replace(label, 'charset="utf-8"') for message in messages[:-1]])
    listed = sorted(_run("mlist", str(maildir), cwd=directory).splitlines())
    for post, name in zip(_POSTS, listed, strict=True):
        head, _, body = _run("mshow", "-n", "-N", "-h", "from:subject", name, cwd=directory).partition("\n\n")
        assert head.splitlines() == [f"From: {post.author}", f"Subject: {post.subject}"]
        assert set(_lines(post.text)) <= set(_lines(body))


def test_all_of_it_in_iso_2022_jp(tmp_path: Path) -> None:
    """Where nothing else is needed, a program that knows nothing else reads the digest as well."""
    posts = [post for post in _POSTS if _is_jis(post)]
    assert len(posts) > 25
    octets = plain(*[post.item for post in posts], about=_LISTS["iso-2022-jp"])
    found: Any = message_from_bytes(octets, policy=default)
    assert (found.get_content_charset(), found["Content-Transfer-Encoding"]) == ("iso-2022-jp", "7bit")
    _check_messages(burst(found.get_content())[1], posts)
    (tmp_path / "plain").write_bytes(octets)
    shown = _run("mshow", "-n", "-N", "-h", "", str(tmp_path / "plain"), cwd=tmp_path)
    _check_messages(burst(shown)[1], posts)


def _is_jis(post: Said) -> bool:
    return charsets.encode(f"{post.subject}{post.author}{post.text}", "iso-2022-jp") is not None


def _check_messages(messages: list[str], posts: Sequence[Said] = _POSTS) -> None:
    assert len(messages) == len(posts) + 1  # the footer is one too
    for post, message in zip(posts, messages, strict=False):
        head, _, body = message.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.replace("\n ", " ").split("\n"))
        text = re.sub(r"\n*[\[［](?:attachment: |添付：)application/pdf.*", "", body)
        assert _same(post, fields["Subject"], fields["From"], text)
