"""Several reports in one file: where each of them starts.

A report starts at a line that numbers it (篇一：…) where the file counts on with it, or at a title behind a finished report: one that is
signed, or one whose sections are followed by a section one under that title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from dudao.outline.closing import find_closing
from dudao.outline.frame import is_covering, is_title, squeezed, title_lines
from dudao.outline.furniture import is_furniture
from dudao.outline.lines import Line
from dudao.outline.numbering import Marker, match_marker
from dudao.patterns import holds, later

_NUMBERED = later(
    r"(?:第\s*(?P<a>[一二三四五六七八九十]{1,3}|[0-9]{1,2})\s*篇|(?:篇|范文)\s*(?P<b>[一二三四五六七八九十]{1,3}|[0-9]{1,2}))\s*[:：、]?\s*(?P<rest>.{0,60})"
    r"|(?P<title>.{2,50}(?:报告|汇报|总结|材料))\s*(?:篇)?[(（]?(?P<c>[一二三四五六七八九十]{1,3}|[0-9]{1,2})[)）]?\s*[:：]?"
)
_LONGEST = 80
# What a line that `_NUMBERED` fits holds: one of the first two, or one of the others and an end like these.
_NUMBERED_WORDS = ("篇", "范文")
_TITLE_WORDS = ("报告", "汇报", "总结", "材料")
_NUMBERED_ENDS = frozenset("0123456789一二三四五六七八九十)）:：")
_TOPIC = ("教育", "履职", "履行", "督导", "职责", "均衡", "自评", "自查", "学校")
_SHORTEST_TITLE = 8
_UNDER_TITLE = 15  # lines below a title in which its section one is looked for: addressee, basis, furniture
_BEHIND_SIGNATURE = 4


def report_starts(text: str, lines: Sequence[Line], tables: Mapping[int, int]) -> tuple[list[int], int | None]:
    """Indices of the lines with which the file's reports start, and the line that numbers the first of a collection.

    The first report starts with line 0: a preface above it belongs to it.
    """
    rest = [i for i, line in enumerate(lines) if i not in tables and not is_furniture(text[line.start : line.end])]
    numbered = _numbered_starts(text, lines, rest)
    if numbered:
        return [0, *numbered[1:]], numbered[0]
    titles = [i for i in rest if _is_report_title(text, lines[i])]
    if len(titles) < 2:
        return [0], None
    return _titled_starts(text, lines, rest, titles), None


def _numbered_starts(text: str, lines: Sequence[Line], rest: Sequence[int]) -> list[int]:
    found: list[tuple[int, int]] = []
    for i in rest:
        if lines[i].end - lines[i].start > _LONGEST:
            continue
        match = _NUMBERED.fullmatch(text, *lines[i][:2]) if _can_be_numbered(text, *lines[i][:2]) else None
        if match is None:
            continue
        # 第一篇 总论 is a part of one report; 第一篇：某县自评报告 is a report.
        if match.group("a") and not re.search("报告|汇报|总结|自[查评]|材料", match.group("rest") or ""):
            continue
        if match.group("title") and not any(topic in match.group("title") for topic in _TOPIC):
            continue
        found.append((_number(match.group("a") or match.group("b") or match.group("c")), i))
    runs = [i for value, i in found if value == 1]
    if len(found) < 2 or not runs or (1, 2) not in pairwise(value for value, _ in found):
        return []
    kept: list[int] = []
    wanted = 1
    for value, i in found:
        if value == wanted:
            kept.append(i)
            wanted += 1
    return kept if len(kept) > 1 else []


def _can_be_numbered(text: str, start: int, end: int) -> bool:
    """Whether a line can be one that `_NUMBERED` fits."""
    if holds(text, start, end, _NUMBERED_WORDS):
        return True
    ends = text[end - 1] in _NUMBERED_ENDS or text[end - 1].isspace()
    return ends and holds(text, start, end, _TITLE_WORDS)


def _number(digits: str) -> int:
    if digits.isascii():
        return int(digits)
    tens, ten, ones = digits.partition("十")
    han = "一二三四五六七八九"
    if not ten:
        return han.find(digits[0]) + 1
    return (han.find(tens[0]) + 1 if tens else 1) * 10 + (han.find(ones[0]) + 1 if ones else 0)


def _is_report_title(text: str, line: Line) -> bool:
    return (
        _SHORTEST_TITLE <= line.end - line.start <= _LONGEST
        and text[line.end - 1] not in "。；，：:"
        and is_title(text, line)
        and holds(text, *line[:2], _TOPIC)
        and not holds(text, *line[:2], "，。；：:")
    )


def _titled_starts(text: str, lines: Sequence[Line], rest: Sequence[int], titles: Sequence[int]) -> list[int]:
    outside = dict.fromkeys(set(range(len(lines))).difference(rest))
    signed = set(find_closing(text, lines, outside, 0).covers)
    titled = set(titles)
    starts = [0]
    own: int | None = None  # the title of the report that is open, its last section number, and whether it has text
    section = 0
    has_text = False
    for n, i in enumerate(rest):
        if i not in titled:
            marker = _top(text, lines[i])
            section = marker.value if marker else section
            has_text = has_text or text[lines[i].end - 1] in "。；"
            continue
        if own is not None:
            below = next((top for each in rest[n + 1 : n + 1 + _UNDER_TITLE] if (top := _top(text, lines[each]))), None)
            title = text[lines[own].start : lines[own].end]
            other = squeezed(text[lines[i].start : lines[i].end]) != squeezed(title)
            begins_anew = below is not None and below.value == 1 and section >= 2
            finished = has_text and other and not (section == 0 and is_covering(title))
            is_signed = any(each in signed for each in rest[max(0, n - _BEHIND_SIGNATURE) : n])
            if not (begins_anew or (finished and is_signed and (below is None or section > 0))):
                if not has_text:
                    own = i
                continue
            starts.append(title_lines(text, lines, i, rest[max(0, n - 3) : n + 1])[0])
        own, section, has_text = i, 0, False
    return starts


def _top(text: str, line: Line) -> Marker | None:
    marker = match_marker(text, line.start, line.end)
    return marker if marker is not None and marker.scheme in {"han", "formal"} else None
