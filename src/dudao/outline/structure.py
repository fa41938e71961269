"""Body lines to headings and paragraphs: which numbered line is a heading, which a heading run in, which an item of text.

A line is looked at by itself first; then the lines of one list decide together, since a list has headings or items, not both.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dudao.outline.blocks import Block
from dudao.outline.clauses import is_ideograph, strip_span
from dudao.outline.frame import Frame
from dudao.outline.lines import Line
from dudao.outline.numbering import UPPER, Marker, accepted, ladder, match_marker
from dudao.outline.roles import RoleCues
from dudao.outline.tables import find_contents
from dudao.outline.unnumbered import is_statement, rank_unnumbered, slogan_headings, unnumbered
from dudao.patterns import later

# Lengths in characters, read off the headings of the corpus: 99 of 100 on a line of their own have at most 45, run in 38.
_LONGEST_HEADING = 50
_LONGEST_RUN_IN = 40
_LONGEST_STOPPED = 30  # with a full stop and without its score; longer ones, or with more commas, are sentences
_MOST_COMMAS = 2
_SCORE = later(r"[(（][^()（）]{0,40}[)）]")
_SEGMENT_END = frozenset("。：:！!；;？?")
_BRACKETS = {"(": 0, "（": 0, ")": 0, "）": 0, "《": 1, "》": 1, "“": 2, "”": 2, "【": 3, "】": 3}
_OPENERS = frozenset("(（《“【")
_QUALIFIED_END = later(r"情况(?=\s*(?:一是|首先|\s))")
_NOT_QUALIFIED = frozenset("的下好和与及、报表说")  # with which a phrase goes on behind 情况
_QUALIFIED_SHARE = 0.6
_QUALIFIED_LEAST = 3


class _Numbered(NamedTuple):
    """What a numbered line can be by itself: ``head`` is the heading's end, None where it can be none."""

    head: int | None
    alone: bool = False  # nothing stands behind the heading on its line
    stopped: bool = False  # it ends like a sentence
    has_body: bool = False


_NO_HEADING = _Numbered(None)


def find_blocks(
    text: str, lines: Sequence[Line], frame: Frame, tables: Mapping[int, int], cues: RoleCues
) -> list[Block]:
    """Tell headings from paragraphs, by the numbering of the whole document.

    Returns
    -------
    list of Block
        In order; furniture and title are in none.
    """
    body = [i for i in range(len(lines)) if i not in frame.kinds]
    read = [match_marker(text, lines[i].start, lines[i].end) for i in body]
    contents = find_contents(text, lines, body, read)
    body, read = _without(body, read, contents)
    ranks = ladder(read)
    markers = accepted(text, read, ranks)
    forms = _forms(text, lines, body, markers, ranks)
    headed = _headed(markers, forms, ranks)
    blocks: list[Block] = []
    n = -1  # index in body
    resets = sorted(frame.resets.items(), reverse=True)
    for i, line in enumerate(lines):
        kind = frame.kinds.get(i, "text")
        if kind is None:
            continue
        if i in contents:
            block = Block("contents", line.start, line.end)
        elif kind == "table" and blocks and tables.get(i) == tables.get(i - 1) and blocks[-1].kind == "table":
            blocks[-1] = blocks[-1]._replace(end=line.end)
            continue
        elif kind != "text":
            block = Block(kind, line.start, line.end)
        else:
            n += 1
            block = _block(text, lines, body, n, markers, forms, headed, ranks, cues)
        if resets and resets[-1][0] <= i:
            block = block._replace(reset=resets.pop()[1])
        if block.kind == "contents" and blocks and blocks[-1].kind == "contents" and not block.reset:
            blocks[-1] = blocks[-1]._replace(end=block.end)
        else:
            blocks.append(block)
    return slogan_headings(text, rank_unnumbered(text, blocks, cues))


def _without(body: list[int], markers: list[Marker | None], out: set[int]) -> tuple[list[int], list[Marker | None]]:
    kept = [(i, marker) for i, marker in zip(body, markers, strict=True) if i not in out]
    return [i for i, _ in kept], [marker for _, marker in kept]


def _block(
    text: str,
    lines: Sequence[Line],
    body: Sequence[int],
    n: int,
    markers: Sequence[Marker | None],
    forms: Sequence[_Numbered],
    headed: set[int],
    ranks: Mapping[str, int],
    cues: RoleCues,
) -> Block:
    line = lines[body[n]]
    marker = markers[n]
    if marker is None:
        below = lines[body[n + 1]] if n + 1 < len(body) else None
        return unnumbered(text, line, below, below is not None and markers[n + 1] is not None, cues)
    label = sys.intern(text[marker.start : marker.end].strip())  # millions of lines can share one
    if n not in headed:
        return Block("text", line.start, line.end, label)
    return Block("text", line.start, line.end, label, ranks[marker.scheme], (line.start, forms[n].head or line.end))


def _forms(
    text: str, lines: Sequence[Line], body: Sequence[int], markers: Sequence[Marker | None], ranks: Mapping[str, int]
) -> list[_Numbered]:
    """What each line can be by itself; one without a number can be no heading here."""
    forms = [_NO_HEADING] * len(markers)
    for n, marker in enumerate(markers):
        if marker is not None:
            last = n + 1 == len(markers)
            has_body = not last and _has_body(marker, markers[n + 1], ranks)
            forms[n] = _form(text, lines[body[n]], marker, has_body=has_body)
    for scheme in {marker.scheme for marker in markers if marker is not None}:
        _qualify(text, lines, body, markers, forms, scheme)
    return forms


def _form(text: str, line: Line, marker: Marker, *, has_body: bool) -> _Numbered:
    content = strip_span(text, marker.end, line.end)
    if content is None:
        return _NO_HEADING
    start, end = content
    stop = _first_stop(text, start, min(end, start + _LONGEST_HEADING + 1))
    qualified = _QUALIFIED_END.search(text, start, min(end, start + _LONGEST_RUN_IN))
    if qualified and (stop is None or qualified.end() < stop) and strip_span(text, qualified.end(), end):
        return _Numbered(qualified.end())
    if stop is None or stop - start > _LONGEST_RUN_IN:
        alone = stop is None and end - start <= _LONGEST_HEADING
        return _Numbered(end, alone=True, has_body=has_body) if alone else _NO_HEADING
    if text[stop] not in "。：:" or is_statement(text[start:stop]):
        return _NO_HEADING
    bare = _SCORE.sub("", text[start:stop])
    if text[stop] == "。" and (len(bare) > _LONGEST_STOPPED or sum(map(bare.count, "，,；;")) > _MOST_COMMAS):
        return _NO_HEADING
    if strip_span(text, stop + 1, end) is None:
        return _Numbered(end, alone=True, stopped=True, has_body=has_body)
    return _Numbered(stop + 1)


def _first_stop(text: str, start: int, end: int) -> int | None:
    """Where the first sentence or colon ends, brackets and quotes passed over."""
    depth = [0, 0, 0, 0]
    for at in range(start, end):
        char = text[at]
        family = _BRACKETS.get(char)
        if family is not None:
            depth[family] += 1 if char in _OPENERS else -1
        elif char in _SEGMENT_END and all(level <= 0 for level in depth):
            return at
    return None


def _has_body(marker: Marker, below: Marker | None, ranks: Mapping[str, int]) -> bool:
    """Whether what follows can stand under a heading of this scheme; items that follow each other directly are text."""
    if below is None or ranks[below.scheme] > ranks[marker.scheme]:
        return True
    return marker.scheme in UPPER or (marker.scheme == "paren_han" and below.scheme != marker.scheme)


def _qualify(
    text: str,
    lines: Sequence[Line],
    body: Sequence[int],
    markers: Sequence[Marker | None],
    forms: list[_Numbered],
    scheme: str,
) -> None:
    """Where the headings of a scheme end in 情况, one that runs on without a mark ends there too."""
    of_scheme = [n for n, marker in enumerate(markers) if marker is not None and marker.scheme == scheme]
    ended = sum(
        1
        for n in of_scheme
        if (head := forms[n].head) and text[max(0, head - 4) : head].rstrip("。：: \u3000").endswith("情况")
    )
    if ended < _QUALIFIED_LEAST or ended < _QUALIFIED_SHARE * len(of_scheme):
        return
    for n in of_scheme:
        marker, line = markers[n], lines[body[n]]
        assert marker is not None
        found = _qualified_end(text, marker.end + 2, min(line.end, marker.end + _LONGEST_RUN_IN))
        head = forms[n].head
        if found and (head is None or (found < head and not text[head - 3 : head].startswith("情况"))):
            forms[n] = _Numbered(found)


def _qualified_end(text: str, start: int, end: int) -> int | None:
    """Where a heading that ends in 情况 ends, with text running on behind it."""
    found = text.find("情况", start, end)
    while found >= 0:
        behind = found + 2
        if behind < end and is_ideograph(text[behind]) and text[behind] not in _NOT_QUALIFIED:
            return behind
        found = text.find("情况", behind, end)
    return None


def _headed(markers: Sequence[Marker | None], forms: Sequence[_Numbered], ranks: Mapping[str, int]) -> set[int]:
    """Which numbered lines are headings, the lines of each list deciding together."""
    lists: list[list[int]] = []
    open_lists: dict[int, list[int]] = {}
    for n, marker in enumerate(markers):
        if marker is None:
            continue
        rank = ranks[marker.scheme]
        open_lists = {other: members for other, members in open_lists.items() if other <= rank}
        if rank not in open_lists or (marker.value == 1 and markers[open_lists[rank][-1]].value >= 1):  # type: ignore[union-attr]
            open_lists[rank] = []
            lists.append(open_lists[rank])
        open_lists[rank].append(n)
    headed: set[int] = set()
    for members in lists:
        yes = sum(forms[n].head is not None and (not forms[n].alone or forms[n].has_body) for n in members)
        no = len(members) - yes
        for n in members:
            form, marker = forms[n], markers[n]
            assert marker is not None
            if form.head is None:
                continue
            if (
                (not form.alone and (yes >= no or ranks[marker.scheme] <= ranks["paren_han"]))
                or (marker.scheme in UPPER and not form.stopped)
                or yes > no
                or (yes == no and form.has_body and not form.stopped)
            ):
                headed.add(n)
    return headed
