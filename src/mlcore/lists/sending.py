"""Under which envelope senders a post goes out, and what its copies need to know of their recipients."""

from mlcore.lists import personal
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import Addressee, ListPolicy, Personalization
from mlcore.lists.recipients import keys_of

_NOBODY = Addressee()


def sender_of(policy: ListPolicy, facts: RenderFacts, size: int, recipients: int) -> int:
    """How many of the recipients get an envelope sender of their own (`Rendered.verp`): 0 none, 1 all, N each
    Nth. size: octets of the rendered message.

    Where copies are made for each anyway, verp_personalized_deliveries decides. Elsewhere, for posts that
    verp_delivery_interval names, as many as keep the volume of these copies within verp_max_volume."""
    site = facts.post.site
    if policy.personalize is not Personalization.NONE and facts.post.purpose == "post":
        return 1 if site.verp_personalized_deliveries else 0
    interval = site.verp_delivery_interval
    if interval < 1 or facts.number is None or facts.number % interval:
        return 0
    return max(1, -(-size * recipients // max(1, site.verp_max_volume)))


def slot_values(draft: Draft, facts: RenderFacts) -> dict[int, dict[str, str]]:
    """For `Entry.slots`: by number in `draft.recipients` what the slots of the draft need, beside the address
    itself. Values are one line each, and empty ones are left out."""
    needed: set[str] = set()
    marked: frozenset[str] = frozenset()
    for slot in draft.slots:
        if slot.kind == "to":
            needed.add("name")
        elif slot.kind == "text":
            needed |= personal.needs(slot.text)
        elif slot.kind == "copy":
            marked = frozenset(slot.text.split("\n"))
    if not needed and not marked:
        return {}
    known, language = facts.addressees, facts.post.site.default_language
    found: dict[int, dict[str, str]] = {}
    for number, key in enumerate(keys_of(draft.recipients)):
        one = known.get(key, _NOBODY)
        values = {}
        if "name" in needed and one.name:
            values["name"] = personal.clean(one.name)
        if "language" in needed:
            values["language"] = personal.clean(one.language or language)
        if "user_address" in needed and one.user_address:
            values["user_address"] = personal.clean(one.user_address)
        if key in marked:
            values["copy"] = "1"
        if values:
            found[number] = values
    return found
