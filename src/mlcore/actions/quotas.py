"""How often anybody may be written to because somebody else has asked for it: nobody can use this site to
flood a third person, or its moderators."""

from typing import Final

from sqlalchemy import Connection

from mlcore.lists.subscriptions import (
    ANSWERS_PER_LIST_AND_HOUR,
    ANSWERS_PER_SITE_AND_HOUR,
    CHANGES_PER_DAY,
    CONFIRMATIONS_PER_LIST_AND_HOUR,
    CONFIRMATIONS_PER_SITE_AND_HOUR,
    DAY_S,
    HOUR_S,
    NOTICES_PER_LIST_AND_HOUR,
    mailbox_key,
    speaks_for_mailbox,
)
from mlcore.store import automatic
from mlcore.store.automatic import Kind

TO_ONE: Final[tuple[Kind, ...]] = ("confirmation", "known", "invitation")
"""What counts together for the person who gets it."""


def may_ask(conn: Connection, list_id: str, address_key: str, kind: Kind, most: int, now: float) -> bool:
    """Whether one more mail of `TO_ONE` may go to this address: to all that reach the same mailbox at most
    `most` went within 24 hours, and, if it is a stranger's (kind confirmation), the list and the site have
    not used up what they may send to strangers within an hour."""
    if automatic.count_kinds(conn, mailbox_key(address_key), TO_ONE, now - DAY_S) >= most:
        return False
    if kind != "confirmation":
        return True
    since = now - HOUR_S
    return not (
        automatic.reaches(conn, kind, since, CONFIRMATIONS_PER_LIST_AND_HOUR, list_id=list_id)
        or automatic.reaches(conn, kind, since, CONFIRMATIONS_PER_SITE_AND_HOUR)
    )


def asked(conn: Connection, list_id: str, address_key: str, kind: Kind, cause: str, now: float) -> None:
    """Counts a mail. cause: another one for each mail."""
    automatic.note(conn, mailbox_key(address_key), kind, cause, list_id, now)


def answered(conn: Connection, list_id: str, address_key: str) -> None:
    """Begins to count anew: whoever reads the mail wants it. Where the address is only taken for the same
    mailbox as others, what it got from this list is forgotten, and no more."""
    only = None if speaks_for_mailbox(address_key) else list_id
    automatic.forget(conn, mailbox_key(address_key), *TO_ONE, list_id=only)


def may_answer_strangers(conn: Connection, list_id: str, kind: Kind, now: float) -> bool:
    """Whether one more answer (kind hold or command) may go to somebody whose address nobody has verified:
    the list and the site have not given as many as they may within an hour."""
    since = now - HOUR_S
    return not (
        automatic.reaches(conn, kind, since, ANSWERS_PER_LIST_AND_HOUR, list_id=list_id)
        or automatic.reaches(conn, kind, since, ANSWERS_PER_SITE_AND_HOUR)
    )


def may_change(conn: Connection, list_id: str | None, address_key: str, kind: Kind, now: float) -> bool:
    """Whether mail alone may make one more change (kind joined or left) within 24 hours, of one list or of
    all; otherwise the person is asked first."""
    spent = automatic.count(conn, mailbox_key(address_key), kind, now - DAY_S, list_id=list_id)
    return spent < CHANGES_PER_DAY


def changed(conn: Connection, list_id: str, address_key: str, kind: Kind, cause: str, now: float) -> None:
    """Counts such a change. cause: the spool entry of the mail."""
    automatic.note(conn, mailbox_key(address_key), kind, cause, list_id, now)


def may_tell_moderators(conn: Connection, list_id: str, cause: str, now: float) -> bool:
    """Whether the moderators of a list are told at once of one more request; that is counted then. cause: as
    in `asked`."""
    if automatic.reaches(conn, "moderators", now - HOUR_S, NOTICES_PER_LIST_AND_HOUR, list_id=list_id):
        return False
    return automatic.note(conn, "", "moderators", cause, list_id, now)


def used_up(conn: Connection, now: float) -> dict[str, int]:
    """Who has used up what may be sent to strangers within an hour: confirmations by List-ID, and of the site
    under the empty one."""
    counts = automatic.by_list(conn, "confirmation", now - HOUR_S)
    found = {list_id: n for list_id, n in counts.items() if n >= CONFIRMATIONS_PER_LIST_AND_HOUR}
    total = sum(counts.values())
    return {**found, **({"": total} if total >= CONFIRMATIONS_PER_SITE_AND_HOUR else {})}
