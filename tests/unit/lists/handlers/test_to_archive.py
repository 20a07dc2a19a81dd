"""What archives get."""

import msgspec
import pytest

from mlcore.lists.draft import Draft
from mlcore.lists.facts import ArchiverFacts
from mlcore.lists.handlers import to_archive, to_digest
from mlcore.lists.model import ArchivePolicy, DmarcAction
from mlcore.lists.pipelines import pipeline_for, second_pass
from support.posts import PLAIN, SITE, draft, policy, render_facts

SITE_WITH_ARCHIVE = msgspec.structs.replace(SITE, archivers=(ArchiverFacts(name="a", kind="prototype"),))
FACTS = render_facts(site=SITE_WITH_ARCHIVE)


@pytest.mark.row("handler: to-archive")
def test_the_post_is_kept_as_it_is_now() -> None:
    made = Draft.post(PLAIN).with_recipients(("anne@example.org",))
    kept = to_archive.handler(made, policy(), FACTS)
    assert kept.kept is not None
    assert kept.kept.octets() == PLAIN
    assert kept.kept.recipients == ()
    assert kept.with_kept(None) == made


def test_nothing_is_kept_where_nobody_gets_it() -> None:
    made = Draft.post(PLAIN)
    owner = render_facts(site=SITE_WITH_ARCHIVE, purpose="owner")
    assert to_archive.handler(made, policy(), render_facts()) is made
    assert to_archive.handler(made, policy(archive_policy=ArchivePolicy.NEVER), FACTS) is made
    assert to_archive.handler(made, policy(disabled_archivers=("a",)), FACTS) is made
    assert to_archive.handler(made, policy(), owner) is made
    secret = draft("X-No-Archive: yes")
    assert to_archive.handler(secret, policy(), FACTS) is secret


def test_archive_and_digest_share_what_is_kept() -> None:
    once = to_archive.handler(Draft.post(PLAIN), policy(), FACTS)
    assert to_digest.handler(once, policy(), FACTS) is once


@pytest.mark.row("handler: to-archive")
@pytest.mark.row("handler: to-digest")
def test_what_is_kept_has_prefix_and_list_fields_but_no_footer_and_the_author() -> None:
    settings = policy(
        subject_prefix="[Ant] ",
        dmarc_mitigate_action=DmarcAction.MUNGE_FROM,
        dmarc_mitigate_unconditionally=True,
    )
    facts = render_facts(site=SITE_WITH_ARCHIVE, footer="-- \nAnts\n")
    made = second_pass(Draft.post(PLAIN), settings, facts, pipeline_for(settings, "post"))
    assert isinstance(made, Draft)
    assert made.kept is not None
    kept = made.kept.octets()
    assert b"Subject: [Ant] Tea at four\r\n" in kept
    assert b"List-Id: <ant.example.com>\r\n" in kept
    assert b"From: Anne Person <Anne@Example.org>\r\n" in kept
    assert b"Delivered-To" not in kept
    assert made.kept.body == b"Shall we?\r\n"
    assert b"Ants" in made.body
    assert b"via Ant" in made.octets()
