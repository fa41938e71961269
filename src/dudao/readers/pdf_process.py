"""The process that reads one PDF: bytes on standard input, JSON on standard output, nothing else.

``{"text": …, "warnings": […]}``, or ``{"fault": …}`` with one word that `dudao.readers.pdf` turns into a message.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Iterator
from typing import Any

from dudao.readers.glyphs import Glyph, is_private, readable
from dudao.readers.page_lines import lines_of

_PASSWORD = 4  # FPDF_ERR_PASSWORD
# Characters a page: below, what is there is a stamp or a page number over a picture.
_LEAST_CHARACTERS = 12
_UNREADABLE_SHARE = 0.3
# The library drops a character that is drawn by itself in a font that is neither in the file nor installed: it has no box. What is
# lost is counted; more than this share of all text makes the rest worthless.
_LOST_SHARE = 0.1
_STANDARD_FONTS = ("Helvetica", "Times", "Courier", "Symbol", "Zapf", "Arial")  # drawn by the library itself


class FaultError(Exception):
    """Why there is no text, in one word."""


def read(data: bytes, *, most_pages: int) -> dict[str, Any]:
    """Text and warnings of a PDF.

    Raises
    ------
    FaultError
        password, damaged, pages, font, scan, unreadable or empty.
    """
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        raise FaultError("password" if code == _PASSWORD or "password" in str(error).lower() else "damaged") from error
    with document:
        count = len(document)
        if count > most_pages:
            raise FaultError("pages")
        pages: list[list[Glyph]] = []
        bare: list[int] = []
        lost: dict[str, int] = {}
        for number in range(count):
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                pages.append([])
                bare.append(number + 1)
                continue
            glyphs = page_glyphs(raw, page)
            if len(glyphs) < _LEAST_CHARACTERS and has_picture(raw, page):
                bare.append(number + 1)
            for font in lost_pieces(raw, page):
                lost[font] = lost.get(font, 0) + 1
            pages.append(glyphs)
            page.close()
    characters = "".join(glyph.text for glyphs in pages for glyph in glyphs)
    missing = sum(lost.values())
    if missing > _LOST_SHARE * (len(characters) + missing):
        raise FaultError("font")
    if bare and len(characters) < _LEAST_CHARACTERS * count:
        raise FaultError("scan")
    if not characters.strip():
        raise FaultError("empty")
    if sum(map(is_private, characters)) > _UNREADABLE_SHARE * len(characters):
        raise FaultError("unreadable")
    warnings = [f"page {which} holds a picture and no text: it needs OCR" for which in bare]
    warnings += [
        f"{count} single characters in the font {font}, which is neither in the file nor installed, may be missing"
        for font, count in lost.items()
    ]
    return {"text": "\n".join(lines_of(pages)), "warnings": warnings}


def page_glyphs(raw: Any, page: Any) -> list[Glyph]:
    """The characters of one page with their boxes, as the page is seen, rotation applied."""
    text = page.get_textpage()
    width, height = page.get_size()
    turn = page.get_rotation()
    box = raw.FS_RECTF()
    glyphs: list[Glyph] = []
    high = ""
    for index in range(raw.FPDFText_CountChars(text)):
        code = raw.FPDFText_GetUnicode(text, index)
        char = chr(code) if code < 0x110000 else ""
        # On some platforms characters above U+FFFF come as two surrogates.
        if "\ud800" <= char < "\udc00":
            high = char
            continue
        if "\udc00" <= char < "\ue000":
            char = (high + char).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if high else ""
        high = ""
        char = readable(char) if char else ""
        if not char or char.isspace() or not raw.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box)):
            continue
        glyphs.append(_seen(char, box, width, height, turn))
    text.close()
    return glyphs


def _seen(char: str, box: Any, width: float, height: float, turn: int) -> Glyph:
    """A box in the page's own space as it is seen: ``y`` downwards, after the page's rotation."""
    left, right, low, high = box.left, box.right, box.bottom, box.top
    if turn == 90:
        return Glyph(char, low, left, high, right)
    if turn == 180:
        return Glyph(char, width - right, low, width - left, high)
    if turn == 270:
        return Glyph(char, width - high, height - right, width - low, height - left)
    return Glyph(char, left, height - high, right, height - low)


def lost_pieces(raw: Any, page: Any) -> Iterator[str]:
    """The font of each piece of text that has no extent, in fonts that are not in the file."""
    box = [ctypes.c_float() for _ in range(4)]
    for index in range(raw.FPDFPage_CountObjects(page)):
        piece = raw.FPDFPage_GetObject(page, index)
        if raw.FPDFPageObj_GetType(piece) != raw.FPDF_PAGEOBJ_TEXT:
            continue
        if not raw.FPDFPageObj_GetBounds(piece, *map(ctypes.byref, box)) or any(
            box[end].value > box[end - 2].value for end in (2, 3)
        ):
            continue
        font = raw.FPDFTextObj_GetFont(piece)
        if not font or raw.FPDFFont_GetIsEmbedded(font):
            continue
        name = ctypes.create_string_buffer(80)
        raw.FPDFFont_GetBaseFontName(font, name, len(name))
        base = name.value.decode("utf-8", "replace")
        if not base.startswith(_STANDARD_FONTS):
            yield base


def has_picture(raw: Any, page: Any) -> bool:
    """Whether a page shows a picture."""
    return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _bound(memory: int, seconds: float) -> None:
    """Let the system stop what takes too much; Windows has no such bounds, and the time is bounded by the caller too."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main() -> None:
    """Read what standard input holds."""
    options = json.loads(sys.argv[1])
    _bound(options["memory"], options["seconds"])
    answer: dict[str, Any]
    try:
        answer = read(sys.stdin.buffer.read(), most_pages=options["pages"])
    except FaultError as fault:
        answer = {"fault": str(fault)}
    except MemoryError:
        answer = {"fault": "memory"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
