"""OFD documents (GB/T 33190): the text layer, whose text objects are put together to lines like those of a PDF."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from typing import Any

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.archive import Archive
from dudao.readers.glyphs import Glyph, readable
from dudao.readers.limits import DEFAULT, Limits, Watch
from dudao.readers.page_lines import lines_of
from dudao.readers.xml import parse_xml

_ASCII_WIDTH = 0.5  # of the size, where the document gives no distances
_LARGEST = 1e6  # millimetres; numbers beyond are no places on a page


def read_ofd(data: bytes, name: str, limits: Limits = DEFAULT) -> Document:
    """Read the text layer of an OFD document.

    Raises
    ------
    ReadError
        Damaged, hostile, encrypted, or without text.
    """
    package = Archive(data, where=name, limits=limits, budget=limits.unpacked_bytes)
    watch = limits.watch(name)
    reader = _Package(package, limits)
    if package.find("Encryptions.xml") is not None:
        raise ReadError("is protected by a password", where=name, hint="save a copy without the password")
    pages: list[list[Glyph]] = []
    pictures = False
    for path in itertools.islice(reader.pages(), limits.pages + 1):
        watch.check()
        if len(pages) == limits.pages:
            raise ReadError(f"has more than {limits.pages} pages", where=name, hint="split the file")
        content = reader.parse(path)
        pages.append(_glyphs(content, watch))
        pictures = pictures or any(_local(each) == "ImageObject" for each in content.iter())
    text = "\n".join(lines_of(pages))
    if not text.strip():
        raise ReadError(
            "holds pictures only, no text: it needs OCR" if pictures else "the document holds no text",
            where=name,
            hint="run OCR over it and give the text" if pictures else "nothing to tag",
        )
    return Document(text=text, source=name, format="ofd")


def _local(element: Any) -> str:
    """The name without its namespace; drafts of the standard used others."""
    return str(element.tag).rpartition("}")[2]


def _children(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if _local(child) == name)


class _Package:
    """The parts of an OFD package and how they name each other."""

    def __init__(self, package: Archive, limits: Limits) -> None:
        self._package, self._limits = package, limits

    def parse(self, path: str) -> Any:
        return parse_xml(self._package.read(path), where=self._package.where, limits=self._limits)

    def _find(self, folder: str, location: str) -> str:
        """A part by its location: from the root where it starts with a slash, else from the folder of what names it."""
        location = location.strip()
        for base in ("/" + folder, "/"):
            found = self._package.find(posixpath.normpath(posixpath.join(base, location)))
            if found is not None:
                return found
        raise ReadError(
            "a part of the OFD document is missing", where=self._package.where, hint="download or copy it again"
        )

    def pages(self) -> Iterator[str]:
        """The paths of all pages in order, over all documents of the package."""
        root = self._find("", "OFD.xml")
        for body in _children(self.parse(root), "DocBody"):
            for location in _children(body, "DocRoot"):
                document = self._find(posixpath.dirname(root), location.text or "")
                for pages in _children(self.parse(document), "Pages"):
                    for page in _children(pages, "Page"):
                        yield self._find(posixpath.dirname(document), page.get("BaseLoc") or "")


def _glyphs(page: Any, watch: Watch) -> list[Glyph]:
    glyphs: list[Glyph] = []
    for element in page.iter():
        if _local(element) == "TextObject":
            watch.check()
            glyphs += _text_object(element)
    return glyphs


def _text_object(element: Any) -> Iterator[Glyph]:
    """The characters of a text object, placed by its boundary, its matrix and the distances it gives."""
    boundary = [*_numbers(element.get("Boundary")), 0.0, 0.0][:2]
    size = next(_numbers(element.get("Size")), 0.0) or 1.0
    matrix = list(_numbers(element.get("CTM")))
    if len(matrix) != 6:
        matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    a, b, c, d, e, f = matrix
    wide = (a * a + b * b) ** 0.5 or 1.0
    tall = (c * c + d * d) ** 0.5 or 1.0
    x = y = 0.0
    for code in _children(element, "TextCode"):
        # What a code leaves out goes on where the one before it ended.
        x = next(_numbers(code.get("X")), x)
        y = next(_numbers(code.get("Y")), y)
        text = (code.text or "").strip("\r\n")
        across, down = _distances(code.get("DeltaX"), len(text)), _distances(code.get("DeltaY"), len(text))
        for n, char in enumerate(text):
            left = boundary[0] + a * x + c * y + e
            base = boundary[1] + b * x + d * y + f
            width = size * (_ASCII_WIDTH if char.isascii() else 1.0)
            shown = readable(char)
            if shown.strip():
                yield Glyph(
                    shown,
                    _clamped(left),
                    _clamped(base - 0.85 * size * tall),
                    _clamped(left + width * wide),
                    _clamped(base + 0.15 * size * tall),
                )
            x += across[n] if n < len(across) else (0.0 if down else width)
            y += down[n] if n < len(down) else 0.0


def _clamped(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST) if value == value else 0.0


def _numbers(text: str | None) -> Iterator[float]:
    for piece in (text or "").split():
        try:
            yield _clamped(float(piece))
        except ValueError:
            return


def _distances(text: str | None, most: int) -> list[float]:
    """``g 3 3.175 2``: three times 3.175, then 2; never more than there are characters."""
    found: list[float] = []
    pieces = iter((text or "").split())
    for piece in pieces:
        if len(found) >= most:
            break
        count = 1
        if piece == "g":
            times, piece = next(pieces, ""), next(pieces, "")
            count = int(times) if times.isdecimal() and len(times) < 8 else 0
        value = next(_numbers(piece), None)
        if value is None:
            break
        found += [value] * min(count, most - len(found))
    return found
