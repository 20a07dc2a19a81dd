"""The sections about the MTA: how mail comes in and goes out, and how Postfix learns of lists."""

import re
from dataclasses import dataclass
from datetime import timedelta

from mlcore.config import places, values
from mlcore.config.incumbent import from_names
from mlcore.config.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaSettings:
    """The way in (LMTP, from Postfix) and the way out (SMTP, to Postfix)."""

    incoming: str = option(
        "postfix",
        "postfix: the maps by which Postfix knows the lists are written into data_dir. null: nothing is"
        " written; the MTA knows in another way what it gives to mlcore.",
        values.choice("postfix", "null"),
        translation=from_names(
            {
                "mailman.mta.postfix.LMTP": "postfix",
                "mailman.mta.exim4.LMTP": "null",
                "mailman.mta.null.NullMTA": "null",
            }
        ),
    )
    outgoing: str = option(
        "smtp",
        "smtp: give mail to the server below. outbox: give it to nobody, but put it into a maildir for each"
        " recipient under $var_dir/outbox (for trying things out).",
        values.choice("smtp", "outbox"),
        translation=from_names({"mailman.mta.deliver.deliver": "smtp"}),
    )
    smtp_host: str = option(
        "localhost", "Server that takes mail for the members, normally Postfix on this host.", values.host()
    )
    smtp_port: int = option(25, "Its port.", values.integer(1, 65_535))
    smtp_user: str = option("", "User name for SMTP AUTH; empty: none is used.", values.text())
    smtp_pass: str = option("", "Its password.", values.text(), secret=True)
    smtp_secure_mode: str = option(
        "smtp",
        "smtp: no TLS. smtps: TLS from the first octet. starttls: TLS after STARTTLS, or nothing is sent.",
        values.choice("smtp", "smtps", "starttls"),
    )
    smtp_verify_cert: bool = option(True, "Whether the server's certificate must be valid.", values.boolean())
    smtp_verify_hostname: bool = option(True, "Whether it must be made out to smtp_host.", values.boolean())
    lmtp_host: str = option("127.0.0.1", "Address on which Postfix reaches mlcore by LMTP.", values.host())
    lmtp_port: int = option(8024, "Its port; 0: the system chooses a free one.", values.integer(0, 65_535))
    lmtp_socket: str = option(
        "", "A Unix socket to listen on instead of host and port; empty: none.", places.optional_socket()
    )
    max_recipients: int = option(
        500,
        "Recipients in one SMTP transaction.",
        values.integer(1, 10_000),
        live=True,
        translation=from_names({"0": "10000"}),
    )
    max_connections: int = option(8, "SMTP connections at a time.", values.integer(1, 1_000))
    max_sessions_per_connection: int = option(
        0,
        "Transactions in one SMTP connection before it is closed; 0: no limit.",
        values.integer(0, 1_000_000),
    )
    delivery_retry_period: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=5),
        "How long a delivery that fails for now is tried again.",
        values.duration("1m", "90d"),
        live=True,
    )
    retry_base: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(minutes=5),
        "Time to the second attempt; it doubles with each further one.",
        values.duration("1s", "1d"),
        live=True,
    )
    retry_cap: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(hours=2), "Longest time between two attempts.", values.duration("1s", "7d"), live=True
    )
    verp_delimiter: str = option(
        "+",
        "What stands between a list's address and what is appended to it; Postfix calls it"
        " recipient_delimiter.",
        values.matching(re.compile(r"[+=_#~]"), "this is not possible here", "write one of: + = _ # ~"),
    )
    verp_confirmations: bool = option(
        True,
        "Whether a request for confirmation comes from -confirm+TOKEN; otherwise it comes from -request, with"
        " the token in its subject.",
        values.boolean(),
        live=True,
    )
    max_autoresponses_per_day: int = option(
        10,
        "Notices about held posts, and answers to commands, that one address gets from one list in 24 hours;"
        " 0: no limit.",
        values.integer(0, 10_000),
        live=True,
    )
    remove_dkim_headers: bool = option(
        False,
        "Whether signatures of the author's domain are taken out of posts. They tell readers nothing where a"
        " list changes the text, and do no harm.",
        values.boolean(),
        live=True,
    )
    verp_delivery_interval: int = option(
        0,
        "Each which post of a list goes out with a sender of its own for each recipient (VERP), so that a"
        " report tells whom it is about: 0 none, 1 all, N those whose number N divides.",
        values.integer(0, 1_000_000),
        live=True,
    )
    verp_personalized_deliveries: bool = option(
        False,
        "Whether copies that are made for each recipient anyway have such senders.",
        values.boolean(),
        live=True,
    )
    verp_probes: bool = option(
        False,
        "Whether a member with too many bounces gets a last mail to find out, before delivery is disabled."
        " Where nothing proves that the reports are about this member, that mail is sent in any case.",
        values.boolean(),
        live=True,
    )
    verp_max_volume: int = option(
        1 << 30,
        "Size of a post times its recipients above which not all of them get a sender of their own, but as"
        " many as stay below it, others with each post.",
        values.size("1M", "1024G"),
        live=True,
    )
    max_unsynced: int = option(
        50,
        "Transactions of one recipient that one connection may be ahead of the record of what was delivered;"
        " after a crash so many may be repeated for each connection.",
        values.integer(1, 1_000),
        live=True,
    )
    messages_per_minute: int = option(
        0,
        "SMTP transactions in a minute that smtp_host gets at the most; 0: no limit.",
        values.integer(0, 1_000_000),
        live=True,
    )
    max_message_size: int = option(
        64 << 20,
        "Largest message that is accepted; Postfix's message_size_limit should not be above it.",
        values.size("64K", "1G"),
        live=True,
    )
    min_free_space: int = option(
        0,
        "Free space in queue_dir below which new mail is put off (452); 0: one and a half times"
        " max_message_size.",
        values.size("0", "1024G"),
        live=True,
    )
    min_free_inodes: int = option(
        1_000, "The same for inodes; 0: they are not looked at.", values.integer(0, 10**9), live=True
    )

    @property
    def low_water_bytes(self) -> int:
        """Free octets below which new mail is put off."""
        return self.min_free_space or self.max_message_size * 3 // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PostfixSettings:
    """How Postfix learns which lists there are."""

    postmap_command: str = option(
        "/usr/sbin/postmap", "Program that makes the database file of a map.", places.program()
    )
    transport_file_type: str = option(
        "hash",
        "Type of the maps, as Postfix calls it: hash, lmdb, btree or cdb (postmap is run), texthash, regexp"
        " (a text file is enough), or none (text files, and postmap is left to others).",
        values.choice("hash", "lmdb", "btree", "cdb", "texthash", "regexp", "none", also={"regex": "regexp"}),
    )
    socketmap: str = option(
        "",
        "Where Postfix may ask for lists as they are now (socketmap_table(5)): HOST:PORT, as 127.0.0.1:8025,"
        " or the absolute path of a Unix socket; empty: nowhere.",
        places.optional_endpoint(),
    )
