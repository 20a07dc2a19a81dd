"""Archivers as they are configured."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mlcore.archive import mail_archive
from mlcore.archive.archiver import Archiver
from mlcore.archive.hyperkitty import HyperKitty
from mlcore.archive.mail_archive import MailArchive
from mlcore.archive.mhonarc import Mhonarc
from mlcore.archive.prototype import Prototype, Publisher
from mlcore.config.archivers import ArchiverSettings
from mlcore.lists.facts import ArchiverFacts
from mlcore.spool.spool import Spool

_MAIL_ARCHIVE: Final = "mail_archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """An archiver, and when it gets another Date (`lists.archiving.dated`): clobber_date is never, maybe or
    always; clobber_skew_s in seconds."""

    archiver: Archiver
    clobber_date: str = "maybe"
    clobber_skew_s: float = 86_400.0


def facts(settings: Sequence[ArchiverSettings]) -> tuple[ArchiverFacts, ...]:
    """What posts know of the archivers. settings: resolved (`config.archivers.resolved`)."""
    return tuple([_facts(one) for one in settings])


def _facts(one: ArchiverSettings) -> ArchiverFacts:
    url = one.public_url or one.base_url
    if one.kind == _MAIL_ARCHIVE:
        url = url or mail_archive.BASE_URL
    return ArchiverFacts(
        name=one.name,
        kind=one.kind,
        base_url="" if one.kind == "prototype" or _is_of_this_host(url) else url,
        public_only=one.kind == _MAIL_ARCHIVE,
    )


def _is_of_this_host(url: str) -> bool:
    """Whether an address means another host to each reader."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return True  # [ without ]
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def keepers(
    settings: Sequence[ArchiverSettings], *, archive_dir: str, publisher: Publisher, spool: Spool
) -> dict[str, Keeper]:
    """The archivers by name. settings: resolved; archive_dir: below which they keep what they keep here.

    Raises BadInput for a command that cannot be read."""
    return {
        one.name: Keeper(
            archiver=_archiver(one, archive_dir, publisher, spool),
            clobber_date=one.clobber_date,
            clobber_skew_s=one.clobber_skew.total_seconds(),
        )
        for one in settings
    }


def _archiver(one: ArchiverSettings, archive_dir: str, publisher: Publisher, spool: Spool) -> Archiver:
    if one.kind == "hyperkitty":
        return HyperKitty(one.name, one.base_url, one.api_key)
    if one.kind == "mhonarc":
        return Mhonarc(one.name, one.command, archive_dir)
    if one.kind == _MAIL_ARCHIVE:
        return MailArchive(one.name, one.recipient or mail_archive.RECIPIENT, spool)
    return Prototype(one.name, f"{archive_dir}/{one.name}", publisher)
