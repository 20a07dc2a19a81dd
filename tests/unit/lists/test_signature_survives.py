"""P8: an author's DKIM signature survives a list that is not configured to change what it covers."""

import pytest

from mlcore.lists.chain import judge
from mlcore.lists.draft import Draft
from mlcore.lists.model import ListPolicy, Recipient, ReplyGoesToList
from mlcore.lists.pipelines import POSTING, first_pass, second_pass
from mlcore.lists.verdict import Accept
from mlcore.mail.fields import split
from mlcore.mail.lines import normalise
from support.posts import policy, post_facts, render_facts
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


def _through_the_list(octets: bytes, settings: ListPolicy) -> bytes:
    post = Draft.post(normalise(octets))
    facts = post_facts(reverse_path="anne@example.com")
    assert judge(post, settings, facts) == Accept()
    passed = first_pass(post, settings, facts, POSTING)
    assert isinstance(passed, Draft)
    members = (
        Recipient("bo@example.net"),
        Recipient("anne@example.com", own_postings=False),
        Recipient("cy@example.net", list_copy=False),
    )
    made = second_pass(passed, settings, render_facts(*members, reverse_path="anne@example.com"), POSTING)
    assert isinstance(made, Draft)
    assert made.body is post.body
    return made.octets()


@pytest.mark.parametrize(
    "canonicalize", [(b"relaxed", b"relaxed"), (b"simple", b"simple")], ids=["relaxed", "simple"]
)
@pytest.mark.parametrize("octets", [octets for _, octets in SHAPES], ids=[name for name, _ in SHAPES])
def test_p8_the_signature_of_every_shape_survives(octets: bytes, canonicalize: tuple[bytes, bytes]) -> None:
    signed = sign(octets, headers=_over_signed(octets), canonicalize=canonicalize)
    assert verifies(signed)
    sent = _through_the_list(signed, LIST)
    assert sent != signed
    assert verifies(sent)


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
    assert not verifies(_through_the_list(signed, changing))
