"""Under which senders posts go out, and what copies need to know."""

import msgspec
import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.model import Addressee, Personalization
from mlcore.lists.sending import sender_of, slot_values
from mlcore.mail.slots import Slot
from support.posts import PLAIN, SITE, policy, render_facts

PERSONAL = policy(personalize=Personalization.INDIVIDUAL)
KIB = 1024


def _sender(number: int | None = 7, size: int = 4 * KIB, recipients: int = 10, **site: object) -> int:
    facts = render_facts(number=number, site=msgspec.structs.replace(SITE, **site))
    return sender_of(policy(), facts, size, recipients)


@pytest.mark.parametrize(
    ("interval", "number", "wanted"),
    [(0, 7, 0), (1, 7, 1), (7, 7, 1), (7, 14, 1), (7, 8, 0), (-1, 7, 0), (1, None, 0)],
)
def test_posts_whose_number_the_interval_divides(interval: int, number: int | None, wanted: int) -> None:
    assert _sender(number, verp_delivery_interval=interval) == wanted


@pytest.mark.parametrize(
    ("volume", "wanted"), [(1 << 30, 1), (40 * KIB, 1), (40 * KIB - 1, 2), (10 * KIB, 4), (0, 40 * KIB)]
)
def test_the_volume_of_copies_has_a_limit(volume: int, wanted: int) -> None:
    assert _sender(verp_delivery_interval=1, verp_max_volume=volume) == wanted


@pytest.mark.row("attribute: personalize")
def test_personal_copies_have_a_switch_of_their_own() -> None:
    off = render_facts(site=msgspec.structs.replace(SITE, verp_delivery_interval=1))
    on = render_facts(site=msgspec.structs.replace(SITE, verp_personalized_deliveries=True))
    assert sender_of(PERSONAL, off, 1, 1) == 0
    assert sender_of(PERSONAL, on, 1 << 40, 1000) == 1
    assert sender_of(policy(), on, 1, 1) == 0
    assert sender_of(PERSONAL, msgspec.structs.replace(on, post=_owner_mail()), 1, 1) == 0


def _owner_mail() -> object:
    return msgspec.structs.replace(render_facts().post, purpose="owner")


ANNE, BOB, UMBRELLA = "Anne@Example.org", "b@example.com", "owner@example.net"
FACTS = render_facts(
    addressees={
        "anne@example.org": Addressee(name="Anne\r\nX", language="ja", user_address="x@example.org"),
        BOB: Addressee(),
    }
)


def _values(*slots: Slot) -> dict[int, dict[str, str]]:
    draft = Draft.post(PLAIN).with_recipients((ANNE, BOB, UMBRELLA)).with_slots(slots)
    return slot_values(draft, FACTS)


def test_only_what_the_slots_need() -> None:
    assert _values() == {}
    assert _values(Slot(at=0, kind="unsubscribe"), Slot(at=0, kind="text", text="$user_email")) == {}
    assert _values(Slot(at=0, kind="to")) == {0: {"name": "Anne X"}}
    assert _values(Slot(at=0, kind="text", text="$user_address")) == {0: {"user_address": "x@example.org"}}


def test_who_says_nothing_reads_the_language_of_the_site() -> None:
    assert _values(Slot(at=0, kind="text", text="$user_language")) == {
        0: {"language": "ja"}, 1: {"language": "en"}, 2: {"language": "en"},
    }  # fmt: skip


def test_the_mark_of_a_second_copy() -> None:
    made = _values(Slot(at=0, kind="copy", text="anne@example.org\nowner@example.net"))
    assert made == {0: {"copy": "1"}, 2: {"copy": "1"}}
