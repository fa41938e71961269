"""Lines of the text as spans."""

from __future__ import annotations

import re
from typing import NamedTuple

from dudao.outline.clauses import strip_span

_LINE = re.compile(r"[^\r\n\x0b\x0c\x85\u2028\u2029]+")


class Line(NamedTuple):
    """A line's span without blank ends, and how many blanks stood before it."""

    start: int
    end: int
    indent: int


def physical_lines(text: str, start: int = 0, end: int | None = None) -> list[Line]:
    """Every line of ``text[start:end]`` that holds something."""
    lines = []
    for match in _LINE.finditer(text, start, len(text) if end is None else end):
        span = strip_span(text, match.start(), match.end())
        if span is not None:
            lines.append(Line(*span, span[0] - match.start()))
    return lines


def line_number(text: str, at: int) -> int:
    """The number, from 1, of the line that holds ``text[at]``, as editors count."""
    return 1 + text.count("\n", 0, at) + len(re.findall(r"\r(?!\n)", text[:at]))
