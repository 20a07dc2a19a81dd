"""The mail that a notice becomes."""

from collections.abc import Callable, Mapping
from functools import partial

from mlcore.actions.moderation import Pending
from mlcore.lists.notices.letters import Letter
from mlcore.lists.notices.waiting import HeldPost, described
from mlcore.lists.notices.writer import Writer
from mlcore.runners.prepared import Prepared


def written(writer: Writer, one: Prepared) -> Letter:
    """The mail. The same row always has the same Message-ID, so that a mailbox can know a second copy. Raises
    BadAddress."""
    row, policy, person, token = one.row, one.policy, one.person, one.token
    told, waiting, evidence = one.recipients, one.pending, one.evidence
    methods: Mapping[str, Callable[..., Letter]] = {
        "new-list": partial(writer.new_list, policy, person),
        "welcome": partial(writer.welcome, policy, person, one.digest),
        "goodbye": partial(writer.goodbye, policy, person),
        "confirm-join": partial(writer.confirm_join, policy, person, token),
        "confirm-leave": partial(writer.confirm_leave, policy, person, token),
        "invite": partial(writer.invite, policy, person, token),
        "refuse": partial(writer.refused, policy, person, one.asked, row.detail),
        "admin-subscribe": partial(writer.subscribed, policy, told, person),
        "admin-unsubscribe": partial(writer.unsubscribed, policy, told, person),
        "request-join": partial(writer.request_join, policy, told, person),
        "request-leave": partial(writer.request_leave, policy, told, person),
        "bounce-increment": partial(writer.bounce_increment, policy, told, person, evidence),
        "bounce-disable": partial(writer.bounce_disable, policy, told, person, evidence),
        "bounce-removal": partial(writer.bounce_removal, policy, told, person),
        "bounce-unrecognized": partial(writer.bounce_unrecognized, policy, told, evidence),
        "bounce-warning": partial(writer.bounce_warning, policy, person),
        "probe": partial(writer.probe, policy, person, token, evidence),
        "complaint": partial(writer.complaint, policy, told, person, evidence),
    }
    identity = f"notice.{row.number}.{row.created_at * 1000:.0f}"
    if waiting is not None:
        data = _data(writer, waiting)
        return writer.pending(policy, told, waiting.count, data, identity=identity, now=row.created_at)
    return methods[row.kind](identity=identity, now=row.created_at)


def _data(writer: Writer, waiting: Pending) -> str:
    """What waits, in the language of the list."""
    posts = [HeldPost(post.sender, post.subject, post.reasons) for post in waiting.posts]
    joining = [request.address for request in waiting.joining]
    leaving = [request.address for request in waiting.leaving]
    return described(writer.saying(waiting.policy), posts, joining, leaving, waiting.count)
