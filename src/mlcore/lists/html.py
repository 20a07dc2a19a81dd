"""HTML of a mail as plain text that can be read: no external program, nothing is fetched, any input ends."""

import re
from importlib import import_module
from itertools import islice
from typing import Any, Final

_XML_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*>")
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_SPACES: Final = re.compile(r"\s+")
_BLANKS_AT_END: Final = re.compile(r"[ \t]++(?=\n)")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_LINK: Final = re.compile(r"(?:https?|ftps?|mailto|tel|news|nntp):\S+", re.IGNORECASE)
_NOT_SHOWN: Final = re.compile(r"display\s*+:\s*+none", re.IGNORECASE)
_SAME: Final = re.compile(r"\A(?:https?://|mailto:|tel:)|/\Z", re.IGNORECASE)

_MOST_ELEMENTS: Final = 3_000
"""To lay out one takes some 10 µs. Newsletters have up to 1,500."""
_DEEPEST: Final = 150
"""inscriptis calls itself for each level."""
_WIDEST: Final = 160
"""Characters of a row of a table. Rows are filled up with blanks: this bounds what they may grow to."""

_PIECES: Final = 40
"""Elements and texts in a link that are compared with its target; links may stand in each other."""

_HIDDEN: Final = frozenset({"head", "script", "style", "template", "title"})
_LINES: Final = frozenset(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "figure", "footer"}
    | {"form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tr", "ul"}
)
_OF_TABLES: Final = frozenset({"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"})


def to_text(html: str) -> str:
    """The text of an HTML document or of a piece of one: paragraphs, lists and headings as lines, tables with
    their columns side by side where they are narrow, the targets of links in angle brackets behind them.

    LF line ends, one at the end; no blanks at line ends, and no two empty lines after each other; empty for
    HTML without text. What is too large or too deep to be laid out comes as bare lines. Never raises; linear.
    Loads inscriptis and lxml on first use."""
    tree = _tree(html)
    text = _laid_out(tree) if _is_modest(tree) else _bare(tree)
    text = _UNFIT.sub("", text.replace("\u00a0", " ").replace("\r", "")) + "\n"
    text = _EMPTY_LINES.sub("\n\n", _BLANKS_AT_END.sub("", text)).strip("\n")
    return f"{text}\n" if text.strip() else ""


def _tree(html: str) -> Any:
    """The document as lxml sees it, with the targets of links as text."""
    lxml = import_module("lxml.html")
    parser = lxml.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    source = _UNFIT.sub("", _XML_DECLARATION.sub("", html, count=1))
    # It refuses a document without any element, such as the empty one.
    tree = lxml.document_fromstring(f"<html>{source}", parser=parser)
    for link in list(tree.iter("a")):
        _show_target(link)
    return tree


def _show_target(link: Any) -> None:
    """Writes the target of a link behind its text, unless that says the same."""
    target = "".join(_UNFIT.sub("", link.get("href", "")).split())
    text = _beginning(link)
    if not _LINK.fullmatch(target) or _SAME.sub("", target) == _SAME.sub("", text):
        return
    shown = f" <{target}>" if text else f"<{target}>"
    if len(link):
        link[-1].tail = _UNFIT.sub("", link[-1].tail or "") + shown
    else:
        link.text = _UNFIT.sub("", link.text or "") + shown


def _beginning(link: Any) -> str:
    """The text of the first elements of a link. `itertext` would look for text in all of it."""
    found: list[str] = []
    waiting = [link]
    for _ in range(_PIECES):
        if not waiting:
            break
        piece = waiting.pop()
        if isinstance(piece, str):
            found.append(piece)
            continue
        found.append(piece.text or "")
        for child in reversed(list(islice(piece, _PIECES - len(waiting)))):
            waiting += (child.tail or "", child)
    return "".join(found).strip()


def _is_modest(tree: Any) -> bool:
    """Whether it can be laid out in a time that a post may take."""
    waiting = [(tree, 1)]
    seen = 0
    while waiting:
        element, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST_ELEMENTS:
            return False
        waiting.extend((child, depth + 1) for child in element)
    return True


def _laid_out(tree: Any) -> str:
    """By inscriptis, which gets a tree of tags alone: attributes could make a page of any width."""
    _simplify(tree)
    engine = import_module("inscriptis.html_engine")
    config = import_module("inscriptis.model.config")
    css = import_module("inscriptis.css_profiles").STRICT_CSS_PROFILE
    element = import_module("inscriptis.model.html_element").HtmlElement
    block = import_module("inscriptis.html_properties").Display.block
    quotes = {"blockquote": element(display=block, margin_before=1, margin_after=1, padding_inline=4)}
    text: str = engine.Inscriptis(tree, config.ParserConfig(css={**css, **quotes})).get_text()
    return text


def _simplify(tree: Any) -> None:
    """Takes out attributes and hidden text, makes lines of tables that only lay out a page, and writes `&` in
    the way that inscriptis, which decodes once more, reads it."""
    waiting = [(tree, False)]
    while waiting:
        element, is_table = waiting.pop()
        if element.tag == "table":
            is_table = _is_narrow(element)
        if element.tag in _OF_TABLES and not is_table:
            element.tag = "div"
        if _NOT_SHOWN.search(element.get("style", "")):
            element.tag = "head"
        element.attrib.clear()
        element.text = _twice_coded(element.text)
        element.tail = _twice_coded(element.tail)
        waiting.extend((child, is_table) for child in element)


def _twice_coded(text: str | None) -> str:
    """Text of an element; what an entity of HTML stood for may be nothing that XML can hold."""
    return _UNFIT.sub("", text or "").replace("&", "&amp;")


def _is_narrow(table: Any) -> bool:
    """Whether its columns can stand side by side: two or more, no table in it, rows of 160 characters."""
    if any(inner is not table for inner in table.iter("table")):
        return False
    widths: dict[int, int] = {}
    for row in table.iter("tr"):
        for column, cell in enumerate(row.iter("td", "th")):
            widths[column] = max(widths.get(column, 0), len(cell.text_content()))
    return len(widths) > 1 and sum(widths.values()) <= _WIDEST


def _bare(tree: Any) -> str:
    """Text alone, with lines where an element begins or ends one."""
    parts: list[str] = []
    walker = import_module("lxml.etree").iterwalk(tree, events=("start", "end"))
    for event, element in walker:
        parts.append("\n" if element.tag in _LINES else " " if element.tag in _OF_TABLES else "")
        if event == "end":
            parts.append(_SPACES.sub(" ", element.tail or ""))
        elif element.tag in _HIDDEN:
            walker.skip_subtree()
        else:
            parts.append(_SPACES.sub(" ", element.text or ""))
    return "\n".join(filter(None, map(str.strip, "".join(parts).split("\n"))))
