"""The configuration as frozen records. Each field carries its documentation and its kind of value, so
that the loader, the commented example and the messages about mistakes all read the same words."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mlcore.config import values
from mlcore.config.values import Kind


def option(default: object, doc: str, kind: Kind, *, secret: bool = False) -> Any:
    """A field of a section. default: the value, or the text of a path before `$var` is replaced.

    secret: the value is in no repr, log line or error message."""
    return field(default=default, repr=not secret, metadata={"doc": doc, "kind": kind, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailmanSettings:
    """What concerns the whole site."""

    site_owner: str = option(
        "",
        "A person or an alias who reads mail about this site; never a list of this site. Sender of"
        " notices to owners, and their recipient where a list has no owner. Set it: while it is empty"
        " a warning is logged at each start.",
        values.optional_address(),
    )
    noreply_address: str = option(
        "noreply",
        "Local part of the address under which mail goes out that nobody is to answer.",
        values.local_part(),
    )
    default_language: str = option(
        "en", "Language of texts where nothing nearer says otherwise.", values.language()
    )
    layout: str = option(
        "here",
        "Where files lie: here (./var), fhs (/var/lib/mlcore and so on), or a section [paths.NAME] of yours.",
        values.name(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where files lie, in a section named after the layout. $var_dir and the other names of this section,
    $cwd (the working directory) and $cfg_file (this file) may be used. Directories are made with mode
    0700; a start refuses one that others can write to."""

    var_dir: str = option("$cwd/var", "Everything below lies here if it is not moved.", values.path())
    queue_dir: str = option("$var_dir/queue", "Messages in transit. A local disk.", values.path())
    log_dir: str = option("$var_dir/logs", "Log files, where they are configured.", values.path())
    data_dir: str = option("$var_dir/data", "The database.", values.path())
    etc_dir: str = option("$var_dir/etc", "Configuration.", values.path())

    @property
    def control_socket(self) -> str:
        """Where the running server listens to commands."""
        return f"{self.var_dir}/mlcore.sock"

    @property
    def outbox_dir(self) -> str:
        """Where `outgoing: outbox` puts a maildir for each recipient."""
        return f"{self.var_dir}/outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaSettings:
    """The way in (LMTP, from Postfix) and the way out (SMTP, to Postfix)."""

    outgoing: str = option(
        "smtp",
        "smtp: give mail to the server below. outbox: give it to nobody, but put it into a maildir for each"
        " recipient under $var_dir/outbox (for trying things out).",
        values.choice("smtp", "outbox"),
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
        "", "A Unix socket to listen on instead of host and port; empty: none.", values.optional_path()
    )
    max_recipients: int = option(500, "Recipients in one SMTP transaction.", values.integer(1, 10_000))
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
    )
    retry_base: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(minutes=5),
        "Time to the second attempt; it doubles with each further one.",
        values.duration("1s", "1d"),
    )
    retry_cap: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(hours=2), "Longest time between two attempts.", values.duration("1s", "7d")
    )
    verp_delimiter: str = option(
        "+",
        "What stands between a list's address and what is appended to it; Postfix calls it"
        " recipient_delimiter.",
        values.matching(re.compile(r"[+=_#~]"), "this is not possible here", "write one of: + = _ # ~"),
    )
    max_message_size: int = option(
        64 << 20,
        "Largest message that is accepted; Postfix's message_size_limit should not be above it.",
        values.size("64K", "1G"),
    )
    min_free_space: int = option(
        0,
        "Free space in queue_dir below which new mail is put off (452); 0: one and a half times"
        " max_message_size.",
        values.size("0", "1024G"),
    )
    min_free_inodes: int = option(
        1_000, "The same for inodes; 0: they are not looked at.", values.integer(0, 10**9)
    )

    @property
    def low_water_bytes(self) -> int:
        """Free octets below which new mail is put off."""
        return self.min_free_space or self.max_message_size * 3 // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Lists, members and what waits for a decision."""

    url: str = option(
        "sqlite:///$data_dir/mlcore.db",
        "Where they are kept. $data_dir and the other names of the paths may be used.",
        values.database_url(),
        secret=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingSettings:
    """What is told about the work."""

    level: str = option(
        "info", "Least weight of a line that is written.", values.choice("debug", "info", "warning", "error")
    )
    format: str = option(
        "text",
        "text: one line of key=value per event. json: one object per event.",
        values.choice("text", "json"),
    )
    path: str = option(
        "", "A file, below log_dir where it does not begin with /; empty: standard error.", values.text()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """The process itself."""

    one_processor: bool = option(
        True,
        "Whether all threads keep to one processor (the last that the process may use). Python runs one"
        " thread at a time, and handing over within one processor is far cheaper.",
        values.boolean(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration. config_file: where it came from; empty: the built-in defaults."""

    mailman: MailmanSettings = field(metadata={"section": "mailman"})
    paths: Paths = field(metadata={"section": "paths"})
    mta: MtaSettings = field(metadata={"section": "mta"})
    database: DatabaseSettings = field(metadata={"section": "database"})
    logging: LoggingSettings = field(metadata={"section": "logging.root"})
    process: ProcessSettings = field(default_factory=ProcessSettings, metadata={"section": "process"})
    config_file: str = ""


LAYOUTS: dict[str, dict[str, str]] = {
    "here": {},
    "fhs": {
        "var_dir": "/var/lib/mlcore",
        "queue_dir": "/var/spool/mlcore",
        "log_dir": "/var/log/mlcore",
        "etc_dir": "/etc",
    },
}
"""The built-in layouts: what differs from the defaults of `Paths`."""

UNUSED: dict[str, dict[str, str]] = {
    "paths": dict.fromkeys(
        (
            "bin_dir",
            "ext_dir",
            "list_data_dir",
            "lock_dir",
            "lock_file",
            "pid_file",
            "cache_dir",
            "messages_dir",
        ),
        "mlcore needs no such path",
    ),
    "mta": {
        "incoming": "the way in is always LMTP",
        "configuration": "mlcore runs no postmap",
        "max_delivery_threads": "max_connections says how much goes on at a time",
        "verp_format": "the form of VERP addresses is fixed",
        "verp_regexp": "the form of VERP addresses is fixed",
    },
    "database": {
        "class": "the url says which database it is",
        "debug": "[logging.root] level: debug shows it",
    },
    "logging.root": {"datefmt": "times are written as RFC 3339 says", "propagate": "there is one log"},
}
"""Keys that operators of GNU Mailman know and that mean nothing here: section → key → why it can go."""
