"""Physical lines to logical ones: put together what a page broke, take apart what lost its line breaks.

Four kinds of damage, each known by the whole text: lines broken at a fixed width (PDF), lines broken around every figure or Latin
word (text copied out of styled web pages), a number that stands alone on the line above its heading, and a report on one line.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple
from unicodedata import east_asian_width

from dudao.outline.clauses import strip_span
from dudao.outline.furniture import is_date, is_furniture
from dudao.outline.lines import Line
from dudao.outline.numbering import STRONG_START, counts_on, match_marker, strong_start
from dudao.patterns import holds, later

# Lines as wide as this, most of them unfinished, come from a page that was broken into lines.
_WRAP_WIDTHS = (14, 60)
_WRAP_SHARE = 0.6
_SLACK = 4  # characters by which a broken line can fall short of the width
_SHORTER_SHARE = 0.04  # of unfinished lines near the width: they are headings that happen to be so long
_SENTENCE_END = frozenset("。！？；!?;：:")
# Of a line that may be whole: a heading can end with its score in brackets.
_LINE_END = _SENTENCE_END | frozenset(")）")
_CODE_START = later(r"[AB][0-9]{1,2}(?![0-9.%])")
_CODES_LEAST = 3  # of a list of indicators
_LONGEST_MEASURED = 200  # characters of a line whose columns are counted; anything longer is no broken line

_ITEM_NUMBER = later(r"[0-9]{1,2}[.．、]|[(（][0-9]{1,2}[)）]")
# Characters of a figure or a Latin word, and the longest of them.
_OF_FRAGMENT = frozenset(
    "0123456789０１２３４５６７８９ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.．,%％+-—~〔〕[]()（）<>×*/:"
)
_LONGEST_FRAGMENT = 24
_SHATTERED_SHARE = 0.2  # of all lines; in tables of figures the other lines are cells without commas and stops
_SHATTERED_LEAST = 12
_MIDWAY = "，。；、"

_ONE_LINE = 400  # a report on one line is longer than any heading or table row
_LONGEST_SPACED = 50  # a heading or title among blanks
_MOST_SPACED = 4  # of them one behind the other


def logical_lines(text: str, lines: list[Line]) -> list[Line]:
    """Lines as the report's author had them, as far as the text shows."""
    lines = [_undecorated(text, line) for line in lines]
    if _is_shattered(text, lines):
        lines = _join_shattered(text, lines)
    else:
        lines = _join_wrapped(text, lines)
    return _split_flattened(text, _join_lone_numbers(text, lines))


_MARKDOWN = later(r"#{1,6}[ \t]+(?P<atx>\S.*)|(?P<mark>\*\*|__)(?P<bold>[^*_\s](?:[^*_]*[^*_\s])?)(?P=mark)")


def _undecorated(text: str, line: Line) -> Line:
    """A line of Markdown without the marks that make it a heading or bold."""
    if text[line.start] not in "#*_" or line.end - line.start > _LONGEST_MEASURED:
        return line
    for _ in range(2):  # ## **一、基本情况**
        match = _MARKDOWN.fullmatch(text, line.start, line.end)
        if match is None:
            break
        line = Line(*match.span("atx" if match.group("atx") else "bold"), line.indent)
    return line


class Wrap(NamedTuple):
    """How a page broke its lines: a line at least this long is full."""

    full: int
    in_columns: bool


def wrap_width(text: str, lines: list[Line]) -> Wrap | None:
    """At which width the text was broken into lines; None where it was not.

    Programs break at a number of characters or at a number of columns, a Han character being two wide; a little earlier where a mark
    may not begin a line.
    """
    if len(lines) < 8:
        return None
    for in_columns in (False, True):
        factor = 2 if in_columns else 1
        lengths = [_length(text, line, in_columns) for line in lines]
        ordered = sorted(lengths)
        width = ordered[int(len(ordered) * 0.9)]
        if not _WRAP_WIDTHS[0] * factor <= width <= _WRAP_WIDTHS[1] * factor or ordered[-1] > width * 1.6 + 4:
            continue
        near = [n for n, length in enumerate(lengths) if length >= width - _SLACK * factor]
        unfinished = sorted(lengths[n] for n in near if text[lines[n].end - 1] not in _SENTENCE_END)
        if len(near) >= _WRAP_SHARE * len(lines) * 0.8 and len(unfinished) >= _WRAP_SHARE * len(near):
            return Wrap(unfinished[int(len(unfinished) * _SHORTER_SHARE)], in_columns)
    return None


def _length(text: str, line: Line, in_columns: bool) -> int:
    """How much of the page's width a line takes, with the blanks it is indented by."""
    start, end = line.start - line.indent, line.end
    if not in_columns or end - start > _LONGEST_MEASURED:
        return (end - start) * (2 if in_columns else 1)
    return sum(2 if east_asian_width(char) in "WFA" else 1 for char in text[start:end])


def _join_wrapped(text: str, lines: list[Line]) -> list[Line]:
    """Put lines that were broken at a fixed width together again.

    A line continues the one before it where that one is full and unfinished, or ends a sentence exactly at the border while
    the next one is neither indented nor numbered.
    """
    found = wrap_width(text, lines)
    if found is None:
        return lines
    usual_indent = sorted(line.indent for line in lines)[len(lines) // 2]
    codes = sum(1 for line in lines if _CODE_START.match(text, line.start, line.end)) >= _CODES_LEAST
    joined: list[Line] = []
    previous: Line | None = None
    numbers = _Numbers(text, lines)
    for line in lines:
        if (
            previous is not None
            and _length(text, previous, found.in_columns) >= found.full
            and line.indent <= usual_indent
            and not numbers.open_block(text, line, finished=text[previous.end - 1] in _LINE_END, codes=codes)
            and not is_furniture(text[line.start : line.end])
            and not is_date(text, *line[:2])
        ):
            joined[-1] = Line(joined[-1].start, line.end, joined[-1].indent)
        else:
            joined.append(line)
        previous = line
    return joined


class _Numbers:
    """The lists that are open while lines are joined."""

    def __init__(self, text: str, lines: list[Line]) -> None:
        self._last: dict[str, int] = {}
        self._found = {marker[:2] for line in lines if (marker := match_marker(text, line.start, line.end))}

    def open_block(self, text: str, line: Line, *, finished: bool, codes: bool) -> bool:
        """Whether a line's number opens a block.

        In mid-sentence only the upper rungs are believed ("…共计" / "3.建设…" is no item), and those only where they count on
        ("…周一、周" / "二、周五…" is no section).
        """
        marker = match_marker(text, line.start, line.end)
        if marker is None:
            return False
        if not finished:
            before = self._last.get(marker.scheme, 0)
            counts = marker.value == before + 1 or (marker.value <= 1 and marker.scheme != "han")
            counts = counts and (marker.value != 1 or (marker.scheme, 2) in self._found)
            upper = counts and strong_start(text, line.start, line.end) is not None
            if not (upper or (codes and marker.scheme.startswith("code"))):
                return False
        self._last[marker.scheme] = marker.value
        return True


def _is_shattered(text: str, lines: list[Line]) -> bool:
    """Whether every figure stands on a line of its own though the lines around it are running text."""
    if len(lines) < _SHATTERED_LEAST:
        return False
    fragments = [_is_fragment(text, line) for line in lines]
    if sum(fragments) < _SHATTERED_SHARE * len(lines):
        return False
    running = [holds(text, *line[:2], _MIDWAY) for line, fragment in zip(lines, fragments, strict=True) if not fragment]
    return sum(running) > len(running) / 2


def _is_fragment(text: str, line: Line) -> bool:
    """Whether a line is a figure or a Latin word, with or without the mark behind it."""
    end = line.end
    if text[end - 1] in "、.．" and end - line.start > 1:
        end -= 1
    return end - line.start <= _LONGEST_FRAGMENT and _OF_FRAGMENT.issuperset(text[line.start : end])


def _join_shattered(text: str, lines: list[Line]) -> list[Line]:
    """Put figures back into the sentences they were cut out of."""
    joined: list[Line] = []
    after_fragment = False
    for line in lines:
        fragment = _is_fragment(text, line)
        if (
            joined
            and (fragment or after_fragment)
            and not _ITEM_NUMBER.fullmatch(text, line.start, line.end)
            and (after_fragment or not _is_whole_heading(text, joined[-1]))
            and strong_start(text, line.start, line.end) is None
        ):
            joined[-1] = Line(joined[-1].start, line.end, joined[-1].indent)
        else:
            joined.append(line)
        after_fragment = fragment
    return joined


def _is_whole_heading(text: str, line: Line) -> bool:
    """Whether a line holds an upper number and some words, all brackets closed: the figure below it opens the text."""
    number = strong_start(text, line.start, line.end)
    return (
        number is not None
        and number < line.end
        and line.end - line.start <= _LONGEST_SPACED
        and not holds(text, number, line.end, _MIDWAY)
        and sum(map(text[line.start : line.end].count, "(（")) <= sum(map(text[line.start : line.end].count, ")）"))
    )


def _join_lone_numbers(text: str, lines: list[Line]) -> list[Line]:
    """A number alone on its line belongs to the line below."""
    joined: list[Line] = []
    lone = False
    for line in lines:
        marker = match_marker(text, line.start, line.end) if line.end - line.start <= 8 or lone else None
        if lone and marker is None and not is_furniture(text[line.start : line.end]):
            joined[-1] = Line(joined[-1].start, line.end, joined[-1].indent)
        else:
            joined.append(line)
        lone = marker is not None and marker.end == line.end
    return joined


@functools.cache
def _inside() -> re.Pattern[str]:
    """What opens a section or an item inside a line: a number behind a stop or a blank."""
    return re.compile(
        rf"(?:(?<=[。；：:！!\s”)）])(?={STRONG_START})|(?<=[。\s])(?=[0-9]{{1,2}}\s*[.．、](?=\s*[\u4e00-\u9fff])))"
    )


_WORD = later(r"\S+")


def _split_flattened(text: str, lines: list[Line]) -> list[Line]:
    """Take a report that stands on one line apart at its numbers, and at the blanks that were its line breaks.

    Only where the sections are nowhere else: a text that has its numbers at the heads of lines keeps its lines.
    """
    longest = max(lines, key=lambda line: line.end - line.start, default=None)
    total = sum(line.end - line.start for line in lines)
    if longest is None or longest.end - longest.start < max(_ONE_LINE, total / 2):
        return lines
    if counts_on([match_marker(text, line.start, line.end) for line in lines], "han"):
        return lines
    cuts = [match.start() for match in _inside().finditer(text, longest.start + 1, longest.end)]
    if not counts_on([match_marker(text, cut, min(longest.end, cut + _LONGEST_SPACED)) for cut in cuts], "han"):
        return lines
    split: list[Line] = []
    for line in lines:
        if line is not longest:
            split.append(line)
            continue
        for start, end in zip([line.start, *cuts], [*cuts, line.end], strict=True):
            span = strip_span(text, start, end)
            split += _pieces(text, *span) if span else ()
    return split


def _pieces(text: str, start: int, end: int) -> list[Line]:
    """A section without its line breaks: its heading, its text, and what stands behind the last sentence."""
    pieces: list[Line] = []
    marker = match_marker(text, start, end)
    while len(pieces) < _MOST_SPACED:  # title lines, a heading
        word = _WORD.search(text, marker.end if marker and not pieces else start, end)
        if word is None or word.end() >= end or not _is_short(text, word.start(), word.end()):
            break
        pieces.append(Line(start, word.end(), 0))
        start = word.end() + 1
        while text[start].isspace():
            start += 1
    behind: list[Line] = []
    stop = max(text.rfind(mark, start, end) for mark in "。；！") + 1
    if stop and stop < end and end - stop <= _LONGEST_SPACED * _MOST_SPACED:  # signature, date
        behind = [Line(*word.span(), 0) for word in _WORD.finditer(text, stop, end)]
        end = stop
    return [*pieces, *([Line(start, end, 0)] if start < end else []), *behind]


def _is_short(text: str, start: int, end: int) -> bool:
    return end - start <= _LONGEST_SPACED and not holds(text, start, end, _MIDWAY)
