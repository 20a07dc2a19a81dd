"""Settings of a list: read and changed under the names of `lists.attributes`."""

from collections.abc import Mapping

from sqlalchemy import Connection

from mlcore.lists import attributes
from mlcore.lists.model import ListPolicy
from mlcore.store import lists


def shown(connection: Connection, policy: ListPolicy) -> dict[str, str]:
    """Every attribute as text, by name."""
    return attributes.shown(policy, lists.state(connection, policy.list_id))


def plain(connection: Connection, policy: ListPolicy) -> dict[str, object]:
    """Every attribute as JSON has it, by name."""
    return attributes.plain(policy, lists.state(connection, policy.list_id))


def change(connection: Connection, policy: ListPolicy, texts: Mapping[str, str]) -> ListPolicy:
    """Gives the list these settings, each as text; the list as it is then. Raises BadInput for the first that
    cannot be; nothing is changed then."""
    wanted = attributes.changed(policy, texts)
    if wanted != policy:
        lists.change(connection, wanted)
    return wanted
