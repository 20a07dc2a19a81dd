"""Archivers as they are configured."""

from datetime import timedelta
from typing import Any, cast

import pytest

from mlcore.archive import make
from mlcore.archive.hyperkitty import HyperKitty
from mlcore.archive.mail_archive import MailArchive
from mlcore.archive.mhonarc import Mhonarc
from mlcore.archive.prototype import Prototype, Publisher
from mlcore.base.errors import BadInput
from mlcore.config.archivers import ArchiverSettings
from mlcore.lists.facts import ArchiverFacts
from mlcore.spool.spool import Spool

URL = "https://lists.example.com/archives/"


def facts(kind: str, **given: Any) -> ArchiverFacts:
    (found,) = make.facts([ArchiverSettings(name="a", kind=kind, **given)])
    return found


def test_what_posts_know() -> None:
    assert facts("hyperkitty", base_url=URL) == ArchiverFacts(name="a", kind="hyperkitty", base_url=URL)
    assert facts("mhonarc", base_url=URL).base_url == URL
    assert facts("prototype", base_url=URL).base_url == ""
    assert facts("mail_archive") == ArchiverFacts(
        name="a", kind="mail_archive", base_url="https://www.mail-archive.com/", public_only=True
    )
    assert facts("hyperkitty").base_url == ""


@pytest.mark.parametrize(
    "local",
    [
        "http://localhost/a/",
        "http://kitty.localhost/",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "http://[x/",
    ],
)
def test_an_address_of_this_host_is_no_link_for_readers(local: str) -> None:
    assert facts("hyperkitty", base_url=local).base_url == ""
    assert facts("hyperkitty", base_url=local, public_url=URL).base_url == URL


def test_another_host_is_one() -> None:
    assert facts("hyperkitty", base_url="http://10.0.0.1/").base_url == "http://10.0.0.1/"


def test_each_kind_is_made() -> None:
    settings = [
        ArchiverSettings(name="p", kind="prototype", clobber_date="never", clobber_skew=timedelta(hours=1)),
        ArchiverSettings(name="h", kind="hyperkitty", base_url=URL, api_key="k"),
        ArchiverSettings(name="m", kind="mhonarc", command="/bin/cat"),
        ArchiverSettings(name="w", kind="mail_archive"),
    ]
    made = make.keepers(
        settings,
        archive_dir="/srv/archives",
        publisher=cast("Publisher", None),
        spool=cast("Spool", None),
    )
    assert list(made) == ["p", "h", "m", "w"]
    kinds = [type(one.archiver) for one in made.values()]
    assert kinds == [Prototype, HyperKitty, Mhonarc, MailArchive]
    assert [one.archiver.name for one in made.values()] == ["p", "h", "m", "w"]
    assert (made["p"].clobber_date, made["p"].clobber_skew_s) == ("never", 3600.0)
    assert (made["h"].clobber_date, made["h"].clobber_skew_s) == ("maybe", 86_400.0)


def test_a_command_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadInput):
        make.keepers(
            [ArchiverSettings(name="m", kind="mhonarc", command="a 'b")],
            archive_dir="/",
            publisher=cast("Publisher", None),
            spool=cast("Spool", None),
        )
