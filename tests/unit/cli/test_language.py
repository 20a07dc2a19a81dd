"""The command line speaks the language of the user, and English stays as it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlcore.base.errors import BadInput
from mlcore.cli import language
from mlcore.cli.main import cli
from mlcore.lists.reasons import Reason
from mlcore.store.held import HeldPost, insert_if_absent
from support.japanese import JAPANESE
from support.site import SiteInDirectory

ANT = "ant@example.com"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    site = SiteInDirectory(tmp_path)
    site.run("create", ANT)
    site.run("create", "honeybee@example.com")
    site.run("settings", ANT, "display_name=蟻の会", "description=蟻について")
    site.run("addmembers", "-W", "-", ANT, stdin="太郎 <taro@example.jp>\nAnne <anne@example.com>\n")
    with site.connection() as connection:
        post = HeldPost(
            spool="here",
            entry="a" * 21 + ".h",
            list_id="ant.example.com",
            sender="eve@example.net",
            subject="The list is gone",
            reasons=(Reason("The message is not from a list member"),),
            arrived_at=1_700_000_000.0,
            held_at=1_700_000_000.0,
            identity="a",
            token_hash="a",
        )
        insert_if_absent(connection, post)
    return site


@pytest.fixture
def japanese(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> SiteInDirectory:
    monkeypatch.setenv("LANG", JAPANESE)
    return site


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": ""}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "jam_JM"}, "en"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "ja_JP"}, "ja"),
        ({"LANG": "ja_JP.eucJP"}, "ja"),
        ({"LANG": "ja_JP.UTF-8@modifier"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "ja"}, "ja"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:ja_JP:en"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LANGUAGE": "en:ja"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LANGUAGE": "de"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LANGUAGE": ""}, "ja"),
        ({"LANG": "C", "LANGUAGE": "ja"}, "en"),
        ({"LANGUAGE": "ja"}, "en"),
        ({"LC_CTYPE": "ja_JP.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environ: dict[str, str], expected: str) -> None:
    assert language.wanted(environ) == expected


def test_every_language_has_a_catalogue() -> None:
    found = Path(language.directory()).glob(f"*/LC_MESSAGES/{language.DOMAIN}.mo")

    assert {path.parts[-3] for path in found} == language.TRANSLATED


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"LANG": "ja_JP"}, ""),
        ({"LANG": "ja_JP.eucJP"}, "eucJP"),
        ({"LANG": "ja_JP.eucJP@modifier"}, "eucJP"),
        ({"LANG": "ja_JP.UTF-8", "LC_CTYPE": "ja_JP.eucJP"}, "eucJP"),
        ({"LANG": "ja_JP.UTF-8", "LC_CTYPE": "ja_JP.eucJP", "LC_ALL": "ja_JP.SJIS"}, "SJIS"),
        ({"LANG": "ja_JP.eucJP", "PYTHONIOENCODING": "utf-8"}, ""),
        ({"LANG": "ja_JP.eucJP", "PYTHONUTF8": "1"}, ""),
    ],
)
def test_the_encoding_is_that_of_the_locale(environ: dict[str, str], expected: str) -> None:
    assert language.encoding(environ) == expected


def test_lists_and_members(japanese: SiteInDirectory) -> None:
    assert japanese.run("lists").output == (
        "2 個のメーリングリストが該当しました:\nant@example.com\nhoneybee@example.com\n"
    )
    assert (
        japanese.run("lists", "--domain", "example.org").output == "該当するメーリングリストはありません。\n"
    )
    assert japanese.run("members", ANT).output == "Anne <anne@example.com>\n太郎 <taro@example.jp>\n"
    assert japanese.run("members", "honeybee@example.com").output == (
        "honeybee.example.com にメンバーはいません。\n"
    )
    assert japanese.run("findmember", "taro").output == (
        "メール: taro@example.jp\n    リスト: ant.example.com\n        member\n"
    )
    assert japanese.run("create", "cat@example.com").output == (
        "メーリングリストを作成しました: cat@example.com\n"
    )


def test_columns_are_as_wide_as_they_look(japanese: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    assert japanese.run("lists", "-q", "-n", "-d").output == (
        "ant@example.com [蟻の会]        - 蟻について\nhoneybee@example.com [Honeybee] -\n"
    )

    monkeypatch.setenv("LANG", "C")
    assert japanese.run("lists", "-q", "-n", "-d").output == (
        "ant@example.com [蟻の会]           - 蟻について\nhoneybee@example.com [Honeybee] -\n"
    )


def test_held_posts(japanese: SiteInDirectory) -> None:
    assert japanese.run("held", "list").output == (
        "1  2023-11-14T22:13:20Z  ant.example.com\n"
        "    差出人: eve@example.net\n"
        "    件名: The list is gone\n"
        "    理由: 差出人は、このリストのメンバーではありません\n"
    )
    assert japanese.run("held", "discard", "--all", "-y").output == "破棄しました: 全 1 件\n"
    assert japanese.run("held", "discard", "1").stderr == "すでに決定されています（discard）: 1\n"
    assert japanese.run("held", "list").output == "保留中の投稿はありません。\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("members nix@example.com", "リスト nix@example.com はありません。"),
        ("held show 7", "番号 7 の保留中の投稿はありません。`mlcore held list` で一覧を確認できます。"),
        (
            "settings ant@example.com max_message_size=x",
            "max_message_size: 整数ではありません。0 から 1000000 までの数を書いてください。",
        ),
        (
            "settings ant@example.com posting_pipeline=x",
            (
                "posting_pipeline: パイプライン x はありません。"
                "次のいずれかを書いてください: default-posting-pipeline, default-owner-pipeline"
            ),
        ),
        (
            "create @",
            "@ はリストの名前として使えません。name@example.com の形で書いてください。",
        ),
        ("domains add x..y", "'x..y' はドメインではありません。lists.example.com の形で書いてください。"),
        ("requests accept 3", "番号 3 の申し込みはありません。`mlcore requests list` で一覧を確認できます。"),
        (
            "start --foreground",
            (
                "{config} [mailman] site_owner: このサイトについてのメールを読む人がいません。"
                "人のアドレスか、メールの別名を書いてください。このサイトのリストのアドレスは使えません。"
            ),
        ),
        ("restart", "mlcore は動いていません。mlcore start で起動してください。"),
        (
            "qfile /no/such/entry",
            (
                "/no/such/entry を読めません（そのようなファイルやディレクトリーはありません）。"
                "エントリーの名前またはパスを指定してください。"
            ),
        ),
        ("nonsense", "'nonsense' というコマンドはありません。"),
        ("help nonsense", "コマンド 'nonsense' はありません。"),
        ("lists -X", "'-X' というオプションはありません。"),
        ("members", "次の引数がありません: 'LISTSPEC'."),
        ("inject", "引数 'LISTSPEC' がありません。"),
        ("lists x", "余分な引数があります（x）。"),
        (
            "members -R x ant@example.com",
            (
                "'-R' / '--role' の値が正しくありません: 'x' は選択肢にありません。選択肢: "
                "'any', 'owner', 'moderator', 'nonmember', 'member', 'administrator'。"
            ),
        ),
        (
            "addmembers /no/such ant@example.com",
            "'FILENAME' の値が正しくありません: '/no/such': そのようなファイルやディレクトリーはありません。",
        ),
        ("delmembers --fromall -a", "--fromall は -l/--list や -a/--all といっしょに使えません。"),
    ],
)
def test_errors_and_what_to_do_about_them(japanese: SiteInDirectory, words: str, said: str) -> None:
    result = japanese.run(*words.split(" "))

    assert result.exit_code == 2
    assert result.stderr.rpartition("エラー: ")[2] == said.replace("{config}", str(japanese.config)) + "\n"
    assert "Usage" not in result.stderr
    assert "Try" not in result.stderr


def test_what_is_wrong_with_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = SiteInDirectory(
        tmp_path, "[mailman]\nsite_owner: anne@example.com\n[mta]\nretry_base: soon\nlmtp_prt: 1\n"
    )
    monkeypatch.setenv("LANG", JAPANESE)
    result = site.run("conf", "--check")

    assert (result.exit_code, result.stderr.replace(str(site.config), "F")) == (
        2,
        (
            "エラー: F [mta] lmtp_prt: そのようなキーはありません。lmtp_port と書いてください。\n"
            "エラー: F [mta] retry_base: 'soon': 期間ではありません。"
            "1s から 1d までの、1d12h や 90s のような期間を書いてください。\n"
        ),
    )


def test_a_file_of_members_with_bad_lines(japanese: SiteInDirectory) -> None:
    result = japanese.run("addmembers", "-", ANT, stdin=b"nobody\n\xff <bee@example.com>\ntaro@example.jp\n")

    assert (result.exit_code, result.stderr) == (
        1,
        (
            "メールアドレスとして解釈できません（スキップします）: nobody"
            "（1 行目: 'nobody' はアドレスではありません。name@example.com の形で書いてください）\n"
            "メールアドレスとして解釈できません（スキップします）: "
            "\N{REPLACEMENT CHARACTER} <bee@example.com>"
            "（2 行目: UTF-8 ではありません。iconv(1) でファイルを変換してください）\n"
            "すでに参加しています（スキップします）: taro@example.jp\n"
        ),
    )


def test_a_question(japanese: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.cli.chosen.is_terminal", lambda: True)
    result = japanese.run("held", "reject", "--all", stdin="n\n")

    assert result.output == "1 件の投稿を却下し、投稿者に通知しますか? [y/N]: n\n何も決定しませんでした。\n"


def test_settings_are_explained(japanese: SiteInDirectory) -> None:
    assert japanese.run("settings", "--describe", "advertised", "post_id", "filter_types").output == (
        "advertised\n    リストを一般に公開するかどうか。値: yes または no。\n\n"
        "post_id\n    次の投稿の番号。この属性は設定できません。\n\n"
        "filter_types\n    これらの種類の部分は取り除かれます。値: image や text/html のような種類"
        "（複数の場合はコンマまた\n    は改行で区切る）。\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        "lists --json",
        "members --json ant@example.com",
        "findmember --json .",
        "held list --json",
        "domains --json",
        "bans list --json",
        "queues --json",
        "status --json",
        "settings --json ant@example.com",
        "settings ant@example.com",
        "settings --describe --json",
        "templates list --names",
        "lists_conf",
        "lists_members",
        "users",
        "conf",
        "conf --describe",
        "completion bash",
        "version",
        "queues",
        "members ant@example.com",
    ],
)
def test_what_programs_read_is_no_languages(
    site: SiteInDirectory, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = site.run(*words.split(" "))
    monkeypatch.setenv("LANG", JAPANESE)
    japanese = site.run(*words.split(" "))

    assert (japanese.stdout, japanese.exit_code) == (english.stdout, english.exit_code)


def test_other_languages_are_spoken_in_english(
    site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for locale in ("C", "POSIX", "en_GB.UTF-8", "de_DE.UTF-8"):
        monkeypatch.setenv("LANG", locale)
        assert site.run("lists").output.startswith("2 matching mailing lists found:\n")
        assert site.run("lists", "-X").stderr.startswith("Usage: cli lists [OPTIONS]\nTry 'cli lists --help'")
        assert site.run("members", "x").stderr == "Error: No such list: x\n"


def test_both_languages_in_one_process(site: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is said stays in the commands."""
    english = [
        site.run(*words).output for words in (["held", "-h"], ["lists", "-h"], ["-h"], ["lists", "-X"])
    ]
    monkeypatch.setenv("LANG", JAPANESE)
    japanese = [
        site.run(*words).output for words in (["held", "-h"], ["lists", "-h"], ["-h"], ["lists", "-X"])
    ]
    monkeypatch.setenv("LANG", "C")
    again = [site.run(*words).output for words in (["held", "-h"], ["lists", "-h"], ["-h"], ["lists", "-X"])]

    assert english == again
    assert not set(english) & set(japanese)


def program(site: SiteInDirectory, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[bytes]":
    """The program itself."""
    command = [sys.executable, "-m", "mlcore", "-C", str(site.config), *arguments]
    return subprocess.run(command, capture_output=True, env={**os.environ, **environ}, check=False)


def test_output_is_in_the_encoding_of_the_locale(site: SiteInDirectory) -> None:
    site.run("settings", ANT, "display_name=蟻 🐜 会")
    done = program(site, "lists", "-n", LANG="ja_JP.eucJP")

    assert done.stdout.decode("euc_jp") == (
        "2 個のメーリングリストが該当しました:\nant@example.com [蟻 \\U0001f41c 会]\n"
        "honeybee@example.com [Honeybee]\n"
    )

    done = program(site, "members", "x", LANG="ja_JP.eucJP")
    assert (done.returncode, done.stderr.decode("euc_jp")) == (2, "エラー: リスト x はありません。\n")


def test_json_in_another_encoding_is_escaped(site: SiteInDirectory) -> None:
    found = program(site, "lists", "--json", LANG="ja_JP.eucJP").stdout

    assert found.isascii()
    assert json.loads(found)[0]["display_name"] == "蟻の会"


@pytest.mark.parametrize("locale", ["ja_JP.ISO-8859-1", "ja_JP.US-ASCII"])
def test_where_japanese_cannot_be_shown_english_is_spoken(site: SiteInDirectory, locale: str) -> None:
    assert program(site, "members", "x", LANG=locale).stderr == b"Error: No such list: x\n"


def test_an_encoding_that_nobody_knows_is_passed_over(site: SiteInDirectory) -> None:
    done = program(site, "members", "x", LANG="ja_JP.no-such", PYTHONIOENCODING="")

    assert done.stderr.decode() == "エラー: リスト x はありません。\n"


@pytest.mark.parametrize(
    ("locale", "loaded"), [("C", []), ("de_DE.UTF-8", []), ("ja_JP.UTF-8", ["mlcore.cli.spoken"])]
)
def test_english_loads_nothing_and_japanese_little(
    site: SiteInDirectory, locale: str, loaded: list[str]
) -> None:
    """`lists` has a text to say, and neither help nor an error."""
    code = (
        "import sys\nfrom mlcore.cli.main import cli\n"
        f"cli(['-C', {str(site.config)!r}, 'lists'], standalone_mode=False)\n"
        "from mlcore.cli import language\n"
        "heavy = ('mlcore.cli.spoken_help', 'mlcore.cli.spoken_errors', 'mlcore.texts.fill', 'wcwidth')\n"
        "print(sorted(set(heavy) & set(sys.modules)), language.catalogue.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "LANG": locale},
        check=True,
    )

    assert done.stdout.endswith(f"\n[] {len(loaded)}\n")


def test_a_shell_shows_what_it_completes(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"_CLI_COMPLETE": "zsh_complete", "COMP_WORDS": "cli held rej", "COMP_CWORD": "2"}
    for locale, text in (
        ("C", "Refuse held posts;"),
        (JAPANESE, "保留中の投稿を却下し、投稿者に通知します。"),
    ):
        result = CliRunner().invoke(cli, [], env={**environ, "LANG": locale}, prog_name="cli")
        assert result.output.startswith(f"plain\nreject\n{text}")


def test_without_a_catalogue_english_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LANG", JAPANESE)
    monkeypatch.setattr(language, "directory", lambda: str(tmp_path))
    language.catalogue.cache_clear()
    try:
        assert language.spoken("No requests") == "No requests"
        assert language.spoken_error(BadInput("No such list: x", "look")) == "No such list: x: look"
    finally:
        language.catalogue.cache_clear()
