"""The values that mail is made of."""

from mlcore.lists.notices.letters import Answered, Person


def test_nobody_is_a_member_unless_that_is_said() -> None:
    """What a stranger may be shown is the default (P19)."""
    assert Person("a@example.org") == Person("a@example.org", "", "", member=False)
    assert Answered() == Answered("", "", "")
