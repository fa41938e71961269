"""Regular expressions that are compiled at their first use.

Python compiles a pattern in 0.1 to 4 ms: each set of Han characters that is more than two ranges takes 0.1 ms (twice that where it
opens the pattern), a range of all Han characters 0.7 ms. A short report needs few of a hundred patterns, and a character or a word
that a pattern cannot do without tells most lines apart before it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, AnyStr, Generic


class _Later(Generic[AnyStr]):
    """Stands for a pattern until one of its methods is called, and holds those from then on."""

    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self.pattern: AnyStr = pattern
        self.flags = flags

    if not TYPE_CHECKING:

        def __getattr__(self, name):  # asked for what is not there yet, once
            compiled = re.compile(self.pattern, self.flags)
            for method in ("match", "fullmatch", "search", "finditer", "findall", "sub"):
                setattr(self, method, getattr(compiled, method))
            return getattr(compiled, name)


def later(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, compiled at its first use."""
    return _Later(pattern, flags)  # type: ignore[return-value]


def holds(text: str, start: int, end: int, words: Iterable[str]) -> bool:
    """Whether ``text[start:end]`` holds one of the words."""
    return any(text.find(word, start, end) >= 0 for word in words)
