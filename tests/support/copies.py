"""Personal copies in tests: a post through the handlers that make and place slots, and what each recipient
gets."""

from collections.abc import Mapping

from mlcore.delivery.copies import Copies, NoSeal
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.handlers import avoid_duplicates, decorate, dmarc, personalize
from mlcore.lists.model import Addressee, ListPolicy, Recipient
from mlcore.lists.patterns import Patterns
from mlcore.lists.sending import slot_values
from mlcore.mail.envelope import Rendered
from mlcore.mail.lines import has_8bit
from mlcore.spool.entry import Entry
from support.posts import ENTRY, NOW, render_facts

KEY = bytes(range(32))


def facts_for(people: Mapping[str, Addressee], header: str = "", footer: str = "") -> RenderFacts:
    """Of a post for these members, by address in lower case."""
    return render_facts(*map(Recipient, people), addressees=dict(people), header=header, footer=footer)


def rendered(octets: bytes, settings: ListPolicy, facts: RenderFacts) -> Draft:
    """The post behind the handlers that have to do with slots."""
    draft = Draft.post(octets).with_recipients(tuple(one.address for one in facts.recipients))
    draft = avoid_duplicates.handler(draft, settings, facts)
    draft = decorate.handler(draft, settings, facts)
    draft = dmarc.handler(draft, settings, facts, Patterns())
    return personalize.handler(draft, settings, facts)


def copies_of(draft: Draft, facts: RenderFacts, *, verp: int = 0) -> Copies:
    """The copies of a rendered post."""
    envelope = Rendered(
        list_id="ant.example.com",
        reverse_path="ant-bounces@example.com",
        arrived_at=NOW,
        number=7,
        smtputf8=has_8bit(draft.fields.octets()),
        eight_bit=has_8bit(draft.body),
        slots=draft.slots,
        verp=verp,
    )
    entry = Entry(envelope, draft.recipients, draft.octets(), slot_values(draft, facts))
    return Copies(f"{ENTRY}.o", envelope, entry, NoSeal(), key=KEY, now=NOW)


def copies(
    octets: bytes,
    settings: ListPolicy,
    people: Mapping[str, Addressee],
    header: str = "",
    footer: str = "",
) -> list[bytes]:
    """What each of these members gets."""
    facts = facts_for(people, header, footer)
    made = copies_of(rendered(octets, settings, facts), facts)
    return [made.of(number).octets for number in range(len(people))]
