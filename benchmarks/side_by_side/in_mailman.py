"""Makes lists with their members in a site of GNU Mailman; run by the Python of Mailman's environment.

    python in_mailman.py CONFIG < lists.json     [{"address", "members": [addresses]}]

Lists are made as Mailman makes them. Members are written straight into its tables, each with user and
preferences as after a subscription: 50,000 of them would otherwise take longer than all that is measured."""

import json
import sys
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

SETTINGS: Final[dict[str, Any]] = {
    "archive_policy": ("mailman.interfaces.archiver", "ArchivePolicy", "never"),
    "default_member_action": ("mailman.interfaces.action", "Action", "accept"),
    "digests_enabled": False,
    "max_message_size": 0,
    "send_welcome_message": False,
    "admin_immed_notify": False,
}
"""What differs from a new list. As triple: module, enumeration, value."""


def main() -> None:
    lists = json.load(sys.stdin)
    import_module("mailman.core.initialize").initialize(sys.argv[1])
    database = import_module("mailman.config").config.db
    create = import_module("mailman.app.lifecycle").create_list
    domains = import_module("zope.component").getUtility(
        import_module("mailman.interfaces.domain").IDomainManager
    )
    for wanted in lists:
        host = wanted["address"].partition("@")[2]
        if host not in domains:
            domains.add(host)
        made = create(wanted["address"])
        for name, value in SETTINGS.items():
            setattr(made, name, _value(value))
        list_id = made.list_id
        database.store.flush()
        if wanted["members"]:
            _add(database.store.connection(), list_id, wanted["members"])
    database.commit()


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        module, enumeration, name = value
        return getattr(import_module(module), enumeration)[name]
    return value


def _add(connection: Any, list_id: str, addresses: Sequence[str]) -> None:
    """connection: of SQLAlchemy, within a transaction."""
    role = import_module("mailman.interfaces.member").MemberRole.member.value
    now = datetime.now(tz=UTC).replace(tzinfo=None).isoformat(" ")
    write = connection.exec_driver_sql
    known = dict(write("SELECT email, id FROM address").all())
    new = [address for address in addresses if address not in known]
    if new:
        users, preferences = _numbers(connection, "user", new), _preferences(connection, 2 * len(new))
        write(
            "INSERT INTO user (id, display_name, _user_id, _created_on, is_server_owner, preferences_id)"
            " VALUES (?, '', ?, ?, 0, ?)",
            [(user, uuid.uuid4().hex, now, next(preferences)) for user in users],
        )
        numbers = _numbers(connection, "address", new)
        write(
            "INSERT INTO address (id, email, display_name, verified_on, registered_on, user_id,"
            " preferences_id) VALUES (?, ?, '', ?, ?, ?, ?)",
            [
                (number, address, now, now, user, next(preferences))
                for number, address, user in zip(numbers, new, users, strict=True)
            ],
        )
        known |= dict(zip(new, numbers, strict=True))
    preferences = _preferences(connection, len(addresses))
    write(
        "INSERT INTO member (id, _member_id, role, list_id, address_id, preferences_id, bounce_score,"
        " total_warnings_sent) VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
        [
            (number, uuid.uuid4().hex, role, list_id, known[address], next(preferences))
            for number, address in zip(_numbers(connection, "member", addresses), addresses, strict=True)
        ],
    )


def _numbers(connection: Any, table: str, rows: Sequence[object]) -> range:
    """Keys that are free, one for each row."""
    first = int(connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").scalar())
    return range(first, first + len(rows))


def _preferences(connection: Any, number: int) -> Iterator[int]:
    """Keys of so many new rows that say nothing."""
    keys = _numbers(connection, "preferences", range(number))
    connection.exec_driver_sql("INSERT INTO preferences (id) VALUES (?)", [(key,) for key in keys])
    return iter(keys)


if __name__ == "__main__":
    main()
