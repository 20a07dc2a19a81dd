"""What the configuration says, in the words of those who work by it."""

from typing import Final, TypedDict

import mlcore
from mlcore.base.durable import Free
from mlcore.config.settings import Settings
from mlcore.lists.facts import ArchiverFacts, SiteFacts
from mlcore.lists.model import Action, HeaderMatch
from mlcore.runners.issues import KeptFields
from mlcore.runners.outgoing import Schedule
from mlcore.texts.languages import LANGUAGES
from mlcore.texts.texts import Texts

_MASTHEAD: Final = "list:member:digest:masthead"


def site_facts(settings: Settings, packaged: Texts, archivers: tuple[ArchiverFacts, ...] = ()) -> SiteFacts:
    """What every post is told of this site. packaged: the texts of the program; archivers: those that run."""
    mailman, mta = settings.mailman, settings.mta
    return SiteFacts(
        version=mlcore.__version__,
        site_owner=mailman.site_owner,
        noreply=mailman.noreply_address,
        site_name=mailman.site_list_name.lower(),
        delimiter=mta.verp_delimiter,
        default_language=mailman.default_language,
        header_checks=tuple(map(_header_check, settings.antispam.header_checks)),
        jump_action=Action(settings.antispam.jump_chain),
        email_commands_max_lines=mailman.email_commands_max_lines,
        hold_digest=mailman.hold_digest,
        masthead_threshold=mailman.masthead_threshold,
        mastheads=_mastheads(packaged) if mailman.hold_digest else (),
        check_max_size_on_filtered_message=mailman.check_max_size_on_filtered_message,
        filter_report=mailman.filter_report,
        filtered_messages_are_preservable=mailman.filtered_messages_are_preservable,
        sender_headers=mailman.sender_headers,
        anonymous_list_keep_headers=mailman.anonymous_list_keep_headers,
        remove_dkim_headers=mta.remove_dkim_headers,
        verp_confirmations=mta.verp_confirmations,
        verp_delivery_interval=mta.verp_delivery_interval,
        verp_personalized_deliveries=mta.verp_personalized_deliveries,
        verp_max_volume=mta.verp_max_volume,
        one_click_url=mailman.one_click_url,
        archivers=archivers,
        max_autoresponses_per_day=mta.max_autoresponses_per_day,
    )


def _header_check(line: str) -> HeaderMatch:
    header, _, pattern = line.partition(":")
    return HeaderMatch(header=header.strip().lower(), pattern=pattern.strip())


def _mastheads(packaged: Texts) -> tuple[str, ...]:
    found = (packaged.template(_MASTHEAD, "", "", (code,)) for code in LANGUAGES)
    return tuple(dict.fromkeys(found))


def low_water(settings: Settings) -> Free:
    """Below which room nothing new is taken."""
    return Free(settings.mta.low_water_bytes, settings.mta.min_free_inodes)


def schedule(settings: Settings) -> Schedule:
    """When deferred mail is tried again, and in which portions."""
    mta = settings.mta
    return Schedule(
        retry_base_s=mta.retry_base.total_seconds(),
        retry_cap_s=mta.retry_cap.total_seconds(),
        retry_period_s=mta.delivery_retry_period.total_seconds(),
        max_recipients=mta.max_recipients,
        transactions_at_once=max(1, mta.max_connections // 2),
        max_unsynced=mta.max_unsynced,
        delimiter=mta.verp_delimiter,
    )


def kept_fields(settings: Settings) -> KeptFields:
    """What posts keep in digests."""
    digests = settings.digests
    return KeptFields(plain=digests.plain_digest_keep_headers, mime=digests.mime_digest_keep_headers)


class SiteAddresses(TypedDict):
    """Who is told of this site, and by whom. noreply: a local part; host: where it belongs to."""

    site_owner: str
    noreply: str
    host: str


def site_addresses(settings: Settings) -> SiteAddresses:
    """As configured."""
    mailman = settings.mailman
    return {
        "site_owner": mailman.site_owner,
        "noreply": mailman.noreply_address,
        "host": mailman.site_owner.rpartition("@")[2] or "localhost",
    }
