"""The configuration as frozen records. Each field carries its documentation and its kind of value, so
that the loader, the commented example and the messages about mistakes all read the same words."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mlcore.config import places, values
from mlcore.config.incumbent import Translation, from_names, plain_format, psycopg
from mlcore.config.values import Kind


def option(
    default: object,
    doc: str,
    kind: Kind,
    *,
    secret: bool = False,
    live: bool = False,
    translation: Translation | None = None,
) -> Any:
    """A field of a section. default: the value, or the text of a path before `$var` is replaced.

    secret: the value is in no repr, log line or error message. live: a running server takes a change over
    when it reads the configuration again. translation: what texts of a mailman.cfg mean here."""
    metadata = {"doc": doc, "kind": kind, "secret": secret, "live": live, "translation": translation}
    return field(default=default, repr=not secret, metadata=metadata)


LISTNAME_SIGNS = "[-_.+=!$*{}~0-9a-z]"
"""What `listname_chars` may allow at the most: none of it needs quoting in an address or in a Postfix map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailmanSettings:
    """What concerns the whole site."""

    site_owner: str = option(
        "",
        "A person or an alias who reads mail about this site; never a list of this site. Sender of"
        " notices to owners, and their recipient where a list has no owner. A start refuses it empty.",
        values.optional_address(),
        live=True,
    )
    noreply_address: str = option(
        "noreply",
        "Local part of the address under which mail goes out that nobody is to answer.",
        values.local_part(),
        live=True,
    )
    default_language: str = option(
        "en", "Language of texts where nothing nearer says otherwise.", values.language(), live=True
    )
    listname_chars: str = option(
        "[-_.0-9a-z]",
        "Signs that the name of a new list may have, as a class of a regular expression; at most"
        f" {LISTNAME_SIGNS}, and not verp_delimiter.",
        values.characters(LISTNAME_SIGNS),
        live=True,
    )
    site_list_name: str = option(
        "mailman",
        "Local part of the addresses of the site in each list domain: NAME-request answers commands about all"
        " lists, NAME and NAME-owner reach site_owner. No list may be called so.",
        values.local_part(),
    )
    sender_headers: tuple[str, ...] = option(
        ("from", "from_", "reply-to", "sender"),
        "Which addresses of a post let it in where they belong to the list: of these fields, and of the"
        " envelope (`from_`). Nothing proves that Reply-To and Sender are true. What is said against an"
        " address, a ban for one, counts in all four.",
        values.some_of("from", "from_", "reply-to", "sender"),
        live=True,
    )
    anonymous_list_keep_headers: tuple[str, ...] = option(
        (
            *("^x-mailman-", "^x-content-filtered-by:", "^x-topics:", "^x-ack:", "^x-beenthere:"),
            *("^x-list-administrivia:", "^x-spam-"),
        ),
        "Fields beginning with X- that posts to an anonymous list keep: regular expressions, without regard"
        " to case; a colon at the end ends the name.",
        values.patterns(),
        live=True,
    )
    email_commands_max_lines: int = option(
        10,
        "Lines of a mail to -request that are looked at for commands, and of a post for such lines.",
        values.integer(1, 100),
        live=True,
    )
    pending_request_life: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=3),
        "How long a person can confirm a subscription or its end.",
        values.duration("1h", "90d"),
        live=True,
    )
    moderator_request_life: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=180),
        "How long a request waits for a moderator.",
        values.duration("1d", "3650d"),
        live=True,
    )
    confirmations_per_day: int = option(
        3,
        "Requests for confirmation that one address gets in 24 hours, of all lists, while it answers none.",
        values.integer(1, 100),
        live=True,
    )
    mass_subscription: str = option(
        "direct",
        "direct: who may add members makes them members. invite: they are invited, and become members by"
        " their own answer; only addmembers --consented says that all of them have agreed.",
        values.choice("direct", "invite"),
        live=True,
    )
    remind_moderators: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=1),
        "How often owners and moderators are told of what waits for them; 0s: never.",
        values.duration("0s", "90d"),
        live=True,
    )
    cache_life: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(days=7),
        "How old a text fetched by HTTP may become before it is fetched again.",
        values.duration("1m", "365d"),
        live=True,
    )
    filtered_messages_are_preservable: bool = option(
        False,
        "Whether filter_action preserve keeps a copy in bad; otherwise the post is discarded.",
        values.boolean(),
        live=True,
    )
    filter_report: bool = option(
        False, "Whether a filtered post says at its end what was taken out.", values.boolean(), live=True
    )
    hold_digest: bool = option(
        False, "Whether replies that quote a digest as a whole are held.", values.boolean(), live=True
    )
    masthead_threshold: int = option(
        4, "Lines of a digest's beginning that make a post such a reply.", values.integer(1, 100), live=True
    )
    check_max_size_on_filtered_message: bool = option(
        False,
        "Whether max_message_size is compared with what the content filter leaves.",
        values.boolean(),
        live=True,
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

    var_dir: str = option("$cwd/var", "Everything below lies here if it is not moved.", places.path())
    queue_dir: str = option("$var_dir/queue", "Messages in transit. A local disk.", places.path())
    log_dir: str = option("$var_dir/logs", "Log files, where they are configured.", places.path())
    data_dir: str = option("$var_dir/data", "The database.", places.path())
    etc_dir: str = option("$var_dir/etc", "Configuration.", places.path())
    template_dir: str = option(
        "$var_dir/templates",
        "Texts of this site, in place of the packaged ones.",
        places.path(),
        translation=from_names({":source:": "$var_dir/templates"}),
    )
    archive_dir: str = option("$var_dir/archives", "For what archivers keep; not used yet.", places.path())
    cache_dir: str = option("$var_dir/cache", "For what can be made again; not used yet.", places.path())

    @property
    def site_key(self) -> str:
        """The secret that tokens derive from."""
        return f"{self.data_dir}/site.key"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Domains, lists, members and what waits for a decision."""

    url: str = option(
        "sqlite:///$data_dir/mlcore.db",
        "Where they are kept: sqlite:///PATH, in which $data_dir and the other names of the paths may be"
        " used, or postgresql://USER:PASSWORD@HOST/DATABASE, or postgresql:///?service=NAME with the rest in"
        " pg_service.conf. In user and password, write a sign that is no letter or digit as %xx.",
        places.database_url(),
        secret=True,
        translation=psycopg,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AntispamSettings:
    """Rules about header fields for all lists."""

    header_checks: tuple[str, ...] = option(
        (),
        "One rule a line, `Header: regular expression`, searched without regard to case in the decoded"
        " field.",
        values.header_checks(),
        live=True,
    )
    jump_chain: str = option(
        "hold",
        "What becomes of a post that one of them, or a list's rule without an action, finds.",
        values.choice("hold", "reject", "discard", "accept"),
        live=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """The child process that large and suspect messages are worked on in, so that none stops the others."""

    threshold: int = option(128 << 10, "Messages above this size go there at once.", values.size("16K", "1G"))
    time: timedelta = option(  # noqa: RUF009  (a dataclasses.field)
        timedelta(seconds=20), "Processor time for one message.", values.duration("1s", "10m")
    )
    memory: int = option(512 << 20, "Memory of the child.", values.size("128M", "16G"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """Rules and handlers of this site, installed beside mlcore (docs/plugins.md)."""

    rules: tuple[str, ...] = option(
        (), "Names of entry points in mlcore.rules, asked in this order.", values.names()
    )
    handlers: tuple[str, ...] = option(
        (), "Names of entry points in mlcore.handlers, called in this order.", values.names()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleSettings:
    """What a new list begins with."""

    default: str = option(
        "legacy-default",
        "Style of a list that is made without naming one: legacy-default (a discussion), legacy-announce (few"
        " write, many read) or private-default (not advertised, closed).",
        values.choice("legacy-default", "legacy-announce", "private-default"),
        live=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingSettings:
    """What is told about the work."""

    level: str = option(
        "info",
        "Least weight of a line that is written.",
        values.choice("debug", "info", "warning", "error", also={"warn": "warning"}),
        live=True,
        translation=from_names({"critical": "error", "notset": "debug"}),
    )
    format: str = option(
        "text",
        "text: one line of key=value per event. json: one object per event.",
        values.choice("text", "json"),
        live=True,
        translation=plain_format,
    )
    path: str = option(
        "",
        "A file, below log_dir where it does not begin with /; empty: standard error.",
        values.text(),
        live=True,
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
class Origin:
    """What the same configuration is read from again. file: absolute path, empty: the built-in defaults; cwd:
    what $cwd stands for; var_dir: what $MLCORE_VAR_DIR said, empty: nothing."""

    file: str = ""
    cwd: str = "/"
    var_dir: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration. config_file: where it came from; empty: the built-in defaults.

    notices: one line for each key of the file that means nothing here."""

    mailman: MailmanSettings = field(metadata={"section": "mailman"})
    paths: Paths = field(metadata={"section": "paths"})
    mta: MtaSettings = field(metadata={"section": "mta"})
    postfix: PostfixSettings = field(default_factory=PostfixSettings, metadata={"section": "postfix"})
    database: DatabaseSettings = field(metadata={"section": "database"})
    antispam: AntispamSettings = field(default_factory=AntispamSettings, metadata={"section": "antispam"})
    worker: WorkerSettings = field(default_factory=WorkerSettings, metadata={"section": "worker"})
    plugins: PluginSettings = field(default_factory=PluginSettings, metadata={"section": "plugins"})
    styles: StyleSettings = field(default_factory=StyleSettings, metadata={"section": "styles"})
    logging: LoggingSettings = field(metadata={"section": "logging.root"})
    process: ProcessSettings = field(default_factory=ProcessSettings, metadata={"section": "process"})
    config_file: str = ""
    notices: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin, compare=False, repr=False)

    def section_name(self, field_name: str) -> str:
        """The section that the record `field_name` comes from: that of the paths has the layout's name."""
        if field_name == "paths":
            return f"paths.{self.mailman.layout}"
        name: str = self.__dataclass_fields__[field_name].metadata["section"]
        return name


LAYOUTS: dict[str, dict[str, str]] = {
    "here": {},
    "fhs": {
        "var_dir": "/var/lib/mlcore",
        "queue_dir": "/var/spool/mlcore",
        "log_dir": "/var/log/mlcore",
        "etc_dir": "/etc",
    },
    "local": {"var_dir": "/var/local/mlcore"},
    "dev": {"var_dir": "$cfg_file/../.."},
}
"""The built-in layouts: what differs from the defaults of `Paths`."""
