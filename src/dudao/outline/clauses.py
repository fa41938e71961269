"""Cutting a paragraph into clauses, the finest unit that is tagged.

A clause ends at 。！？； (either width) outside brackets and quotes, before an inline enumerator (一是, ①), and at the
paragraph's end. All functions work on offsets into the document's text and run in time linear in the paragraph.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Sequence
from typing import NamedTuple

_OPENERS = {
    "(": "p", "（": "p", "[": "k", "［": "k", "【": "b", "〔": "t", "《": "g", "〈": "a", "「": "j", "『": "J", "“": "q", "‘": "s",
}  # fmt: skip
_CLOSERS = {
    ")": "p", "）": "p", "]": "k", "］": "k", "】": "b", "〕": "t", "》": "g", "〉": "a", "」": "j", "』": "J", "”": "q", "’": "s",
}  # fmt: skip
_STRAIGHT_QUOTE = '"'

# A pair wider than this is a bracket that somebody forgot to close, not a quotation: quoted speech in reports read for
# this stays under 150 characters.
_WIDEST_PAIR = 400

_END_MARKS = frozenset("。｡！!？?；;")
_BRACKET = re.compile("[" + re.escape("".join([*_OPENERS, *_CLOSERS, _STRAIGHT_QUOTE])) + "]")
# A run of end marks, with a closing quote or bracket whose opener is missing.
_END_RUN = re.compile("[。｡！!？?；;.．](?:[。｡！!？?；;]|[”’」』)）](?=[^。！？；，,、]|$))*")
_BLANK = frozenset(" \t\r\n\f\v\u00a0\u3000\u2002\u2003\u2009\u200b\ufeff")

_NUMERAL = "[一二三四五六七八九十]{1,3}"
# 一是 … 十二是, 一要, 其一, 第一，, ①, (1), 1. — the last two only after a stop that can open an item.
_ENUMERATOR = re.compile(
    rf"(?P<counted>{_NUMERAL}(?:是|要(?!求|素|点|件)))"
    rf"|(?P<ordinal>(?:其[一二三四五六七八九十]|第{_NUMERAL})(?=[，,、：:是]))"
    r"|(?P<circled>[\u2460-\u2473\u2474-\u2487\u3220-\u3229\u2776-\u277f])"
    rf"|(?P<bracketed>[(（](?:[0-9]{{1,2}}|{_NUMERAL})[)）])"
    r"|(?P<digit>[0-9]{1,2}(?:[、)）]|[.．](?![0-9])))"
)
_LEADS = frozenset('，,、。｡；;：:！!？?)）】”"》…—-') | _BLANK
_STRONG_LEADS = frozenset("。｡；;：:！!？?")


class ClauseSpan(NamedTuple):
    """Span of one clause: ``text[start:end]``, with the enumerator that opens it (``""`` where none does)."""

    start: int
    end: int
    marker: str


def split_clauses(text: str, start: int, end: int, *, switches: Collection[int] = ()) -> list[ClauseSpan]:
    """Cut ``text[start:end]``, one paragraph, into clauses.

    Parameters
    ----------
    text : str
        The document's text.
    start, end : int
        Code-point offsets of the paragraph (or of what follows its run-in heading).
    switches : collection of int
        Offsets just behind an inline switch ("存在的问题:"): no clause ends there, since a switch belongs to the clause
        it opens.

    Returns
    -------
    list of ClauseSpan
        Ordered, non-overlapping, without blank ends; they cover everything but white space.
    """
    protected = _protected_spans(text, start, end)
    cuts = sorted(
        _end_mark_cuts(text, start, end, protected) | _enumerator_cuts(text, start, end, protected, set(switches))
    )
    ordered = sorted(switches)
    clauses: list[ClauseSpan] = []
    left = start
    for cut in [*cuts, end]:
        span = strip_span(text, left, cut)
        if span is None:
            continue
        if not _has_word(text, *span) and clauses:
            clauses[-1] = clauses[-1]._replace(end=span[1])
        else:
            clauses.append(ClauseSpan(*span, _marker(text, *span, ordered)))
        left = cut
    return clauses


def strip_span(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Move both ends of a span inward over white space; None where nothing is left."""
    while start < end and text[start] in _BLANK:
        start += 1
    while end > start and text[end - 1] in _BLANK:
        end -= 1
    return (start, end) if start < end else None


def next_character(text: str, at: int, end: int) -> str:
    """The first character of ``text[at:end]`` that is no white space; empty where there is none."""
    while at < end and text[at : at + 1].isspace():
        at += 1
    return text[at : at + 1] if at < end else ""


def is_ideograph(char: str) -> bool:
    """Whether a character is Han; the empty string is not. In a pattern that range would take 0.7 ms to compile."""
    return "\u4e00" <= char <= "\u9fff"


def _protected_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Outermost bracketed or quoted spans, ordered. An opener without a closer protects nothing."""
    stack: deque[tuple[str, int]] = deque()
    open_count: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    for match in _BRACKET.finditer(text, start, end):
        char, i = match.group(), match.start()
        while (
            stack and i - stack[0][1] > _WIDEST_PAIR
        ):  # too far back to be closed; millions of them would fill the memory
            open_count[stack.popleft()[0]] -= 1
        family = _OPENERS.get(char) or _CLOSERS.get(char) or char
        closes = char in _CLOSERS or (char == _STRAIGHT_QUOTE and open_count.get(family, 0) > 0)
        if not closes:
            stack.append((family, i))
            open_count[family] = open_count.get(family, 0) + 1
        elif open_count.get(family, 0):
            while True:
                popped, at = stack.pop()
                open_count[popped] -= 1
                if popped == family:
                    break
            pairs.append((at, i + 1))
    outermost: list[tuple[int, int]] = []
    for pair in sorted(pairs):
        if not outermost or pair[0] >= outermost[-1][1]:
            outermost.append(pair)
    return outermost


def _end_mark_cuts(text: str, start: int, end: int, protected: list[tuple[int, int]]) -> set[int]:
    """Offsets behind each run of end marks that stands outside brackets and quotes."""
    cuts: set[int] = set()
    guard = 0
    for match in _END_RUN.finditer(text, start, end):
        i = match.start()
        while guard < len(protected) and protected[guard][1] <= i:
            guard += 1
        inside = guard < len(protected) and protected[guard][0] <= i
        if not inside and (text[i] in _END_MARKS or _is_stop(text, i, end)):
            cuts.add(match.end())
    return cuts


def _is_stop(text: str, i: int, end: int) -> bool:
    """Whether ``text[i]`` is an ASCII full stop between Chinese text and Chinese text, a blank or the end."""
    if text[i] not in ".．" or i == 0 or not is_ideograph(text[i - 1]) or text[i - 1] in "一二三四五六七八九十":
        return False
    return i + 1 >= end or text[i + 1] in _BLANK or is_ideograph(text[i + 1])


def _enumerator_cuts(text: str, start: int, end: int, protected: list[tuple[int, int]], switches: set[int]) -> set[int]:
    """Offsets of enumerators in mid-sentence, those behind a switch left out."""
    cuts: set[int] = set()
    at_guard = 0
    for match in _ENUMERATOR.finditer(text, start, end):
        if not _is_enumerator(match, text, end):
            continue
        i = match.start()
        while at_guard < len(protected) and protected[at_guard][1] <= i:
            at_guard += 1
        if at_guard < len(protected) and protected[at_guard][0] < i:
            continue
        before = i
        while before > start and text[before - 1] in _BLANK:
            before -= 1
        if before == start or before in switches:
            continue
        lead = text[before - 1]
        kind = match.lastgroup
        weak = kind in {"bracketed", "digit"}
        if kind == "circled" or lead in (_STRONG_LEADS if weak else _LEADS) or (before < i and not weak):
            cuts.add(i)
    return cuts


def _is_enumerator(match: re.Match[str], text: str, end: int) -> bool:
    """Whether text stands behind a bare number."""
    if match.lastgroup != "digit":
        return True
    char = next_character(text, match.end(), end)
    return is_ideograph(char) or char in ("“", "《")


def _marker(text: str, start: int, end: int, switches: Sequence[int]) -> str:
    """The enumerator at the head of a clause, also behind its switch."""
    first = bisect_right(switches, start)
    if first < len(switches) and switches[first] < end:
        start = switches[first]
    while start < end and text[start] in _BLANK:
        start += 1
    match = _ENUMERATOR.match(text, start, end)
    if match is None or not _is_enumerator(match, text, end):
        return ""
    return sys.intern(match.group())  # millions of clauses can share one


def _has_word(text: str, start: int, end: int) -> bool:
    """Whether a span holds anything but punctuation."""
    return any(text[i].isalnum() for i in range(start, end))
