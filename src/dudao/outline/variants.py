"""Traditional and compatibility characters: outlined as the simplified ones they stand for, given back as they are written.

Each character is replaced by one character, so that spans of the one text are spans of the other.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import replace

from dudao.document import Clause, Document, Heading, Paragraph, Report
from dudao.language import traditional_characters

# No traditional report lacks all of these; a simplified one has one of them at most in a name, and then nothing is lost.
_SIGNS = "縣區為與學會況報發關於國業師"
_COMPATIBLE = (range(0x2F00, 0x2FD6), range(0xF900, 0xFB00))  # Kangxi radicals out of PDFs, compatibility ideographs
_COMPATIBLE_CHARACTER = re.compile("[\u2f00-\u2fd5\uf900-\ufaff]")


@functools.cache
def _table() -> dict[int, int]:
    source, target = traditional_characters()
    table = {ord(written): ord(plain) for written, plain in zip(source, target, strict=True)}
    for code in (code for block in _COMPATIBLE for code in block):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1:
            table[code] = table.get(ord(plain), ord(plain))
    return table


def simplified(text: str) -> str:
    """The text in simplified characters, itself where it is in them already."""
    if any(sign in text for sign in _SIGNS) or _COMPATIBLE_CHARACTER.search(text):
        return text.translate(_table())
    return text


def as_written(report: Report, document: Document) -> Report:
    """The outline of the simplified text, with its units in the document's own characters."""
    text, plain = document.text, report.document.text
    headings = tuple(_heading(each, text) for each in report.headings)
    labels = {old.label: new.label for old, new in zip(report.headings, headings, strict=True)}
    return replace(
        report,
        document=replace(report.document, text=text),
        title=_found(report.title, plain, text),
        issuer=_found(report.issuer, plain, text),
        headings=headings,
        paragraphs=tuple(_paragraph(each, text, labels) for each in report.paragraphs),
        parts=tuple(as_written(part, document) for part in report.parts),
    )


def _heading(heading: Heading, text: str) -> Heading:
    marker = text[heading.start : heading.start + len(heading.marker)]
    return replace(heading, marker=marker, text=text[heading.start : heading.end])


def _paragraph(paragraph: Paragraph, text: str, labels: dict[str, str]) -> Paragraph:
    return replace(
        paragraph,
        section=tuple(labels.get(label, label) for label in paragraph.section),
        text=text[paragraph.start : paragraph.end],
        clauses=tuple(_clause(each, text) for each in paragraph.clauses),
    )


def _clause(clause: Clause, text: str) -> Clause:
    at = clause.start + clause.text.find(clause.marker)
    return replace(clause, marker=text[at : at + len(clause.marker)], text=text[clause.start : clause.end])


def _found(piece: str, plain: str, text: str) -> str:
    """A piece of the simplified text, white space aside, as the other text writes it; as it is where it is in neither."""
    # Blanks of the piece are left out: with them, white space could match in two places, and a search took ten seconds.
    match = re.search(r"\s*".join(map(re.escape, "".join(piece.split()))), plain)
    if match is None or match.start() == match.end():
        return piece
    at = match.start()
    written: list[str] = []
    for char in piece:
        if char.isspace():
            written.append(char)
            continue
        while plain[at] != char:
            at += 1
        written.append(text[at])
        at += 1
    return "".join(written)
