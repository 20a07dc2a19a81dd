"""Who gets what a list answers by itself: once within its grace period, and nobody without end."""

from sqlalchemy import Connection

from mlcore.actions import consented, quotas
from mlcore.lists.autoresponse import Kind
from mlcore.lists.model import ListPolicy
from mlcore.lists.subscriptions import DAY_S, mailbox_key
from mlcore.store import automatic, autoresponses


def allow(
    conn: Connection,
    policy: ListPolicy,
    key: str,
    kind: Kind,
    cause: str,
    *,
    always: bool,
    most: int,
    now: float,
) -> bool:
    """Whether an answer of this kind may go to the address `key` (`mail.address.key_of`) now; that is noted.

    All spellings of a mailbox count as one. always: whether the grace period does not matter, since the
    author asks for an answer. Whatever the list and the author say, a mailbox gets no more than `most` such
    answers in 24 hours (0: no limit), of one list, or where nobody has verified the address of all lists; and
    all strangers together have a limit (`quotas.may_answer_strangers`): anybody can write a mail in anybody's
    name (P19). cause: the spool entry that is answered; asked about again after a crash the answer is the
    same. now: Unix seconds. Raises NoSuchList."""
    mailbox = mailbox_key(key)
    if automatic.is_noted(conn, mailbox, "autoresponse", cause):
        return True
    is_known = consented.is_verified(conn, key)
    where = policy.list_id if is_known else None
    if 0 < most <= automatic.count(conn, mailbox, "autoresponse", now - DAY_S, list_id=where):
        return False
    if not is_known and not quotas.may_answer_strangers(conn, policy.list_id, "autoresponse", now):
        return False
    grace_s = 0 if always else policy.autoresponse_grace_period
    if not autoresponses.may_answer(conn, policy.list_id, mailbox, kind, cause, grace_s, now):
        return False
    return automatic.note(conn, mailbox, "autoresponse", cause, policy.list_id, now)
