"""What holds for the outline of any text; used by the property tests and by the fuzzing target."""

from __future__ import annotations

import re

from dudao.document import TAGGED_KINDS, Report
from dudao.outline.clauses import strip_span
from dudao.outline.furniture import DATE_LINE, is_furniture
from dudao.outline.lines import physical_lines
from dudao.outline.variants import simplified

MARKDOWN_MARKS = re.compile(r"[#*_\s]+")
BLANKS = " \t\r\n\v\f\x85\u2028\u2029\u00a0\u3000\u2002\u2003\u2009\u200b\ufeff"
NUMBER = re.compile(r"[〔\[（(【][0-9]{4}[〕\]）)】]第?[0-9]+号$|^[(（][^()（）]{1,16}[)）]$")
LONGEST_FRAMING_LINE = 80


def assert_spans_hold(report: Report) -> None:
    """Spans are exact, ordered and apart; they cover everything but white space, furniture and what frames a report."""
    assert_spans_exact(report)
    text = report.document.text
    covered = bytearray(len(text))
    for unit in (*report.headings, *report.paragraphs):
        covered[unit.start : unit.end] = b"\1" * (unit.end - unit.start)
    for paragraph in report.paragraphs:
        if paragraph.kind in TAGGED_KINDS:
            _assert_clauses_cover(text, paragraph, report)
    for line in physical_lines(text):
        for start, end in _uncovered(text, line, covered):
            # A report on one line has its title and its footer on it too, between blanks.
            words = [word.span() for word in re.compile(r"\S+").finditer(text, start, end)]
            if not _is_framing(report, start, end):
                for span in words:
                    assert _is_framing(report, *span), f"lost: {text[start:end]!r}"


def assert_spans_exact(report: Report) -> None:
    """Every unit's span gives its text; units of a kind come in order and apart; a heading shares no character with a clause."""
    text = report.document.text
    last = 0
    for index, paragraph in enumerate(report.paragraphs):
        assert paragraph.index == index
        assert text[paragraph.start : paragraph.end] == paragraph.text
        assert last <= paragraph.start < paragraph.end
        last = inner = paragraph.end
        inner = paragraph.start
        for clause in paragraph.clauses:
            assert text[clause.start : clause.end] == clause.text
            assert inner <= clause.start < clause.end <= paragraph.end
            assert clause.marker in clause.text
            inner = clause.end
    last = 0
    starts = {paragraph.start: paragraph for paragraph in report.paragraphs}
    for heading in report.headings:
        assert text[heading.start : heading.end] == heading.text
        assert last <= heading.start < heading.end
        assert heading.text.startswith(heading.marker)
        last = heading.end
        paragraph = starts.get(heading.start)
        if paragraph is not None:
            assert heading.end < paragraph.end
            assert all(clause.start >= heading.end for clause in paragraph.clauses)
    for part in report.parts:
        assert_spans_exact(part)


def _assert_clauses_cover(text, paragraph, report) -> None:
    at = next((each.end for each in report.headings if each.start == paragraph.start), paragraph.start)
    for clause in paragraph.clauses:
        assert not text[at : clause.start].strip(BLANKS)
        at = clause.end
    assert not text[at : paragraph.end].strip(BLANKS)


def _uncovered(text, line, covered):
    """The stretches of a line that no unit covers, blanks and the marks of Markdown left out."""
    at = line.start
    while at < line.end:
        end = at
        while end < line.end and covered[end] == covered[at]:
            end += 1
        span = None if covered[at] else strip_span(text, at, end)
        if span and not MARKDOWN_MARKS.fullmatch(text, *span):
            yield span
        at = end


def _is_framing(report: Report, start: int, end: int) -> bool:
    """Whether a piece that is in no unit is furniture, title, or short and before a report's first or behind its last unit."""
    text = report.document.text
    piece = text[start:end]
    if is_furniture(piece) or is_furniture(MARKDOWN_MARKS.sub("", piece) or "---"):
        return True
    if end - start > LONGEST_FRAMING_LINE:
        return False
    parts = report.parts or (report,)
    said = simplified(re.sub(r"\s|[#*_]", "", piece))
    titles = [simplified(re.sub(r"\s|[#*_]", "", part.title)) for part in parts]
    # 篇二：某区自查报告 is titled without the number that its collection gives it.
    unnumbered = re.sub(r"^(?:第.篇|[篇文].)[：:、]", "", said)
    if any(
        said in title or (title and (said.endswith(title) or unnumbered in title) and said[0] in "篇第文")
        for title in titles
    ):
        return True
    if re.compile(r"\s+\S{0,40}印发").match(text, end):  # the office that printed it, over the date
        return True
    if DATE_LINE.fullmatch(piece) or NUMBER.search(piece):
        return True
    firsts = [min([unit.start for unit in (*part.headings, *part.paragraphs)], default=len(text)) for part in parts]
    before = [unit for unit in (*report.headings, *report.paragraphs) if unit.end <= start]
    last = max(before, key=lambda unit: unit.end, default=None)
    if last is None or any(last.end <= start < first for first in firsts):
        return True
    return getattr(last, "kind", "") == "signature" or bool(re.search("印发|抄送|抄报|主送|联系人", piece))
