"""Reports and errors as JSON text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dudao.document import ERROR_SCHEMA, TaggedReport
from dudao.errors import DudaoError

if TYPE_CHECKING:
    from dudao.schemes import Scheme


Held = tuple["Scheme", int]  # what a report is held against, and the number of clauses below which an item is thin


def pretty(report: TaggedReport, held: Held | None = None) -> str:
    """One object: a line a member, and in lists of objects a line an object; with ``scheme`` where it is held against one."""
    members = (f"  {_text(name)}: {_lines(value)}" for name, value in _members(report, held).items())
    return "{\n" + ",\n".join(members) + "\n}"


def _lines(value: Any) -> str:
    # `indent` makes the standard library encode in Python, at ten times the time.
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {_text(each)}" for each in value) + "\n  ]"
    return _text(value)


_text = json.JSONEncoder(ensure_ascii=False).encode


def line(report: TaggedReport, held: Held | None = None) -> str:
    """One object on one line."""
    return _text(_members(report, held))


def _members(report: TaggedReport, held: Held | None) -> dict[str, Any]:
    if held is None:
        return report.to_dict()
    from dudao.schemes import scheme_dict

    return {**report.to_dict(), "scheme": scheme_dict(report, held[0], thin=held[1])}


def error_line(error: DudaoError) -> str:
    """A file that failed, on one line."""
    return _text({"schema": ERROR_SCHEMA, "source": error.where, "error": str(error)})
