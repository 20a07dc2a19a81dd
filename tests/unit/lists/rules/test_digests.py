"""Answers to digests."""

from typing import Any

import msgspec
import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.placeholders import of_list
from mlcore.lists.reasons import Reason
from mlcore.lists.rules.digests import rule
from mlcore.lists.verdict import Hit
from mlcore.texts.expand import expand
from support.posts import SITE, draft, policy, post_facts

ENGLISH = """This digest of "$display_name" holds several posts.

Write to all of them at

    $listname

Leave the list, or get help, by way of

    $request_email

People look after it at $owner_email. They answer questions about subscriptions, and about much else.
"""
JAPANESE = """これは「$display_name」のダイジェストです。

投稿先は次のとおりです。

    $listname

退会やヘルプのご請求は次のあて先までお願いいたします。

管理者へのお問い合わせは次のあて先までお願いいたします。
"""
ON = msgspec.structs.replace(SITE, hold_digest=True, mastheads=(ENGLISH, JAPANESE))
SUBJECT = Hit("digests", Reason("Message has a digest subject"))
QUOTES = Hit("digests", Reason("Message quotes digest boilerplate"))


def _hit(made: Draft, **site: Any) -> Hit | None:
    return rule(made, policy(), post_facts(site=msgspec.structs.replace(ON, **site)))


def _quoting(text: str, mark: str = "") -> Draft:
    lines = "".join(f"{mark}{line}\r\n" for line in text.split("\n"))
    return draft("Subject: Re: Tea", "Content-Type: text/plain; charset=utf-8", body=lines.encode())


def _sent(masthead: str) -> str:
    return expand(masthead, of_list(policy(), SITE))


@pytest.mark.row("rule: digests")
def test_the_subject_of_a_digest() -> None:
    made = draft("Subject: Re: Ant Digest, Vol 12, Issue 3 ")
    assert _hit(made) == SUBJECT
    assert _hit(made, hold_digest=False) is None
    assert _hit(draft("Subject: Ant Digest, Vol 12, Issue 3: tea")) is None
    assert _hit(draft("Subject: Re: 蟻 ダイジェスト 第12巻 第3号")) is not None
    assert _hit(draft("A: b")) is None


@pytest.mark.row("rule: digests")
@pytest.mark.parametrize("masthead", [ENGLISH, JAPANESE])
@pytest.mark.parametrize("mark", ["", "> ", "> >> ", "| ", "＞　"])
def test_a_quoted_masthead(masthead: str, mark: str) -> None:
    assert _hit(_quoting(_sent(masthead), mark)) == QUOTES


def test_lines_that_were_broken_anew() -> None:
    english = _sent(ENGLISH).replace(" and about", "\n> and about").replace(" holds", "\n> holds")
    assert _hit(_quoting(english, "> "), masthead_threshold=6) == QUOTES
    japanese = _sent(JAPANESE).replace("ダイジェ", "ダイ\n> ジェ").replace("お願い", "お\n> 願い")
    assert _hit(_quoting(japanese, "> "), masthead_threshold=5) == QUOTES


def test_few_lines_are_no_masthead() -> None:
    addresses = "ant@example.com ant-request@example.com ant-owner@example.com"
    assert _hit(_quoting(addresses)) is None
    three = "\n".join(_sent(ENGLISH).split("\n")[:6])
    assert _hit(_quoting(three)) is None
    assert _hit(_quoting(three), masthead_threshold=3) == QUOTES
    assert _hit(_quoting(_sent(ENGLISH)), masthead_threshold=99) is None


def test_words_alone_are_no_lines() -> None:
    words = "\n".join(reversed(_sent(ENGLISH).replace("\n", " ").split()))
    assert _hit(_quoting(words)) is None


def test_html_and_attachments_do_not_count() -> None:
    text = _sent(ENGLISH).replace("\n", "\r\n").encode()
    for line in ("Content-Type: text/html", "Content-Disposition: attachment"):
        assert _hit(draft(line, body=text)) is None
