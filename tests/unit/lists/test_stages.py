"""What is asked of a message before anything is known about it, and the order of deciding."""

import msgspec

from mlcore.lists import stages, styles
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts, SiteFacts
from mlcore.lists.model import Role, SenderStanding
from mlcore.lists.pipelines import NamedHandler
from mlcore.lists.reasons import Reason
from mlcore.lists.stages import Examined, Extensions
from mlcore.lists.verdict import Accept, Discard, Hold, Trail

ANT = styles.new_policy("legacy-default", "ant", "example.com")
SITE = SiteFacts(version="0", site_owner="root@example.com")
POST = (
    b"From: Anne <anne@Example.org>\r\nTo: ant@example.com\r\nSubject: tea\r\nMessage-ID: <1@example.org>\r\n"
    b"\r\nAt four\r\n"
)


def examined(octets: bytes = POST, policy: object = ANT, root: str = "1") -> Examined:
    found = stages.examine(octets, policy, SITE, reverse_path="anne@example.org", root=root)  # type: ignore[arg-type]
    assert isinstance(found, Examined)
    return found


def facts(*roles: Role, **more: object) -> PostFacts:
    standing = SenderStanding(roles=frozenset(roles))
    given: dict[str, object] = {
        "site": SITE,
        "entry": "1",
        "now": 1e9,
        "reverse_path": "anne@example.org",
        "purpose": "post",
        "senders": (SenderFacts(address="anne@example.org", key="anne@example.org", standing=standing),),
    }
    return PostFacts(**(given | more))  # type: ignore[arg-type]


def test_the_same_post_again_has_the_same_keys() -> None:
    """However it travelled: trace fields differ."""
    other = examined(b"Received: by x\r\n" + POST, root="2")
    assert (other.content_key, other.message_key) == (examined().content_key, examined().message_key)


def test_another_text_under_the_same_message_id_is_another_post() -> None:
    """Some programs number their messages badly."""
    other = examined(POST.replace(b"four", b"five"))
    assert other.content_key != examined().content_key
    assert other.message_key == examined().message_key


def test_the_same_text_every_night_under_one_message_id_is_a_post_each_night() -> None:
    """As a program sends it that has one Message-ID for all."""
    nights = [examined(b"Date: Fri, %d Nov 2026 01:00:00 +0000\r\n" % day + POST) for day in (20, 21)]
    assert nights[0].content_key != nights[1].content_key


def test_a_post_without_message_id_is_never_a_duplicate() -> None:
    bare = POST.replace(b"Message-ID: <1@example.org>\r\n", b"")
    assert examined(bare).content_key == ""
    assert examined(bare, root="1").message_key != examined(bare, root="2").message_key


def test_an_anonymous_list_gives_another_message_id() -> None:
    hidden = msgspec.structs.replace(ANT, anonymous_list=True)
    assert examined(policy=hidden).message_key != examined().message_key
    assert examined(policy=hidden).message_key == examined(policy=hidden).message_key


def test_credentials_are_looked_for_in_the_body_only_where_there_are_any() -> None:
    approved = POST.replace(b"At four", b"Approved: secret\r\nAt four")
    assert examined(approved).passwords == ()
    assert examined(approved).draft.body == b"Approved: secret\r\nAt four\r\n"
    with_password = msgspec.structs.replace(ANT, moderator_password="$6$x")
    found = examined(approved, with_password)
    assert found.passwords == ("secret",)
    assert b"secret" not in found.draft.octets()


def test_nobody_wrote_it() -> None:
    found = stages.examine(b"Subject: x\r\n\r\n", ANT, SITE, reverse_path="", root="1")
    assert isinstance(found, Examined)
    assert (found.senders, found.from_domain) == ((), "")


def test_the_rules_come_before_the_handlers() -> None:
    verdict, _ = stages.decide(Draft.post(POST), ANT, facts())
    assert isinstance(verdict, Hold)
    verdict, _ = stages.decide(Draft.post(POST), ANT, facts(Role.MEMBER))
    assert isinstance(verdict, Accept)


def test_what_a_moderator_let_go_is_not_asked_about_again_but_filtered() -> None:
    strict = msgspec.structs.replace(ANT, filter_content=True, filter_types=("text/plain",))
    verdict, draft = stages.decide(Draft.post(POST), strict, facts(moderator_approved=True))
    assert isinstance(verdict, Discard)
    assert draft.body == b"At four\r\n"
    verdict, _ = stages.decide(Draft.post(POST), ANT, facts(moderator_approved=True))
    assert isinstance(verdict, Accept)


def test_handlers_of_the_site_are_called() -> None:
    from mlcore.lists.facts import RenderFacts
    from mlcore.lists.model import Recipient

    discard = Discard(Trail(reasons=(Reason("odd"),)))
    more = Extensions(handlers=(NamedHandler("odd", lambda *_: discard),))
    rendering = RenderFacts(post=facts(Role.MEMBER), number=1, recipients=(Recipient("bart@example.net"),))
    result = stages.render(Draft.post(POST), ANT, rendering, more)
    assert isinstance(result, Discard)
    assert (result.trail.reasons, result.trail.by) == ((Reason("odd"),), "odd")
    assert isinstance(stages.render(Draft.post(POST), ANT, rendering), Draft)
