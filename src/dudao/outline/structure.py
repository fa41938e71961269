"""Body lines to headings and paragraphs: which numbered line is a heading, which a heading run in, which an item of text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dudao.document import ParagraphKind
from dudao.outline.clauses import strip_span
from dudao.outline.frame import Frame
from dudao.outline.lines import Line
from dudao.outline.numbering import SCHEMES, Marker, accepted, match_marker
from dudao.outline.roles import RoleCues

# Lengths in characters, read off the headings of the corpus: 99 of 100 on a line of their own have at most 45, run in 38.
_LONGEST_HEADING = 50
_LONGEST_RUN_IN = 40
_LONGEST_UNNUMBERED = 30
_FIGURE = re.compile(
    r"[0-9]+\s*(?:多|余)?(?:万|亿|元|名|人|所|个|%|％|平方米|亩|套|台|间|次|场|期|辆|项|条|户|岁|公里)|[0-9]{2,}"
)
_SEGMENT_END = re.compile(r"[。：:！!；;？?]")
_QUALIFIED_END = re.compile(r"情况(?=\s*(?:一是|首先|\s))")
_TABLE_ROW = re.compile(r"[^\t|]*(?:\t[^\t]*){2,}|\s*\|?[^|]+(?:\|[^|]*){2,}\|?\s*|[^\t]+\t[^\t]+")
_CONTENTS_LINE = re.compile(r".{2,60}?(?:[.．…·。—_-]{3,}|\s{3,}|\t)\s*[0-9]{1,3}")
_CONTENTS_HEAD = re.compile(r"目\s*[录次錄]")
_PLAIN = len(SCHEMES)  # rank of an unnumbered heading below the numbered ones
_TOP = -1  # rank of an unnumbered heading that names a role where no numbered one does


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (``rank`` given), a paragraph, or a paragraph with the heading run in at its head."""

    kind: ParagraphKind
    start: int
    end: int
    marker: str = ""
    rank: int | None = None
    heading: tuple[int, int] | None = None

    @property
    def is_paragraph(self) -> bool:
        """Whether it holds more than a heading."""
        return self.heading is None or self.heading[1] < self.end or self.kind != "text"


def find_blocks(text: str, lines: list[Line], frame: Frame, cues: RoleCues) -> list[Block]:
    """Tell headings from paragraphs, by the numbering of the whole document.

    Returns
    -------
    list of Block
        In order; furniture and title are in none.
    """
    body = [i for i in range(len(lines)) if i not in frame.kinds]
    markers = accepted([match_marker(text, lines[i].start, lines[i].end) for i in body])
    marker_of = dict(zip(body, markers, strict=True))
    contents = _contents(text, lines, body)
    following = {body[at]: body[at + 1] for at in range(len(body) - 1)}
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        kind = frame.kinds.get(i, "text")
        if kind is None:
            continue
        if kind != "text":
            blocks.append(Block(kind, line.start, line.end))
        elif i in contents:
            blocks.append(Block("contents", line.start, line.end))
        elif _TABLE_ROW.fullmatch(text, line.start, line.end) and text[line.end - 1] not in "。；":
            blocks.append(Block("table", line.start, line.end))
        else:
            after = following.get(i)
            below = (lines[after], marker_of[after]) if after is not None else None
            marker = marker_of[i]
            blocks.append(_numbered(text, line, marker, below) if marker else _unnumbered(text, line, below, cues))
    return _slogan_headings(text, _rank_unnumbered(text, _merge(blocks), cues))


def _contents(text: str, lines: list[Line], body: list[int]) -> set[int]:
    """Lines of a table of contents: dotted leaders, or what follows "目录" up to where its first entry comes again."""
    found = {
        i
        for i in body
        if _CONTENTS_LINE.fullmatch(text, lines[i].start, lines[i].end)
        and lines[i].end - lines[i].start <= 80
        and "\t" not in text[lines[i].start : lines[i].end - 4]
    }
    if len(found) < 3:
        found = set()
    for at, i in enumerate(body[:80]):
        if not _CONTENTS_HEAD.fullmatch(text, lines[i].start, lines[i].end):
            continue
        entries = body[at + 1 : at + 81]
        keys = [_key(text, lines[each]) for each in entries]
        again = next((n for n in range(1, len(keys)) if keys[n] == keys[0]), None)
        found.add(i)
        if again is not None:
            found.update(entries[:again])
    return found


def _key(text: str, line: Line) -> str:
    return re.sub(r"[\s.…·_—-]+[0-9]*$", "", text[line.start : line.end])


def _numbered(text: str, line: Line, marker: Marker, below: tuple[Line, Marker | None] | None) -> Block:
    """A numbered line: a heading, a paragraph with a heading run in, or an item of text."""
    label = text[marker.start : marker.end].strip()
    rank = SCHEMES.index(marker.scheme)
    content = strip_span(text, marker.end, line.end)
    as_text = Block("text", line.start, line.end, marker=label)
    if content is None:
        return as_text
    whole = Block("text", line.start, line.end, label, rank, (line.start, line.end))
    stop = next(
        (match for match in _SEGMENT_END.finditer(text, *content) if not _in_brackets(text, content[0], match.start())),
        None,
    )
    if stop is None or stop.start() - content[0] > _LONGEST_RUN_IN:
        qualified = _QUALIFIED_END.search(text, content[0], min(line.end, content[0] + _LONGEST_RUN_IN))
        if qualified and strip_span(text, qualified.end(), line.end):
            return Block("text", line.start, line.end, label, rank, (line.start, qualified.end()))
        if stop is None and content[1] - content[0] <= _LONGEST_HEADING and _has_body(marker, below):
            return whole
        return as_text
    segment = text[content[0] : stop.start()]
    if strip_span(text, stop.end(), line.end) is None:
        headed = stop.group() in "。：:" and _has_body(marker, below) and not _is_statement(segment)
        return whole if headed else as_text
    if stop.group() in "。：:" and not _is_statement(segment):
        return Block("text", line.start, line.end, label, rank, (line.start, stop.end()))
    return as_text


def _has_body(marker: Marker, below: tuple[Line, Marker | None] | None) -> bool:
    """Whether what follows can stand under a heading of this scheme; items that follow each other directly are text.

    The two upper rungs of the ladder are headings even where nothing stands under them.
    """
    if below is None:
        return False
    other = below[1]
    if other is None or SCHEMES.index(other.scheme) > SCHEMES.index(marker.scheme):
        return True
    return marker.scheme in {"part", "chapter", "han"} or (
        marker.scheme == "paren_han" and other.scheme != marker.scheme
    )


def _is_statement(segment: str) -> bool:
    """Whether a short first sentence tells a fact with its figures, which no heading does."""
    return (
        _FIGURE.search(
            re.sub(
                r"[“《「『(（][^”》」』)）]*[”》」』)）]|[12][0-9]{3}\s*(?:[-—~至]+\s*[12][0-9]{3}\s*)?(?:学?年|级)",
                "",
                segment,
            )
        )
        is not None
    )


def _in_brackets(text: str, start: int, at: int) -> bool:
    """Whether a bracket or quote opened behind ``start`` is still open at ``at``."""
    piece = text[start:at]
    return any(
        sum(map(piece.count, openers)) > sum(map(piece.count, closers))
        for openers, closers in (("(（", ")）"), ("《", "》"), ("“", "”"), ("【", "】"))
    )


def _unnumbered(text: str, line: Line, below: tuple[Line, Marker | None] | None, cues: RoleCues) -> Block:
    """A line without a number: a heading where it is short, open-ended and followed by text."""
    length = line.end - line.start
    last = text[line.end - 1]
    if below is not None and length <= _LONGEST_UNNUMBERED:
        piece = text[line.start : line.end]
        if last in ":：":
            if cues.of_heading(piece) is not None:
                return Block("text", line.start, line.end, "", _PLAIN, (line.start, line.end))
        elif (
            last not in "。；;！!？?，,、"
            and (below[1] is not None or below[0].end - below[0].start > length)
            and not _is_statement(piece)
        ):
            return Block("text", line.start, line.end, "", _PLAIN, (line.start, line.end))
    return Block("text", line.start, line.end)


def _rank_unnumbered(text: str, blocks: list[Block], cues: RoleCues) -> list[Block]:
    """Unnumbered headings that name a role stand at the top, unless numbered headings already name the roles.

    Where no heading has a number, all of them stand there.
    """

    def names_role(block: Block) -> bool:
        return block.heading is not None and cues.of_heading(text[slice(*block.heading)], top=True) is not None

    if any(
        names_role(block) and block.rank is not None and block.rank <= SCHEMES.index("han")
        for block in blocks
        if block.marker
    ):
        return blocks
    alone = not any(block.marker and block.heading is not None for block in blocks)
    return [
        Block(block.kind, block.start, block.end, "", _TOP, block.heading)
        if block.rank == _PLAIN and text[block.end - 1] not in ":：" and (alone or names_role(block))
        else block
        for block in blocks
    ]


_SLOGAN = re.compile(r"[^。！？；：:，0-9\s“”《》]{4,12}(?:[，、 \u3000][^。！？；：:，0-9\s]{2,12}){0,2}[。！]")
_SLOGAN_SHARE = 0.6
_SLOGAN_LEAST = 4


def _slogan_headings(text: str, blocks: list[Block]) -> list[Block]:
    """Where most long paragraphs open with a short slogan sentence, those are headings run in."""
    long = [
        block
        for block in blocks
        if block.kind == "text" and block.heading is None and not block.marker and block.end - block.start > 80
    ]
    opened = {block.start: match for block in long if (match := _SLOGAN.match(text, block.start, block.end))}
    if len(opened) < _SLOGAN_LEAST or len(opened) < _SLOGAN_SHARE * len(long):
        return blocks
    return [
        Block(block.kind, block.start, block.end, "", _PLAIN, (block.start, opened[block.start].end()))
        if block.start in opened and block.heading is None
        else block
        for block in blocks
    ]


def _merge(blocks: list[Block]) -> list[Block]:
    """Rows of one table, and lines of one table of contents, as one paragraph."""
    merged: list[Block] = []
    for block in blocks:
        if merged and block.kind in {"table", "contents"} and merged[-1].kind == block.kind:
            merged[-1] = Block(block.kind, merged[-1].start, block.end)
        else:
            merged.append(block)
    return merged
