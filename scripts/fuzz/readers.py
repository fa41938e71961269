"""Coverage-guided fuzzing of the project's own parsers: ``python scripts/fuzz/readers.py PARSER [libFuzzer options] [CORPUS]``.

Needs atheris, which is no dependency of the project (``pip install atheris``). A parser may raise ``ReadError`` and nothing else;
it must come back within the time that ``-timeout`` gives.
"""

from __future__ import annotations

import contextlib
import sys

import atheris

with atheris.instrument_imports(include=["dudao"]):
    from dudao.errors import ReadError
    from dudao.readers import (  # noqa: F401 - some for their coverage only
        archive,
        charset,
        detect,
        docx,
        docx_numbering,
        glyphs,
        html,
        mht,
        ofd,
        page_lines,
        page_rows,
        xml,
    )
    from dudao.readers import zip as zip_reader
    from dudao.readers.limits import Limits

LIMITS = Limits(bytes=2_000_000, unpacked_bytes=2_000_000, archive_bytes=4_000_000, members=100, pages=20, seconds=20)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMESPACES = (
    f'xmlns:w="{_W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_WORD_TAGS = [
    "w:p",
    "w:r",
    "w:t",
    "w:pPr",
    "w:rPr",
    "w:numPr",
    "w:numId",
    "w:ilvl",
    "w:pStyle",
    "w:rStyle",
    "w:vanish",
    "w:del",
    "w:ins",
    "w:moveFrom",
    "w:moveTo",
    "w:tbl",
    "w:tr",
    "w:tc",
    "w:tcPr",
    "w:trPr",
    "w:gridSpan",
    "w:vMerge",
    "w:hMerge",
    "w:sdt",
    "w:sdtPr",
    "w:sdtContent",
    "w:showingPlcHdr",
    "w:fldChar",
    "w:fldSimple",
    "w:instrText",
    "w:hyperlink",
    "w:tab",
    "w:br",
    "w:cr",
    "w:footnoteReference",
    "w:endnoteReference",
    "w:drawing",
    "w:pict",
    "w:txbxContent",
    "w:ruby",
    "w:rubyBase",
    "w:rt",
    "w:altChunk",
    "mc:AlternateContent",
    "mc:Choice",
    "mc:Fallback",
    "m:oMath",
    "m:r",
    "m:t",
    "v:shape",
    "w:body",
    "w:sectPr",
    "w:customXml",
    "w:smartTag",
]
_NUMBER_TAGS = [
    "w:abstractNum",
    "w:num",
    "w:abstractNumId",
    "w:lvl",
    "w:start",
    "w:numFmt",
    "w:lvlText",
    "w:isLgl",
    "w:lvlRestart",
    "w:pStyle",
    "w:lvlOverride",
    "w:startOverride",
    "w:numStyleLink",
    "w:styleLink",
    "w:suff",
    "w:style",
    "w:pPr",
    "w:numPr",
    "w:numId",
    "w:ilvl",
    "w:basedOn",
    "w:rPr",
    "w:vanish",
]
_OFD_TAGS = ["Page", "Content", "Layer", "TextObject", "TextCode", "PageBlock", "ImageObject", "CGTransform"]
_WORD_ATTRIBUTES = [
    "w:val",
    "w:id",
    "w:type",
    "w:fldCharType",
    "w:format",
    "w:styleId",
    "w:abstractNumId",
    "w:numId",
    "w:ilvl",
    "w:default",
]
_OFD_ATTRIBUTES = ["Boundary", "Size", "CTM", "X", "Y", "DeltaX", "DeltaY", "ID", "BaseLoc"]
_VALUES = [
    "0",
    "1",
    "2",
    "3",
    "8",
    "9",
    "10",
    "99",
    "32767",
    "99999",
    "-1",
    "begin",
    "separate",
    "end",
    "continue",
    "restart",
    "off",
    "page",
    "textWrapping",
    "a",
    "b",
    "bullet",
    "none",
    "decimal",
    "chineseCounting",
    "chineseCountingThousand",
    "ideographDigital",
    "upperRoman",
    "lowerLetter",
    "decimalEnclosedCircle",
    "decimalZero",
    "custom",
    "chineseLegalSimplified",
    "%1、",
    "(%2)",
    "%1.%2",
    "%",
    "%%",
    "%9",
    "%0",
    "第%1章",
    "nan",
    "inf",
    "1e308",
]
_OFD_VALUES = [
    "0",
    "1",
    "0 0 100 5",
    "g 3 3.2",
    "g 99999999 1",
    "g",
    "g x y",
    "1 0 0 1 0 0",
    "0 0 0 0 0 0",
    "nan inf",
    "1e308",
    "-5",
    "3 3 g 2 1",
]

_MHT = b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html'


def _tree(data: atheris.FuzzedDataProvider, tags: list[str], attributes: list[str], values: list[str]) -> str:
    """Well-formed XML of these tags: what a fuzzer of bytes finds in a year."""
    out: list[str] = []
    open_tags: list[str] = []
    for _ in range(data.ConsumeIntInRange(0, 120)):
        if data.remaining_bytes() == 0:
            break
        what = data.ConsumeIntInRange(0, 5)
        if what <= 2 and len(open_tags) < 100:
            tag = tags[data.ConsumeIntInRange(0, len(tags) - 1)]
            given = {
                attributes[data.ConsumeIntInRange(0, len(attributes) - 1)]: values[
                    data.ConsumeIntInRange(0, len(values) - 1)
                ]
                for _ in range(data.ConsumeIntInRange(0, 3))
            }
            out.append("<" + tag + "".join(f' {name}="{value}"' for name, value in given.items()) + ">")
            open_tags.append(tag)
        elif what == 3:
            text = data.ConsumeUnicodeNoSurrogates(6)
            out.append("".join(char for char in text if char.isprintable()).translate({38: None, 60: None, 62: None}))
        elif open_tags:
            out.append(f"</{open_tags.pop()}>")
    return "".join(out) + "".join(f"</{tag}>" for tag in reversed(open_tags))


class _Members(archive.Archive):
    """A package of given members without the zip around them."""

    def __init__(self, members: dict[str, str]) -> None:
        self.where, self.left, self._members = "fuzz", 10_000_000, members
        self.entries = dict.fromkeys(members)

    def read(self, name: str, *, most: int | None = None) -> bytes:
        return self._members[name].encode("utf-8", "replace")


def _with_package(members: dict[str, str], module: object, read: object) -> None:
    module.Archive = lambda *_, **__: _Members(members)  # type: ignore[attr-defined]
    with contextlib.suppress(ReadError):
        read(b"", "fuzz", LIMITS)  # type: ignore[operator]


def one_docx(raw: bytes) -> None:
    """Random but well-formed body, numbering, styles and notes."""
    data = atheris.FuzzedDataProvider(raw)
    numbering = _tree(data, _NUMBER_TAGS, _WORD_ATTRIBUTES, _VALUES)
    styles = _tree(data, _NUMBER_TAGS, _WORD_ATTRIBUTES, _VALUES)
    notes = _tree(data, _WORD_TAGS, _WORD_ATTRIBUTES, _VALUES)
    body = _tree(data, _WORD_TAGS, _WORD_ATTRIBUTES, _VALUES)
    relations = "".join(
        f'<Relationship Type="x/{kind}" Target="{kind}.xml"/>' for kind in ("numbering", "styles", "footnotes")
    )
    _with_package(
        {
            "word/document.xml": f"<w:document {_NAMESPACES}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": f"<Relationships>{relations}</Relationships>",
            "word/numbering.xml": f"<w:numbering {_NAMESPACES}>{numbering}</w:numbering>",
            "word/styles.xml": f"<w:styles {_NAMESPACES}>{styles}</w:styles>",
            "word/footnotes.xml": f'<w:footnotes {_NAMESPACES}><w:footnote w:id="1">{notes}</w:footnote></w:footnotes>',
        },
        docx,
        docx.read_docx,
    )


def one_ofd(raw: bytes) -> None:
    """A random but well-formed page."""
    data = atheris.FuzzedDataProvider(raw)
    page = _tree(data, _OFD_TAGS, _OFD_ATTRIBUTES, _OFD_VALUES)
    _with_package(
        {
            "OFD.xml": "<OFD><DocBody><DocRoot>D/Document.xml</DocRoot></DocBody></OFD>",
            "D/Document.xml": '<Document><Pages><Page BaseLoc="p.xml"/></Pages></Document>',
            "D/p.xml": f"<Page>{page}</Page>",
        },
        ofd,
        ofd.read_ofd,
    )


def one_lines(raw: bytes) -> None:
    """Random print on random pages; nothing may be made up."""
    data = atheris.FuzzedDataProvider(raw)
    pages: list[list[glyphs.Glyph]] = []
    for _ in range(data.ConsumeIntInRange(1, 4)):
        page: list[glyphs.Glyph] = []
        for _ in range(data.ConsumeIntInRange(0, 60)):
            # A run of text at a place, as pages have it; now and then a place that makes no sense.
            x, y = data.ConsumeIntInRange(-50, 600), data.ConsumeIntInRange(-50, 900)
            size = data.ConsumeIntInRange(0, 30)
            for n, char in enumerate(data.ConsumeUnicodeNoSurrogates(30)):
                shown = glyphs.readable(char)
                if shown:
                    page.append(glyphs.Glyph(shown, x + n * size, y, x + (n + 1) * size, y + size))
            if data.ConsumeIntInRange(0, 50) == 50:
                number = data.ConsumeFloat()
                page.append(glyphs.Glyph("县", number, number, number, number))
        pages.append(page)
    lines = page_lines.lines_of(pages)
    printed = sorted("".join(glyph.text for page in pages for glyph in page).replace(" ", ""))
    assert len("".join(lines)) <= 2 * len(printed) + 10


def one_charset(raw: bytes) -> None:
    """Any bytes."""
    try:
        decoded = charset.decode(raw[8:], where="fuzz", declared=raw[:8].decode("latin-1").strip("\0 ") or None)
    except ReadError:
        return
    assert isinstance(decoded.text, str)


def one_html(raw: bytes) -> None:
    """Any bytes as a page."""
    with contextlib.suppress(ReadError):
        html.read_html(raw, "fuzz", LIMITS)


def one_mht(raw: bytes) -> None:
    """Any bytes behind a web archive's first lines."""
    with contextlib.suppress(ReadError):
        mht.read_mht(_MHT + raw, "fuzz", LIMITS)


def one_zip(raw: bytes) -> None:
    """Any bytes as a zip, Word or OFD package; needs seeds."""

    def read(content: bytes, name: str, depth: int, left: int):
        yield ReadError("read")

    try:
        kind = detect.kind_of(raw, "fuzz")
        if kind == "zip":
            list(zip_reader.read_zip(raw, "fuzz", LIMITS, read=read, suffixes=detect.SUFFIXES))
        elif kind == "docx":
            docx.read_docx(raw, "fuzz", LIMITS)
        elif kind == "ofd":
            ofd.read_ofd(raw, "fuzz", LIMITS)
    except ReadError:
        pass


TARGETS = {name[4:]: target for name, target in list(globals().items()) if name.startswith("one_")}


def main() -> None:
    """Fuzz the parser that the first argument names."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
