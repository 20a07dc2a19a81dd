"""Topics of a list: what its posts are sorted by, and members choose from."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection

from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy, Topic
from mlcore.lists.patterns import checked
from mlcore.store import lists, topics

LONGEST_NAME: Final = 60
LONGEST_DESCRIPTION: Final = 255
MOST_TOPICS: Final = 100
MOST_PATTERNS: Final = 50
"""Of one topic. All patterns of a list together have 50 ms for a post."""


def add(
    connection: Connection,
    policy: ListPolicy,
    name: str,
    patterns: Sequence[str],
    *,
    description: str = "",
    replace: bool = False,
) -> ListPolicy:
    """Gives the list one more topic, the last. The list as it is now.

    patterns: regular expressions, any of which makes a post belong to it. replace: a topic of this name gets
    these patterns, and the description if there is one, in its place; members keep it. Raises BadInput: a
    name that is no name, or is taken; no pattern, or one that cannot be used."""
    topic = Topic(
        name=_valid_name(name),
        pattern="\n".join(_valid_patterns(patterns)),
        description=_valid_description(description),
    )
    same = next((one for one in policy.topics if one.name.casefold() == topic.name.casefold()), None)
    if same is None:
        if len(policy.topics) >= MOST_TOPICS:
            raise BadInput(
                f"{policy.posting_address} has {MOST_TOPICS} topics", "remove one that nobody needs"
            )
        return _changed(connection, policy, (*policy.topics, topic))
    if not replace:
        raise BadInput(f"the topic {same.name} exists already", "--replace gives it other patterns")
    new = msgspec.structs.replace(
        same, pattern=topic.pattern, description=topic.description or same.description
    )
    return _changed(connection, policy, tuple(new if one is same else one for one in policy.topics))


def remove(connection: Connection, policy: ListPolicy, names: Sequence[str]) -> ListPolicy:
    """Removes these topics, also from what members chose. The list as it is now. Raises BadInput with those
    that there are not; then nothing is removed."""
    there_are = {topic.name for topic in policy.topics}
    absent = [name for name in names if name not in there_are]
    if absent:
        raise BadInput(
            f"{policy.posting_address} has no topic {', '.join(absent)}",
            f"`mlcore topics {policy.posting_address}` shows those there are",
        )
    topics.forget(connection, policy.list_id, names)
    return _changed(connection, policy, tuple(one for one in policy.topics if one.name not in names))


def _changed(connection: Connection, policy: ListPolicy, wanted: tuple[Topic, ...]) -> ListPolicy:
    changed = msgspec.structs.replace(policy, topics=wanted)
    lists.change(connection, changed)
    return changed


def _valid_name(text: str) -> str:
    name = text.strip()
    # X-Topics lists them with commas, and a person writes them on one line of a mail
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or "," in name:
        raise BadInput(
            f"{text[:LONGEST_NAME]!a} cannot name a topic",
            f"write 1 to {LONGEST_NAME} characters on one line, without commas",
        )
    return name


def _valid_description(text: str) -> str:
    description = text.strip()
    if len(description) > LONGEST_DESCRIPTION or not (description.isprintable() or not description):
        raise BadInput("bad description", f"write one line, at most {LONGEST_DESCRIPTION} characters")
    return description


def _valid_patterns(texts: Sequence[str]) -> list[str]:
    found = [checked(text.strip()) for text in texts if text.strip()]
    if not 0 < len(found) <= MOST_PATTERNS:
        raise BadInput(
            f"a topic with {len(found)} patterns", f"write 1 to {MOST_PATTERNS} regular expressions"
        )
    return found
