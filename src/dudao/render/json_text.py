"""Reports and errors as JSON text."""

from __future__ import annotations

import json

from dudao.document import ERROR_SCHEMA, TaggedReport
from dudao.errors import DudaoError


def pretty(report: TaggedReport) -> str:
    """One indented object."""
    return json.dumps(report.to_dict(), ensure_ascii=False, indent=2)


def line(report: TaggedReport) -> str:
    """One object on one line."""
    return json.dumps(report.to_dict(), ensure_ascii=False)


def error_line(error: DudaoError) -> str:
    """A file that failed, on one line."""
    return json.dumps({"schema": ERROR_SCHEMA, "source": error.where, "error": str(error)}, ensure_ascii=False)
