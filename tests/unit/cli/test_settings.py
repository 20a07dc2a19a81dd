"""`mlcore settings`: what is shown, changed, described and refused."""

from pathlib import Path

import pytest

from mlcore.lists.attributes import ATTRIBUTES
from support.site import SiteInDirectory

ANT = "ant@example.com"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", ANT)
    return site


def test_one_is_shown_bare(site: SiteInDirectory) -> None:
    assert site.run("settings", ANT, "subject_prefix").output == "[Ant] \n"
    assert site.run("settings", "Ant.Example.com", "posting_address").output == "ant@example.com\n"
    assert site.run("settings", ANT, "description").output == "\n"


def test_several_are_shown_by_name_in_the_order_asked_for(site: SiteInDirectory) -> None:
    assert site.run("settings", ANT, "list_name", "advertised").output == "list_name: ant\nadvertised: yes\n"


def test_all_are_shown(site: SiteInDirectory) -> None:
    site.run("settings", ANT, "info=one\ntwo")

    lines = site.run("settings", ANT).output.split("\n")
    assert [line.partition(":")[0] for line in lines if line and line[0] != " "] == list(ATTRIBUTES)
    assert "info: one\n    two\n" in "\n".join(lines)


def test_json(site: SiteInDirectory) -> None:
    assert site.json("settings", ANT, "advertised", "pass_types") == {"advertised": True, "pass_types": []}
    assert list(site.json("settings", ANT)) == list(ATTRIBUTES)
    assert site.json("settings", ANT, "advertised=no") == {"advertised": False}


def test_several_are_changed_together(site: SiteInDirectory) -> None:
    result = site.run("settings", ANT, "description=All about = ants", "advertised=no")

    assert (result.exit_code, result.output) == (0, "")
    assert site.run("settings", ANT, "description").output == "All about = ants\n"
    assert site.run("settings", ANT, "description=").exit_code == 0
    assert site.run("settings", ANT, "description", "advertised").output == "description: \nadvertised: no\n"


def test_or_not_at_all(site: SiteInDirectory) -> None:
    result = site.run("settings", ANT, "description=x", "advertised=perhaps")

    assert result.exit_code == 2
    assert result.stderr == "Error: advertised: this is neither yes nor no: write yes or no\n"
    assert site.run("settings", ANT, "description").output == "\n"


def test_a_setting_that_nothing_acts_on_is_kept_and_said_to_be(site: SiteInDirectory) -> None:
    result = site.run("settings", ANT, "gateway_to_news=yes", "description=x")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "gateway_to_news is kept, but nothing acts on it in this version\n"
    assert site.run("settings", ANT, "gateway_to_news").output == "yes\n"


def test_values_from_files(site: SiteInDirectory, tmp_path: Path) -> None:
    about = tmp_path / "about.txt"
    about.write_text("一行目\n二行目\n", "utf-8")

    assert site.run("settings", ANT, f"info=@{about}").exit_code == 0
    assert site.run("settings", ANT, "info").output == "一行目\n二行目\n"
    assert site.run("settings", ANT, "dmarc_addresses=@-", stdin="^a,b\nc@d.example\n").exit_code == 0
    assert site.json("settings", ANT, "dmarc_addresses") == {"dmarc_addresses": ["^a,b", "c@d.example"]}
    assert site.run("settings", ANT, "accept_these_nonmembers=@@bee@example.com").exit_code == 0
    assert site.run("settings", ANT, "accept_these_nonmembers").output == "@bee@example.com\n"


def test_files_that_cannot_be_read(site: SiteInDirectory, tmp_path: Path) -> None:
    latin = tmp_path / "latin"
    latin.write_bytes("Büro".encode("latin-1"))

    missing = site.run("settings", ANT, "accept_these_nonmembers=@bee@example.com")
    foreign = site.run("settings", ANT, f"info=@{latin}")

    assert missing.exit_code == 2
    assert missing.stderr == (
        "Error: accept_these_nonmembers: bee@example.com: No such file or directory: a value that begins with"
        " @ is written with two\n"
    )
    assert (foreign.exit_code, foreign.stderr) == (
        2,
        f"Error: info: {latin} is not UTF-8: convert it with iconv(1)\n",
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "Error: Missing argument 'LISTSPEC'.\n"),
        (("bee@example.com",), "Error: No such list: bee@example.com\n"),
        (("bee@example.com", "info=x"), "Error: No such list: bee@example.com\n"),
        ((ANT, "advertized"), "Error: a list has no attribute 'advertized': did you mean advertised?\n"),
        ((ANT, "post_id=7"), "Error: post_id cannot be set: it follows from what the list is or does\n"),
        (
            (ANT, "info=x", "advertised"),
            "Error: advertised is to be shown and others are to be changed: do one at a time.\n",
        ),
        ((ANT, "info=x", "info=y"), "Error: info is given twice.\n"),
        (
            ("--describe", "advertized"),
            "Error: a list has no attribute 'advertized': did you mean advertised?\n",
        ),
    ],
)
def test_what_is_refused(site: SiteInDirectory, arguments: tuple[str, ...], error: str) -> None:
    result = site.run("settings", *arguments)

    assert result.exit_code == 2
    assert result.stderr.endswith(error)


def test_descriptions_need_no_list(site: SiteInDirectory) -> None:
    assert site.run("settings", "--describe", "advertised", "gateway_to_news", "post_id").output == (
        "advertised\n    Whether the list is shown to everybody. Values: yes or no.\n\n"
        "gateway_to_news\n    Whether posts become articles of the newsgroup. Nothing acts on it in this "
        "version. Values: yes\n    or no.\n\n"
        "post_id\n    The number of the next post. Cannot be set.\n"
    )
    everything = site.run("settings", "--describe").output
    assert [line for line in everything.splitlines() if line and line[0] != " "] == list(ATTRIBUTES)
    assert site.json("settings", "--describe", "post_id") == {
        "post_id": {
            "doc": "The number of the next post.",
            "values": "",
            "writable": False,
            "in_force": True,
        }
    }
