"""What every mail of ours needs: texts in the reader's language, with what stands for their placeholders."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from mlcore.lists import placeholders
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices import phrases
from mlcore.lists.notices.letters import Answered, Person
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.mail import message_id
from mlcore.mail.fields import split
from mlcore.mail.lines import normalise
from mlcore.texts import languages
from mlcore.texts.expand import expand
from mlcore.texts.fill import fill, wrap
from mlcore.texts.names import TEMPLATES
from mlcore.texts.texts import Texts

LONGEST: Final = 254
"""Characters of a name, address or subject."""
AUTHOR_COLUMNS: Final = 66
OWNER_COLUMNS: Final = 55
"""How wide reasons are written for authors and for owners, before they are indented."""
_INDENT: Final = "    "
_READ: Final = 65_536
"""Octets of a message that its Message-ID is looked for in."""


class Voice(NamedTuple):
    """How one reader is spoken to. languages: codes, the wanted one first; charset: of the mail, where it can
    hold the text; values: what stands for the placeholders of the list, empty for mail of the site."""

    languages: tuple[str, ...]
    charset: str
    values: Mapping[str, str]


class Desk:
    """Finds words. site: this site; base_urls: of the web pages, by mail host."""

    def __init__(self, texts: Texts, site: SiteFacts, base_urls: Mapping[str, str] | None = None) -> None:
        self.texts = texts
        self.site = site
        self.base_urls = base_urls or {}

    def voice(self, policy: ListPolicy | None, language: str = "") -> Voice:
        """For a reader who wants `language`; empty: that of the list, and for mail of the site (policy None)
        that of the site."""
        if policy is None:
            chain = languages.chain(language, self.site.default_language)
            return Voice(chain, languages.charset_of(chain[0]), {})
        chain = languages.chain(language, policy.preferred_language, self.site.default_language)
        own = policy.charset if chain[0] == policy.preferred_language else ""
        base_url = self.base_urls.get(policy.mail_host, "")
        values = placeholders.of_list(policy, self.site, base_url, chain[0])
        return Voice(chain, own or languages.charset_of(chain[0]), values)

    def template(self, name: str, policy: ListPolicy, voice: Voice, more: Mapping[str, str]) -> str:
        """The text of template `name` with the values of the list and `more`, wrapped as this template is."""
        text = self.texts.template(name, policy.list_id, policy.mail_host, voice.languages)
        wrapped = TEMPLATES[name].wrap
        if wrapped == "before":
            text = fill(text)
        text = expand(text, {**voice.values, **more})
        return fill(text) if wrapped == "after" else text

    def say(self, voice: Voice, phrase: str, more: Mapping[str, str] | None = None) -> str:
        """A phrase in the reader's language, its names filled in with the values of the list and `more`."""
        return phrases.filled(self.texts.say(voice.languages, phrase), {**voice.values, **(more or {})})

    def saying(self, policy: ListPolicy) -> Callable[[str], str]:
        """Translates set phrases for the owners of a list."""
        return partial(self.texts.say, self.voice(policy).languages)

    def paragraph(self, voice: Voice, phrase: str) -> str:
        """The same, wrapped."""
        return fill(self.say(voice, phrase))

    def subject(self, voice: Voice, kind: str, **more: str) -> str:
        """The subject of a kind of mail, not coded yet."""
        return self.say(voice, phrases.SUBJECTS[kind], more)

    def reasons(self, voice: Voice, reasons: Iterable[Reason], columns: int) -> str:
        """The reasons, one a paragraph line, wrapped at `columns` and indented; a set phrase for none."""
        said = [reason.filled(self.texts.say(voice.languages, reason.text)) for reason in reasons]
        lines = [
            line for text in said or [self.say(voice, phrases.NO_REASON)] for line in wrap(text, columns)
        ]
        return "\n".join([_INDENT + line for line in lines])

    def written(self, voice: Voice, text: str, columns: int) -> str:
        """What a person wrote, as reasons are; a set phrase for nothing."""
        lines = placeholders.block(text).splitlines() or [self.say(voice, phrases.NO_REASON)]
        wrapped = [part for line in lines for part in wrap(line, columns) or [""]]
        return "\n".join([_INDENT + part if part else "" for part in wrapped])

    def shown_subject(self, voice: Voice, person: Person, subject: str) -> str:
        """The subject of a message in this person's name, if he may be shown it (see `Person`)."""
        if not person.member:
            return self.say(voice, phrases.SUBJECT_NOT_SHOWN)
        return one_line(subject, LONGEST) or self.say(voice, phrases.NO_SUBJECT)


def named(person: Person) -> str:
    """`Name <a@b>` or `a@b`, one line."""
    name, address = one_line(person.name, LONGEST), one_line(person.address, LONGEST)
    return f"{name} <{address}>" if name else address


def answered_by(original: bytes) -> Answered:
    """What an answer to this message refers to."""
    fields, _ = split(normalise(original[:_READ]))
    return Answered(message_id=message_id.of(fields))


def each_once(recipients: Sequence[str]) -> tuple[str, ...]:
    """The addresses in their order, without repetitions."""
    return tuple(dict.fromkeys(recipients))
