"""Word documents (``.docx``, ``.docm``, ``.dotx``): the body as Word shows it, one paragraph or table row a line.

Automatic numbers are written out, deleted and hidden text is out, text boxes come once, notes follow their paragraph. Headers and
footers are parts of their own and are never opened.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.archive import Archive
from dudao.readers.docx_numbering import Numbering, W, is_on, val
from dudao.readers.limits import DEFAULT, Limits
from dudao.readers.xml import parse_xml

_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Elements that hold blocks or runs and stand for nothing themselves. Insertions are accepted, deletions are not in here.
_CONTAINERS = frozenset(
    W + name
    for name in ("ins", "moveTo", "customXml", "smartTag", "hyperlink", "fldSimple", "dir", "bdo", "sdtContent")
)
_PAGE_END = re.compile(r"\t\s*[0-9]{1,4}$")  # a line of a table of contents
# A cell with more than one paragraph and this many characters lays out a page; its paragraphs are paragraphs.
_LAYOUT_CHARACTERS = 100
_LONGEST_REPEATED = (
    20  # characters of a cell merged downwards that are repeated in each row, so that a row says what it is of
)


def read_docx(data: bytes, name: str, limits: Limits = DEFAULT, *, format: str = "docx") -> Document:
    """Read a Word document.

    Raises
    ------
    ReadError
        Damaged, hostile, or without text.
    """
    package = Archive(data, where=name, limits=limits, budget=limits.unpacked_bytes)
    main = _related(package, "", limits).get("officeDocument") or package.find("word/document.xml")
    if main is None or main not in package:
        raise ReadError("is no Word document: its main part is missing", where=name, hint="download or copy it again")
    parts = _related(package, main, limits)

    def part(kind: str) -> Any:
        found = parts.get(kind)
        return None if found is None else _parse(package, found, limits)

    body = _parse(package, main, limits).find(W + "body")
    reader = _Body(part("numbering"), part("styles"), limits, name)
    for kind in ("footnote", "endnote"):
        reader.add_notes(kind, part(kind + "s"))
    lines = list(reader.story(body)) if body is not None else []
    text = "\n".join(lines)
    if not text.strip():
        pictures = any("/media/" in each for each in package.entries)
        raise ReadError(
            "holds pictures only, no text: it needs OCR" if pictures else "the document holds no text",
            where=name,
            hint="run OCR over it and give the text" if pictures else "nothing to tag",
        )
    return Document(text=text, source=name, format=format, warnings=tuple(reader.warnings))


def _parse(package: Archive, part: str, limits: Limits) -> Any:
    data = package.read(part).replace(_STRICT, W[1:-1].encode())
    return parse_xml(data, where=package.where, limits=limits)


def _related(package: Archive, part: str, limits: Limits) -> dict[str, str]:
    """The parts that a part names, by the last step of their type; ``""`` stands for the package itself."""
    folder, file = posixpath.split(part)
    rels = package.find(posixpath.join(folder, "_rels", file + ".rels"))
    if rels is None:
        return {}
    found: dict[str, str] = {}
    for each in _parse(package, rels, limits):
        target = each.get("Target") or ""
        if each.get("TargetMode") == "External" or not target:
            continue
        path = package.find(posixpath.normpath(posixpath.join("/" + folder, target)))
        if path is not None:
            found.setdefault((each.get("Type") or "").rpartition("/")[2], path)
    return found


class _Body:
    """Walks the blocks of one document and holds what goes on from one to the next."""

    def __init__(self, numbering: Any, styles: Any, limits: Limits, where: str) -> None:
        self._numbering = Numbering(numbering, styles)
        self._hidden_styles = {
            style.get(W + "styleId")
            for style in (styles.iterchildren(W + "style") if styles is not None else ())
            if is_on(style, f"{W}rPr/{W}vanish")
        }
        self._watch = limits.watch(where)
        self._notes: dict[tuple[str, str], Any] = {}
        self._called: list[Any] = []  # notes whose mark was met and that are not written yet
        self._in_note = False
        self._fields: list[bool] = []  # of each open field: whether its result has begun
        self._carried = ""  # a paragraph whose end was deleted goes on in the next one
        self._tables = 0
        self.warnings: list[str] = []

    def add_notes(self, kind: str, root: Any) -> None:
        for note in root.iterchildren(W + kind) if root is not None else ():
            if note.get(W + "type", "normal") == "normal":
                self._notes[kind, note.get(W + "id") or ""] = note

    def story(self, parent: Any) -> Iterator[str]:
        """The lines of a body, a cell, a text box or a note."""
        outside, self._carried = self._carried, ""
        yield from self._blocks(parent)
        if self._carried:
            yield self._carried
        self._carried = outside

    def _blocks(self, parent: Any) -> Iterator[str]:
        for child in parent:
            tag = child.tag
            if tag == W + "p":
                yield from self._paragraph(child)
            elif tag == W + "tbl":
                yield from self._table(child)
            elif tag == W + "sdt":
                yield from self._blocks(_content(child))
            elif tag in _CONTAINERS:
                yield from self._blocks(child)
            elif tag == _MC + "AlternateContent":
                for option in child:
                    lines = list(self._blocks(option))
                    if lines:
                        yield from lines
                        break
            elif tag == W + "altChunk":
                self.warnings.append("an embedded document is not read")
            if self._called and not self._tables and not self._in_note:
                yield from self._written_notes()

    def _written_notes(self) -> Iterator[str]:
        called, self._called, self._in_note = self._called, [], True
        for note in called:
            yield from self.story(note)
        self._in_note = False

    def _paragraph(self, paragraph: Any) -> Iterator[str]:
        self._watch.check()
        properties = paragraph.find(W + "pPr")
        run = _Runs()
        self._inline(paragraph, run)
        # A field code does not go on into the next paragraph; where it seems to, the file is broken.
        self._fields = [shown for shown in self._fields if shown]
        yield from run.before
        text = self._carried + "".join(run.text)
        mark = properties.find(W + "rPr") if properties is not None else None
        if mark is not None and (
            mark.find(W + "del") is not None or mark.find(W + "moveFrom") is not None or is_on(mark, W + "vanish")
        ):
            self._carried = text
        else:
            self._carried = ""
            marker = self._numbering.marker(properties)
            lines = [line for line in map(_tidy, text.split("\n")) if line]
            if lines:
                # "一、" and "1.1" stand close to Han text as people type them; a bare "1" needs a blank before Latin text.
                apart = marker[-1:].isalnum() and lines[0][0].isascii() and lines[0][0].isalnum()
                yield marker + (" " if apart else "") + lines[0]
                yield from lines[1:]
        yield from run.after

    def _inline(self, parent: Any, run: _Runs) -> None:
        for child in parent:
            tag = child.tag
            if tag == W + "r":
                self._run(child, run)
            elif tag == W + "sdt":
                self._inline(_content(child), run)
            elif tag in _CONTAINERS:
                self._inline(child, run)
            elif tag == _MC + "AlternateContent":
                self._alternative(child, run, self._inline)
            elif tag.endswith(("}oMath", "}oMathPara")):
                run.text.extend(each.text or "" for each in child.iter() if each.tag.endswith("/math}t"))

    def _alternative(self, element: Any, run: _Runs, walk: Any) -> None:
        """The first branch that gives something: choice and fallback are the same thing twice."""
        for option in element:
            held = run.size
            walk(option, run)
            if run.size > held:
                return

    def _run(self, element: Any, run: _Runs) -> None:
        properties = element.find(W + "rPr")
        hidden = False
        if properties is not None:
            own = properties.find(W + "vanish")
            hidden = is_on(properties, W + "vanish") or (
                own is None and val(properties, W + "rStyle") in self._hidden_styles
            )
        self._run_content(element, run, hidden=hidden)

    def _run_content(self, element: Any, run: _Runs, *, hidden: bool = False) -> None:
        for child in element:
            tag = child.tag
            if tag == W + "fldChar":
                self._field(child.get(W + "fldCharType"))
                continue
            if hidden or not all(self._fields):
                continue
            if tag == W + "t":
                run.text.append((child.text or "").replace("\n", " "))
            elif tag in {W + "tab", W + "ptab"}:
                run.text.append("\t")
            elif tag in {W + "br", W + "cr"}:
                run.text.append("\n" if child.get(W + "type") in {None, "textWrapping"} else "")
            elif tag == W + "noBreakHyphen":
                run.text.append("-")
            elif tag in {W + "footnoteReference", W + "endnoteReference"} and not self._in_note:
                note = self._notes.pop((tag[len(W) :].removesuffix("Reference"), child.get(W + "id") or ""), None)
                if note is not None:
                    self._called.append(note)
                    run.size += 1
            elif tag == W + "ruby":
                for base in child.iterchildren(W + "rubyBase"):
                    self._inline(base, run)
            elif tag == _MC + "AlternateContent":
                self._alternative(child, run, self._run_content)
            elif tag in {W + "drawing", W + "pict", W + "object"}:
                for box in _text_boxes(child):
                    lines = list(self.story(box))
                    (run.after if "".join(run.text).strip() or self._carried else run.before).extend(lines)
                    run.size += len(lines)

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(False)
        elif kind == "separate" and self._fields:
            self._fields[-1] = True
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _table(self, table: Any) -> Iterator[str]:
        self._tables += 1
        merged: dict[int, str] = {}
        for row in _unwrapped(table, "tr"):
            if row.find(f"{W}trPr/{W}del") is None:
                yield from self._row(row, merged)
        self._tables -= 1

    def _row(self, row: Any, merged: dict[int, str]) -> Iterator[str]:
        cells: list[list[str]] = []
        column = 0
        for cell in _unwrapped(row, "tc"):
            properties = cell.find(W + "tcPr")
            across = properties.find(W + "hMerge") if properties is not None else None
            if across is not None and across.get(W + "val", "continue") == "continue":
                continue
            down = properties.find(W + "vMerge") if properties is not None else None
            if down is not None and down.get(W + "val", "continue") == "continue":
                lines = [merged[column]] if merged.get(column) else []
            else:
                lines = list(self.story(cell))
                joined = _cell(lines)
                merged[column] = joined if down is not None and len(joined) <= _LONGEST_REPEATED else ""
            cells.append(lines)
            span = val(properties, W + "gridSpan") or "1"
            column += int(span) if span.isdecimal() and len(span) < 4 else 1
        if len(cells) == 1 or any(len(lines) > 1 and sum(map(len, lines)) > _LAYOUT_CHARACTERS for lines in cells):
            for lines in cells:
                yield from lines
        elif any(cells):
            yield "\t".join(map(_cell, cells)).rstrip("\t")


class _Runs:
    """What the runs of one paragraph give: its text, and the lines of text boxes before and after it."""

    __slots__ = ("after", "before", "size", "text")

    def __init__(self) -> None:
        self.text = _Pieces(self)
        self.before: list[str] = []
        self.after: list[str] = []
        self.size = 0  # grows with whatever is added


class _Pieces(list[str]):
    """Text pieces that tell their run that there is something."""

    __slots__ = ("_run",)

    def __init__(self, run: _Runs) -> None:
        super().__init__()
        self._run = run

    def append(self, piece: str) -> None:
        super().append(piece)
        self._run.size += len(piece)


def _content(sdt: Any) -> Any:
    """What a content control holds; its prompt ("click here to enter text") is no content."""
    content = sdt.find(W + "sdtContent")
    if content is None or is_on(sdt, f"{W}sdtPr/{W}showingPlcHdr"):
        return ()
    return content


def _unwrapped(parent: Any, name: str) -> Iterator[Any]:
    """The rows of a table or cells of a row, also those inside content controls and insertions."""
    for child in parent:
        if child.tag == W + name:
            yield child
        elif child.tag == W + "sdt":
            yield from _unwrapped(_content(child), name)
        elif child.tag in _CONTAINERS:
            yield from _unwrapped(child, name)


def _text_boxes(element: Any) -> Iterator[Any]:
    """The text boxes of a drawing, each once: where there is a choice, the branch that has some."""
    stack = [element]
    while stack:
        node = stack.pop()
        if node.tag == W + "txbxContent":
            yield node
        elif node.tag == _MC + "AlternateContent":
            stack.extend(
                next(([option] for option in node if next(option.iter(W + "txbxContent"), None) is not None), [])
            )
        else:
            stack.extend(reversed(node))


def _tidy(line: str) -> str:
    """A line without blank ends. A tab in a sentence is a blank; before a page number it marks a table of contents."""
    line = line.strip(" \t\u3000\u00a0")
    page = _PAGE_END.search(line)
    head = line[: page.start()] if page else line
    head = re.sub(r" *\t[ \t]*", " ", head)
    return head + "\t" + line[page.start() :].strip() if page else head


def _cell(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
