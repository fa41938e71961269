"""Lines that are rows of a table, or a table of contents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from dudao.outline.furniture import is_date, is_furniture
from dudao.outline.lines import Line
from dudao.outline.numbering import Marker, match_marker
from dudao.patterns import holds, later

_FIGURE_CELL = later(
    r"[-+±≥≤<>＜＞]?[0-9０-９][0-9０-９,，.．:：/-]*\s*(?:[%％‰]|万|亿|元|万元|亿元|万人|人|所|名|个|分|年|平方米|㎡|台|册)?|[-—–／/√×✓○☑]+|无|是|否|合格|达标|不达标|[Xx×*]{1,4}%?"
)
_FIGURE_BEGINS = frozenset("-+±≥≤<>＜＞0123456789０１２３４５６７８９—–／/√×✓○☑无是否合达不Xx*")  # of `_FIGURE_CELL`
_CAPTION = later(
    r"(?:附?表\s*[0-9一二三四五六七八九十A-Z]{1,3}.{0,40}|.{2,40}(?:统计|一览|情况|得分|自评|明细|对照|汇总|基础数据)表\s*(?:[(（].{1,16}[)）])?"
    r"|[(（]?(?:计量)?单位\s*[:：].{1,16}|填[报表](?:单位|时间|日期|人)\s*[:：].{0,30})"
)
_LONGEST_ROW = 200  # of a row whose cells stand between blanks; text is not cut into cells
_LONGEST_CELL = 16
_LEAST_CELLS = 6  # lines with one cell each, of which `_FIGURES` hold figures
_FIGURES = 0.3
_TEXT_MARKS = "，。；！？;!?"

_CONTENTS_LINE = later(r"[^.．…·—_\t\s].{1,59}?(?:[.．…·。—_-]{3,}|\s{3,}|\t)\s*[0-9]{1,3}")
_CONTENTS_ENTRY = later(r".{2,60}?(?:[.．…·—_\s-]*|\t)[0-9]{1,3}")  # under "目录" less is needed
_CONTENTS_HEAD = later(r"目\s*[录次錄]")
_MOST_ENTRIES = 120


def find_tables(text: str, lines: Sequence[Line]) -> dict[int, int]:
    """Which line is in which table.

    A table is rows whose cells stand between tabs, bars or blanks, or lines of one cell each, a third of them figures.

    Returns
    -------
    dict
        Line index to the index of the table's first line.
    """
    found: dict[int, int] = {}
    rows = [_is_row(text, line) for line in lines]
    spaced = [0 if row else _spaced_cells(text, line) for row, line in zip(rows, lines, strict=True)]
    at = 0
    while at < len(lines):
        end = at
        if rows[at]:
            while end < len(lines) and rows[end]:
                end += 1
        elif spaced[at]:
            while end < len(lines) and spaced[end]:
                end += 1
            end = end if end - at >= 2 else at
        else:
            end = _cell_lines(text, lines, at)
        first = at if rows[at] or spaced[at] else _first_cell(text, lines, at, end)
        if end > at:
            if spaced[at] and at and _is_spaced_header(text, lines[at - 1]):
                first = at - 1
            while first and first - 1 not in found and _CAPTION.fullmatch(text, *lines[first - 1][:2]):
                first -= 1
            found.update(dict.fromkeys(range(first, end), first))
        at = max(end, at + 1)
    return found


def _is_row(text: str, line: Line) -> bool:
    """Whether a line has cells between tabs or bars; a number and a tab are a heading."""
    piece = text[line.start : line.end]
    if is_furniture(piece) or (piece[-1] in "。；" and piece.count("\t") < 2):
        return False
    if piece.count("|") + piece.count("｜") >= 2:
        return True
    if "\t" not in piece:
        return False
    marker = match_marker(text, line.start, line.end)
    behind = marker.end - line.start if marker else 0
    return "\t" in piece[behind:].strip() and piece.strip("\t") != ""


def _spaced_cells(text: str, line: Line) -> int:
    """How many cells stand between blanks, half of them figures; 0 where it is no row."""
    if line.end - line.start > _LONGEST_ROW or text[line.end - 1] in "。；：:":
        return 0
    cells = text[line.start : line.end].split()
    if len(cells) < 3 or holds(text, *line[:2], _TEXT_MARKS):
        return 0
    figures = sum(map(_holds_figure, cells))
    return len(cells) if figures * 2 >= len(cells) and figures >= 2 else 0


def _is_spaced_header(text: str, line: Line) -> bool:
    cells = text[line.start : line.end].split() if line.end - line.start <= _LONGEST_ROW else []
    return len(cells) >= 3 and all(len(cell) <= _LONGEST_CELL for cell in cells) and text[line.end - 1] not in "。；：:"


def _is_cell(text: str, line: Line) -> bool:
    if line.end - line.start > _LONGEST_CELL or holds(text, *line[:2], _TEXT_MARKS):
        return False
    marker = match_marker(text, line.start, line.end)
    return (marker is None or marker.scheme == "bare") and not is_date(text, *line[:2])


def _is_figure(text: str, line: Line) -> bool:
    return line.end - line.start <= _LONGEST_CELL and _holds_figure(text[line.start : line.end])


def _holds_figure(cell: str) -> bool:
    return cell[0] in _FIGURE_BEGINS and _FIGURE_CELL.fullmatch(cell) is not None


def _cell_lines(text: str, lines: Sequence[Line], at: int) -> int:
    """Where a table with one cell a line that begins at ``at`` ends; ``at`` itself where there is none."""
    if at and _is_cell(text, lines[at - 1]):
        return at  # the run that holds this line was looked at from its first
    end = at
    figures = last = 0
    while end < len(lines) and _is_cell(text, lines[end]):
        if _is_figure(text, lines[end]):
            figures, last = figures + 1, end + 1
        end += 1
    return (
        last if last - at >= _LEAST_CELLS and figures >= max(3, _FIGURES * (last - at)) and figures < last - at else at
    )


def _first_cell(text: str, lines: Sequence[Line], at: int, end: int) -> int:
    """Where the header of a table with one cell a line begins: it has as many cells as a row."""
    starts = _row_starts([_is_figure(text, line) for line in lines[at:end]])
    return at + starts[0] if starts else at


def _row_starts(figures: Sequence[bool]) -> list[int]:
    """Where rows begin among cells: at each label behind a figure; the header before the first has a row's width."""
    labels = [n for n in range(1, len(figures)) if not figures[n] and figures[n - 1]]
    if not labels:
        return [0]
    widths = Counter(b - a for a, b in pairwise([*labels, len(figures)]))
    width = widths.most_common(1)[0][0]
    lead = next(n for n, figure in enumerate(figures) if figure)  # the first row's label stands just before it
    names = max(1, next((n - labels[0] for n in range(labels[0], len(figures)) if figures[n]), 1))
    first_row = max(0, lead - names)
    header = max(0, first_row - width)
    return sorted({header, first_row, *labels}) if first_row else [0, *labels]


def row_spans(text: str, rows: Sequence[Line]) -> list[tuple[int, int]]:
    """The spans of a table's rows: its lines, or where each line is one cell, the lines of a row together."""
    if any(_is_row(text, row) or _spaced_cells(text, row) for row in rows):
        return [(row.start, row.end) for row in rows]
    captions = 0
    while captions < len(rows) and _CAPTION.fullmatch(text, *rows[captions][:2]):
        captions += 1
    cells = rows[captions:]
    if not cells or not any(_is_figure(text, cell) for cell in cells):
        return [(row.start, row.end) for row in rows]
    starts = [0, *(start for start in _row_starts([_is_figure(text, cell) for cell in cells]) if start)]
    spans = [
        (cells[start].start, cells[end - 1].end) for start, end in zip(starts, [*starts[1:], len(cells)], strict=True)
    ]
    return [*((row.start, row.end) for row in rows[:captions]), *spans]


def find_contents(text: str, lines: Sequence[Line], body: Sequence[int], markers: Sequence[Marker | None]) -> set[int]:
    """Lines of a table of contents.

    Three or more with dotted leaders and page numbers; or what follows "目录": entries with page numbers, or all up to where the
    first entry comes again.
    """
    found = {
        i
        for i in body
        if lines[i].end - lines[i].start <= 80
        and "0" <= text[lines[i].end - 1] <= "9"
        and _CONTENTS_LINE.fullmatch(text, lines[i].start, lines[i].end)
        and "\t" not in text[lines[i].start : lines[i].end - 4]
    }
    if len(found) < 3:
        found = set()
    for at, i in enumerate(body[:_MOST_ENTRIES]):
        if text[lines[i].start] != "目" or not _CONTENTS_HEAD.fullmatch(text, lines[i].start, lines[i].end):
            continue
        entries = body[at + 1 : at + 1 + _MOST_ENTRIES]
        keys = [_key(text, lines[each]) for each in entries]
        again = next((n for n in range(1, len(keys)) if keys[n] == keys[0]), None)
        found.add(i)
        if again is None:
            again = next((n for n, each in enumerate(entries) if not _is_entry(text, lines[each])), len(entries))
        elif any(
            markers[at + 1 : at + 1 + again]
        ):  # a title or a preface can stand between the entries and the first section
            while again and markers[at + again] is None and not _is_entry(text, lines[entries[again - 1]]):
                again -= 1
        found.update(entries[:again])
    return found


def _is_entry(text: str, line: Line) -> bool:
    return (
        line.end - line.start <= 80
        and "0" <= text[line.end - 1] <= "9"
        and _CONTENTS_ENTRY.fullmatch(text, line.start, line.end) is not None
    )


def _key(text: str, line: Line) -> str:
    """An entry without leaders and page number."""
    return re.sub(r"[\s.．…·_—-]*[0-9]*$", "", text[line.start : min(line.end, line.start + 90)]).replace(" ", "")
