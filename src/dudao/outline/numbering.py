"""Numbering at the head of a line: 一、 (一) 1. (1) ① and their malformed kin, and which of them count.

`SCHEMES` orders the ladder from the top down. What looks like a number but is none (一、二年级, 84.1万元, dates) is refused by
look-aheads; the weak forms (``1强化``) count only where the document counts on with them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_HAN = "一二三四五六七八九十"
_HAN_NUMBER = f"[{_HAN}]{{1,3}}"
_UNITS = "年月日号个名所人项次万亿元岁级班处天条件％%期款千百位套台间栋栏米亩校份张周轮倍成分时秒度届批点左余多几至到余"

SCHEMES = (
    "part",
    "chapter",
    "han",
    "paren_han",
    "code_a",
    "code_b",
    "code_c",
    "digit",
    "digit2",
    "digit3",
    "paren_digit",
    "circled",
)
_PATTERN = re.compile(
    rf"(?P<part>第{_HAN_NUMBER}(?:部分|篇|章)\s*[、：:.]?)"
    rf"|(?P<chapter>第{_HAN_NUMBER}节\s*[、：:.]?)"
    rf"|(?P<han>{_HAN_NUMBER}\s*(?:、|[.．](?![0-9])|[：:]|[，,](?=.{{2,30}}$))(?!\s*{_HAN_NUMBER}(?:年级|年制|[、级]|岁|季度|线|孩|类|等奖)))"
    rf"|(?P<paren_han>[(（〔【]\s*(?:{_HAN_NUMBER}|-|－|—|[0-9]{{0}})\s*[)）〕】]\s*[、.．]?|[\u3220-\u3229])"
    # Indicator codes of evaluation lists: A1 政府统筹, B2.基层党建, C13、….
    r"|(?P<code_a>A[0-9]{1,2}(?:[.．、:：\-]\s*|\s+|(?=[\u4e00-\u9fff])))|(?P<code_b>B[0-9]{1,2}(?:[.．、:：\-]\s*|\s+|(?=[\u4e00-\u9fff])))"
    r"|(?P<code_c>C[0-9]{1,2}(?:[.．、:：\-]\s*|\s+|(?=[\u4e00-\u9fff])))"
    r"|(?P<digit3>[0-9]{1,2}[.．][0-9]{1,2}[.．][0-9]{1,2}(?![0-9.．%％])\s*[、.．]?(?=\s*[\u4e00-\u9fff“《]))"
    rf"|(?P<digit2>[0-9]{{1,2}}[.．][0-9]{{1,2}}(?![0-9.．%％])\s*[、.．]?(?=\s*[\u4e00-\u9fff“《])(?!\s*[{_UNITS}]))"
    r"|(?P<digit>[0-9]{1,2}\s*(?:[.．、]{1,2}|[：:](?![0-9])|[，,](?=[\u4e00-\u9fff]))(?![0-9])(?=\s*[^\s0-9]))"
    r"|(?P<paren_digit>[(（]\s*[0-9]{1,2}\s*[)）]\s*[、.．]?|[0-9]{1,2}\s*[)）]\s*[、.．]?|[\u2474-\u2487])"
    r"|(?P<circled>[\u2460-\u2473\u2776-\u277f])"
    rf"|(?P<bare>[0-9]{{1,2}}(?=[\u4e00-\u9fff])(?![{_UNITS}]))"
)
# What opens a new line for certain, for the joiner of broken lines.
BLOCK_START = re.compile(rf"(?:{_PATTERN.pattern.replace('(?P<', '(?P<b_')})")


class Marker(NamedTuple):
    """A number at the head of a line: its scheme, its value (0 where unreadable) and where it ends."""

    scheme: str
    value: int
    start: int
    end: int


def match_marker(text: str, start: int, end: int) -> Marker | None:
    """The numbering at ``text[start:end]``'s head, taken at its word."""
    match = _PATTERN.match(text, start, end)
    if match is None:
        return None
    scheme = match.lastgroup or ""
    return Marker(scheme, _value(match.group()), start, match.end())


def accepted(markers: list[Marker | None]) -> list[Marker | None]:
    """Drop the weak forms that the document does not count on with: ``1强化`` alone is text, 1, 2, 3 are a list."""
    values = {
        scheme: [each.value for each in markers if each and each.scheme == scheme] for scheme in ("bare", "digit2")
    }
    counts_on = {scheme: _has_run(found) for scheme, found in values.items()}
    kept: list[Marker | None] = []
    for marker in markers:
        if marker is not None and marker.scheme == "bare":
            marker = marker._replace(scheme="digit") if counts_on["bare"] else None
        kept.append(marker)
    return kept


def _has_run(values: list[int]) -> bool:
    return (1, 2) in pairwise(values)


def _value(marker: str) -> int:
    digits = re.findall(r"[0-9]+", marker)
    if digits:
        return int(digits[-1])
    for first, base in (("\u2460", 0), ("\u2474", 0), ("\u3220", 0), ("\u2776", 0)):
        if marker[0] >= first and ord(marker[0]) - ord(first) < 20 and not marker[0].isascii() and marker[0] < "\u4e00":
            return ord(marker[0]) - ord(first) + 1 + base
    han = re.search(_HAN_NUMBER, marker)
    if han is None:
        return 0
    tens, ten, ones = han.group().partition("十")
    if not ten:
        return _HAN.index(tens[-1]) + 1
    return (_HAN.index(tens[-1]) + 1 if tens else 1) * 10 + (_HAN.index(ones[0]) + 1 if ones else 0)
