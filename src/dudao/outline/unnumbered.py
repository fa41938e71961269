"""Headings without a number: short lines that lead a text, and slogans at the head of paragraphs."""

from __future__ import annotations

from dudao.outline.blocks import PLAIN, TOP, Block
from dudao.outline.closing import is_attachment
from dudao.outline.lines import Line
from dudao.outline.numbering import RANK
from dudao.outline.roles import RoleCues
from dudao.patterns import holds, later

_LONGEST_UNNUMBERED = 30
_LONGEST_ROLE_HEADING = 16  # without a number, whatever stands below
_FIGURE = later(
    r"[0-9]+\s*(?:多|余)?(?:万|亿|元|名|人|所|个|%|％|平方米|亩|套|台|间|次|场|期|辆|项|条|户|岁|公里)|[0-9]{2,}"
)
_NO_FACT = later(
    r"[“《「『(（][^”》」』)）]{0,60}[”》」』)）]|[12][0-9]{3}\s*(?:[-—~至]+\s*[12][0-9]{3}\s*)?(?:学?年|级)"
)
_SCORE_LINE = later(r".{0,12}(?:自评|得分|分值|总分|扣分|满分|评分).{0,16}[0-9]+(?:\.[0-9]+)?\s*分?[)）]?")
_ITEM_START = later(r"[一二三四五六七八九十]{1,3}(?:是|要)|第[一二三四五六七八九十]{1,3}[，,、]|首先|其[一二三四五六]")
_ITEM_BEGINS = "一二三四五六七八九十第首其"  # of `_ITEM_START`
_ANNOUNCES = later("(?:如下|(?:以下|下列|下面).{0,8})$")
_LONGEST_SLOGAN = 39  # characters, its stop among them
_SLOGAN = later(r"[^。！？；：:，0-9\s“”《》]{4,12}(?:[，、 \u3000][^。！？；：:，0-9\s]{2,12}){0,2}[。！]")
_SLOGAN_SHARE = 0.6
_SLOGAN_LEAST = 4


def is_statement(segment: str) -> bool:
    """Whether a short first sentence tells a fact with its figures, which no heading does."""
    return any(digit in segment for digit in "0123456789") and _FIGURE.search(_NO_FACT.sub("", segment)) is not None


def unnumbered(text: str, line: Line, below: Line | None, numbered_below: bool, cues: RoleCues) -> Block:
    """A line without a number: a heading where it is short, open-ended and followed by text."""
    as_text = Block("text", line.start, line.end)
    length = line.end - line.start
    if below is None or length > _LONGEST_UNNUMBERED:
        return as_text
    as_heading = as_text._replace(rank=PLAIN, heading=(line.start, line.end))
    piece = text[line.start : line.end]
    last = piece[-1]
    if last in ":：":
        return as_heading if cues.of_heading(piece) is not None else as_text
    if (
        last in "。；;！!？?，,、"
        or is_statement(piece)
        or ((last in "0123456789分)）" or last.isspace()) and _SCORE_LINE.fullmatch(piece))
        or (piece[0] in _ITEM_BEGINS and _ITEM_START.match(piece))
        or _ANNOUNCES.search(piece)
        or is_attachment(piece, 0, length)
        or not any("\u3400" <= char <= "\u9fff" for char in piece)
    ):
        return as_text
    if numbered_below or below.end - below.start > length or text[below.end - 1] in "。；！":
        return as_heading
    return as_heading if length <= _LONGEST_ROLE_HEADING and cues.of_heading(piece) is not None else as_text


def rank_unnumbered(text: str, blocks: list[Block], cues: RoleCues) -> list[Block]:
    """Unnumbered headings that name a role stand at the top, unless numbered headings already name the roles.

    Where no heading has a number, all of them stand there.
    """

    def names_role(block: Block) -> bool:
        return block.heading is not None and cues.of_heading(text[slice(*block.heading)], top=True) is not None

    if any(
        names_role(block) and block.rank is not None and block.rank <= RANK["han"] for block in blocks if block.marker
    ):
        return blocks
    alone = not any(block.marker and block.heading is not None for block in blocks)
    return [
        block._replace(rank=TOP)
        if block.rank == PLAIN and text[block.end - 1] not in ":：" and (alone or names_role(block))
        else block
        for block in blocks
    ]


def slogan_headings(text: str, blocks: list[Block]) -> list[Block]:
    """Where most long paragraphs open with a short slogan sentence, those are headings run in."""
    long = [
        block
        for block in blocks
        if block.kind == "text" and block.heading is None and not block.marker and block.end - block.start > 80
    ]
    # Most paragraphs open with a longer sentence.
    stopped = (block for block in long if holds(text, block.start, block.start + _LONGEST_SLOGAN, "。！"))
    opened = {block.start: match for block in stopped if (match := _SLOGAN.match(text, block.start, block.end))}
    if len(opened) < _SLOGAN_LEAST or len(opened) < _SLOGAN_SHARE * len(long):
        return blocks
    return [
        block._replace(rank=PLAIN, heading=(block.start, opened[block.start].end()))
        if block.start in opened and block.heading is None
        else block
        for block in blocks
    ]
