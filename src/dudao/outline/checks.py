"""What a reader should be told of an outline: numbers that are missing among its headings."""

from __future__ import annotations

from collections.abc import Sequence

from dudao.document import Heading
from dudao.outline.lines import line_number
from dudao.outline.numbering import match_marker

_MOST_WARNINGS = 5


def missing_numbers(text: str, headings: Sequence[Heading]) -> list[str]:
    """One warning for each heading whose number is more than one above that of the heading before it in its list."""
    found: list[tuple[int, str, str]] = []
    lists: dict[int, tuple[str, int, str]] = {}  # level to scheme, number and marker last seen
    for heading in headings:
        lists = {level: last for level, last in lists.items() if level <= heading.level}
        marker = match_marker(text, heading.start, heading.end) if heading.marker else None
        if marker is None:
            continue
        scheme, value, label = lists.get(heading.level, ("", 0, ""))
        if scheme == marker.scheme and value and marker.value > value + 1:
            found.append((heading.start, heading.marker, label))
        lists[heading.level] = (marker.scheme, marker.value, heading.marker)
    warnings = [
        f"line {line_number(text, start)}: {marker} follows {label}; a heading may be missing"
        for start, marker, label in found[:_MOST_WARNINGS]
    ]
    if len(found) > _MOST_WARNINGS:
        warnings.append(f"{len(found) - _MOST_WARNINGS} more headings whose number does not follow")
    return warnings
