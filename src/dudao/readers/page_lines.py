"""Rows of print to the lines that were written: running headers and page numbers out, wrapped lines joined, headings by themselves.

A row goes on in the next one where that one's first word would not have fitted behind it, as whoever set the page had to break
there. Indents, numbers, sizes and wide gaps say the contrary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from dudao.readers.glyphs import Glyph
from dudao.readers.page_rows import Row, in_reading_order, rows_of

_PAGE_NUMBER = re.compile(
    r"[-—–―－·•_~\s]*(?:第\s*)?(?:[0-9０-９]{1,4}|[IVXivx]{1,5})\s*(?:页)?\s*(?:[/／,，共]\s*共?\s*[0-9０-９]{1,4}\s*页?)?[-—–―－·•_~\s]*"
)
_EDGE_ROWS = 3  # rows from the top or the bottom in which running headers and page numbers stand
_RUNNING_SHARE = 0.4  # of the pages; headers of odd and even pages may differ
_SAME_HEIGHT = 0.6  # in heights of a row
_MARKER = re.compile(
    r"第[一二三四五六七八九十]{1,3}[部章节篇]|[一二三四五六七八九十]{1,3}\s*[、.．]|[(（〔]\s*(?:[一二三四五六七八九十]{1,3}|[0-9]{1,2})\s*[)）〕]|[0-9]{1,2}\s*[.．、](?![0-9])|[①-⑳]|特此报告"
)
_SENTENCE_END = frozenset("。！？；!?;：:”")
_NOT_AT_START = frozenset("，。、；：！？,.;:!?)）】》」』”’〉〕]％%…")
_WORD = re.compile(r"[0-9A-Za-z.,%％/:-]+")
# In character widths unless told otherwise.
_INDENT = 1.2
_LEAST_COUNT = 12  # characters
_SLACK = 0.35
_NARROW = 0.56  # a digit or Latin letter: 0.5 in Times, 0.556 in Arial and in most Chinese sans serifs
_BETWEEN_SCRIPTS = 0.25  # what Word and LibreOffice put between a Han character and a digit or Latin letter
_SIZE_RATIO = 1.18
_TITLE_RATIO = 1.1
_GAP_RATIO = 1.65  # of the usual distance between rows


def lines_of(pages: Sequence[Sequence[Glyph]]) -> list[str]:
    """The text of printed pages, one heading, paragraph or table row a line.

    Parameters
    ----------
    pages : sequence of sequence of Glyph
        The characters of each page, in the order in which the page holds them.
    """
    printed = [rows_of(glyphs, number) for number, glyphs in enumerate(pages)]
    # Where all pages say the same, nothing on them is a header.
    rows = in_reading_order(_without_running(printed)) or in_reading_order(printed)
    if not rows:
        return []
    margins = {column: _Margins([row for row in rows if row.column == column]) for column in {r.column for r in rows}}
    leading = _leading(rows)
    lines: list[list[str]] = []
    previous: Row | None = None
    for row in rows:
        if previous is not None and _goes_on(previous, row, margins, leading):
            glue = " " if _word_break(previous.text, row.text) else ""
            lines[-1] += [glue, row.text]
        else:
            lines.append([row.text])
        previous = row
    return ["".join(pieces) for pieces in lines]


def _without_running(pages: list[list[list[Row]]]) -> list[list[list[Row]]]:
    """The pages without what is printed on many of them at the same height, and without their numbers."""
    if len(pages) < 2:
        return [[row for n, row in enumerate(rows) if not _is_lone_number(rows, n)] for rows in pages]
    seen: Counter[tuple[bool, str]] = Counter()
    heights: dict[tuple[bool, str], list[float]] = {}
    for rows in pages:
        for key, row in {key: row for n, row in enumerate(rows) for key in _edge_keys(rows, n)}.items():
            seen[key] += 1
            heights.setdefault(key, []).append(row[0].top)
    running = {key: median(heights[key]) for key, count in seen.items() if count >= max(2, _RUNNING_SHARE * len(pages))}

    def kept(rows: list[list[Row]], n: int) -> bool:
        row = rows[n]
        return not any(
            key in running and abs(running[key] - row[0].top) <= _SAME_HEIGHT * row[0].size
            for key in _edge_keys(rows, n)
        ) and not _is_lone_number(rows, n)

    return [[row for n, row in enumerate(rows) if kept(rows, n)] for rows in pages]


def _edge_keys(rows: list[list[Row]], n: int) -> list[tuple[bool, str]]:
    """What a row near the top or the bottom would be known by on other pages: its text, digits apart."""
    text = re.sub(r"[0-9０-９]+", "#", " ".join(piece.text for piece in rows[n]))
    return [(top, text) for top, inside in ((True, n < _EDGE_ROWS), (False, n >= len(rows) - _EDGE_ROWS)) if inside]


def _is_lone_number(rows: list[list[Row]], n: int) -> bool:
    """Whether the first or last row of a page is a page number."""
    return n in {0, len(rows) - 1} and len(rows[n]) == 1 and _PAGE_NUMBER.fullmatch(rows[n][0].text) is not None


class _Margins:
    """Where the rows of a column begin and end, and whether its paragraphs are indented."""

    def __init__(self, rows: Sequence[Row]) -> None:
        prose = [row for row in rows if not row.table] or list(rows)
        self.size = median(row.size for row in prose)
        least = max(2, 0.04 * len(prose))
        self.left = _outermost([row.x0 for row in prose], self.size, least)
        # Closing marks may hang over the margin; what stands before them does not.
        ends = [row.x1 - (self.size if row.text[-1] in _NOT_AT_START else 0) for row in prose]
        self.right = -_outermost([-end for end in ends], self.size, least)
        starts = [
            after
            for before, after in pairwise(prose)
            if before.x1 < self.right - 2 * self.size and not self.is_centred(after)
        ]
        indented = sum(self.is_indented(row) for row in starts)
        self.indents = 2 * indented >= len(starts)  # lists that hang have their later rows indented
        numbered = [row for row in starts if _MARKER.match(row.text)]
        self.indents_numbered = bool(numbered) and all(self.is_indented(row) for row in numbered)
        self.count = self._fixed_count(prose)

    def _fixed_count(self, prose: Sequence[Row]) -> int | None:
        """The number of characters after which every row was cut, whatever their widths: text files printed to PDF are like that."""
        lengths = Counter(len(row.text) for row in prose if row.size < _SIZE_RATIO * self.size)
        longest = max(lengths, default=0)
        return longest if longest >= _LEAST_COUNT and 2 * lengths[longest] >= len(prose) else None

    def is_full(self, row: Row, needed: float) -> bool:
        """Whether what needs this width did not fit behind a row."""
        return row.x1 + needed > self.right - _SLACK * row.size or len(row.text) == self.count

    def is_indented(self, row: Row) -> bool:
        return row.x0 > self.left + _INDENT * self.size

    def is_title(self, row: Row) -> bool:
        """Whether a row is set larger than the text and in the middle, or over the whole width."""
        middle = abs(row.x0 - self.left - (self.right - row.x1)) < 2 * self.size
        return row.size > _TITLE_RATIO * self.size and middle

    def is_centred(self, row: Row) -> bool:
        return (
            row.x0 > self.left + 2 * _INDENT * self.size
            and abs(row.x0 - self.left - (self.right - row.x1)) < 2 * self.size
        )


def _outermost(values: list[float], size: float, least: float) -> float:
    """The lowest value that so many others lie close to: a margin that one stray row does not shift."""
    ordered = sorted(values)
    reach = 0.5 * size
    high = 0
    for low, value in enumerate(ordered):
        high = max(high, low)
        while high < len(ordered) and ordered[high] <= value + reach:
            high += 1
        if high - low >= least:
            return value
    return ordered[0]


def _leading(rows: Sequence[Row]) -> float:
    """The usual distance from one row to the next, in units of the page."""
    gaps = [
        after.top - before.top
        for before, after in pairwise(rows)
        if after.page == before.page and after.column == before.column and after.top > before.top
    ]
    return median(gaps) if gaps else 0.0


def _goes_on(row: Row, after: Row, margins: dict[int, _Margins], leading: float) -> bool:
    """Whether ``after`` continues the paragraph that ``row`` is in."""
    if row.table or after.table or (0 in {row.column, after.column} and row.column != after.column):
        return False
    if max(row.size, after.size) > _SIZE_RATIO * min(row.size, after.size):
        return False
    if (
        row.page == after.page
        and row.column == after.column
        and not 0 < after.top - row.top <= _GAP_RATIO * max(leading, row.size)
    ):
        return False
    here, there = margins[row.column], margins[after.column]
    if here.is_title(row) and there.is_title(after) and there.is_centred(after):
        return _MARKER.match(after.text) is None
    if there.is_indented(after) and (there.indents or there.is_centred(after)):
        return False
    full = here.is_full(row, _first_word(row, after))
    if _MARKER.match(after.text) and row.text[-1] in _SENTENCE_END:
        # "一、二年级…" can be the head of any row; where numbers that surely open a paragraph are indented, this one opens none.
        return full and there.indents_numbered
    return after.text[0] in _NOT_AT_START or full


def _first_word(row: Row, after: Row) -> float:
    """The width behind ``row`` of what may not be broken at the head of the next: a word or a number, or a character with its closing marks."""
    word = _WORD.match(after.text)
    stop = word.end() if word else 1
    while stop < len(after.text) and after.text[stop] in _NOT_AT_START and stop < 20:
        stop += 1
    width = sum(_NARROW if char.isascii() else 1.0 for char in after.text[: min(stop, 20)])
    if word and row.text[-1] >= "\u3400":
        width += _BETWEEN_SCRIPTS
    return width * after.size


def _word_break(left: str, right: str) -> bool:
    return left[-1].isascii() and right[0].isascii() and left[-1].isalpha() and right[0].isalpha()
