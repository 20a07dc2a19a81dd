"""Row "rules, handlers, render" of the budget: a post of 4 KiB from octets to octets."""

from load import post_octets
from measure import processor_time
from mlcore.lists import pipelines
from mlcore.lists.chain import judge
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SiteFacts
from mlcore.lists.model import ListPolicy, Recipient, Role
from mlcore.lists.senders import keys
from mlcore.lists.verdict import Accept
from mlcore.mail.fields import header_size
from mlcore.mail.lines import normalise

POSTS = 10_000


def main() -> None:
    policy = ListPolicy(
        list_id="bench.example.com",
        list_name="bench",
        mail_host="example.com",
        display_name="Bench",
        description="計測用メーリングリスト",
        subject_prefix="[bench:%d] ",
    )
    octets = post_octets("bench@example.com", 1, 4096)
    recipients = tuple(Recipient(f"member{number}@example.net") for number in range(10))
    facts = PostFacts(
        site=SiteFacts(version="0", site_owner="owner@example.net"),
        entry="0",
        now=1.0,
        reverse_path="member0@site0.example.net",
        purpose="post",
        sender_roles=frozenset({Role.MEMBER}),
    )
    with processor_time("rules, handlers, render, 4 KiB", POSTS):
        for number in range(POSTS):
            clean = normalise(octets)
            header_size(clean)
            draft = Draft.post(clean)
            keys(draft.fields, facts.reverse_path)
            assert isinstance(judge(draft, policy, facts), Accept)
            first = pipelines.first_pass(draft, policy, facts, pipelines.POSTING)
            assert isinstance(first, Draft)
            render = RenderFacts(post=facts, number=number, recipients=recipients)
            second = pipelines.second_pass(first, policy, render, pipelines.POSTING)
            assert isinstance(second, Draft)
            second.octets()


if __name__ == "__main__":
    main()
