"""Files made for the tests: Word, OFD and zip packages by the standard library, PDFs by a few lines of their syntax."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

W_NS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NS = (
    f'xmlns:w="{W_NS}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PARTS = ("numbering", "styles", "footnotes", "endnotes", "header", "footer")


def package(members: Mapping[str, str | bytes]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def w(name: str, content: str = "", **attributes: str) -> str:
    """A ``w:`` element."""
    given = "".join(f' w:{key}="{value}"' for key, value in attributes.items())
    return f"<w:{name}{given}>{content}</w:{name}>" if content else f"<w:{name}{given}/>"


def t(text: str) -> str:
    """A run of text."""
    return f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def p(content: str, properties: str = "") -> str:
    """A paragraph; plain text becomes two runs, as Word cuts them."""
    if not content.startswith("<"):
        half = len(content) // 2
        content = t(content[:half]) + t(content[half:])
    return f"<w:p>{'<w:pPr>' + properties + '</w:pPr>' if properties else ''}{content}</w:p>"


def num(number: int, level: int) -> str:
    """Numbering of a paragraph or a style."""
    return w("numPr", w("ilvl", val=str(level)) + w("numId", val=str(number)))


def level(depth: int, text: str, format: str = "decimal", extra: str = "", start: int = 1) -> str:
    """A level of an abstract list."""
    return w(
        "lvl",
        w("start", val=str(start)) + w("numFmt", val=format) + extra + w("lvlText", val=text),
        ilvl=str(depth),
    )


def numbering(*levels: str, nums: str = "") -> str:
    """A numbering part with one abstract list and the number 1 for it."""
    return (
        w("abstractNum", "".join(levels), abstractNumId="0") + w("num", w("abstractNumId", val="0"), numId="1") + nums
    )


def row(*cells: str, properties: str = "") -> str:
    """A table row of cells, each given as its content."""
    return w("tr", properties + "".join(cell if cell.startswith("<w:tc>") else w("tc", cell) for cell in cells))


def text_box(blocks: str) -> str:
    """A run with a text box in both forms that Word writes."""
    box = f"<w:txbxContent>{blocks}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def docx(body: str, *, namespaces: str = _NS, extra: Mapping[str, str | bytes] | None = None, **parts: str) -> bytes:
    """A Word document of a body and the contents of its other parts."""
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(parts),
        "_rels/.rels": _relations([("officeDocument", "word/document.xml")]),
        "word/document.xml": f"{_XML}<w:document {namespaces}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": _relations([(name, f"{name}.xml") for name in _PARTS if name in parts]),
    }
    for name, content in parts.items():
        tag = {"header": "hdr", "footer": "ftr"}.get(name, name)
        members[f"word/{name}.xml"] = f"{_XML}<w:{tag} {namespaces}>{content}</w:{tag}>"
    return package({**members, **(extra or {})})


def _content_types(parts: Iterable[str]) -> str:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    items = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{kind}.{name}+xml"/>' for name in parts if name in _PARTS
    )
    return (
        f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}.document.main+xml"/>{items}</Types>'
    )


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="r{n}" Type="{_REL}/{kind}" Target="{target}"/>' for n, (kind, target) in enumerate(targets)
    )
    return f'{_XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{items}</Relationships>'


# PDF -----------------------------------------------------------------------------------------------------------------

A4 = (595, 842)
Piece = tuple[float, float, float, str]  # x, baseline from above, size, text


def pdf(pages: Sequence[Sequence[Piece]], *, picture: bool = False, encrypted: bool = False) -> bytes:
    """A PDF of text pieces in a Chinese font that is not embedded, as many producers leave it; its own map gives the characters."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) "
        b"/Supplement 4 >> /FontDescriptor 5 0 R /DW 1000 /W [1 95 500] >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [0 -120 1000 880] /ItalicAngle 0 /Ascent 880 "
        b"/Descent -120 /CapHeight 880 /StemV 93 >>",
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream",
    ]
    kids = []
    for pieces in pages:
        content = b"".join(
            b"BT /F1 %d Tf 1 0 0 1 %.2f %.2f Tm <%s> Tj ET\n"
            % (size, x, A4[1] - y, text.encode("utf-16-be").hex().encode())
            for x, y, size, text in pieces
        )
        if picture:
            content += b"q 500 0 0 700 40 60 cm /I1 Do Q\n"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R >> /XObject << /I1 6 0 R >> >> "
            b"/Contents %d 0 R >>" % (*A4, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    trailer = b""
    if encrypted:
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >>" % (b"ab" * 32, b"cd" * 32))
        trailer = b" /Encrypt %d 0 R /ID [<%s> <%s>]" % (len(objects), b"01" * 16, b"01" * 16)
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(out)


_NOT_AT_START = "，。、；：！？）》”’】%"


def wrapped(line: str, width: int, *, hard: bool = False) -> list[str]:
    """A line broken into rows of so many characters; no row begins with a closing mark and no number is cut, unless ``hard``."""
    if hard:
        return [line[at : at + width] for at in range(0, len(line), width)]
    rows: list[str] = []
    current, used = "", 0.0
    for unit in re.findall(rf"(?:[0-9A-Za-z.]+|.)[{_NOT_AT_START}]*", line):
        wide = sum(0.5 if char.isascii() else 1 for char in unit)
        if current and used + wide > width:
            rows.append(current)
            current, used = "", 0.0
        current += unit
        used += wide
    return [*rows, current] if current else rows


def printed(
    lines: Sequence[str],
    *,
    width: int = 26,
    size: int = 16,
    leading: int = 28,
    indent: int = 2,
    hard: bool = False,
    left: Sequence[float] = (80,),
    rows: int = 22,
    header: str = "",
    number: str = "— {} —",
    centred: int = 1,
) -> list[list[Piece]]:
    """Lines set as pages.

    Parameters
    ----------
    left : sequence of float
        Where each column begins; two make a page of two columns, whose rows are written across, as converters do.
    centred : int
        How many lines from the top are set in the middle of the page, larger.
    """
    flow: list[tuple[float, float, str]] = []  # offset, size, text
    for n, line in enumerate(lines):
        if n < centred:
            for piece in wrapped(line, 18):
                flow.append(((A4[0] - 22 * len(piece)) / 2 - left[0], 22, piece))
            continue
        pieces = wrapped("\u3000" * indent + line, width, hard=hard)
        for piece in pieces:
            bare = piece.lstrip("\u3000")
            # PDFium drops a character that is drawn by itself in a font that is not there.
            flow.append((size * (len(piece) - len(bare)), size, bare if len(bare) > 1 else bare + " "))
    pages: list[list[Piece]] = []
    head = [piece for piece in flow if piece[1] == 22]
    body = flow[len(head) :]
    while body or head:
        page: list[Piece] = []
        top = 90.0
        for offset, height, text in head:
            page.append((left[0] + offset, top, height, text))
            top += 40
        fits = rows - 2 * len(head)
        head = []
        columns = [body[n * fits : (n + 1) * fits] for n in range(len(left))]
        body = body[fits * len(left) :]
        for at in range(fits):
            for x, column in zip(left, columns, strict=True):
                if at < len(column):
                    page.append((x + column[at][0], top + at * leading, column[at][1], column[at][2]))
        if header:
            page.insert(0, (220, 50, 10, header))
        if number:
            page.append((270, 800, 12, number.format(len(pages) + 1)))
        pages.append(page)
    return pages


# OFD -----------------------------------------------------------------------------------------------------------------


def ofd(pages: Sequence[Sequence[Piece]], **extra: str) -> bytes:
    """An OFD document of the same pieces as `pdf`, in millimetres."""
    namespace = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    mm = 25.4 / 72
    members: dict[str, str] = {
        "OFD.xml": f'{_XML}<ofd:OFD {namespace} DocType="OFD"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>',
        "Doc_0/Document.xml": f"{_XML}<ofd:Document {namespace}><ofd:Pages>"
        + "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
        + "</ofd:Pages></ofd:Document>",
    }
    for n, pieces in enumerate(pages):
        objects = ""
        for x, y, size, text in pieces:
            steps = [size * mm * (0.5 if char.isascii() else 1) for char in text[:-1]]
            uniform = len(set(steps)) == 1 and len(steps) > 2
            delta = f"g {len(steps)} {steps[0]:.4f}" if uniform else " ".join(f"{step:.4f}" for step in steps)
            objects += (
                f'<ofd:TextObject Boundary="{x * mm:.3f} {(y - size) * mm:.3f} 200 {size * mm:.3f}" Size="{size * mm:.3f}">'
                f'<ofd:TextCode X="0" Y="{0.85 * size * mm:.3f}" DeltaX="{delta}">{escape(text)}</ofd:TextCode></ofd:TextObject>'
            )
        members[f"Doc_0/Pages/Page_{n}/Content.xml"] = (
            f'{_XML}<ofd:Page {namespace}><ofd:Content><ofd:Layer ID="1">{objects}</ofd:Layer></ofd:Content></ofd:Page>'
        )
    return package({**members, **extra})
