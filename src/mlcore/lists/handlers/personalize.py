"""Makes the places of a copy that are different for each member: the last handler."""

import msgspec

from mlcore.lists import personal, unsubscribe
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy, Personalization
from mlcore.mail.fields import Fields
from mlcore.mail.slots import Slot

_UNSUBSCRIBE = frozenset({"list-unsubscribe", "list-unsubscribe-post"})


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """With `personalize`: the field List-Unsubscribe becomes one with a token of each member (RFC 2369, RFC
    8058), and with `full` To names him. Slots stand where these were, or at the end of the header section;
    those of the body count from the start of the message from here on."""
    if policy.personalize is Personalization.NONE:
        return draft
    wanted: dict[str, Slot] = {}
    if policy.include_rfc2369_headers:
        template = unsubscribe.template(policy, facts.post.site)
        wanted |= dict.fromkeys(_UNSUBSCRIBE, Slot(at=0, kind="unsubscribe", text=template))
    is_full = policy.personalize is Personalization.FULL
    if is_full:
        shared = b"".join([raw for name, raw in _named(draft.fields) if name == "to"])
        wanted["to"] = Slot(at=0, kind="to", before=shared)
    kept: list[bytes] = []
    slots: list[Slot] = []
    size = 0
    for name, raw in _named(draft.fields):
        slot = wanted.get(name)
        if slot is None:
            kept.append(raw)
            size += len(raw)
        elif all(slot.kind != placed.kind for placed in slots):
            slots.append(msgspec.structs.replace(slot, at=size))
    if is_full and not wanted["to"].before:
        slots.append(msgspec.structs.replace(wanted["to"], at=size))
    slots += [msgspec.structs.replace(slot, at=size) for slot in draft.slots if slot.kind == "copy"]
    slots += [slot for slot in personal.shifted(draft.slots, size + 2) if slot.kind == "text"]
    fields = draft.fields if len(kept) == len(draft.fields) else Fields(tuple(kept))
    return draft.with_fields(fields).with_slots(tuple(slots))


def _named(fields: Fields) -> list[tuple[str, bytes]]:
    return list(zip(fields.names(), fields.raw, strict=True))
