"""The sections of archivers, those of a mailman.cfg among them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mlcore.base.errors import ConfigError
from mlcore.config.archivers import KINDS, ArchiverSettings, problems, resolved
from mlcore.config.changes import Change, differences, take_over
from mlcore.config.describe import effective
from mlcore.config.loader import examine, parse
from mlcore.config.settings import Settings

KITTY = (
    "[archiver.hyperkitty]\nenable: yes\nbase_url: https://lists.example.com/archives/\napi_key: hunter2\n"
)


def read(text: str) -> Settings:
    return parse(text, file="/etc/mlcore.cfg", cwd="/work")


def test_none_is_switched_on_by_itself() -> None:
    assert read("").archivers == ()
    assert read("[archiver.prototype]\n[archiver.hyperkitty]\nenable: no\n").archivers == ()


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("prototype", "mailman.archiving.prototype.Prototype"),
        ("hyperkitty", "mailman_hyperkitty.Archiver"),
        ("mhonarc", "mailman.archiving.mhonarc.MHonArc"),
        ("mail_archive", "mailman.archiving.mailarchive.MailArchive"),
    ],
)
def test_sections_of_the_incumbent_work_unchanged(section: str, kind: str) -> None:
    settings = read(
        f"[archiver.{section}]\nclass: {kind}\nenable: yes\nconfiguration: /etc/mailman3/{section}.cfg\n"
    )

    (archiver,) = settings.archivers
    assert (archiver.name, archiver.kind) == (section, section)
    assert archiver.configuration == f"/etc/mailman3/{section}.cfg"
    assert (archiver.clobber_date, archiver.clobber_skew) == ("maybe", timedelta(days=1))
    assert settings.notices == (
        f"[archiver.{section}] class: {kind} is taken as kind: {section}: write that",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_section_with_the_name_of_a_kind_needs_no_more(kind: str) -> None:
    (archiver,) = read(f"[archiver.{kind}]\nenable: yes\nconfiguration: /etc/x\n").archivers
    assert archiver.kind == kind


def test_one_kind_under_several_names_in_the_order_of_the_file() -> None:
    found = read(
        "[archiver.second]\nkind: prototype\nenable: yes\n[archiver.prototype]\nenable: yes\n"
    ).archivers
    assert [(one.name, one.kind) for one in found] == [("second", "prototype"), ("prototype", "prototype")]


def test_the_master_says_what_the_others_do_not() -> None:
    text = "[archiver.master]\nclass:\nclobber_date: always\nclobber_skew: 2h\nconfiguration: changeme\n"
    (archiver,) = read(f"{text}[archiver.prototype]\nenable: yes\nclobber_skew: 3h\n").archivers
    assert (archiver.clobber_date, archiver.clobber_skew) == ("always", timedelta(hours=3))


@pytest.mark.parametrize("text", ["changeme", "python:mailman.config.mhonarc", ""])
def test_what_the_incumbent_writes_for_no_file(text: str) -> None:
    (archiver,) = read(f"[archiver.prototype]\nenable: yes\nconfiguration: {text}\n").archivers
    assert archiver.configuration == ""


def test_an_archiver_of_others_that_is_switched_off_is_left_alone() -> None:
    settings = read("[archiver.feed]\nclass: rss_archiver.Feed\nenable: no\n[archiver.plain]\n")

    assert settings.archivers == ()
    assert settings.notices == (
        "[archiver.feed] has no effect: it is switched off, and mlcore has no such archiver",
        "[archiver.plain] has no effect: it is switched off, and mlcore has no such archiver",
    )


def test_a_mistake_leaves_no_doubt_about_the_paths(tmp_path: Path) -> None:
    file = tmp_path / "mlcore.cfg"
    file.write_text("[archiver.hyperkitty]\nenable: perhaps\n[archiver.mine]\nenable: yes\n")

    examined = examine(str(file), environ={}, cwd="/")

    assert [(one.section, one.key) for one in examined.problems] == [
        ("archiver.hyperkitty", "enable"),
        ("archiver.mine", "kind"),
    ]
    assert examined.standing is not None


def test_p27_the_key_is_in_no_text_about_the_settings() -> None:
    settings = read(KITTY)

    assert settings.archivers[0].api_key == "hunter2"
    assert "hunter2" not in repr(settings)
    shown = effective(settings)["archiver.hyperkitty"]
    assert (shown["api_key"], shown["kind"]) == ("********", "hyperkitty")
    with pytest.raises(ConfigError) as caught:
        read("[archiver.hyperkitty]\napi_key: hunter2 \u3042\n")
    assert "hunter2" not in str(caught.value)


def test_what_is_in_force_reads_back() -> None:
    settings = read(KITTY)
    text = "".join(
        f"[{section}]\n" + "".join(f"{key}: {value}\n" for key, value in keys.items())
        for section, keys in effective(settings).items()
    ).replace("********", "hunter2")
    assert read(text) == settings


def test_changes_wait_for_a_restart() -> None:
    old = read(f"{KITTY}[archiver.prototype]\nenable: yes\n")
    new = read(KITTY.replace("hunter2", "hunter3") + "[archiver.mhonarc]\nenable: yes\ncommand: /bin/cat\n")

    assert differences(old, new) == [
        Change("archiver.hyperkitty", "api_key", live=False),
        Change("archiver.prototype", "enable", live=False),
        Change("archiver.mhonarc", "enable", live=False),
    ]
    assert take_over(old, new).archivers == old.archivers


# -- the file of its own -------------------------------------------------------------------------------


def kitty(file: Path, **more: Any) -> ArchiverSettings:
    return ArchiverSettings(name="hyperkitty", kind="hyperkitty", configuration=str(file), **more)


def test_the_file_of_the_incumbents_plugin_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mailman-hyperkitty.cfg"
    file.write_text(
        "# This is the mailman extension configuration file\n[general]\n\n"
        "# The base URL\nbase_url: http://localhost/hyperkitty/\n\napi_key: SecretArchiverAPIKey%\n"
    )

    found = resolved(kitty(file), file="/etc/mlcore.cfg")

    assert (found.base_url, found.api_key) == ("http://localhost/hyperkitty/", "SecretArchiverAPIKey%")
    own = resolved(kitty(file, base_url="https://a/", api_key="k"), file="/etc/mlcore.cfg")
    assert (own.base_url, own.api_key) == ("https://a/", "k")
    plain = ArchiverSettings(name="p", kind="prototype", configuration=str(file))
    assert resolved(plain, file="").base_url == ""


def test_there_is_no_other_kind() -> None:
    with pytest.raises(ConfigError, match=r"kind: 'pipermail': this is not offered: write one of: prototype"):
        read("[archiver.mine]\nkind: pipermail\n")


def test_where_there_is_no_file_nothing_is_read() -> None:
    archiver = ArchiverSettings(name="a", kind="hyperkitty", base_url="https://a/", api_key="k")
    assert resolved(archiver, file="/etc/mlcore.cfg") is archiver


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "DIR/x.cfg: cannot be read (No such file or directory): name a file that this user may read"),
        (
            "[general]\nbase_url: ftp://x/\n",
            (
                "DIR/x.cfg [general] base_url: this is no address of a web site: write one like"
                " https://lists.example.com/archives/"
            ),
        ),
        (
            "[general]\nbase_url: http://x/\n",
            (
                "/etc/mlcore.cfg [archiver.hyperkitty] api_key: this is missing, here and in DIR/x.cfg: write"
                " the MAILMAN_ARCHIVER_KEY of HyperKitty"
            ),
        ),
        (
            "base_url: http://x/\n",
            "DIR/x.cfg: line 1 stands before any section: write a line like [mta] above it",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path, text: str | None, error: str) -> None:
    file = tmp_path / "x.cfg"
    if text is not None:
        file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        resolved(kitty(file), file="/etc/mlcore.cfg")

    assert str(caught.value).replace(str(tmp_path), "DIR") == error
    plain = ArchiverSettings(name="p", kind="prototype")
    assert [str(one) for one in problems([plain, kitty(file)], file="/etc/mlcore.cfg")] == [str(caught.value)]
