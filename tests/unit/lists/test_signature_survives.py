"""P8: an author's DKIM signature survives a list that is not configured to change what it covers."""

from typing import Any

import msgspec
import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.model import DmarcAction, ListPolicy, Recipient, ReplyGoesToList
from mlcore.lists.pipelines import POSTING, first_pass, second_pass
from mlcore.mail.fields import split
from mlcore.mail.lines import normalise
from support.posts import NOW, policy, post_facts, render_facts, sender
from support.shapes import shapes
from support.signing import sign, verifies

SHAPES = shapes()
LIST = policy(
    list_id="ant.lists.example.org", mail_host="lists.example.org", description="蟻の会", subject_prefix=" "
)
COVERED = (
    "from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type", "reply-to",
)  # fmt: skip


def _over_signed(octets: bytes) -> tuple[bytes, ...]:
    """Each name once more than it occurs, so that a field added later breaks the signature (RFC 6376 8.15).

    A missing Date or Message-ID is not over-signed: a message has to have them, so the list adds them."""
    names = split(octets)[0].names()
    wanted = [name for name in COVERED if name in names or name not in {"date", "message-id"}]
    return tuple(name.encode() for name in wanted for _ in range(names.count(name) + 1))


def _through_the_list(octets: bytes, settings: ListPolicy, **facts: Any) -> Draft:
    """A post that a moderator has let go: odd ones are held."""
    post = Draft.post(normalise(octets))
    senders = (sender("anne@example.com"),)
    passed = first_pass(post, settings, post_facts(senders=senders, moderator_approved=True), POSTING)
    assert isinstance(passed, Draft)
    members = (
        Recipient("bo@example.net"),
        Recipient("anne@example.com", own_postings=False),
        Recipient("cy@example.net", list_copy=False),
    )
    found: dict[str, Any] = {"rule_hits": ("no-subject",), "rule_misses": ("loop",), "approved_at": NOW}
    made = second_pass(passed, settings, render_facts(*members, senders=senders, **found, **facts), POSTING)
    assert isinstance(made, Draft)
    return made


@pytest.mark.parametrize(
    "canonicalize", [(b"relaxed", b"relaxed"), (b"simple", b"simple")], ids=["relaxed", "simple"]
)
@pytest.mark.parametrize("octets", [octets for _, octets in SHAPES], ids=[name for name, _ in SHAPES])
def test_p8_the_signature_of_every_shape_survives(octets: bytes, canonicalize: tuple[bytes, bytes]) -> None:
    signed = sign(octets, headers=_over_signed(octets), canonicalize=canonicalize)
    assert verifies(signed)
    sent = _through_the_list(signed, LIST)
    assert sent.body == split(normalise(signed))[1]
    assert sent.octets() != signed
    assert verifies(sent.octets())


@pytest.mark.parametrize("octets", [octets for _, octets in SHAPES], ids=[name for name, _ in SHAPES])
def test_p8_the_signature_survives_within_a_wrapped_message(octets: bytes) -> None:
    signed = sign(octets, headers=_over_signed(octets), canonicalize=(b"relaxed", b"relaxed"))
    settings = msgspec.structs.replace(LIST, dmarc_mitigate_action=DmarcAction.WRAP_MESSAGE)
    sent = _through_the_list(signed, settings, dmarc_policy="reject")
    assert sent.fields.first("content-type") == b"message/rfc822"
    assert verifies(sent.body)


@pytest.mark.parametrize(
    "settings",
    [
        {"subject_prefix": "[Ant] "},
        {"reply_goes_to_list": ReplyGoesToList.POINT_TO_LIST},
    ],
)
def test_the_corpus_can_tell_a_change(settings: dict[str, object]) -> None:
    octets = dict(SHAPES)["plain"]
    signed = sign(octets, headers=_over_signed(octets))
    changing = policy(list_id="ant.lists.example.org", mail_host="lists.example.org", **settings)
    assert not verifies(_through_the_list(signed, changing).octets())
