"""Digests as whole messages."""

import time
from collections.abc import Callable

import pytest

from mlcore.lists.digests import compose
from mlcore.lists.draft import Draft
from mlcore.lists.rules import digests
from mlcore.mail.fields import split
from mlcore.mail.lines import is_clean
from support.digest_mails import ISSUE, JAPANESE, KEPT, SHOWN, item, mail, mime, plain
from support.hostile import corpus
from support.posts import ENTRY, NOW, SITE, policy, post_facts
from support.texts import texts

FORMS = [pytest.param(mime, "mime", id="mime"), pytest.param(plain, "plain", id="plain")]
EVIL = "x\r\nBcc: evil@example.net\r\n\r\n$owner_email\x00\x1b\ud800"


@pytest.mark.parametrize(("make", "form"), FORMS)
def test_the_header_section(make: Callable[..., bytes], form: str) -> None:
    fields, _ = split(make(item()))
    named = dict(
        zip(fields.names(), [raw.partition(b":")[2].strip().decode() for raw in fields.raw], strict=True)
    )
    for name in ("content-type", "content-transfer-encoding"):
        named.pop(name, None)
    assert named == {
        "from": "ant-request@example.com",
        "to": "ant@example.com",
        "reply-to": "ant@example.com",
        "subject": "Ant Digest, Vol 3, Issue 12",
        "date": "Tue, 14 Nov 2023 22:13:20 +0000",
        "message-id": f"<{ENTRY}.{form}@example.com>",
        "precedence": "list",
        "mime-version": "1.0",
    }


@pytest.mark.parametrize(("make", "form"), FORMS)
def test_the_subject_in_the_language_of_the_list(make: Callable[..., bytes], form: str) -> None:
    fields, _ = split(make(item(), about=policy(**JAPANESE)))
    assert fields.text("subject") == "蟻の会 ダイジェスト 第3巻 第12号"
    assert (fields.first("subject") or b"").startswith(b"=?iso-2022-jp?b?")


@pytest.mark.parametrize(("make", "form"), FORMS)
def test_a_step_made_again_gives_the_same_octets(make: Callable[..., bytes], form: str) -> None:
    assert make(item(), item()) == make(item(), item())
    assert make(item()) != make(item(), root="018bcfe56800000a1b2c4")


@pytest.mark.parametrize(("make", "form"), FORMS)
def test_p9_no_setting_adds_a_field(make: Callable[..., bytes], form: str) -> None:
    usual = split(make(item()))[0]
    for settings in (
        {"display_name": EVIL, "description": EVIL, "info": EVIL, "subject_prefix": EVIL},
        {"charset": EVIL, "preferred_language": EVIL},
    ):
        octets = make(item(), about=policy(**settings))
        fields = split(octets)[0]
        varying = "content-transfer-encoding"
        assert fields.remove(varying).names() == usual.remove(varying).names()
        assert fields.octets().isascii()
        assert is_clean(octets)


@pytest.mark.parametrize("hostile", corpus(), ids=lambda one: one.name)
def test_p7_p9_posts_that_mean_harm(hostile: object) -> None:
    octets = hostile.octets  # type: ignore[attr-defined]  # of support.hostile
    for make in (mime, plain):
        begun = time.process_time()
        made = make(item(octets), item())
        assert time.process_time() - begun < 1.0
        assert is_clean(made)
        assert len(split(made)[0]) <= 11


@pytest.mark.row("rule: digests")
@pytest.mark.parametrize(("make", "form"), FORMS)
def test_who_answers_to_a_digest_is_told_by_its_subject(make: Callable[..., bytes], form: str) -> None:
    subject = split(make(item()))[0].text("subject")
    answer = mail(f"Subject: Re: {subject}").octets
    facts = post_facts(site=SITE.__class__(version="1", site_owner="x@example.com", hold_digest=True))
    assert digests.rule(Draft.post(answer), policy(), facts) is not None


def test_fifty_posts_take_some_milliseconds() -> None:
    body = "皆さん、お茶は四時からです。\r\n".encode("iso-2022-jp") * 100
    posts = [
        mail(
            "From: =?utf-8?b?5bGx55Sw?= <taro@example.jp>",
            f"Subject: [Ant] Tea at four, and what {number} members think of it",
            "Content-Type: text/plain; charset=iso-2022-jp",
            body=body,
        )
        for number in range(50)
    ]
    about = policy(**JAPANESE, subject_prefix="[Ant] ")
    best = 9.0
    for _ in range(3):
        begun = time.process_time()
        for make, keep in ((compose.mime, KEPT), (compose.plain, SHOWN)):
            make(about, SITE, texts(), ISSUE, posts, root=ENTRY, now=NOW, keep=keep, base_url="")
        best = min(best, time.process_time() - begun)
    # Some 40 ms; machines of others are slower.
    assert best < 0.4
