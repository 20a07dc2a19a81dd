"""What a configuration of GNU Mailman 3 has that means nothing, or something else, in mlcore.

Such keys are accepted, each with a notice, so that an existing mailman.cfg can be tried as it is; what would
be dangerous to leave out is refused. All of it is data and a few functions of texts."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

Translation = Callable[[str], tuple[str, str] | None]
"""Text of a value → text that means the same here and a notice; None: it is no word of the incumbent."""

NO_EFFECT = "has no effect: "
"""How such a notice begins."""
_CLASSES = {
    "mailman.database.sqlite.SQLiteDatabase": "sqlite",
    "mailman.database.postgresql.PostgreSQLDatabase": "postgresql",
    "mailman.database.mysql.MySQLDatabase": "mysql",
}
_WORKING = frozenset({"in", "pipeline", "out", "retry", "virgin", "command", "lmtp"})
"""The runners of the incumbent whose work mlcore does: it cannot be told to leave one out."""


class Category(NamedTuple):
    """Sections [NAME.anything] of the incumbent. keys: those that it knows; reason: the notice."""

    keys: tuple[str, ...]
    reason: str


def from_names(names: Mapping[str, str]) -> Translation:
    """A translation word by word; the notice says which word is meant."""

    def translate(text: str) -> tuple[str, str] | None:
        if text not in names:
            return None
        return names[text], f"{text} is taken as {names[text]}: write that"

    return translate


def plain_format(text: str) -> tuple[str, str] | None:
    """The format of a line for Python's logging → text."""
    if "%(" not in text:
        return None
    return "text", "a format of Python's logging has no effect, text is taken: write text or json"


def psycopg(text: str) -> tuple[str, str] | None:
    """The URL of a database with a driver that is not used here → the same without it."""
    scheme, separator, rest = text.partition("://")
    if scheme not in {"postgresql+psycopg2", "postgres+psycopg2"}:
        return None
    return f"postgresql{separator}{rest}", f"{scheme} is taken as postgresql: write that"


def notice(section: str, key: str, value: str) -> str:
    """What is told about a key of `KEYS`. Values are quoted where they are file names, and nowhere else."""
    if (section, key) == ("mta", "configuration") and not value.startswith("python:"):
        file = " ".join(value.split())
        return f"{file} is not read: move its postmap_command and transport_file_type to [postfix]"
    return f"{NO_EFFECT}{KEYS[section.partition('.')[0] if section not in KEYS else section][key]}"


def refusal(section: str, key: str, value: str) -> tuple[str, str] | None:
    """What is wrong with a key that cannot be left out of account, and the remedy; None for all others."""
    category, _, name = section.partition(".")
    word = value.strip().lower()
    if (section, key) == ("devmode", "enabled") and word in _YES:
        # Whoever wrote this relies on it that no member gets mail from this site.
        return "mlcore cannot send all mail to one recipient", "set [mta] outgoing: outbox, and delete this"
    if category == "runner" and key == "start" and name in _WORKING and word in _NO:
        return "mlcore cannot leave this work out", "delete it; [mta] outgoing: outbox gives mail to nobody"
    return None


def database_mismatch(name: str, url: str) -> tuple[str, str] | None:
    """What is wrong with [database] class `name` (empty: not given) beside `url`, and the remedy."""
    if not name:
        return None
    kind = _CLASSES.get(name)
    if kind is None:
        return "mlcore has no such class", "delete it: the url says which database it is"
    if kind == "mysql":
        return "this database is not supported", "set url to postgresql://… or sqlite:///…, and delete class"
    if not url.startswith(kind):
        return f"this is {kind}, and url is not", f"set url to {_EXAMPLES[kind]}, or delete class"
    return None


_YES = frozenset({"true", "yes", "1", "on", "enable", "enabled"})
_NO = frozenset({"false", "no", "0", "off", "disable", "disabled"})
_EXAMPLES = {
    "sqlite": "sqlite:///$data_dir/mlcore.db",
    "postgresql": "postgresql://USER:PASSWORD@HOST/DATABASE",
}


def _same(reason: str, keys: str) -> dict[str, str]:
    return dict.fromkeys(keys.split(), reason)


_NO_PATH = "mlcore needs no such path"
_NO_HOOKS = "mlcore calls no hooks"
_FIXED_VERP = "the form of these addresses is fixed"

KEYS: dict[str, dict[str, str]] = {
    "mailman": {
        "html_to_plain_text_command": "mlcore makes text of HTML itself",
        **_same(_NO_HOOKS, "pre_hook post_hook"),
        "run_tasks_every": "each task of mlcore has its own time",
    },
    "paths": _same(_NO_PATH, "bin_dir ext_dir list_data_dir lock_dir lock_file pid_file messages_dir"),
    "shell": _same("the prompt of mlcore shell is fixed", "prompt banner use_ipython history_file"),
    "devmode": _same(
        "mlcore has no such mode: [mta] outgoing: outbox is for trials", "enabled recipient testing wait"
    ),
    "passwords": {
        "configuration": "how passwords are kept is fixed",
        "password_length": "mlcore makes no passwords up",
    },
    "bounces": {"register_bounces_every": "mlcore reads each report when it comes"},
    "database": {
        "class": "the url says which database it is, and one of Mailman cannot be used",
        "debug": "[logging.root] level: debug shows what is done",
    },
    "logging.root": {
        "datefmt": "times are written as RFC 3339 says",
        "propagate": "there is one log",
    },
    "webservice": _same(
        "mlcore has no REST interface yet",
        "hostname port use_https show_tracebacks api_version admin_user admin_pass workers configuration",
    ),
    "ARC": _same(
        "mlcore does not seal or verify with ARC yet",
        "enabled dmarc dkim authserv_id trusted_authserv_ids privkey selector domain sig_headers",
    ),
    "mta": {
        "configuration": "[postfix] has what that file says",
        "max_delivery_threads": "max_connections says how much goes on at a time",
        **_same(_FIXED_VERP, "verp_format verp_regexp verp_probe_format verp_probe_regexp"),
        **_same(_FIXED_VERP, "verp_confirm_format verp_confirm_regexp"),
    },
    "nntp": _same(
        "mlcore has no gateway to news",
        "user password host port remove_headers rewrite_duplicate_headers gatenews_every",
    ),
    "dmarc": _same(
        "mlcore looks up no DMARC policies yet",
        "resolver_timeout resolver_lifetime org_domain_data_url cache_lifetime",
    ),
    "urlpatterns": _same(
        "the paths of pages below a domain's base_url are fixed",
        "mailinglist held_message pending_subscriptions pending_unsubscriptions domain",
    ),
}
"""Section → key → why it has no effect. `paths` stands for each section [paths.NAME]."""

CATEGORIES: dict[str, Category] = {
    "logging": Category(
        ("format", "datefmt", "propagate", "level", "path", "every", "success", "refused", "failure"),
        f"{NO_EFFECT}mlcore has one log, that of [logging.root]",
    ),
    "language": Category(
        ("description", "charset", "enabled"),
        f"{NO_EFFECT}languages need no section here, and each list has its charset",
    ),
    "runner": Category(
        ("class", "path", "instances", "start", "max_restarts", "sleep_time"),
        f"{NO_EFFECT}mlcore is one process, whose runners wait for no interval",
    ),
    "plugin": Category(
        ("class", "enabled", "configuration", "component_package"),
        f"{NO_EFFECT}mlcore has [plugins], see docs/plugins.md",
    ),
}
"""First part of the name of a section → its keys, and the one notice for the section."""
