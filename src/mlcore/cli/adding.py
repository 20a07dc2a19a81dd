"""How commands bring members to a list: at once, or by invitations that they answer themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlcore.cli.language import spoken
from mlcore.cli.report import Report
from mlcore.cli.site import Site
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mlcore.actions.invitations import Invited
    from mlcore.actions.members import Added, Person
    from mlcore.actions.subscriptions import Office

DELIVERY = {
    "regular": (DeliveryMode.REGULAR, DeliveryStatus.ENABLED),
    "mime": (DeliveryMode.MIME_DIGESTS, DeliveryStatus.ENABLED),
    "plain": (DeliveryMode.PLAINTEXT_DIGESTS, DeliveryStatus.ENABLED),
    "summary": (DeliveryMode.SUMMARY_DIGESTS, DeliveryStatus.ENABLED),
    "disabled": (DeliveryMode.REGULAR, DeliveryStatus.BY_MODERATOR),
}


def office(site: Site) -> "Office":
    """Where everybody joins and leaves. Raises BadInput, DiskTrouble for the key of the site."""
    from mlcore.actions.subscriptions import Office
    from mlcore.base.sitekey import site_key
    from mlcore.config.directories import prepare

    settings = site.settings
    prepare(settings.paths)
    return Office.of(site_key(settings.paths.site_key), settings.mailman)


class Adding:
    """What addmembers and syncmembers do with people who are no members yet. delivery: one of `DELIVERY`;
    welcome, notify: as `actions.members.add` has them.

    They are invited if invite says so, or if the site has everybody asked; consented: they have agreed, which
    is logged by `log`."""

    def __init__(
        self,
        site: Site,
        *,
        delivery: str,
        welcome: bool | None,
        notify: bool | None = None,
        invite: bool = False,
        consented: bool = False,
    ) -> None:
        from mlcore.store.bulk import Growth

        self._site = site
        mode, status = DELIVERY[delivery.lower()]
        self._how: dict[str, Any] = {"mode": mode, "status": status, "welcome": welcome}
        self._notify = notify
        self._consented = consented
        asks_all = site.settings.mailman.mass_subscription == "invite"
        self._invites = invite or (asks_all and not consented)
        self._says_so = self._invites and not invite
        self.word = "[INVITE]" if self._invites else "[ADD]"
        """What is done with each of them."""
        self._office = office(site) if self._invites else None
        self._growth = Growth()

    @property
    def portion(self) -> int:
        """People of one transaction."""
        from mlcore.actions import invitations, members

        return invitations.CHUNK if self._invites else members.CHUNK

    def announce(self, report: Report) -> None:
        """Says it where people are invited though nobody has asked for that."""
        if self._says_so:
            report.warn(spoken("Inviting, not adding: mass_subscription is invite (--consented adds)"))

    def do(
        self, connection: "Connection", policy: ListPolicy, people: "Sequence[Person]"
    ) -> "Added | Invited":
        """Adds or invites at most `portion` people. Raises NoSuchList."""
        from mlcore.actions import invitations, members

        now = self._site.now()
        if self._office is None:
            added = members.add(connection, policy, people, notify=self._notify, now=now, **self._how)
            self._growth.by(connection, len(added.added))
            return added

        return invitations.invite(
            connection, self._office, policy, people, cause="command", now=now, **self._how
        )

    def log(self, list_id: str, count: int) -> None:
        """Leaves a trace of so many members who were added because somebody has said that they agree: in the
        log file if there is one, else in the system log."""
        if self._consented and count:
            log_consent(self._site, list_id, count)


def log_consent(site: Site, list_id: str, count: int) -> None:
    """See `Adding.log`."""
    import os
    import syslog

    from mlcore.server.logs import LogFile, make_log
    from mlcore.server.wiring import log_path

    settings = site.settings
    by = os.environ.get("SUDO_USER") or os.environ.get("LOGNAME") or str(os.getuid())
    path = log_path(settings)
    if not path:
        text = f"mlcore: consented list_id={list_id} members={count} by={by!a}"
        syslog.syslog(syslog.LOG_MAIL | syslog.LOG_INFO, text)
        return
    file = LogFile(path)
    try:
        make_log(file, style=settings.logging.format).info("consented", list_id=list_id, members=count, by=by)
    finally:
        file.close()
