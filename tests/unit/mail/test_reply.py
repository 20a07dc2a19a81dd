"""`mail.reply`: replies as values."""

import pytest

from mlcore.mail import reply
from mlcore.mail.reply import PeerError, Reply


def test_a_reply_is_one_line() -> None:
    assert Reply(451, "4.3.0", "Later").line() == "451 4.3.0 Later"
    assert Reply(220, "", "ready").line() == "220 ready"
    assert str(PeerError(reply.NO_SUCH_ADDRESS)) == reply.NO_SUCH_ADDRESS.line()


@pytest.mark.parametrize(
    ("one", "positive", "temporary"),
    [
        (reply.OK, True, False),
        (reply.ACCEPTED, True, False),
        (Reply(354, "", "Go on"), True, False),
        (reply.LOCAL_TROUBLE, False, True),
        (reply.NO_SPACE, False, True),
        (reply.TOO_BIG, False, False),
        (reply.NO_SUCH_ADDRESS, False, False),
    ],
)
def test_classes_of_replies(one: Reply, positive: bool, temporary: bool) -> None:
    assert (one.positive, one.temporary) == (positive, temporary)
