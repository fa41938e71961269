"""PDF: pages are read in a process of their own, since a crash or an endless loop in the library must not take this one along.

That process is `dudao.readers.pdf_process`. It gives back the text or the reason why there is none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.limits import DEFAULT, Limits, too_slow

_END = b"%%EOF"
_END_WITHIN = 4096  # bytes from the end: some servers append a few lines


def read_pdf(data: bytes, name: str, limits: Limits = DEFAULT) -> Document:
    """Read the text layer of a PDF.

    Raises
    ------
    ReadError
        Protected by a password, cut short, without a text layer, or too much for the limits.
    """
    if _END not in data[-_END_WITHIN:]:
        raise ReadError("the PDF is cut short: its end is missing", where=name, hint="download or copy it again")
    result = _run(data, name, limits)
    fault = result.get("fault")
    if fault is not None:
        raise _error(str(fault), name, limits)
    return Document(text=result["text"], source=name, format="pdf", warnings=tuple(result["warnings"]))


def _run(data: bytes, name: str, limits: Limits) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
    options = json.dumps({"pages": limits.pages, "memory": limits.memory, "seconds": limits.seconds})
    try:
        run = subprocess.run(
            [sys.executable, "-m", "dudao.readers.pdf_process", options],
            input=data,
            capture_output=True,
            timeout=limits.seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise too_slow(limits.seconds, name) from error
    try:
        result: dict[str, Any] = json.loads(run.stdout)
    except ValueError:
        raise ReadError(
            f"the PDF library failed on it (status {run.returncode})",
            where=name,
            hint="print it to a new PDF, or save its text as .txt",
        ) from None
    return result


def _error(fault: str, name: str, limits: Limits) -> ReadError:
    if fault == "password":
        return ReadError("is protected by a password", where=name, hint="save a copy without the password")
    if fault == "pages":
        return ReadError(f"has more than {limits.pages} pages", where=name, hint="split the file")
    if fault == "scan":
        return ReadError(
            "holds pictures only, no text: it needs OCR", where=name, hint="run OCR over it and give the text"
        )
    if fault == "unreadable":
        return ReadError(
            "its fonts do not say which characters they show: it needs OCR",
            where=name,
            hint="run OCR over it and give the text",
        )
    if fault == "font":
        return ReadError(
            "its fonts are neither in the file nor installed, so that text would be lost",
            where=name,
            hint="install Chinese fonts, or print it to a PDF with its fonts",
        )
    if fault == "empty":
        return ReadError("the document holds no text", where=name, hint="nothing to tag")
    if fault == "memory":
        return ReadError("needs more memory than allowed", where=name, hint="save its text as .txt and give that")
    return ReadError("is damaged or cut short", where=name, hint="download or copy it again")
