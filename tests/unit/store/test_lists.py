"""Lists as rows and as values."""

import msgspec
import pytest
from sqlalchemy import Connection, text

from mlcore.base.errors import BadInput
from mlcore.lists.model import (
    Action,
    DigestFrequency,
    Domain,
    HeaderMatch,
    ListPolicy,
    ListState,
    Member,
    ReplyGoesToList,
    Topic,
)
from mlcore.store import domains, generation, held, lists, members, numbers
from mlcore.store.held import HeldPost
from mlcore.store.lists import NoSuchList


def policy(list_name: str, mail_host: str = "example.com") -> ListPolicy:
    return ListPolicy(
        list_id=f"{list_name}.{mail_host}", list_name=list_name, mail_host=mail_host, display_name=list_name
    )


FULL = ListPolicy(
    list_id="bee.example.org",
    list_name="bee",
    mail_host="example.org",
    display_name="Büro",
    description="日本語",
    subject_prefix="[Bee %05d] ",
    preferred_language="ja",
    allow_list_posts=False,
    include_rfc2369_headers=False,
    reply_goes_to_list=ReplyGoesToList.EXPLICIT_HEADER,
    reply_to_address="Desk@example.org",
    first_strip_reply_to=True,
    advertised=False,
    default_member_action=Action.HOLD,
    digest_size_threshold=2.5,
    digest_volume_frequency=DigestFrequency.WEEKLY,
    info="One\ntwo",
    acceptable_aliases=("desk@example.org", "^desk.*"),
    pass_types=("text/plain",),
    charset="iso-2022-jp",
    max_posts_per_day=7,
    spam_hold_score=4.5,
    regular_include_lists=("ant@example.com",),
    header_matches=(
        HeaderMatch(header="x-spam", pattern="^yes", action=Action.DISCARD, tag="spam"),
        HeaderMatch(header="subject", pattern="日本"),
    ),
    topics=(Topic(name="tea", pattern="お茶\ntea", description="Tea"), Topic(name="it", pattern="x")),
)


@pytest.fixture(autouse=True)
def _domains(conn: Connection) -> None:
    for host in ("example.org", "b.example.com"):
        domains.create(conn, Domain(mail_host=host), 1.0)


def test_every_setting_comes_back(conn: Connection, ant: ListPolicy) -> None:
    lists.create(conn, FULL, 2.0)
    assert lists.get(conn, "bee.example.org") == FULL
    assert lists.get(conn, "ant.example.com") == ant
    assert type(lists.get(conn, "bee.example.org").reply_goes_to_list) is ReplyGoesToList  # type: ignore[union-attr]


def test_every_setting_has_a_place(conn: Connection, ant: ListPolicy) -> None:
    """Each one on its own: no two are mixed up."""
    for name, value in msgspec.structs.asdict(FULL).items():
        if name not in {"list_id", "list_name", "mail_host"}:
            changed = msgspec.structs.replace(ant, **{name: value})
            lists.change(conn, changed)
            assert lists.get(conn, ant.list_id) == changed


def test_new_list_starts_at_one(conn: Connection) -> None:
    lists.create(conn, FULL, 2.0, style="private-default")
    assert lists.state(conn, FULL.list_id) == ListState(2.0, 1, None, None, 1, 1, "private-default")
    assert numbers.take(conn, "e1", FULL.list_id, 5.0) == 1
    assert lists.state(conn, FULL.list_id).post_id == 2
    with pytest.raises(NoSuchList):
        lists.state(conn, "wasp.example.com")


def test_a_list_needs_its_domain(conn: Connection) -> None:
    with pytest.raises(
        BadInput, match=r"^Undefined domain: example\.net: `mlcore domains add example\.net`$"
    ):
        lists.create(conn, policy("bee", "example.net"), 2.0)
    assert lists.names(conn) == [("ant", "example.com")]


def test_a_list_is_found_at_the_alias_domain_of_its_mail_host(conn: Connection, ant: ListPolicy) -> None:
    domains.change(conn, Domain(mail_host="example.com", alias_domain="alias.example"))
    assert lists.find(conn, "Ant@Alias.Example") == ant
    assert lists.find(conn, "ant@example.com") == ant
    assert lists.find(conn, "bee@alias.example") is None
    domains.change(conn, Domain(mail_host="example.com"))
    assert lists.find(conn, "ant@alias.example") is None


def test_what_is_taken(conn: Connection) -> None:
    assert lists.taken(conn, "example.com", ["bee", "ant"]) == ["ant"]
    assert lists.taken(conn, "example.org", ["ant"]) == []
    assert lists.taken(conn, "example.org", []) == []


def test_routes_are_sorted_and_name_the_alias(conn: Connection) -> None:
    lists.create(conn, FULL, 2.0)
    lists.create(conn, policy("aa"), 3.0)
    domains.change(conn, Domain(mail_host="example.org", alias_domain="alias.example"))
    assert lists.routes(conn) == [
        ("aa", "example.com", ""),
        ("ant", "example.com", ""),
        ("bee", "example.org", "alias.example"),
    ]
    assert lists.hosts(conn) == {
        "example.com": "example.com",
        "example.org": "example.org",
        "alias.example": "example.org",
        "b.example.com": "b.example.com",
    }


def test_unknown_list_is_none(conn: Connection) -> None:
    assert lists.get(conn, "wasp.example.com") is None
    assert lists.find(conn, "wasp@example.com") is None


@pytest.mark.parametrize("spelling", ["ant@example.com", "ANT@Example.COM", '"ant"@example.com'])
def test_posting_address_is_found_in_any_spelling(conn: Connection, ant: ListPolicy, spelling: str) -> None:
    assert lists.find(conn, spelling) == ant


@pytest.mark.parametrize(
    "spelling", ["ant", "ant@", "", "ant@example.com ", "ant.example.com", "a\nnt@example.com"]
)
def test_what_is_no_address_is_not_found(conn: Connection, spelling: str) -> None:
    assert lists.find(conn, spelling) is None


def test_existing_list_is_refused(conn: Connection, ant: ListPolicy) -> None:
    before = generation.read(conn)
    with pytest.raises(BadInput, match=r"ant@example\.com exists"):
        lists.create(conn, ant, 2.0)
    assert generation.read(conn) == before
    assert lists.names(conn) == [("ant", "example.com")]


def test_list_id_that_another_posting_address_has_is_refused(conn: Connection) -> None:
    lists.create(conn, policy("a.b", "example.com"), 2.0)
    with pytest.raises(BadInput, match="exists"):
        lists.create(conn, policy("a", "b.example.com"), 2.0)


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (policy("Bee"), "write bee@example.com"),
        (policy("bee", "Example.com"), "write bee@example.com"),
        (policy("bee", "bücher.example"), "write bee@xn--bcher-kva.example"),
        (msgspec.structs.replace(policy("bee"), list_id="bee"), "write bee.example.com"),
        (policy("b ee"), ""),
    ],
)
def test_names_must_be_in_the_form_that_mail_is_compared_with(
    conn: Connection, wrong: ListPolicy, remedy: str
) -> None:
    with pytest.raises(BadInput) as caught:
        lists.create(conn, wrong, 2.0)
    assert remedy in caught.value.remedy


def test_each_change_raises_the_generation(conn: Connection) -> None:
    seen = [generation.read(conn)]
    lists.create(conn, FULL, 2.0)
    seen.append(generation.read(conn))
    lists.change(conn, msgspec.structs.replace(FULL, description="x"))
    seen.append(generation.read(conn))
    assert lists.remove(conn, FULL.list_id)
    seen.append(generation.read(conn))
    assert len(set(seen)) == 4
    assert not lists.remove(conn, FULL.list_id)
    assert generation.read(conn) == seen[-1]


def test_change_keeps_what_is_no_setting(conn: Connection, ant: ListPolicy) -> None:
    numbers.take(conn, "e1", ant.list_id, 5.0)
    changed = msgspec.structs.replace(
        ant, subject_prefix="", reply_goes_to_list=ReplyGoesToList.POINT_TO_LIST
    )
    lists.change(conn, changed)
    assert lists.get(conn, ant.list_id) == changed
    assert numbers.take(conn, "e2", ant.list_id, 6.0) == 2


def test_change_of_no_list_or_of_its_names_is_refused(conn: Connection, ant: ListPolicy) -> None:
    with pytest.raises(NoSuchList):
        lists.change(conn, FULL)
    with pytest.raises(BadInput, match="cannot become"):
        lists.change(conn, msgspec.structs.replace(ant, mail_host="example.net"))


def test_remove_takes_all_that_belongs_to_the_list_and_no_more(conn: Connection, ant: ListPolicy) -> None:
    lists.create(conn, FULL, 2.0)
    for one in (ant, FULL):
        members.add_many(conn, one.list_id, [Member(address="a@example.net")], 2.0)
        numbers.take(conn, f"entry-{one.list_name}", one.list_id, 2.0)
        post = HeldPost(
            spool="s",
            entry=one.list_name,
            list_id=one.list_id,
            sender="",
            subject="",
            reasons=(),
            arrived_at=1,
            held_at=1,
            identity=one.list_name,
            token_hash=one.list_name,
        )
        held.insert_if_absent(conn, post)
    lists.change(conn, msgspec.structs.replace(ant, pass_types=("image",)))
    assert lists.remove(conn, ant.list_id)
    for table in ("lists", "members", "post_numbers", "held", "addresses"):
        assert conn.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1
    assert conn.execute(
        text("SELECT DISTINCT value FROM list_values WHERE attribute = 'pass_types'")
    ).all() == [("text/plain",)]
    assert len(members.recipients(conn, FULL.list_id)) == 1


def test_all_and_names_are_in_order_of_creation(conn: Connection, ant: ListPolicy) -> None:
    lists.create(conn, FULL, 2.0)
    lists.create(conn, policy("aa"), 3.0)
    assert [one.list_name for one in lists.all(conn)] == ["ant", "bee", "aa"]
    assert lists.all(conn)[0] == ant
    assert lists.names(conn) == [("ant", "example.com"), ("bee", "example.org"), ("aa", "example.com")]


def test_no_such_list_names_it() -> None:
    assert "bee.example.org" in str(NoSuchList("bee.example.org"))
