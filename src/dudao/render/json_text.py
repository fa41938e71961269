"""Reports and errors as JSON text."""

from __future__ import annotations

import json
from typing import Any

from dudao.document import ERROR_SCHEMA, TaggedReport
from dudao.errors import DudaoError
from dudao.schemes import THIN, Scheme, scheme_dict


def pretty(report: TaggedReport, scheme: Scheme | None = None, thin: int = THIN) -> str:
    """One object: a line a member, and in lists of objects a line an object; with ``scheme`` where there is one to hold it against."""
    members = (f"  {_text(name)}: {_lines(value)}" for name, value in _members(report, scheme, thin).items())
    return "{\n" + ",\n".join(members) + "\n}"


def _lines(value: Any) -> str:
    # `indent` makes the standard library encode in Python, at ten times the time.
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {_text(each)}" for each in value) + "\n  ]"
    return _text(value)


_text = json.JSONEncoder(ensure_ascii=False).encode


def line(report: TaggedReport, scheme: Scheme | None = None, thin: int = THIN) -> str:
    """One object on one line."""
    return _text(_members(report, scheme, thin))


def _members(report: TaggedReport, scheme: Scheme | None, thin: int) -> dict[str, Any]:
    return report.to_dict() | ({"scheme": scheme_dict(report, scheme, thin=thin)} if scheme else {})


def error_line(error: DudaoError) -> str:
    """A file that failed, on one line."""
    return _text({"schema": ERROR_SCHEMA, "source": error.where, "error": str(error)})
