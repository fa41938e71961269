"""A report's text as a page shows it: what has no shape is made visible, print's line ends are closed up, marked terms are cut out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dudao.render.cells import plain


class Run(NamedTuple):
    """A stretch of text that is marked throughout or not at all."""

    text: str
    marked: bool


_LINE_END = re.compile(r"[ \t]*\r?\n[ \t]*|\r")
_WORD = re.compile(r"[\x21-\x7e]")


def visible(text: str) -> str:
    """The text on one line, with characters in it that any page can hold."""
    return _joined(plain(text))


def runs(text: str, spans: Iterable[tuple[int, int]], *, lines: bool = False) -> list[Run]:
    """Cut a text where marked spans begin and end; spans that meet or overlap are one.

    Parameters
    ----------
    spans : iterable of (int, int)
        What is marked, as offsets into ``text``.
    lines : bool
        Keep line ends: they are rows of a table.
    """
    found: list[Run] = []
    at = 0
    for start, end in _merged(spans):
        found += [Run(text[at:start], False), Run(text[start:end], True)]
        at = end
    found.append(Run(text[at:], False))
    tidy = plain if lines else visible
    return [Run(tidy(run.text), run.marked) for run in found if run.text]


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _joined(text: str) -> str:
    """Line ends of print taken out: between words of letters they are a blank, beside a Chinese character nothing."""

    def join(match: re.Match[str]) -> str:
        before, after = text[max(match.start() - 1, 0) : match.start()], text[match.end() : match.end() + 1]
        return " " if _WORD.match(before) and _WORD.match(after) else ""

    return _LINE_END.sub(join, text)
