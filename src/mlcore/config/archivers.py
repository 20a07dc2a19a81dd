"""The sections [archiver.NAME]: who gets a copy of each post, to keep it.

Sections of GNU Mailman 3 mean the same here: the classes it has archivers by, the defaults in
[archiver.master], and the file that `configuration` names."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final

from mlcore.base.errors import ConfigError
from mlcore.config import values
from mlcore.config.incumbent import NO_EFFECT
from mlcore.config.option import option
from mlcore.config.syntax import sections
from mlcore.config.values import Kind

PREFIX: Final = "archiver."
MASTER: Final = "archiver.master"
"""Whose values the other sections have where they say nothing."""
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
"""What an archiver may be called: a placeholder, a directory and settings of lists are named after it."""
KINDS: Final = ("prototype", "hyperkitty", "mhonarc", "mail_archive")
_CLASS: Final = "class"
_CLASSES: Final = {
    "mailman.archiving.prototype.Prototype": "prototype",
    "mailman_hyperkitty.Archiver": "hyperkitty",
    "mailman.archiving.mhonarc.MHonArc": "mhonarc",
    "mailman.archiving.mailarchive.MailArchive": "mail_archive",
}
_NO_FILE: Final = frozenset({"", "changeme"})
_URL: Final = re.compile(r"https?://[^\s/?#@<>\"\\]+(?:/[^\s?#<>\"\\]*)?")
_TOKEN: Final = re.compile(r"[!-~]{0,500}")
_LONGEST_URL: Final = 500


def _optional_url() -> Kind:
    """The address of a web site, or nothing; without query, and without user and password."""

    def parse(text: str) -> str:
        if text and (len(text) > _LONGEST_URL or not _URL.fullmatch(text)):
            raise ValueError("this is no address of a web site")
        return text

    return Kind(parse, str, "write one like https://lists.example.com/archives/")


def _optional_file() -> Kind:
    """An absolute path, or what the incumbent writes where there is no file."""

    def parse(text: str) -> str:
        if text in _NO_FILE or text.startswith("python:"):
            return ""
        if not text.startswith("/") or "\n" in text:
            raise ValueError("this is not an absolute path")
        return text

    return Kind(parse, str, "write the path of a file, or delete this")


def _optional_kind(names: Sequence[str] = KINDS) -> Kind:
    """One of the sorts of archivers, or nothing."""

    def parse(text: str) -> str:
        if text and text not in names:
            raise ValueError("this is not offered")
        return text

    return Kind(parse, str, f"write one of: {' '.join(names)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiverOptions:
    """An archiver that gets the posts of lists whose archive_policy is not never, unless their setting
    disabled_archivers names it. NAME is chosen freely; the texts of lists know the page of a post there as
    $NAME_url. See docs/archives.md."""

    kind: str = option(
        "",
        "prototype: a maildir for each list below archive_dir. hyperkitty: the web archive of that name."
        " mhonarc: a program that reads each post. mail_archive: a mail address that gets the posts of lists"
        " with a public archive. Empty: what the section is called.",
        _optional_kind(),
    )
    enable: bool = option(False, "Whether it gets posts.", values.boolean())
    base_url: str = option(
        "",
        "Where HyperKitty is reached from this host. For the others: where readers find the archive.",
        _optional_url(),
    )
    public_url: str = option(
        "",
        "Where readers find the archive, if not at base_url; posts link there. In an address for readers"
        " $fqdn_listname, $list_id, $list_name and $mail_host (also $hostname) stand for those of the list."
        " An address of this host alone, like http://localhost/, is never linked to.",
        _optional_url(),
    )
    api_key: str = option(
        "",
        "The key that HyperKitty knows as MAILMAN_ARCHIVER_KEY.",
        values.matching(
            _TOKEN, "this cannot stand in a header field", "write letters, digits and signs of ASCII"
        ),
        secret=True,
    )
    configuration: str = option(
        "",
        "A file with a section [general] that has base_url, api_key, command or recipient where this one has"
        " not, as mailman-hyperkitty.cfg.",
        _optional_file(),
    )
    recipient: str = option("", "The address that mail_archive sends to.", values.optional_address())
    command: str = option(
        "",
        "The program that mhonarc runs for each post, with its arguments; the post is its input. No shell is"
        " used. The names of public_url may stand in arguments, and $archive_dir.",
        values.text(),
    )
    clobber_date: str = option(
        "maybe",
        "When the Date of the copy becomes the time at which the post came, and the old one X-Original-Date:"
        " never, always, or maybe: where it is further off than clobber_skew, or cannot be read.",
        values.choice("never", "maybe", "always"),
    )
    clobber_skew: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=1), "How far it may be off.", values.duration("1m", "3650d")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiverSettings(ArchiverOptions):
    """An archiver that is switched on. name: what stands behind the dot; kind: one of KINDS."""

    name: str

    @property
    def section(self) -> str:
        """What its section is called."""
        return f"{PREFIX}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section as it was read. given: its values, `kind` among them where it says so; of_class: what it
    says as `class`, empty: nothing."""

    name: str
    given: Mapping[str, Any]
    of_class: str = ""


class Unusable(Exception):
    """What keeps an archiver from being used. key: which of its keys is to blame."""

    def __init__(self, text: str, remedy: str, key: str) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.key = key


def read(master: Mapping[str, Any], section: Section) -> tuple[ArchiverSettings | None, tuple[str, ...]]:
    """The archiver that a section describes, None if it is switched off, and notices about it.

    master: what [archiver.master] says. Raises Unusable."""
    values_ = {**master, **section.given}
    # What sort of archiver this is, is said by its own section alone.
    kind = section.given.get("kind", "")
    notices: tuple[str, ...] = ()
    if not kind and section.of_class:
        kind = _CLASSES.get(section.of_class, "")
        if kind:
            notices = (f"{_CLASS}: {section.of_class} is taken as kind: {kind}: write that",)
    elif not kind and section.name in KINDS:
        kind = section.name
    if not values_.get("enable", False):
        # What it would need is of no interest, and archivers of others are not known here.
        unknown = () if kind else (f"{NO_EFFECT}it is switched off, and mlcore has no such archiver",)
        return None, (*notices, *unknown)
    if not kind:
        raise _no_kind(section.of_class)
    made = ArchiverSettings(**{**values_, "name": section.name, "kind": kind})
    _check(made)
    return made, notices


def _no_kind(of_class: str, names: Sequence[str] = KINDS) -> Unusable:
    if of_class:
        return Unusable("mlcore has no such archiver", "set enable: no, or delete the section", key=_CLASS)
    return Unusable("nothing says what archiver this is", f"write one of: {' '.join(names)}", key="kind")


def _check(one: ArchiverSettings) -> None:
    """Raises Unusable for what is missing in the section and cannot come from a file."""
    if one.configuration:
        return
    if one.kind == "hyperkitty" and not one.base_url:
        raise Unusable("this is missing", "write where HyperKitty is, or name a file with it", key="base_url")
    if one.kind == "hyperkitty" and not one.api_key:
        raise Unusable("this is missing", "write the MAILMAN_ARCHIVER_KEY of HyperKitty", key="api_key")
    if one.kind == "mhonarc" and not one.command:
        raise Unusable("this is missing", "write one like /usr/bin/mhonarc -add -outdir DIR", key="command")


def problems(archivers: Iterable[ArchiverSettings], *, file: str) -> list[ConfigError]:
    """What `resolved` would raise for each."""
    found = []
    for one in archivers:
        try:
            resolved(one, file=file)
        except ConfigError as error:
            found.append(error)
    return found


_EXTERNAL: Final = {
    "prototype": (),
    "hyperkitty": ("base_url", "api_key"),
    "mhonarc": ("base_url", "command"),
    "mail_archive": ("base_url", "recipient"),
}
"""What of an external file counts."""


def resolved(one: ArchiverSettings, *, file: str) -> ArchiverSettings:
    """The archiver with what its external file says; what its section says stands. file: of the section, for
    errors. Raises ConfigError for a file that cannot be read or used, and for what is missing then."""
    if not one.configuration:
        return one
    found = _external(one.configuration)
    known = {item.name: item.metadata["kind"] for item in fields(ArchiverOptions)}
    more: dict[str, Any] = {}
    for key in _EXTERNAL[one.kind]:
        text = found.get(key, "")
        if getattr(one, key) or not text:
            continue
        try:
            more[key] = known[key].parse(text)
        except ValueError as error:
            raise ConfigError(
                str(error), known[key].remedy, file=one.configuration, section="general", key=key
            ) from None
    made = replace(one, configuration="", **more)
    try:
        _check(made)
    except Unusable as wrong:
        place = f"{wrong.text}, here and in {one.configuration}"
        raise ConfigError(place, wrong.remedy, file=file, section=one.section, key=wrong.key) from None
    return made


def _external(path: str) -> Mapping[str, str]:
    """The section [general] of a file of the incumbent's."""
    try:
        with open(path, "rb") as source:
            text = source.read().decode("utf-8-sig", "replace")
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({error.strerror})", "name a file that this user may read", file=path
        ) from error
    raw, problems = sections(text.replace("\r\n", "\n"), path)
    if problems:
        raise problems[0]
    return {key: text.strip() for key, text in raw.get("general", {}).items()}


def shown(one: ArchiverSettings) -> Iterator[tuple[str, Kind, object, bool]]:
    """Each key of a section: name, kind of value, value, whether it is a secret."""
    for item in fields(ArchiverOptions):
        yield item.name, item.metadata["kind"], getattr(one, item.name), item.metadata["secret"]
