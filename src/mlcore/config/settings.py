"""The configuration as frozen records. Each field carries its documentation and its kind of value, so
that the loader, the commented example and the messages about mistakes all read the same words."""

from dataclasses import dataclass, field
from datetime import timedelta

from mlcore.config import places, values
from mlcore.config.archivers import ArchiverSettings
from mlcore.config.incumbent import from_names, plain_format, psycopg
from mlcore.config.mta import MtaSettings, PostfixSettings
from mlcore.config.option import option
from mlcore.config.site import MailmanSettings


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
    archive_dir: str = option("$var_dir/archives", "What archivers keep, each below its name.", places.path())
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
class DigestSettings:
    """Which header fields a post keeps within a digest."""

    mime_digest_keep_headers: tuple[str, ...] = option(
        (
            *("Date", "From", "To", "Cc", "Subject", "Message-ID", "Keywords", "In-Reply-To", "References"),
            *("Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Precedence", "Reply-To"),
            *("Message", "List-Post"),
        ),
        "In MIME digests; the fields that say what its content is stay in any case.",
        values.names(),
        live=True,
    )
    plain_digest_keep_headers: tuple[str, ...] = option(
        ("Message", "Date", "From", "Subject", "To", "Cc", "Message-ID", "Keywords", "Content-Type"),
        "In plain digests (RFC 1153), in this order; Message is its number in the digest.",
        values.names(),
        live=True,
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
    digests: DigestSettings = field(default_factory=DigestSettings, metadata={"section": "digests"})
    styles: StyleSettings = field(default_factory=StyleSettings, metadata={"section": "styles"})
    logging: LoggingSettings = field(metadata={"section": "logging.root"})
    process: ProcessSettings = field(default_factory=ProcessSettings, metadata={"section": "process"})
    archivers: tuple[ArchiverSettings, ...] = ()
    """Those that are switched on, in the order of the file; a running server keeps those it began with."""
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
