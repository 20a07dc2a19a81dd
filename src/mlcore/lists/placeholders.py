"""What stands for `$listname`, `$owner_email` and so on in the texts about a list."""

from typing import Final

from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.plain import one_line

_LONGEST: Final = 1_000
_MOST_LINES: Final = 200

_PAGES: Final = {
    "domain_url": "{base_url}/domains/{domain}",
    "mailinglist_url": "{base_url}/lists/{list_id}",
    "held_message_url": "{base_url}/lists/{list_id}/held_messages",
    "pending_subscriptions_url": "{base_url}/lists/{list_id}/subscription_requests",
    "pending_unsubscriptions_url": "{base_url}/lists/{list_id}/unsubscription_requests",
}


def of_list(policy: ListPolicy, site: SiteFacts, base_url: str = "", language: str = "") -> dict[str, str]:
    """What every text about a list may name, by placeholder, headers and footers of posts included.

    base_url: of the web pages of the list's domain; where it is empty the placeholders of pages are missing,
    and stay in a text as they are written. language: of the reader; empty: that of the list. Each value is
    one line without control characters; `info` alone keeps its lines, at most 200. Any may be empty."""
    values = {
        "listname": policy.posting_address,
        "fqdn_listname": policy.posting_address,
        "list_id": policy.list_id,
        "display_name": policy.display_name,
        "short_listname": policy.list_name,
        "list_name": policy.list_name,
        "domain": policy.mail_host,
        "mail_host": policy.mail_host,
        "description": policy.description,
        "request_email": policy.sub_address("request"),
        "request_address": policy.sub_address("request"),
        "owner_email": policy.sub_address("owner"),
        "site_email": site.site_owner or policy.sub_address("owner"),
        "language": language or policy.preferred_language,
    }
    if base_url:
        values |= _pages(policy, base_url.rstrip("/"))
    plain = {name: one_line(value, _LONGEST) for name, value in values.items()}
    return plain | {"info": block(policy.info)}


def block(text: str, *, indent: str = "", most_lines: int = _MOST_LINES) -> str:
    """Text of several lines fit for a body: without control characters, blank lines at both ends and blanks
    at the ends of lines; `indent` before each line that is not empty; lines of at most 1,000 characters, and
    of them the first `most_lines`."""
    lines = [one_line_kept(line) for line in text[: _LONGEST * most_lines].strip("\r\n").splitlines()]
    kept = "\n".join([indent + line if line else "" for line in lines[:most_lines]])
    return kept.strip("\n")


def one_line_kept(line: str) -> str:
    """One line whose indentation stays."""
    shown = one_line(line, _LONGEST)
    blanks = len(line) - len(line.lstrip(" "))
    return " " * min(blanks, _LONGEST) + shown if shown else ""


def _pages(policy: ListPolicy, base_url: str) -> dict[str, str]:
    given = {"base_url": base_url, "domain": policy.mail_host, "list_id": policy.list_id}
    return {"base_url": base_url} | {name: page.format(**given) for name, page in _PAGES.items()}
