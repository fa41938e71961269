"""Glyphs of a printed page to rows in reading order: characters to segments, segments to rows, columns one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from dudao.readers.glyphs import Glyph

# In widths of a character. Justified lines stretch the gap between characters by up to a third.
_SAME_SEGMENT = 1.0
_BLANK = 0.22
_OVERPRINT = 0.3
# Column gutters: at least this wide, in the middle half of the text, with prose (lines that fill their column) on both sides.
_GUTTER = 0.8
_FILLED = 0.6
_LEAST_ROWS = 5
_CROSSING_SHARE = 0.34


@dataclass(frozen=True, slots=True)
class Row:
    """A line of print.

    Attributes
    ----------
    text : str
        Cells of a table are separated by tabs.
    page, column : int
        ``column`` is 0 for a line of its own, 1 and 2 for the columns of a page with two.
    size : float
        Width of a Han character, or the height of the row where it holds none. Boxes may be taller than the type by a third.
    table : bool
        Whether it is a row of a table.
    """

    text: str
    page: int
    column: int
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    table: bool = False


@dataclass(slots=True)
class _Segment:
    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    widths: list[float] = field(default_factory=list)  # of Han characters

    @property
    def size(self) -> float:
        return median(self.widths) if self.widths else max(self.bottom - self.top, 1e-6)

    def add(self, text: str, x0: float, x1: float, widths: list[float]) -> None:
        """Put what follows behind it, with a blank where the gap is one."""
        gap = (x0 - self.x1) / self.size
        self.text += (" " if _blank_between(self.text[-1], text[0], gap) else "") + text
        self.x1 = max(self.x1, x1)
        self.widths += widths


def rows_of(glyphs: Sequence[Glyph], page: int) -> list[list[Row]]:
    """The rows of one page from top to bottom, each as its pieces: more than one where wide gaps separate them."""
    segments = _segments(glyphs)
    grouped: list[list[_Segment]] = []
    for segment in sorted(segments, key=lambda each: (each.top + each.bottom, each.x0)):
        middle = (segment.top + segment.bottom) / 2
        last = grouped[-1] if grouped else None
        if last is not None and last[0].top <= middle <= last[0].bottom:
            last.append(segment)
        else:
            grouped.append([segment])
    return [
        [
            Row(each.text, page, 0, each.x0, each.x1, each.top, each.bottom, each.size)
            for each in _joined(sorted(group, key=lambda each: each.x0))
        ]
        for group in grouped
    ]


def _segments(glyphs: Sequence[Glyph]) -> list[_Segment]:
    """Runs of glyphs that follow each other in the page's own order; a glyph printed twice for boldness counts once."""
    segments: list[_Segment] = []
    last: _Segment | None = None
    previous: Glyph | None = None
    for glyph in glyphs:
        if not glyph.text.strip():
            continue
        size = max(glyph.bottom - glyph.top, 1e-6)
        if last is not None and previous is not None:
            on_line = abs(glyph.top + glyph.bottom - last.top - last.bottom) < 0.8 * max(size, last.size)
            gap = glyph.x0 - last.x1
            if on_line and glyph.text == previous.text and abs(glyph.x0 - previous.x0) < _OVERPRINT * size:
                continue
            if on_line and -0.5 * size < gap < _SAME_SEGMENT * size:
                last.add(glyph.text, glyph.x0, glyph.x1, _han_width(glyph))
                previous = glyph
                continue
        last = _Segment(glyph.text, glyph.x0, glyph.x1, glyph.top, glyph.bottom, _han_width(glyph))
        segments.append(last)
        previous = glyph
    return segments


def _han_width(glyph: Glyph) -> list[float]:
    return [glyph.x1 - glyph.x0] if glyph.text >= "\u3400" and glyph.x1 > glyph.x0 else []


def _blank_between(left: str, right: str, gap: float) -> bool:
    """Whether a gap is a blank: between Latin letters or digits a narrow one, between Han characters none is."""
    return gap > _BLANK and left.isascii() and right.isascii()


def _joined(segments: list[_Segment]) -> list[_Segment]:
    """Segments of one row that touch, as one; what is printed over another piece of the same text is dropped."""
    kept: list[_Segment] = []
    for segment in segments:
        last = kept[-1] if kept else None
        if last is None:
            kept.append(segment)
            continue
        size = max(last.size, segment.size)
        gap = segment.x0 - last.x1
        if segment.text == last.text and abs(segment.x0 - last.x0) < _OVERPRINT * size:
            continue
        if gap < _SAME_SEGMENT * size:
            last.add(segment.text, segment.x0, segment.x1, segment.widths)
        else:
            kept.append(segment)
    return kept


def in_reading_order(pages: Sequence[Sequence[list[Row]]]) -> list[Row]:
    """All rows of a document: on a page with two columns the left one before the right one, elsewhere from top to bottom."""
    gutters = [_gutter(rows) for rows in pages]
    known = [gutter for gutter in gutters if gutter is not None]
    # The last page of two columns may hold one alone; it is known by the others.
    usual = median(known) if known and 2 * len(known) >= len(pages) - 1 else None
    ordered: list[Row] = []
    for rows, gutter in zip(pages, gutters, strict=True):
        border = gutter if gutter is not None else usual
        if border is None or (gutter is None and _crossing(rows, border) > _CROSSING_SHARE * len(rows)):
            ordered += _single(rows)
            continue
        left: list[list[Row]] = []
        right: list[list[Row]] = []
        for row in rows:
            if any(piece.x0 < border < piece.x1 for piece in row):
                ordered += [*_single(left, 1), *_single(right, 2), *_single([row])]
                left, right = [], []
                continue
            for side, found in (
                (left, [piece for piece in row if piece.x1 <= border]),
                (right, [piece for piece in row if piece.x0 >= border]),
            ):
                if found:
                    side.append(found)
        ordered += [*_single(left, 1), *_single(right, 2)]
    return ordered


def _crossing(rows: Sequence[list[Row]], border: float) -> int:
    return sum(any(piece.x0 < border < piece.x1 for piece in row) for row in rows)


def _gutter(rows: Sequence[list[Row]]) -> float | None:
    """Where the gutter of a page with two columns of prose runs; None where there is none."""
    pieces = [piece for row in rows for piece in row]
    if len(pieces) < 2 * _LEAST_ROWS:
        return None
    low, high = min(piece.x0 for piece in pieces), max(piece.x1 for piece in pieces)
    size = median(piece.size for piece in pieces)
    width = high - low
    # Borders of pieces are the only places where the number of crossing ones changes.
    candidates = sorted({piece.x1 for piece in pieces if 0.25 < (piece.x1 - low) / max(width, 1e-6) < 0.75})
    best: tuple[int, float] | None = None
    for start in _spread(candidates, 60):
        stop = min((piece.x0 for piece in pieces if piece.x0 > start), default=start)
        if stop - start < _GUTTER * size:
            continue
        at = (start + stop) / 2
        crossing = _crossing(rows, at)
        if best is None or crossing < best[0]:
            best = (crossing, at)
    if best is None or best[0] > _CROSSING_SHARE * len(rows):
        return None
    at = best[1]
    left = [piece for piece in pieces if piece.x1 <= at]
    right = [piece for piece in pieces if piece.x0 >= at]
    if min(len(left), len(right)) < _LEAST_ROWS:
        return None
    filled = median(piece.x1 - piece.x0 for piece in left) >= _FILLED * (at - low) and median(
        piece.x1 - piece.x0 for piece in right
    ) >= _FILLED * (high - at)
    return at if filled else None


def _spread(values: list[float], most: int) -> list[float]:
    """At most so many of the values, evenly: enough to find a gutter, and the time stays linear."""
    step = max(1, -(-len(values) // most))
    return values[::step]


def _single(rows: Sequence[list[Row]], column: int = 0) -> list[Row]:
    """Rows as lines; several pieces are cells of a table where a neighbouring row has several too, else words apart."""
    lines: list[Row] = []
    for number, row in enumerate(rows):
        near = [other for other in rows[max(0, number - 1) : number + 2] if other is not row]
        table = len(row) > 2 or (len(row) > 1 and any(len(other) > 1 for other in near))
        first, last = row[0], row[-1]
        text = ("\t" if table else " ").join(piece.text for piece in row)
        lines.append(Row(text, first.page, column, first.x0, last.x1, first.top, first.bottom, first.size, table=table))
    return lines
