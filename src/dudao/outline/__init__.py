"""A document's outline: furniture out, then headings with levels and roles, paragraphs and clauses, as exact spans.

Pure functions over spans of the text; nothing here normalises it or knows a domain.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from dudao.document import TAGGED_KINDS, Clause, Document, Heading, Paragraph, Report
from dudao.outline.blocks import Block
from dudao.outline.checks import missing_numbers
from dudao.outline.clauses import split_clauses, strip_span
from dudao.outline.evidence import RoleEvidence
from dudao.outline.frame import find_frame, issuer_of, year_of
from dudao.outline.lines import Line, line_number, physical_lines
from dudao.outline.parts import report_starts
from dudao.outline.roles import RoleCues
from dudao.outline.structure import find_blocks
from dudao.outline.tables import find_tables, row_spans
from dudao.outline.variants import as_written, simplified
from dudao.outline.wrapping import logical_lines
from dudao.taxonomy import Taxonomy

__all__ = ["outline", "outline_text", "split_clauses"]

_OPENING = 600  # characters in which the issuer and the year are looked for when title and signature name none
_SECTION = 20_000  # characters of a section that are read for what it does
_LAST_PARAGRAPHS = 2  # a report's closing words stand in the last of its paragraphs


@functools.lru_cache(maxsize=8)
def role_evidence(taxonomy: Taxonomy) -> RoleEvidence:
    """The words of a taxonomy that tell roles; see `role_cues`."""
    return RoleEvidence(taxonomy)


@functools.lru_cache(maxsize=8)
def role_cues(taxonomy: Taxonomy) -> RoleCues:
    """The compiled cues of a taxonomy; compiling takes milliseconds, so once is enough."""
    return RoleCues(taxonomy)


def outline(document: Document, taxonomy: Taxonomy) -> Report:
    """Split a document into headings, paragraphs and clauses.

    Parameters
    ----------
    document : Document
        What a reader gave.
    taxonomy : Taxonomy
        Whose role cues to go by.

    Returns
    -------
    Report
        Units in the order of the text. Headings, and paragraphs among themselves, do not overlap. Where the file holds several
        reports, their outlines one behind the other, and each by itself as ``parts``.
    """
    text = simplified(document.text)
    if text == document.text:
        return _outline(document, taxonomy)
    return as_written(_outline(replace(document, text=text), taxonomy), document)


def _outline(document: Document, taxonomy: Taxonomy) -> Report:
    """The outline of a document in simplified characters."""
    text = document.text
    cues = role_cues(taxonomy)
    lines = logical_lines(text, physical_lines(text))
    tables = find_tables(text, lines)
    starts, first_title = report_starts(text, lines, tables)
    if len(starts) == 1:
        return _outline_lines(document, lines, tables, cues, taxonomy)
    numbers = [line_number(text, lines[start].start) for start in starts]
    parts: list[Report] = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True), 1):
        inner = {i - start: first - start for i, first in tables.items() if start <= i < end}
        named = replace(document, source=f"{document.source}#{number}")
        title = first_title if number == 1 else None
        parts.append(_outline_lines(named, lines[start:end], inner, cues, taxonomy, title=title))
    return _together(document, parts, numbers)


def _outline_lines(
    document: Document,
    lines: list[Line],
    tables: dict[int, int],
    cues: RoleCues,
    taxonomy: Taxonomy,
    *,
    title: int | None = None,
) -> Report:
    """The outline of one report, which the lines hold."""
    text = document.text
    frame = find_frame(text, lines, tables, named=title)
    blocks = find_blocks(text, lines, frame, tables, cues)
    lines.clear()  # with ten million lines, what is done with must go before what comes next
    headings, paragraphs = _Assembly(text, blocks, cues, taxonomy).run()
    opening = text[paragraphs[0].start : paragraphs[0].start + _OPENING] if paragraphs else ""
    warnings = list(document.warnings)
    if not headings and paragraphs:
        warnings.append("no heading found: roles are taken from the text alone")
    warnings += missing_numbers(text, headings)
    return Report(
        document=document,
        title=frame.title,
        issuer=issuer_of(frame.title, frame.signatures, opening),
        year=year_of(frame.title, opening, frame.signatures),
        headings=tuple(headings),
        paragraphs=tuple(paragraphs),
        warnings=tuple(warnings),
    )


def _together(document: Document, parts: list[Report], numbers: list[int]) -> Report:
    """One outline over several reports, of which each knows its place; paragraphs count on."""
    known = len(document.warnings)
    own = [each for part in parts for each in part.warnings[known:]]
    count = f"{len(parts)} reports in one file, starting in lines {', '.join(map(str, numbers))}"
    paragraphs = (paragraph for part in parts for paragraph in part.paragraphs)
    return Report(
        document=document,
        title=parts[0].title,
        issuer=parts[0].issuer,
        year=parts[0].year,
        headings=tuple(heading for part in parts for heading in part.headings),
        paragraphs=tuple(replace(paragraph, index=index) for index, paragraph in enumerate(paragraphs)),
        warnings=(*document.warnings, count, *own),
        parts=tuple(replace(part, warnings=(*document.warnings, count, *part.warnings[known:])) for part in parts),
    )


def outline_text(text: str, taxonomy: Taxonomy, *, headings: tuple[str, ...] = ()) -> Paragraph:
    """One paragraph by itself, with the heading path that the caller knows.

    Returns
    -------
    Paragraph
        Spans count in ``text``; the role comes from the headings, from inline switches, else from the text.
    """
    cues = role_cues(taxonomy)
    role = next((named for heading in reversed(headings) if (named := cues.of_heading(heading))), None)
    if role is None:
        bare = None if headings else cues.of_bare_text(text, 0, len(text))
        role = bare or cues.of_opening(text, 0, len(text), at_end=True) or cues.default_role
    span = strip_span(text, 0, len(text)) or (0, 0)
    clauses = _clauses(text, *span, role, cues, closing=None, at_end=False)[0] if span[1] else ()
    role = clauses[0].role if clauses else role
    return Paragraph(0, "text", headings, role, *span, text[slice(*span)], clauses)


class _Assembly:
    """Walks the blocks once, holding the heading stack and the role in force."""

    def __init__(self, text: str, blocks: list[Block], cues: RoleCues, taxonomy: Taxonomy) -> None:
        self.text, self.blocks, self.cues = text, blocks, cues
        # A role whose openings count only at the end is the one in which reports are signed.
        self.closing_role = next((role.id for role in taxonomy.roles if role.at_end), None)
        self.headless = all(block.heading is None for block in blocks)
        self.stack: list[tuple[int, Heading, str | None]] = []  # rank, heading, the role it names
        self.section: tuple[str, ...] = ()
        self.role = cues.default_role if self.headless else cues.opening_role
        self.unnamed = False  # whether the section has just been opened by a top heading that names no role
        self.headings: list[Heading] = []
        self.paragraphs: list[Paragraph] = []
        end = next((n for n, block in enumerate(blocks) if block.reset == "closing"), len(blocks))
        texts = [n for n, block in enumerate(blocks[:end]) if block.is_paragraph and block.kind in TAGGED_KINDS]
        self.last = set(texts[-_LAST_PARAGRAPHS:])
        self.evidence = role_evidence(taxonomy)
        pieces = [text[blocks[n].start : blocks[n].end] for n in texts] if self.headless else []
        self.told = dict(zip(texts, self.evidence.of_sequence(pieces), strict=False))

    def run(self) -> tuple[list[Heading], list[Paragraph]]:
        self.blocks.reverse()
        for n in range(len(self.blocks)):
            block = self.blocks.pop()
            if block.reset:
                self.stack.clear()
                self.section = ()
                self.unnamed = False
                closing = block.reset == "closing" and self.closing_role is not None
                self.role = self.closing_role or self.role if closing else self.cues.opening_role
            if block.heading is not None:
                self._open(block)
            if block.is_paragraph:
                self._add(block, told=self.told.get(n), at_end=n in self.last)
        return self.headings, self.paragraphs

    def _open(self, block: Block) -> None:
        assert block.heading is not None
        assert block.rank is not None
        while self.stack and self.stack[-1][0] >= block.rank:
            self.stack.pop()
        level = len(self.stack) + 1
        piece = self.text[slice(*block.heading)]
        named = self.cues.of_heading(piece[len(block.marker) :] if block.marker else piece, top=level == 1)
        inherited = next((role for _, _, role in reversed(self.stack) if role is not None), None)
        if named is None and inherited is None:
            named = self.evidence.of_section(self._section_text(block))
        self.role = named or inherited or self.cues.default_role
        self.unnamed = named is None and inherited is None
        heading = Heading(level, block.marker, piece, self.role, *block.heading)
        self.stack.append((block.rank, heading, named))
        self.section = tuple(each.label for _, each, _ in self.stack)
        self.headings.append(heading)

    def _section_text(self, block: Block) -> str:
        """What stands below a heading that has just been taken, down to the next of its rank."""
        assert block.heading is not None
        assert block.rank is not None
        end = next(
            (
                each.start
                for each in reversed(self.blocks)
                if each.reset or (each.rank is not None and each.rank <= block.rank)
            ),
            len(self.text),
        )
        return self.text[block.heading[1] : min(end, block.heading[1] + _SECTION)]

    def _add(self, block: Block, *, told: str | None, at_end: bool) -> None:
        text = self.text
        clauses: tuple[Clause, ...] = ()
        role = self.role
        if block.kind == "signature":
            role = self.closing_role or role
        elif block.kind == "table":
            rows = row_spans(text, physical_lines(text, block.start, block.end))
            clauses = tuple(Clause("", *row, text[slice(*row)], role) for row in rows)
        elif block.kind in TAGGED_KINDS:
            span = strip_span(text, block.heading[1] if block.heading else block.start, block.end)
            if span is None:
                return
            if self.headless:
                first = None if self.paragraphs else self.cues.of_first_text(text, *span)
                role = self.cues.of_bare_text(text, *span) or first or told or role
            elif not self.stack and role == self.cues.opening_role:
                role = self.role = self.cues.of_bare_text(text, *span) or role
            elif self.unnamed:
                role = self.role = self.cues.of_bare_text(text, *span) or role
                self.unnamed = False
            opening = self.cues.of_opening(text, *span, at_end=at_end)
            if opening is not None:
                role = self.role = opening
            clauses, left = _clauses(text, *span, role, self.cues, closing=self.closing_role, at_end=at_end)
            if left != role:
                self.role = left  # a switch holds until the next switch or heading
            role = clauses[0].role if clauses else role
        whole = len(clauses) == 1 and (clauses[0].start, clauses[0].end) == (block.start, block.end)
        piece = clauses[0].text if whole else text[block.start : block.end]
        self.paragraphs.append(
            Paragraph(len(self.paragraphs), block.kind, self.section, role, block.start, block.end, piece, clauses)
        )


def _clauses(
    text: str, start: int, end: int, role: str, cues: RoleCues, *, closing: str | None, at_end: bool
) -> tuple[tuple[Clause, ...], str]:
    """The clauses of one paragraph with their roles, and the role in force behind it."""
    # A score is no switch in mid-report: it belongs to the section that it rates.
    switches = [each for each in cues.switches(text, start, end) if at_end or each[2] != closing]
    spans = split_clauses(text, start, end, switches=[switch_end for _, switch_end, _ in switches])
    clauses: list[Clause] = []
    pending = iter([*switches, (end + 1, end + 1, role)])
    switch = next(pending)
    held = local = role
    for span in spans:
        while switch[0] < span.end:
            held = local = switch[2]
            switch = next(pending)
        opening = cues.of_opening(text, span.start + len(span.marker), span.end, at_end=at_end)
        if opening is not None:
            local = opening
        clauses.append(Clause(span.marker, span.start, span.end, text[span.start : span.end], local))
    return tuple(clauses), held
