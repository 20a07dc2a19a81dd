"""A configuration of GNU Mailman 3 loads; what it cannot mean here is said."""

from pathlib import Path

import pytest

from mlcore.base.errors import ConfigError
from mlcore.config import incumbent
from mlcore.config.describe import effective
from mlcore.config.loader import parse, read

MAILMAN_CFG = Path(__file__).with_name("mailman.cfg")

NOTICES = """\
[shell] history_file: has no effect: the prompt of mlcore shell is fixed
[shell] banner: has no effect: the prompt of mlcore shell is fixed
[devmode] enabled: has no effect: mlcore has no such mode: [mta] outgoing: outbox is for trials
[devmode] recipient: has no effect: mlcore has no such mode: [mta] outgoing: outbox is for trials
[logging.smtp]: has no effect: mlcore has one log, that of [logging.root]
[logging.bounce]: has no effect: mlcore has one log, that of [logging.root]
[webservice] hostname: has no effect: mlcore has no REST interface yet
[webservice] port: has no effect: mlcore has no REST interface yet
[webservice] use_https: has no effect: mlcore has no REST interface yet
[webservice] admin_user: has no effect: mlcore has no REST interface yet
[webservice] admin_pass: has no effect: mlcore has no REST interface yet
[webservice] api_version: has no effect: mlcore has no REST interface yet
[webservice] workers: has no effect: mlcore has no REST interface yet
[bounces] register_bounces_every: has no effect: mlcore reads each report when it comes
[ARC] enabled: has no effect: mlcore does not seal or verify with ARC yet
[ARC] authserv_id: has no effect: mlcore does not seal or verify with ARC yet
[ARC] privkey: has no effect: mlcore does not seal or verify with ARC yet
[ARC] selector: has no effect: mlcore does not seal or verify with ARC yet
[ARC] domain: has no effect: mlcore does not seal or verify with ARC yet
[dmarc] resolver_timeout: has no effect: mlcore looks up no DMARC policies yet
[language.de]: has no effect: languages need no section here, and each list has its charset
[runner.out]: has no effect: mlcore is one process, whose runners wait for no interval
[runner.nntp]: has no effect: mlcore is one process, whose runners wait for no interval
[plugin.rower]: has no effect: mlcore has [plugins], see docs/plugins.md
[urlpatterns] held_message: has no effect: the paths of pages below a domain's base_url are fixed
[mailman] html_to_plain_text_command: has no effect: mlcore makes text of HTML itself
[paths.club] bin_dir: has no effect: mlcore needs no such path
[paths.club] lock_dir: has no effect: mlcore needs no such path
[paths.club] ext_dir: has no effect: mlcore needs no such path
[paths.club] messages_dir: has no effect: mlcore needs no such path
[paths.club] list_data_dir: has no effect: mlcore needs no such path
[paths.club] pid_file: has no effect: mlcore needs no such path
[paths.club] lock_file: has no effect: mlcore needs no such path
[paths.club] template_dir: :source: is taken as $var_dir/templates: write that
[mta] max_delivery_threads: has no effect: max_connections says how much goes on at a time
[mta] verp_format: has no effect: the form of these addresses is fixed
[mta] configuration: /etc/lists/postfix.cfg is not read: move its postmap_command and transport_file_type to\
 [postfix]
[mta] incoming: mailman.mta.postfix.LMTP is taken as postfix: write that
[mta] outgoing: mailman.mta.deliver.deliver is taken as smtp: write that
[mta] max_recipients: 0 is taken as 10000: write that
[database] class: has no effect: the url says which database it is, and one of Mailman cannot be used
[database] debug: has no effect: [logging.root] level: debug shows what is done
[database] url: postgresql+psycopg2 is taken as postgresql: write that
[logging.root] datefmt: has no effect: times are written as RFC 3339 says
[logging.root] propagate: has no effect: there is one log
[logging.root] format: a format of Python's logging has no effect, text is taken: write text or json
[archiver.hyperkitty] class: mailman_hyperkitty.Archiver is taken as kind: hyperkitty: write that
"""


def test_a_whole_mailman_cfg_loads_and_says_what_has_no_effect() -> None:
    settings = read(str(MAILMAN_CFG), cwd="/")

    assert "\n".join(settings.notices) + "\n" == NOTICES
    assert "hunter2" not in "".join(settings.notices)
    assert settings.mailman.site_owner == "postmaster@rowing.example"
    assert (settings.mailman.default_language, settings.styles.default) == ("de", "legacy-announce")
    assert settings.paths.data_dir == "/srv/lists/data"
    assert settings.paths.template_dir == "/srv/lists/templates"
    assert (settings.mta.incoming, settings.mta.outgoing) == ("postfix", "smtp")
    assert settings.mta.max_recipients == 10_000
    assert settings.database.url == "postgresql://rower:hunter2@db.rowing.example/lists"
    assert (settings.logging.level, settings.logging.format) == ("warning", "text")
    assert [(one.name, one.kind) for one in settings.archivers] == [("hyperkitty", "hyperkitty")]


def test_what_is_in_force_then_has_no_notices_any_more() -> None:
    settings = read(str(MAILMAN_CFG), cwd="/")

    text = "".join(
        f"[{section}]\n" + "".join(f"{key}: {value}\n" for key, value in keys.items())
        for section, keys in effective(settings).items()
    )

    again = parse(text, file=settings.config_file, cwd="/")
    assert again.notices == ()
    assert again.paths == settings.paths
    assert again.mta == settings.mta


@pytest.mark.parametrize("section", sorted(incumbent.KEYS))
def test_each_key_of_the_incumbent_alone_has_one_notice(section: str) -> None:
    written = "paths.here" if section == "paths" else section
    for key in incumbent.KEYS[section]:
        value = "mailman.database.sqlite.SQLiteDatabase" if key == "class" else "python:mailman.config.any"

        settings = parse(f"[{written}]\n{key}: {value}\n", file="", cwd="/work")

        (notice,) = settings.notices
        assert notice == f"[{written}] {key}: has no effect: {incumbent.KEYS[section][key]}"


@pytest.mark.parametrize("category", sorted(incumbent.CATEGORIES))
def test_a_section_of_a_category_has_one_notice(category: str) -> None:
    text = "".join(f"{key}: yes\n" for key in incumbent.CATEGORIES[category].keys)

    settings = parse(f"[{category}.any]\n{text}", file="", cwd="/work")

    assert settings.notices == (f"[{category}.any]: {incumbent.CATEGORIES[category].reason}",)


def test_keys_of_layouts_that_are_not_in_use_say_nothing() -> None:
    text = "[paths.ours]\nlock_dir: /run\n"

    assert parse(text, file="", cwd="/work").notices == ()
    with pytest.raises(ConfigError, match=r"\[paths\.ours\] vardir: there is no such key"):
        parse("[paths.ours]\nvardir: /srv\n", file="", cwd="/work")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mailman.mta.postfix.LMTP", "postfix"),
        ("mailman.mta.exim4.LMTP", "null"),
        ("mailman.mta.null.NullMTA", "null"),
    ],
)
def test_classes_of_the_incumbent_that_have_a_meaning(name: str, meant: str) -> None:
    settings = parse(f"[mta]\nincoming: {name}\n", file="", cwd="/work")

    assert settings.mta.incoming == meant
    assert settings.notices == (f"[mta] incoming: {name} is taken as {meant}: write that",)


def test_a_notice_is_one_line() -> None:
    settings = parse("[mta]\nconfiguration: /etc/a\n  b\n", file="", cwd="/work")

    assert settings.notices[0].startswith("[mta] configuration: /etc/a b is not read: ")


@pytest.mark.parametrize("name", ["in", "pipeline", "out", "retry", "virgin", "lmtp"])
def test_work_that_was_left_out_is_not_done_in_silence(name: str) -> None:
    with pytest.raises(ConfigError, match="mlcore cannot leave this work out"):
        parse(f"[runner.{name}]\nstart: off\n", file="", cwd="/work")


def test_a_site_that_sent_all_mail_to_one_recipient_does_not_send_to_members() -> None:
    with pytest.raises(ConfigError, match=r"set \[mta\] outgoing: outbox"):
        parse("[devmode]\nenabled: 1\nrecipient: me@example.com\n", file="", cwd="/work")


def test_layouts_of_the_incumbent() -> None:
    local = parse("[mailman]\nlayout: local\n", file="/etc/mailman.cfg", cwd="/work").paths
    dev = parse("[mailman]\nlayout: dev\n", file="/srv/site/etc/mailman.cfg", cwd="/work").paths

    assert local.var_dir == "/var/local/mlcore"
    assert (dev.var_dir, dev.queue_dir) == ("/srv/site", "/srv/site/queue")
