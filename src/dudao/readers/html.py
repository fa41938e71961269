"""Web pages: the known gov.cn containers first, trafilatura for the rest, tables kept as rows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.charset import decode
from dudao.readers.limits import DEFAULT, Limits

_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9_-]+)""", re.I)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# Containers of the site builders that most gov.cn pages come from, tried in this order.
_CONTAINERS = (
    "//*[@id='UCAP-CONTENT']",
    "//*[@id='zoom' or @id='Zoom']",
    "//*[contains(concat(' ', @class, ' '), ' TRS_Editor ') or contains(concat(' ', @class, ' '), ' trs_editor_view ')]",
    "//*[contains(concat(' ', @class, ' '), ' TRS_UEDITOR ')]",
    "//*[@id='vsb_content' or contains(concat(' ', @class, ' '), ' v_news_content ')]",
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "li",
        "item",
        "ul",
        "ol",
        "list",
        "blockquote",
        "pre",
        "table",
        "tbody",
        "thead",
        "tr",
        "row",
        "center",
        "main",
        "body",
        "dd",
        "dt",
        "dl",
        "figure",
        "quote",
    ]
)
_CELL_BLOCKS = frozenset(["p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li"])
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head_meta",
        "nav",
        "footer",
        "header",
        "button",
        "select",
        "option",
        "textarea",
        "iframe",
        "svg",
        "form",
    ]
)
_HEADING_LIKE = re.compile(
    r"^\s*(?:[一二三四五六七八九十]{1,3}\s*、|[(（][一二三四五六七八九十]{1,3}[)）]|[0-9]{1,2}\s*[.、．]|第[一二三四五六七八九十]+[章节部])"
)
_DOCUMENT = re.compile(r"\.(?:docx?|xlsx?|pdf|wps|ofd|zip|rar)$", re.I)
_STOP = re.compile("[。；！？]")
_WHOLE_PAGE = re.compile(r"<(?:html|body)[\s>]", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HAN_OR_MARK = "\u2014\u2018-\u201d\u2026\u3001-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff65"
_BROKEN_HAN = re.compile(rf"(?<=[{_HAN_OR_MARK}])[ \t\f\v]*[\r\n][ \t\r\n\f\v]*(?=[{_HAN_OR_MARK}])")
_CONTROLS = dict.fromkeys([*range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F])  # lxml refuses some and stops at others
_LARGEST_PAGE = 20_000  # elements; above, what tells an article from its page takes minutes
# Less than this is a page whose report sits in an attachment, or navigation only.
_LEAST_CHARACTERS = 40


def read_html(
    data: bytes, name: str, limits: Limits = DEFAULT, *, charset: str | None = None, format: str = "html"
) -> Document:
    """Extract the article of a web page, one block a line.

    Parameters
    ----------
    charset : str, optional
        What the transport says of the encoding; the page's own word counts where it is missing.

    Raises
    ------
    ReadError
        No article text (an attachment-only or empty page), or too much for the limits.
    """
    from lxml import etree
    from lxml import html as lxml_html

    if len(data) > limits.page_bytes:
        raise ReadError(
            f"a web page of more than {limits.page_bytes:,} bytes", where=name, hint="save it as .txt and give that"
        )

    declared = _DECLARED.search(data[:4096])
    encoding = (charset or (declared.group(1).decode("ascii", "ignore") if declared else "")).lower() or None
    # lxml cuts bytes labelled gb2312 short at the first character outside it; GB18030 holds them all.
    decoded = decode(data, where=name, declared="gb18030" if encoding in {"gb2312", "gbk", "gb18030"} else encoding)
    source = _XML_DECLARATION.sub("", decoded.text, count=1).translate(_CONTROLS)
    if not source.strip():
        raise ReadError("the page is empty", where=name, hint="nothing to tag")
    if source.count("<") + source.count("=") > limits.xml_nodes:
        raise ReadError(
            f"has more than {limits.xml_nodes:,} XML nodes", where=name, hint="save it as .txt and give that"
        )
    watch = limits.watch(name)
    parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        tree = lxml_html.document_fromstring(source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ReadError(
            "no article text found in the page", where=name, hint="copy the text into a .txt file and give that"
        ) from error
    # Beyond its own bound the parser drops what lies deeper without a word: better no report than half of one.
    if any("depth" in entry.message for entry in parser.error_log) or tree.xpath(
        "boolean(" + "/*" * (limits.page_depth + 1) + ")"
    ):
        raise ReadError(
            f"nests tags deeper than {limits.page_depth} levels",
            where=name,
            hint="copy the text into a .txt file and give that",
        )
    watch.check()
    attachments = _attachments(tree)
    # A fragment has no navigation around it that would have to be told apart.
    lines = _article_lines(tree) if _WHOLE_PAGE.search(source) else _fragment_lines(tree)
    watch.check()
    text = "\n".join(lines)
    # Beside its attachments such a page still has a title, a date and an imprint, but hardly a sentence.
    said = sum(len(line) for line in lines if _STOP.search(line)) if attachments else len(text)
    if said < _LEAST_CHARACTERS:
        if attachments:
            raise ReadError(
                f"the page holds no report text, only attachments: {'; '.join(attachments[:5])}",
                where=name,
                hint="download the attachment and give that",
            )
        raise ReadError(
            "no article text found in the page", where=name, hint="copy the text into a .txt file and give that"
        )
    return Document(text=text, source=name, format=format, warnings=decoded.warnings)


def _attachments(tree: Any) -> list[str]:
    """What the page's links to documents are called."""
    return [
        "".join(itertools.islice(a.itertext(), 20)).strip() or a.get("href", "")
        for a in tree.iter("a")
        if _DOCUMENT.search(a.get("href", ""))
    ]


def _drop_hidden(tree: Any) -> None:
    """Take out what a browser does not show."""
    for element in list(tree.iter()):
        if element.get("hidden") is None and not _HIDDEN.search(element.get("style") or ""):
            continue
        if element.getparent() is not None and element.tag not in {"html", "body"}:
            element.drop_tree()


def _unwrap_anchors(tree: Any) -> None:
    """Make anchors that are no links plain spans; trafilatura drops every heading wrapped in one.

    Unwrapping all of them brings the page's navigation back.
    """
    for anchor in list(tree.iter("a")):
        href = (anchor.get("href") or "").strip()
        named = anchor.get("name") or anchor.get("id")
        if (not href and named) or ((not href or href.startswith("#")) and _HEADING_LIKE.match(anchor.text_content())):
            anchor.tag = "span"  # lxml's drop_tag counts siblings, which takes hours on a page of anchors


def _fragment_lines(tree: Any) -> list[str]:
    _drop_hidden(tree)
    return _lines(tree)


def _article_lines(tree: Any) -> list[str]:
    _drop_hidden(tree)
    _unwrap_anchors(tree)
    for path in _CONTAINERS:
        found = tree.xpath(path)
        if not found:
            continue
        # An article can be spread over several containers of one kind; one inside another counts once.
        lines = [line for each in _outermost(tree, found) for line in _lines(each)]
        if sum(map(len, lines)) >= _LEAST_CHARACTERS:
            title = _page_title(tree)
            if title and title not in "".join(lines[:4]):
                lines.insert(0, title)
            return lines
    title = _page_title(tree)
    if tree.xpath("count(//*)") > _LARGEST_PAGE:
        return _lines(tree)
    import trafilatura

    _flatten_layout(tree)
    for element in list(tree.iter("h1", "h2", "h3", "h4", "h5", "h6")):
        element.tag = "p"  # trafilatura drops headings of many pages, paragraphs of an article never
    extracted = trafilatura.bare_extraction(
        tree, include_comments=False, include_tables=True, favor_recall=True, with_metadata=False
    )
    body = getattr(extracted, "body", None)
    lines = [] if body is None else _lines(body)
    if title and lines and title not in "".join(lines[:4]):
        lines.insert(0, title)
    return lines


def _flatten_layout(tree: Any) -> None:
    """Make tables that lay out the page plain blocks; trafilatura puts what stands in nested ones out of order.

    Cells that hold nothing but links are the page's navigation.
    """
    for table in list(tree.iter("table")):
        groups = [part for part in table if part.tag in {"tbody", "thead", "tfoot"}]
        rows = [row for group in (table, *groups) for row in group if row.tag == "tr"]
        cells = [cell for row in rows for cell in row if cell.tag in {"td", "th"}]
        links = [cell for cell in cells if _is_navigation(cell)]
        if next(table.iterdescendants("table"), None) is None and any(map(_is_data_row, rows)):
            if len(links) == len(cells) and table.getparent() is not None:
                table.drop_tree()
            continue
        for cell in links:
            cell.drop_tree()
        for part in (table, *groups, *rows, *cells):
            part.tag = "div"


def _is_navigation(cell: Any) -> bool:
    """Whether a cell of a table holds links and nothing else."""
    if next(cell.iterdescendants("table"), None) is not None:
        return False
    linked = sum(len("".join("".join(a.itertext()).split())) for a in cell.iter("a") if a.get("href"))
    return 0 < linked == len("".join("".join(cell.itertext()).split()))


def _outermost(tree: Any, found: list[Any]) -> Iterator[Any]:
    """Those elements that lie in no other of them, in document order."""
    wanted = set(found)
    stack = [tree]
    while stack:
        node = stack.pop()
        if node in wanted:
            yield node
        else:
            stack.extend(reversed(node))


def _page_title(tree: Any) -> str:
    for path in ("//meta[@name='ArticleTitle' or @name='articletitle']/@content", "//h1//text()", "//title//text()"):
        found = " ".join(" ".join(tree.xpath(path)).split())
        if found:
            return re.split(r"\s*[_|]\s*|\s+-+\s+", found)[0].strip()
    return ""


def _lines(element: Any) -> list[str]:
    """The text of an element, one block or table row a line, cells separated by tabs."""
    lines: list[str] = []
    current: list[str] = []

    def flush() -> None:
        line = _folded("".join(current))
        if line.strip(" \u3000\u00a0"):
            lines.append(line)
        current.clear()

    for event, payload in _walk(element):
        if event == "text":
            current.append(payload)
        elif event == "row":
            flush()
            cells = [_folded(cell) for cell in payload]
            if any(cells):
                lines.append("\t".join(cells) if len(cells) > 1 else cells[0])
        else:
            flush()
    flush()
    return lines


def _folded(text: str) -> str:
    """Text with its white space as a browser shows it. A line break between two Han characters or marks is the source's, no blank."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", _BROKEN_HAN.sub("", text)).strip(" ")


def _is_data_row(row: Any) -> bool:
    """Whether a table row holds cells of data, not a part of the page's layout: one cell alone, or cells with paragraphs."""
    cells = [child for child in row if child.tag in {"td", "th", "cell"}]
    if len(cells) < 2:
        return False
    for cell in cells:
        blocks = 0
        # Stops at the first table inside: rows of nested tables would each be walked by all tables around them.
        for inner in cell.iterdescendants():
            blocks += inner.tag in _CELL_BLOCKS
            if inner.tag == "table" or blocks > 1:
                return False
    return True


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Text pieces, block borders and table rows in reading order; a stack, since pages nest without limit."""
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        tag = node.tag if isinstance(node.tag, str) else ""
        if leaving:
            if tag in _BLOCKS:
                yield "break", None
            if node.tail and node is not root:
                yield "text", node.tail
            continue
        if not tag or tag in _SKIPPED:
            if node.tail and node is not root:
                yield "text", node.tail
            continue
        if tag in {"tr", "row"} and _is_data_row(node):
            cells = ["".join(child.itertext()) for child in node if child.tag in {"td", "th", "cell"}]
            yield "row", cells
            stack.append((node, True))
            continue
        if tag in {"br", "lb", "hr"} or tag in _BLOCKS:
            yield "break", None
        if node.text:
            yield "text", node.text
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node))
