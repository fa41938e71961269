"""Plain text: ``.txt``, ``.md`` and whatever else turns out to be text."""

from __future__ import annotations

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.charset import decode


def read_text(data: bytes, name: str) -> Document:
    """Decode a text file; its text is the file's own characters, line ends as they are, without a byte-order mark."""
    decoded = decode(data, where=name)
    if not decoded.text.strip():
        raise ReadError("the file is empty", where=name, hint="nothing to tag")
    return Document(text=decoded.text, source=name, format="text", warnings=decoded.warnings)
