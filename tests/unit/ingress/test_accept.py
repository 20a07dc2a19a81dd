import pytest

from mlcore.base.errors import DiskTrouble, LocalTrouble, Overload, StoreTrouble
from mlcore.ingress.accept import reply_for
from mlcore.mail.reply import LOCAL_TROUBLE, NO_SPACE, Reply


@pytest.mark.parametrize(
    ("trouble", "reply"),
    [
        (DiskTrouble("write", full=True), NO_SPACE),
        (DiskTrouble("fsync"), LOCAL_TROUBLE),
        (StoreTrouble("locked"), LOCAL_TROUBLE),
        (Overload("too much"), LOCAL_TROUBLE),
    ],
)
def test_p3_local_trouble_is_temporary(trouble: LocalTrouble, reply: Reply) -> None:
    assert reply_for(trouble) == reply
    assert reply.temporary
