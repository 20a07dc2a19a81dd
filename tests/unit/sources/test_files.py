"""Texts in files: where they lie, when they are read again, and what is no text."""

import os
from pathlib import Path

import pytest

from mlcore.sources.files import Files, Tree, Trouble

WELCOME = "list:user:notice:welcome.txt"


def write(directory: Path, place: str, text: str | bytes) -> Path:
    path = directory / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_directory_that_is_not_there_has_no_texts(tmp_path: Path) -> None:
    assert Files(str(tmp_path / "none")).look() == Tree()


def test_texts_by_list_domain_and_site(tmp_path: Path) -> None:
    write(tmp_path, f"site/ja/{WELCOME}", "サイト\r\n")
    write(tmp_path, f"domains/example.com/en/{WELCOME}", "domain")
    write(tmp_path, f"lists/Ant.Example.Com/en/{WELCOME}", "list")
    write(tmp_path, "lists/ant@example.com/zh_Hant/my.txt", "mine")
    assert Files(str(tmp_path)).look() == Tree(
        {
            "site": {("ja", WELCOME): "サイト\n"},
            "domains/example.com": {("en", WELCOME): "domain"},
            "lists/ant.example.com": {("en", WELCOME): "list"},
            "lists/ant@example.com": {("zh_Hant", "my.txt"): "mine"},
        }
    )


def test_other_files_are_nobody_s_business(tmp_path: Path) -> None:
    for name in (f"{WELCOME}~", f".{WELCOME}.swp", ".hidden.txt", "notes.md"):
        write(tmp_path, f"site/en/{name}", b"\xff")
    write(tmp_path, "readme.txt", b"\xff")
    assert Files(str(tmp_path)).look() == Tree()


def test_a_directory_whose_name_is_no_language_is_named(tmp_path: Path) -> None:
    write(tmp_path, f"site/english/{WELCOME}", "x")
    assert Files(str(tmp_path)).look().strange == (f"{tmp_path}/site/english",)


def test_a_file_where_a_directory_should_be_is_told(tmp_path: Path) -> None:
    write(tmp_path, f"site/{WELCOME}", "x")
    write(tmp_path, "lists", "x")
    tree = Files(str(tmp_path)).look()
    assert tree.troubles == (Trouble(f"{tmp_path}/lists", "Not a directory"),)
    assert tree.strange == (f"{tmp_path}/site/{WELCOME}",)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [(b"\xff", "not UTF-8"), (b"x" * (1 << 20) + b"y", "longer than 1,048,576 octets"), (b"\0", "NUL in it")],
)
def test_what_is_no_text_is_told_and_passed_over(tmp_path: Path, octets: bytes, reason: str) -> None:
    path = write(tmp_path, f"site/en/{WELCOME}", octets)
    write(tmp_path, "site/en/help.txt", "help")
    tree = Files(str(tmp_path)).look()
    assert tree.texts == {"site": {("en", "help.txt"): "help"}}
    (trouble,) = tree.troubles
    assert trouble.path == str(path)
    assert trouble.reason.startswith(reason)


def test_a_pipe_holds_up_nobody(tmp_path: Path) -> None:
    directory = tmp_path / "site" / "en"
    directory.mkdir(parents=True)
    os.mkfifo(directory / WELCOME)
    os.mkdir(directory / "help.txt")
    tree = Files(str(tmp_path)).look()
    assert [trouble.reason for trouble in tree.troubles] == ["Is a directory", "no plain file"]


def test_links_are_followed(tmp_path: Path) -> None:
    elsewhere = write(tmp_path, "elsewhere/x", "text")
    (tmp_path / "site" / "en").mkdir(parents=True)
    (tmp_path / "site" / "en" / WELCOME).symlink_to(elsewhere)
    (tmp_path / "site" / "en" / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "site" / "ja").symlink_to("en")
    tree = Files(str(tmp_path)).look()
    assert tree.texts["site"] == {("en", WELCOME): "text", ("ja", WELCOME): "text"}
    assert {trouble.reason for trouble in tree.troubles} == {"No such file or directory"}


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "en").symlink_to(".")
    (tmp_path / "site" / "ja").symlink_to("ja")
    tree = Files(str(tmp_path)).look()
    assert tree.texts == {}
    assert [trouble.reason for trouble in tree.troubles] == ["Too many levels of symbolic links"]


def test_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, f"site/en/{WELCOME}", "one")
    files = Files(str(tmp_path))
    first = files.look()
    assert files.look() is first
    write(tmp_path, f"site/en/{WELCOME}", "two")
    second = files.look()
    assert second.texts["site"] == {("en", WELCOME): "two"}
    os.utime(path)
    assert files.look() is second
    path.unlink()
    assert files.look().texts == {}


def test_a_change_of_the_same_size_within_a_tick_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path, f"site/en/{WELCOME}", "one")
    files = Files(str(tmp_path))
    files.look()
    before = os.stat(path)
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert files.look().texts["site"] == {("en", WELCOME): "two"}


def test_there_is_an_end_to_how_many_files_are_read(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path, f"lists/l{number}.example.com/en/{WELCOME}", "x")
    tree = Files(str(tmp_path), most_files=3).look()
    assert len(tree.texts) == 3
    assert tree.troubles == (Trouble(str(tmp_path), "more than 3 files: the rest is not read"),)
    assert Files(str(tmp_path), most_files=5).look().troubles == ()


def test_one_directory_with_too_many_files_is_not_read_as_a_whole(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path, f"site/en/{number}.txt", "x")
    tree = Files(str(tmp_path), most_files=3).look()
    assert len(tree.texts["site"]) == 3
    assert len(tree.troubles) == 1


def test_there_is_an_end_to_how_large_they_are_together(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, f"site/en/{number}.txt", "x" * 10)
    tree = Files(str(tmp_path), most_together=20).look()
    assert set(tree.texts["site"]) == {("en", "0.txt"), ("en", "1.txt")}
    (trouble,) = tree.troubles
    assert trouble.path == f"{tmp_path}/site/en/2.txt"
    assert "too large together" in trouble.reason


def test_files_that_uris_name(tmp_path: Path) -> None:
    path = write(tmp_path, "anywhere.text", "one")
    files = Files(str(tmp_path / "templates"))
    missing = str(tmp_path / "missing")
    tree = files.look([str(path), missing])
    assert tree.named == {str(path): "one"}
    assert tree.troubles == (Trouble(missing, "No such file or directory"),)
    path.write_text("two!")
    assert files.look([str(path)]).named == {str(path): "two!"}


@pytest.mark.parametrize("name", [b"\xff.txt", b"a\nb.txt"])
def test_p27_odd_names_make_no_odd_lines(tmp_path: Path, name: bytes) -> None:
    directory = os.fsencode(tmp_path) + b"/site/en"
    os.makedirs(directory)
    Path(os.fsdecode(directory + b"/" + name)).write_bytes(b"\0")
    (trouble,) = Files(str(tmp_path)).look().troubles
    trouble.path.encode()


def test_what_must_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, f"site/en/{WELCOME}", "x")

    def refused(_path: str) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refused)
    tree = Files(str(tmp_path)).look()
    assert {trouble.reason for trouble in tree.troubles} == {"Permission denied"}
