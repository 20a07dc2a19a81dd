"""What stands around the posts of a digest, in the language of its list."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from mlcore.lists.digests import phrases
from mlcore.lists.digests.bodies import Say
from mlcore.lists.digests.model import Issue
from mlcore.lists.digests.visible import visible
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices.desk import Desk, Voice
from mlcore.lists.notices.phrases import filled
from mlcore.texts.texts import Texts

_NO_VALUES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Frame:
    """say: a phrase in the language of the list; charset: of the list, for what can be written in it;
    subject: of the digest; plain_subject: the same in ASCII, for places without a charset. masthead, header,
    footer: lines with LF, none at the end; empty where there is none."""

    say: Say
    charset: str
    subject: str
    plain_subject: str
    masthead: str
    header: str
    footer: str


def frame(policy: ListPolicy, site: SiteFacts, texts: Texts, issue: Issue, base_url: str) -> Frame:
    """The texts of one issue. base_url: of the list's domain; empty: none."""
    desk = Desk(texts, site, {policy.mail_host: base_url})
    voice = desk.voice(policy)
    counted = {"volume": str(issue.volume), "number": str(issue.number)}
    addresses = {
        "got_list_email": policy.posting_address,
        "got_request_email": policy.sub_address("request"),
        "got_owner_email": policy.sub_address("owner"),
    }
    return Frame(
        say=partial(desk.say, voice),
        charset=voice.charset,
        subject=desk.say(voice, phrases.SUBJECT, counted).strip(),
        plain_subject=_in_ascii(policy, voice, counted),
        masthead=visible(desk.template("list:member:digest:masthead", policy, voice, addresses)),
        header=visible(desk.template("list:member:digest:header", policy, voice, _NO_VALUES)),
        footer=visible(desk.template("list:member:digest:footer", policy, voice, _NO_VALUES)),
    )


def _in_ascii(policy: ListPolicy, voice: Voice, counted: Mapping[str, str]) -> str:
    """In English, under the local part of the list where its name needs more than ASCII."""
    name = voice.values["display_name"]
    values = {**counted, "display_name": name if name.isascii() else policy.list_name}
    return filled(phrases.SUBJECT, values).strip()
