"""The rules alone: a post of 4 KiB by a member, with every rule on, and with the settings of a new list."""

from collections.abc import Callable
from dataclasses import dataclass
from timeit import repeat

from load import post_octets
from mlcore.lists.approved import take_out
from mlcore.lists.chain import judge
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts, SiteFacts
from mlcore.lists.model import (
    DmarcAction,
    HeaderMatch,
    ListPolicy,
    NewsgroupModeration,
    Role,
    SenderStanding,
)
from mlcore.lists.verdict import Accept

POSTS = 200
REPEATS = 60
"""The quietest of so many rounds counts: the machine is rarely alone."""
MASTHEAD = """This is a digest of the mailing list "$display_name": several posts in one message.

To write to the list, send mail to:

    $listname

To leave it, or to get each post by itself, send mail with the word "help" as its subject to this address:

    $request_email

The people who look after the list are reached at:

    $owner_email
"""


@dataclass
class Case:
    name: str
    octets: bytes
    policy: ListPolicy
    facts: PostFacts

    def run(self) -> None:
        """As the first pass begins: the draft is new, so nothing is known from the post before."""
        assert isinstance(judge(Draft.post(self.octets), self.policy, self.facts), Accept)

    def without_rules(self) -> None:
        Draft.post(self.octets).fields.names()

    def credentials(self) -> None:
        take_out(Draft.post(self.octets), look_into_body=True)


def new_list(**settings: object) -> ListPolicy:
    return ListPolicy(
        list_id="bench.example.com",
        list_name="bench",
        mail_host="example.com",
        display_name="Bench",
        **settings,  # type: ignore[arg-type]  # settings by name
    )


def every_rule() -> ListPolicy:
    return new_list(
        acceptable_aliases=("^bench-.*@example\\.org",),
        accept_these_nonmembers=("^.*@friend\\.example",),
        dmarc_mitigate_action=DmarcAction.REJECT,
        dmarc_addresses=("^.*@strict\\.example",),
        max_posts_per_day=50,
        max_num_recipients=10,
        newsgroup_moderation=NewsgroupModeration.OPEN_MODERATED,
        spam_hold_score=5.0,
        spam_discard_score=15.0,
        bounce_matching_headers="# comment\nX-Spam-Flag: ^yes\nSubject: viagra",
        header_matches=tuple(
            HeaderMatch(header=name, pattern=pattern)
            for name, pattern in (
                ("subject", "lottery|prize"),
                ("x-spam-flag", "^yes"),
                ("x-mailer", "bulk"),
                ("content-type", "application/x-msdownload"),
                ("from", "@evil\\.example"),
            )
        ),
    )


def facts(site: SiteFacts, octets: bytes) -> PostFacts:
    standing = SenderStanding(roles=frozenset({Role.MEMBER}))
    sender = SenderFacts(
        address="member0@site0.example.net", key="member0@site0.example.net", standing=standing, posts_today=3
    )
    return PostFacts(
        site=site,
        entry="0",
        now=1.0,
        reverse_path="member0@site0.example.net",
        purpose="post",
        senders=(sender,),
        size_bytes=len(octets),
    )


def multipart(octets: bytes) -> bytes:
    """The same post as text and HTML."""
    head, _, body = octets.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-")]
    lines.append(b'Content-Type: multipart/alternative; boundary="bound"')
    text = b"--bound\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body[: len(body) // 2]
    html = b"--bound\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body[len(body) // 2 :]
    return b"\r\n".join(lines) + b"\r\n\r\n" + text + b"\r\n" + html + b"\r\n--bound--\r\n"


def quietest(work: Callable[[], None]) -> float:
    """Milliseconds of one."""
    return min(repeat(work, number=POSTS, repeat=REPEATS)) / POSTS * 1000


def main() -> None:
    plain_site = SiteFacts(version="0", site_owner="owner@example.net")
    site = SiteFacts(
        version="0",
        site_owner="owner@example.net",
        header_checks=(HeaderMatch(header="x-virus-status", pattern="infected"),),
        hold_digest=True,
        mastheads=(MASTHEAD, MASTHEAD.replace("the", "das")),
    )
    octets = post_octets("bench@example.com", 1, 4096)
    parts = multipart(octets)
    cases = [
        Case("settings of a new list", octets, new_list(), facts(plain_site, octets)),
        Case("every rule on", octets, every_rule(), facts(site, octets)),
        Case("every rule on, text and HTML", parts, every_rule(), facts(site, parts)),
    ]
    for case in cases:
        whole, parsing = quietest(case.run), quietest(case.without_rules)
        print(
            f"{case.name:35} {whole - parsing:7.4f} ms a post (header section taken apart: {parsing:.4f} ms)"
        )
    print(f"{'credentials taken out':35} {quietest(cases[0].credentials):7.4f} ms a post")


if __name__ == "__main__":
    main()
