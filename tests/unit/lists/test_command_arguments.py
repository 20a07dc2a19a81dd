"""What stands behind a command word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.command_arguments import chosen, mode_of, read
from mlcore.lists.command_requests import (
    WORDS,
    Confirm,
    Echo,
    Help,
    Join,
    Leave,
    Lists,
    Option,
    Request,
    Set,
    Show,
    Who,
    Wrong,
)
from mlcore.lists.model import DeliveryMode, Topic

ANT = "ant.example.com"
TOPICS = (
    Topic(name="Jobs", pattern="job"),
    Topic(name="Small Talk", pattern="talk"),
    Topic(name="お茶", pattern="茶"),
)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("confirm ABC", Confirm("abc")),
        ("confirm", Wrong("confirm")),
        ("confirm a b", Wrong("confirm")),
        ("echo whatever stands here", Echo()),
        ("help", Help()),
        ("help Subscribe", Help("join")),
        ("help stop", Help("end")),
        ("help me", Help()),
        ("help with this", Help()),
        ("join", Join()),
        ("join digest=no", Join()),
        ("join digest=plain", Join(DeliveryMode.PLAINTEXT_DIGESTS)),
        ("join Digest=MIME address=Anne@Example.org", Join(DeliveryMode.MIME_DIGESTS, "Anne@Example.org")),
        ("join ant", Join()),
        ("join ant@example.com anne@example.org", Join(address="anne@example.org")),
        ("join ant.example.com", Join()),
        ("join digest=weekly", Wrong("join")),
        ("join address=nobody", Wrong("join")),
        ("join anne@example.org bart@example.org", Wrong("join")),
        ("join us tomorrow", Wrong("join")),
        ("leave", Leave()),
        ("leave ant now please", Leave()),
        ("lists", Lists()),
        ("set", Wrong("set")),
        ("set digest", Wrong("set")),
        ("set digest on", Set(Option.DIGEST, "mime")),
        ("set digest Plain", Set(Option.DIGEST, "plain")),
        ("set digest off", Set(Option.DIGEST, "off")),
        ("set digest sometimes", Wrong("set")),
        ("set delivery OFF", Set(Option.DELIVERY, "off")),
        ("set ack オン", Set(Option.ACK, "on")),
        ("set myposts no", Set(Option.MYPOSTS, "off")),
        ("set dups yes", Set(Option.DUPS, "on")),
        ("set hide 1", Set(Option.HIDE, "on")),
        ("set language JA", Set(Option.LANGUAGE, "ja")),
        ("set language 日本語", Set(Option.LANGUAGE, "ja")),
        ("set language French", Set(Option.LANGUAGE, "fr")),
        ("set language pt_br", Set(Option.LANGUAGE, "pt_BR")),
        ("set language klingon", Wrong("set")),
        ("set topics", Set(Option.TOPICS, "")),
        ("set topics Small Talk", Set(Option.TOPICS, "Small Talk")),
        ("set colour red", Wrong("set")),
        ("set ack on off", Wrong("set")),
        ("show", Show()),
        ("show me", Show()),
        ("who", Who()),
        ("who ant", Who()),
        ("who delivery=enabled mode=digest", Who(enabled=True, digest=True)),
        ("who Delivery=Disabled mode=regular", Who(enabled=False, digest=False)),
        ("who delivery=enabled delivery=enabled", Who(enabled=True)),
        ("who delivery=enabled delivery=disabled", Wrong("who")),
        ("who are you", Wrong("who")),
    ],
)
def test_arguments(line: str, request_: Request) -> None:
    command, *arguments = line.split()
    assert read(command, arguments, ANT) == request_


def test_the_site_has_no_name_of_a_list() -> None:
    assert read("join", ["ant"], "") == Wrong("join")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("jobs", ("Jobs",)),
        ("small talk", ("Small Talk",)),
        ("Jobs, small talk", ("Jobs", "Small Talk")),
        ("jobs お茶 jobs", ("Jobs", "お茶")),
        ("jobs,", ("Jobs",)),
        ("all", ()),
        ("NONE", ()),
        ("off", ()),
        ("", ()),
        ("jobs talk", None),
        ("cars", None),
        (",", None),
    ],
)
def test_topics_that_a_member_names(text: str, names: tuple[str, ...] | None) -> None:
    assert chosen(text, TOPICS) == names


def test_a_topic_may_be_called_as_the_choice_of_all() -> None:
    assert chosen("All", (Topic(name="all", pattern="x"),)) == ("all",)


def test_modes_of_digests() -> None:
    assert [mode_of(value).value for value in ("off", "plain", "mime")] == [
        "regular",
        "plaintext_digests",
        "mime_digests",
    ]


@given(st.sampled_from(sorted(set(WORDS.values()) - {"end"})), st.lists(st.text(min_size=1), max_size=4))
def test_any_arguments_are_read(command: str, arguments: list[str]) -> None:
    read(command, arguments, ANT)
    chosen(" ".join(arguments), TOPICS)
