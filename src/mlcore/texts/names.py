"""The names of texts, and what each of them may have filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mlcore.base.errors import BadInput

Wrap = Literal["before", "after", ""]


@dataclass(frozen=True, slots=True)
class Template:
    """wrap: whether the text is broken into lines before or after values are filled in, or never (empty).

    extra: names of values that this text gets beside those of `COMMON`. archives: whether it also gets
    `NAME_url` of each archive."""

    name: str
    wrap: Wrap = ""
    extra: frozenset[str] = frozenset()
    archives: bool = False

    def knows(self, placeholder: str) -> bool:
        """Whether a value of this name is filled in."""
        if placeholder in COMMON or placeholder in self.extra:
            return True
        return self.archives and _ARCHIVE.fullmatch(placeholder) is not None

    @property
    def for_lists(self) -> bool:
        """Whether a list can have a text of its own under this name; a domain and the site always can."""
        return not self.name.startswith("domain:")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON: Final = _words(
    "listname list_id display_name short_listname domain description info request_email owner_email"
    " site_email language base_url domain_url mailinglist_url held_message_url"
    " pending_subscriptions_url pending_unsubscriptions_url"
)
"""Values that every text gets; those with `_url` only where the domain has a base_url."""

_ARCHIVE: Final = re.compile(r"[a-z][a-z0-9_]*_url", re.ASCII | re.IGNORECASE)
_DECORATION: Final = "fqdn_listname list_name mail_host request_address"
_PERSONAL: Final = (
    "member user_email user_delivered_to user_language user_name user_name_or_email user_name_or_address"
    " user_address"
)
_CONFIRMATION: Final = (
    "token subject confirm_email user_email confirm_address email_address domain_name contact_address"
)
_MEMBER: Final = "user_email user_address fqdn_listname list_name list_requests"


def _template(name: str, extra: str = "", wrap: Wrap = "", *, archives: bool = False) -> Template:
    return Template(name, wrap, _words(extra), archives)


_ALL: Final = (
    _template("domain:admin:notice:new-list", "requestaddr siteowner", "after"),
    _template("list:admin:action:post", "subject sender_email sender reasons"),
    _template("list:admin:action:subscribe", "member", "after"),
    _template("list:admin:action:unsubscribe", "member email mailing_list", "after"),
    _template("list:admin:notice:disable", "member"),
    _template("list:admin:notice:increment", "member"),
    _template("list:admin:notice:pending", "count data", "after"),
    _template("list:admin:notice:removal", "member mlist"),
    _template("list:admin:notice:subscribe", "member"),
    _template("list:admin:notice:unrecognized"),
    _template("list:admin:notice:unsubscribe", "member"),
    _template("list:member:digest:footer", _DECORATION),
    _template("list:member:digest:header", _DECORATION),
    _template("list:member:digest:masthead", "got_list_email got_request_email got_owner_email", "after"),
    _template("list:member:regular:footer", f"{_DECORATION} {_PERSONAL}", archives=True),
    _template("list:member:regular:header", f"{_DECORATION} {_PERSONAL}", archives=True),
    _template("list:user:action:invite", _CONFIRMATION),
    _template("list:user:action:subscribe", _CONFIRMATION),
    _template("list:user:action:unsubscribe", _CONFIRMATION),
    _template("list:user:notice:goodbye", _MEMBER, "after"),
    _template("list:user:notice:hold", "subject sender_email sender reasons", "after"),
    _template("list:user:notice:no-more-today", "count sender_email sender owneremail", "after"),
    _template("list:user:notice:post", "subject list_name"),
    _template("list:user:notice:probe", "sender_email address email owneraddr", "after"),
    _template("list:user:notice:refuse", "request reason adminaddr", "after"),
    _template("list:user:notice:rejected", "reasons"),
    _template("list:user:notice:warning", "sender_email", "before"),
    _template("list:user:notice:welcome", f"user_name delivery posting {_MEMBER}", "before"),
)
TEMPLATES: Final[Mapping[str, Template]] = {template.name: template for template in _ALL}
"""The texts that a site, a domain or a list can have under a URI, by name."""

GENERIC_FOOTER: Final = "list:member:generic:footer"
"""What stands in for a footer that has no text of its own."""
HELP: Final = "help"
"""The answer to `help` by mail."""
FILES: Final[Mapping[str, Template]] = {
    **TEMPLATES,
    GENERIC_FOOTER: _template(GENERIC_FOOTER, f"{_DECORATION} {_PERSONAL}", archives=True),
    HELP: _template(HELP),
}
"""All texts that there can be files of."""

SUFFIX: Final = ".txt"
_FOOTERS: Final = frozenset({"list:member:digest:footer", "list:member:regular:footer"})


def alternative(name: str) -> str:
    """The text that serves where there is no file of `name`; empty: none."""
    return GENERIC_FOOTER if name in _FOOTERS else ""


def template(name: str) -> Template:
    """The one of this name, which may have a file. Raises BadInput."""
    found = FILES.get(name)
    if found is None:
        raise BadInput(f"No such text: {name}", "`mlcore templates list --names` shows those there are")
    return found
