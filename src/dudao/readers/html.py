"""Web pages: the known gov.cn containers first, trafilatura for the rest, tables kept as rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.charset import decode

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
# Less than this is a page whose report sits in an attachment, or navigation only.
_LEAST_CHARACTERS = 40


def read_html(data: bytes, name: str) -> Document:
    """Extract the article of a web page, one block a line.

    Raises
    ------
    ReadError
        No article text: an attachment-only or empty page.
    """
    from lxml import html as lxml_html

    declared = _DECLARED.search(data[:4096])
    encoding = declared.group(1).decode("ascii", "ignore").lower() if declared else None
    # lxml cuts bytes labelled gb2312 short at the first character outside it; GB18030 holds them all.
    decoded = decode(data, where=name, declared="gb18030" if encoding in {"gb2312", "gbk", "gb18030"} else encoding)
    source = _XML_DECLARATION.sub("", decoded.text, count=1)
    if not source.strip():
        raise ReadError("the page is empty", where=name, hint="nothing to tag")
    parser = lxml_html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    tree = lxml_html.document_fromstring(source, parser=parser)
    _unwrap_anchors(tree)
    lines = _article_lines(tree)
    text = "\n".join(lines)
    if len(text) < _LEAST_CHARACTERS:
        links = [
            a.text_content().strip() or a.get("href", "")
            for a in tree.iter("a")
            if re.search(r"\.(?:docx?|pdf|wps|ofd|zip|rar)$", a.get("href", ""), re.I)
        ]
        if links:
            raise ReadError(
                f"the page holds no report text, only attachments: {'; '.join(links[:5])}",
                where=name,
                hint="download the attachment and give that",
            )
        raise ReadError(
            "no article text found in the page", where=name, hint="copy the text into a .txt file and give that"
        )
    return Document(text=text, source=name, format="html", warnings=decoded.warnings)


def _unwrap_anchors(tree: Any) -> None:
    """Drop the tags of anchors that are no links; trafilatura drops every heading wrapped in one.

    Unwrapping all of them brings the page's navigation back.
    """
    for anchor in list(tree.iter("a")):
        href = (anchor.get("href") or "").strip()
        named = anchor.get("name") or anchor.get("id")
        if (not href and named) or ((not href or href.startswith("#")) and _HEADING_LIKE.match(anchor.text_content())):
            anchor.drop_tag()


def _article_lines(tree: Any) -> list[str]:
    for path in _CONTAINERS:
        found = tree.xpath(path)
        if not found:
            continue
        # An article can be spread over several containers of one kind; one inside another counts once.
        outer = [each for each in found if not any(parent in found for parent in each.iterancestors())]
        lines = [line for each in outer for line in _lines(each)]
        if sum(map(len, lines)) >= _LEAST_CHARACTERS:
            title = _page_title(tree)
            if title and title not in "".join(lines[:4]):
                lines.insert(0, title)
            return lines
    import trafilatura

    title = _page_title(tree)
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
        line = re.sub(r"[ \t\r\n\f\v]+", " ", "".join(current)).strip(" ")
        if line.strip(" \u3000\u00a0"):
            lines.append(line)
        current.clear()

    for event, payload in _walk(element):
        if event == "text":
            current.append(payload)
        elif event == "row":
            flush()
            cells = [" ".join(cell.split()) for cell in payload]
            if any(cells):
                lines.append("\t".join(cells) if len(cells) > 1 else cells[0])
        else:
            flush()
    flush()
    return lines


def _is_data_row(row: Any) -> bool:
    """Whether a table row holds cells of data, not a part of the page's layout: one cell alone, or cells with paragraphs."""
    cells = [child for child in row if child.tag in {"td", "th", "cell"}]
    blocks = [sum(inner.tag in _CELL_BLOCKS for inner in cell.iterdescendants()) for cell in cells]
    return len(cells) > 1 and max(blocks) <= 1 and not any(inner.tag == "table" for inner in row.iterdescendants())


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
