"""Numbering at the head of a line: 一、 (一) 1. (1) ① and their malformed kin, and which of them the document counts on with.

`SCHEMES` orders the ladder from the top down; `ladder` corrects it where a document nests the other way round. What looks like a
number but is none (一、二年级, 84.1万元, dates) is refused by look-aheads; weak forms (``1强化``) count only where the document
counts on with them, and a number out of all sequence does not count.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from dudao.outline.clauses import is_ideograph, next_character
from dudao.patterns import later

_HAN = "一二三四五六七八九十"
_HAN_NUMBER = f"[{_HAN}]{{1,3}}"
_FORMAL = "壹贰叁肆伍陆柒捌玖拾"
_FORMAL_KIN = str.maketrans("貳參参陸弌弍弎", "贰叁叁陆壹贰叁")
_DIGIT = "[0-9０-９]"
_UNITS = "年月日号个名所人项次万亿元岁级班处天条件％%期款千百位套台间栋栏米亩校份张周轮倍成分时秒度届批点左余多几至到余"
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
# 一、二年级: the second number and its noun say that a range is meant, not the first section.
_RANGE = f"(?!\\s*{_HAN_NUMBER}(?:年级|年制|[、级]|岁|季度|线|孩|类|等奖|期|产业|把手|胎|批次|轮))"

SCHEMES = (
    "part",
    "chapter",
    "section",
    "formal",
    "roman",
    "han",
    "paren_han",
    "letter",
    "code_a",
    "code_b",
    "code_c",
    "digit",
    "digit2",
    "digit3",
    "paren_digit",
    "circled",
)
RANK = {scheme: rank for rank, scheme in enumerate(SCHEMES)}
UPPER = frozenset(SCHEMES[: SCHEMES.index("paren_han")])  # headings even where nothing stands under them
_NTH = rf"第\s*(?:{_HAN_NUMBER}|{_DIGIT}{{1,2}})\s*"
_FORMS = {
    "part": rf"{_NTH}(?:部分|篇(?![章幅])|编|卷)(?!的)\s*[、：:.]?",
    "chapter": rf"{_NTH}章(?![程的])\s*[、：:.]?",
    "section": rf"{_NTH}节(?![点约课日的])\s*[、：:.]?",
    "formal": rf"[{_FORMAL}貳參参陸]{{1,3}}\s*[、.．：:]",
    "roman": r"[\u2160-\u216b]\s*[、.．：:]?|(?:VIII|VII|VI|IV|V|IX|XII|XI|X|III|II|I)\s*[、.．](?=\s*[\u4e00-\u9fff])",
    "han": rf"{_HAN_NUMBER}\s*(?:、|[.．](?!{_DIGIT})|[：:]|[，,](?=.{{2,30}}$)){_RANGE}",
    "paren_han": rf"[(（〔【［\[]\s*(?:{_HAN_NUMBER}|-|－|—)\s*[)）〕】］\]]\s*[、.．]?|{_HAN_NUMBER}\s*[)）]\s*[、.．]?|[\u3220-\u3229]",
    "letter": r"[A-H]\s*[、.．](?=\s*[\u4e00-\u9fff])",
    # Indicator codes of evaluation lists: A1 政府统筹, B2.基层党建, A1-2、….
    "code_a": r"A[0-9]{1,2}(?!-[0-9])(?:[.．、:：\-]\s*|\s+|$|(?=[\u4e00-\u9fff]))",
    "code_b": r"(?:B[0-9]{1,2}(?!-[0-9])|A[0-9]{1,2}-[0-9]{1,2})(?:[.．、:：\-]\s*|\s+|$|(?=[\u4e00-\u9fff]))",
    "code_c": r"(?:C[0-9]{1,2}|B[0-9]{1,2}-[0-9]{1,2})(?:[.．、:：\-]\s*|\s+|$|(?=[\u4e00-\u9fff]))",
    "digit3": rf"{_DIGIT}{{1,2}}[.．]{_DIGIT}{{1,2}}[.．]{_DIGIT}{{1,2}}(?![0-9０-９.．%％])\s*[、.．]?",
    "digit2": rf"{_DIGIT}{{1,2}}[.．]{_DIGIT}{{1,2}}(?![0-9０-９.．%％])\s*[、.．]?",
    "digit": rf"{_DIGIT}{{1,2}}\s*(?:[.．、]{{1,2}}|[：:](?!{_DIGIT}))(?!{_DIGIT})(?=\s*[^\s0-9０-９]|\s*$)",
    "paren_digit": rf"[(（]\s*{_DIGIT}{{1,2}}\s*[)）]\s*[、.．]?|{_DIGIT}{{1,2}}\s*[)）]\s*[、.．]?|[\u2474-\u2487]",
    "circled": r"[\u2460-\u2473\u2776-\u277f\u24f5-\u24fe]",
    "bare": rf"{_DIGIT}{{1,2}}[，,]?(?!\s)",
}
# Forms behind which, blanks aside, a Han character or one of these stands, and none of those: looked at apart from the pattern.
_BEHIND = {"digit3": ("“《", ""), "digit2": ("“《", _UNITS), "bare": ("", _UNITS)}
_NUMERALS = "0123456789０１２３４５６７８９"
# What a form can begin with. A line that begins otherwise has no number, and a form is compiled when a line first begins so: all of
# them take 10 ms, a sixth of what a short report takes beside its libraries.
_BEGINS = {
    **dict.fromkeys(("part", "chapter", "section"), "第"),
    "formal": f"{_FORMAL}貳參参陸",
    "roman": "IVX" + "".join(map(chr, range(0x2160, 0x216C))),
    "han": _HAN,
    "paren_han": f"(（〔【［[{_HAN}" + "".join(map(chr, range(0x3220, 0x322A))),
    "letter": "ABCDEFGH",
    "code_a": "A",
    "code_b": "AB",
    "code_c": "BC",
    **dict.fromkeys(("digit3", "digit2", "digit", "bare"), _NUMERALS),
    "paren_digit": f"(（{_NUMERALS}" + "".join(map(chr, range(0x2474, 0x2488))),
    "circled": "".join(
        chr(code) for low, high in ((0x2460, 0x2474), (0x2776, 0x2780), (0x24F5, 0x24FF)) for code in range(low, high)
    ),
}
_BY_FIRST: dict[str, tuple[str, ...]] = {}
for _scheme in _FORMS:
    for _char in _BEGINS[_scheme]:
        _BY_FIRST[_char] = (*_BY_FIRST.get(_char, ()), _scheme)
# What opens a new line even in mid-sentence, for the joiner of broken lines.
_STRONG = ("part", "chapter", "formal", "han", "paren_han")
STRONG_START = "(?:" + "|".join(f"(?:{_FORMS[scheme]})" for scheme in _STRONG) + ")"
_WEAK = frozenset({"bare", "letter", "digit2"})
_BARE_CODE = later(r"[ABC][0-9]+(?:-[0-9]+)?$")
_WIDEST_GAP = 3  # numbers that may be missing in a list


class Marker(NamedTuple):
    """A number at the head of a line: its scheme, its value (0 where unreadable) and where it ends."""

    scheme: str
    value: int
    start: int
    end: int


def match_marker(text: str, start: int, end: int) -> Marker | None:
    """The numbering at ``text[start:end]``'s head, taken at its word."""
    for scheme in _BY_FIRST.get(text[start : min(start + 1, end)], ()):
        match = _form(scheme).match(text, start, end)
        if match is not None and _may_stand_behind(text, match.end(), end, scheme):
            return Marker(scheme, _value(match.group(), scheme), start, match.end())
    return None


def _may_stand_behind(text: str, at: int, end: int, scheme: str) -> bool:
    """Whether what a number is followed by leaves it one."""
    if scheme not in _BEHIND:
        return True
    marks, units = _BEHIND[scheme]
    char = next_character(text, at, end)
    return (is_ideograph(char) or (char != "" and char in marks)) and char not in units


@functools.cache
def _form(scheme: str) -> re.Pattern[str]:
    return re.compile(_FORMS[scheme])


def strong_start(text: str, start: int, end: int) -> int | None:
    """Where the number ends that opens a line even in mid-sentence; None where none stands at ``text[start:end]``'s head."""
    for scheme in _BY_FIRST.get(text[start : min(start + 1, end)], ()):
        if scheme in _STRONG and (match := _form(scheme).match(text, start, end)):
            return match.end()
    return None


def counts_on(markers: Iterable[Marker | None], scheme: str) -> bool:
    """Whether the markers of a scheme hold a 1 with a 2 behind it."""
    return (1, 2) in pairwise(each.value for each in markers if each and each.scheme == scheme)


def accepted(text: str, markers: Sequence[Marker | None], ranks: Mapping[str, int]) -> list[Marker | None]:
    """Drop what the document does not count on with.

    Weak forms need a 1 and a 2 (``1强化`` alone is text); an indicator code without a mark needs another code; a number with a numeral
    behind it (三、四级) needs to fit the list that it stands in.
    """
    runs = {scheme: counts_on(markers, scheme) for scheme in _WEAK}
    codes = sum(1 for each in markers if each and each.scheme.startswith("code"))
    kept: list[Marker | None] = []
    for marker in markers:
        if marker is not None and (
            (marker.scheme in _WEAK and not runs[marker.scheme])
            or (codes < 2 and marker.scheme.startswith("code") and _BARE_CODE.match(text, marker.start, marker.end))
        ):
            marker = None
        elif marker is not None and marker.scheme == "bare":
            marker = marker._replace(scheme="digit")
        kept.append(marker)
    return _in_sequence(text, kept, ranks)


def _in_sequence(text: str, markers: list[Marker | None], ranks: Mapping[str, int]) -> list[Marker | None]:
    later: list[int] = [0] * len(markers)  # value of the next marker of the same scheme
    seen: dict[str, int] = {}
    for n in range(len(markers) - 1, -1, -1):
        marker = markers[n]
        if marker is not None:
            later[n] = seen.get(marker.scheme, 0)
            seen[marker.scheme] = marker.value
    last: dict[int, int] = {}  # value last seen on each rung of the open lists
    counted: dict[
        str, int
    ] = {}  # value last kept of each scheme: some documents count 1 to 40 through all their sections
    for n, marker in enumerate(markers):
        if marker is None:
            continue
        rank = ranks[marker.scheme]
        before = last.get(rank, 0)
        fits = marker.value <= 1 or 0 <= marker.value - before <= _WIDEST_GAP
        goes_on = later[n] == marker.value + 1
        following = next_character(text, marker.end, len(text))
        numeral = following != "" and following in _HAN + _NUMERALS
        wanted = marker.value == before + 1 or goes_on
        went_on = marker.value == counted.get(marker.scheme, 0) + 1
        if (not fits and not goes_on and not went_on) or (numeral and not wanted):
            markers[n] = None
            continue
        last = {other: value for other, value in last.items() if other < rank}
        last[rank] = counted[marker.scheme] = marker.value
    return markers


def ladder(markers: Iterable[Marker | None]) -> dict[str, int]:
    """The rank of every scheme, from the top down, as this document nests them.

    The usual order holds unless a scheme starts anew under each number of a single run of a lower one.
    """
    found = [marker for marker in markers if marker is not None]
    order = [scheme for scheme in SCHEMES if any(marker.scheme == scheme for marker in found)]
    for upper, lower in pairwise(list(order)):
        if _is_inverted([marker for marker in found if marker.scheme in (upper, lower)], upper, lower):
            at = order.index(upper)
            order.remove(lower)
            order.insert(at, lower)
    ranks = dict(RANK)
    for scheme, rank in zip(order, sorted(RANK[scheme] for scheme in order), strict=True):
        ranks[scheme] = rank
    return ranks


def _is_inverted(pair: list[Marker], upper: str, lower: str) -> bool:
    """Whether ``lower`` runs through once while ``upper`` starts anew under its numbers, at least twice."""
    run = [marker.value for marker in pair if marker.scheme == lower]
    if len(run) < 2 or run != list(range(1, len(run) + 1)) or pair[0].scheme != lower:
        return False
    opened = [before.scheme for before, marker in pairwise(pair) if marker.scheme == upper and marker.value == 1]
    return len(opened) >= 2 and all(scheme == lower for scheme in opened)


def _value(marker: str, scheme: str) -> int:
    digits = re.findall(_DIGIT + "+", marker)
    if digits:
        return int(digits[-1])
    if scheme == "formal":
        marker = marker.translate(_FORMAL_KIN).translate(str.maketrans(_FORMAL, _HAN))
    elif scheme == "letter":
        return ord(marker[0]) - ord("A") + 1
    elif scheme == "roman":
        letters = re.match(r"[IVX]+", marker)
        return _ROMAN.index(letters.group()) + 1 if letters else ord(marker[0]) - 0x2160 + 1
    for first, last in ((0x2460, 0x2473), (0x2474, 0x2487), (0x3220, 0x3229), (0x2776, 0x277F), (0x24F5, 0x24FE)):
        if first <= ord(marker[0]) <= last:
            return ord(marker[0]) - first + 1
    han = re.search(_HAN_NUMBER, marker)
    if han is None:
        return 0
    tens, ten, ones = han.group().partition("十")
    if not ten:
        return _HAN.index(tens[-1]) + 1
    return (_HAN.index(tens[-1]) + 1 if tens else 1) * 10 + (_HAN.index(ones[0]) + 1 if ones else 0)
