"""Row "rules, handlers, render" of the budget: a post of 4 KiB from octets to octets."""

import sys
from typing import Any

from load import EVERYTHING, post_octets
from measure import processor_time
from mlcore.lists import stages
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SenderFacts, SiteFacts
from mlcore.lists.model import HeaderMatch, ListPolicy, Recipient, Role, SenderStanding
from mlcore.lists.stages import Examined
from mlcore.lists.verdict import Accept

POSTS = 10_000
SENDER = "member0@site0.example.net"
FOOTER = "-- \n$display_name mailing list\n$listname\nTo leave: $leave_email\nOwners: $owner_email\n"
PLAIN_SITE = SiteFacts(version="0", site_owner="owner@example.net")
SITE = SiteFacts(
    version="0",
    site_owner="owner@example.net",
    header_checks=(HeaderMatch(header="x-virus-status", pattern="infected"),),
    hold_digest=True,
)


def way(name: str, policy: ListPolicy, site: SiteFacts, header: str, footer: str) -> None:
    octets = post_octets("bench@example.com", 1, 4096)
    recipients = tuple(Recipient(f"member{number}@example.net") for number in range(10))
    standing = SenderStanding(roles=frozenset({Role.MEMBER}))
    facts = PostFacts(
        site=site,
        entry="0",
        now=1.0,
        reverse_path=SENDER,
        purpose="post",
        senders=(SenderFacts(address=SENDER, key=SENDER, standing=standing),),
        size_bytes=len(octets),
    )
    with processor_time(f"rules, handlers, render, 4 KiB, {name}", POSTS):
        for number in range(POSTS):
            examined = stages.examine(octets, policy, site, reverse_path=SENDER, root="0")
            assert isinstance(examined, Examined)
            verdict, draft = stages.decide(examined.draft, policy, facts)
            assert isinstance(verdict, Accept)
            rendering = RenderFacts(
                post=facts,
                number=number,
                recipients=recipients,
                header=header,
                footer=footer,
                rule_hits=verdict.trail.hits,
                rule_misses=verdict.trail.misses,
            )
            rendered = stages.render(draft, policy, rendering)
            assert isinstance(rendered, Draft)
            rendered.octets()


def main() -> None:
    names: dict[str, Any] = {"list_id": "bench.example.com", "list_name": "bench", "mail_host": "example.com"}
    shown: dict[str, Any] = {
        "display_name": "Bench",
        "description": "計測用メーリングリスト",
        "subject_prefix": "[bench:%d] ",
    }
    plain = ListPolicy(**names, **shown)
    everything = ListPolicy(**names, **shown, **EVERYTHING)
    asked = sys.argv[1:] or ["new", "everything"]
    if "new" in asked:
        way("settings of a new list", plain, PLAIN_SITE, "", FOOTER)
    if "everything" in asked:
        way("every rule on", everything, SITE, "Post to $display_name: $listname\n", FOOTER)


if __name__ == "__main__":
    main()
