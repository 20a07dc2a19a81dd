"""`lists.html`: HTML as text that can be read."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.html import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Just text", "Just text\n"),
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree\n"),
        ("<h1>Head</h1>text", "Head\n\ntext\n"),
        ("<p>a &amp; b &lt;c&gt; &amp;lt;d&amp;gt; &eacute;&nbsp;x</p>", "a & b <c> &lt;d&gt; é x\n"),
        ("<ul><li>one<li>two</ul>", "  * one\n  * two\n"),
        ("<ol><li>one<li>two</ol>", " 1. one\n 2. two\n"),
        ("a<blockquote>quoted<br>more</blockquote>b", "a\n\n    quoted\n    more\n\nb\n"),
        ("<pre>  two\n    four</pre>", "  two\n    four\n"),
        ("<title>t</title><style>s{}</style><script>x()</script><!-- c -->text", "text\n"),
        ("<?xml version='1.0' encoding='x'?><p>text", "text\n"),
        ("<p>日本語の<b>文</b>です。", "日本語の文です。\n"),
        ("<p style='DISPLAY : none'>preheader</p>text<p style='color:red'>red</p>", "text\n\nred\n"),
        ("a<p></p><p></p><p></p><div><br><br><br></div>b", "a\n\nb\n"),
        ("x  <br>  y  \t <br>z", "x\ny\nz\n"),
        ("a&#7;b&#xFFFE;c\0d", "abcd\n"),
        ("<img src=x alt=logo>", ""),
        ("", ""),
        (" \n", ""),
        ("<!-- only -->", ""),
        ("<html>", ""),
    ],
)
def test_text(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<a href='https://x.example/a?b=1&copy=2'>the page</a>",
            "the page <https://x.example/a?b=1&copy=2>\n",
        ),
        ("<a href='https://x.example/'>x.example</a>", "x.example\n"),
        ("<a href='https://x.example/a'>http://x.example/a</a>", "http://x.example/a\n"),
        ("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example\n"),
        ("<a href='mailto:a@b.example'>write</a>", "write <mailto:a@b.example>\n"),
        ("<a href='https://x.example/'><b>bold</b> link</a>.", "bold link <https://x.example/>.\n"),
        ("<a href='https://x.example/'><b>bold</b></a>.", "bold <https://x.example/>.\n"),
        ("<a href='https://x.example/'><img src=y></a>", "<https://x.example/>\n"),
        ("<a href='https://x.example/&#10;a\tb &#7;'>t</a>", "t <https://x.example/ab>\n"),
        ("<a href='javascript:alert(1)'>t</a> <a href='#top'>u</a> <a name=n>v</a>", "t u v\n"),
        ("<a href='data:text/html,x'>t</a>", "t\n"),
    ],
)
def test_links(html: str, text: str) -> None:
    assert to_text(html) == text


def test_a_narrow_table_keeps_its_columns() -> None:
    rows = "<tr><th>Name<th>Time<tr><td>Anne<td>four<tr><td>Bartholomew<td>five"
    assert to_text(f"<table>{rows}</table>") == "Name         Time\nAnne         four\nBartholomew  five\n"


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>left</td></tr><tr><td>right</td></tr></table>",
        "<table><tr><td>left</td><td>right<table><tr><td></table></td></table>",
        f"<table><tr><td>left<td>right<tr><td>{'x ' * 90}<td></table>",
    ],
)
def test_tables_that_lay_out_a_page_become_lines(html: str) -> None:
    assert to_text(html).startswith("left\nright\n")


def test_a_narrow_table_in_one_that_lays_out_keeps_its_columns() -> None:
    inner = "<table><tr><td>a<td>b</table>"
    assert to_text(f"<table><tr><td>menu</td><td>{inner}</td></tr></table>") == "menu\na  b\n"


def test_what_is_too_large_or_too_deep_comes_as_bare_lines() -> None:
    link = "<a href='https://x.example/p'>a &amp; b</a>"
    html = f"<title>t</title><p>{link}</p><p>x</p>" + "<b>y </b>" * 4_000 + "<p>e<br>f<table><tr><td>g<td>h"
    expected = "a & b <https://x.example/p>\nx\n" + " ".join("y" * 4_000) + "\ne\nf\ng  h\n"
    assert to_text(html) == expected
    assert to_text("<div>" * 300 + "deep") == "deep\n"
    assert to_text("<div>" * 5_000 + "too deep") == ""


_PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<table>",
            "</table>",
            "<tr>",
            "<td colspan=9>",
            "</td>",
            "<ul>",
            "<ol start=x>",
            "<li>",
        ),
        *(
            "<a href=https://x.example>",
            "</a>",
            "<pre>",
            "</pre>",
            "<br>",
            "<div style='margin-top:1e9em'>",
            "</div>",
        ),
        *(
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<![CDATA[",
            "<?x",
            "&amp;",
            "&#0;",
            "&#xD800;",
            "<q>",
            "<html>",
        ),
        *(
            "text",
            " ",
            "\n",
            "\0",
            "\udc80",
            "会",
            "<",
            ">",
            "&",
            '"',
            "<svg><title>",
            "<frameset>",
            "<plaintext>",
        ),
    ]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=40))
def test_arbitrary_html_never_raises(pieces: list[str]) -> None:
    text = to_text("".join(pieces))
    assert not text or (text.endswith("\n") and not text.startswith("\n"))
    assert "\n\n\n" not in text
    text.encode()


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>" + "x" * 50_000 + "<td>y" + "<tr><td>" * 8_000,
        "<table>" + "<tr><td>a" + "<td>b" * 9_000,
        "<table><tr><td>" * 20_000,
        "<b>" * 100_000,
        "<a href=https://x.example/>y" * 4_000,
        "<a href=https://x.example/><div>" * 3_000 + "text" * 10_000,
        "<blockquote>x" * 2_000,
        "<ul><li>x" * 2_000,
        "&" * 100_000,
        "<" * 100_000,
        "<p>x" * 2_900,
    ],
    ids=lambda html: html[:24],
)
def test_p7_no_html_takes_much_time_or_grows(html: str) -> None:
    to_text("<p>loaded before")
    started = time.process_time()
    text = to_text(html)
    assert time.process_time() - started < 1.5
    assert len(text) < 20 * len(html)


def test_p7_links_in_links_take_linear_time() -> None:
    """Seen: 9 KiB of links without text took 0.15 s, since each was searched for text to its end."""
    assert to_text("<a href='http://x'><b>" * 9) == "<http://x>" * 9 + "\n"
    started = time.process_time()
    to_text("<a href='http://x'><b>" * 430)
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<a href=http://x.example/a><b>http://x</b>.example<i>/</i>a</a>", "http://x.example/a\n"),
        ("<a href=http://x.example/a><b>tea<i>at</i></b>four</a>", "teaatfour <http://x.example/a>\n"),
    ],
)
def test_the_text_of_a_link_is_that_of_its_elements_in_order(html: str, text: str) -> None:
    assert to_text(html) == text


def test_the_libraries_are_loaded_on_first_use() -> None:
    code = "import sys, mlcore.lists.html; print([m for m in sys.modules if m in {'lxml', 'inscriptis'}])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
