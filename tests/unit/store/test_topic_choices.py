"""Topics that one member has chosen."""

from sqlalchemy import Connection

from mlcore.lists.model import Member, Role
from mlcore.store import members, memberships, topic_choices

ANT = "ant.example.com"


def test_choices_are_replaced_as_a_whole(conn: Connection) -> None:
    members.add_many(conn, ANT, [Member(address="anne@example.org")], 1.0)
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, ["anne@example.org"])
    version = members.roster_version(conn, ANT)
    topic_choices.set_of_member(conn, anne.member_id, ["tea", "jobs", "tea"])
    assert topic_choices.of_member(conn, anne.member_id) == ("jobs", "tea")
    assert members.roster_version(conn, ANT) != version
    topic_choices.set_of_member(conn, anne.member_id, [])
    assert topic_choices.of_member(conn, anne.member_id) == ()


def test_a_membership_that_has_ended_chooses_nothing(conn: Connection) -> None:
    topic_choices.set_of_member(conn, "none", ["tea"])
    assert topic_choices.of_member(conn, "none") == ()
