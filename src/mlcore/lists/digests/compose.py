"""A digest as a whole message, in either form."""

from collections.abc import Sequence

from mlcore.lists.digests import contents, frame, multipart, phrases, posts, rfc1153
from mlcore.lists.digests.frame import Frame
from mlcore.lists.digests.model import Issue, Item
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.mail import date, message_id, words
from mlcore.mail.fields import Fields, join
from mlcore.mail.mime import Part
from mlcore.texts.texts import Texts


def mime(
    policy: ListPolicy,
    site: SiteFacts,
    texts: Texts,
    issue: Issue,
    items: Sequence[Item],
    *,
    root: str,
    now: float,
    keep: Sequence[str],
    base_url: str,
) -> bytes:
    """The digest as MIME (RFC 2046 5.1.5), for members who want their posts apart: see `multipart.made`.

    items: one or more, in the order in which they arrived; root: of the spool entry, from which Message-ID
    and boundaries derive, so that the same step made again gives the same octets; now: Unix seconds, its
    Date; keep: names of the fields that a post keeps; base_url: of the list's domain, empty: none.

    The result is a whole message (RFC 5322, CRLF line ends, header section in ASCII) but for the fields that
    all mail of the list carries (List-…, X-Mailman-Version). It may be 8bit, as the posts are. Raises
    ValueError for a root that is no name of an entry, and nothing else, whatever the posts are."""
    around = frame.frame(policy, site, texts, issue, base_url)
    found = posts.taken_apart(items)
    part = multipart.made(around, found, _topics(around, found, policy), keep, root)
    return _message(part, around, policy, f"{root}.mime", now)


def plain(
    policy: ListPolicy,
    site: SiteFacts,
    texts: Texts,
    issue: Issue,
    items: Sequence[Item],
    *,
    root: str,
    now: float,
    keep: Sequence[str],
    base_url: str,
) -> bytes:
    """The digest as one plain text (RFC 1153): see `rfc1153.made`; otherwise as `mime`, and never 8bit.

    50 posts of 4 KiB take 20 ms. HTML takes more, some 30 ms for a page of the largest that are laid out: not
    for the loop."""
    around = frame.frame(policy, site, texts, issue, base_url)
    found = posts.taken_apart(items)
    part = rfc1153.made(around, found, _topics(around, found, policy), keep)
    return _message(part, around, policy, f"{root}.plain", now)


def _topics(around: Frame, found: Sequence[posts.Post], policy: ListPolicy) -> str:
    return contents.topics(found, policy, around.say(phrases.NO_SUBJECT, {}))


def _message(part: Part, around: Frame, policy: ListPolicy, identity: str, now: float) -> bytes:
    """The part under the header section of a digest. Who answers writes to the list."""
    posting = policy.posting_address.encode()
    fields = (
        Fields(())
        .append("From", policy.sub_address("request").encode())
        .append("To", posting)
        .append("Reply-To", posting)
        .append(
            "Subject", words.encode(around.subject, charset=around.charset, first_column=len("Subject: "))
        )
        .append("Date", date.format(now).encode())
        .append("Message-ID", message_id.make(identity, policy.mail_host).encode())
        # List mail, to which no answering machine replies (RFC 3834 2).
        .append("Precedence", b"list")
        .append("MIME-Version", b"1.0")
    )
    return join(Fields(fields.raw + part.fields.raw), part.body)
