"""Web pages saved as one file (``.mht``, ``.mhtml``): the page in it, by the standard library's mail parser."""

from __future__ import annotations

import re

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.limits import DEFAULT, Limits

MHT_HEAD = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:[A-Za-z-]{2,40}:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n){0,20}?(?:MIME-Version|Content-Type):[^\r\n]*\S",
    re.I,
)
_MOST_PARTS = 2_000  # a page brings its pictures along; the parser descends one call a level


def read_mht(data: bytes, name: str, limits: Limits = DEFAULT) -> Document:
    """Read the page of a web archive: its largest HTML part.

    Raises
    ------
    ReadError
        No page in it, or a page without an article.
    """
    import email
    import email.policy

    from dudao.readers.html import read_html  # `detect` asks this module about every text

    if data.lower().count(b"boundary=") > 50 or data.count(b"\n--") > _MOST_PARTS:
        raise ReadError(f"holds more than {_MOST_PARTS} parts", where=name, hint="save the page as .html and give that")
    message = email.message_from_bytes(data.lstrip(b"\xef\xbb\xbf \t\r\n"), policy=email.policy.compat32)
    pages: list[tuple[bytes, str | None]] = []
    for part in message.walk():
        if part.get_content_type() not in {"text/html", "application/xhtml+xml"}:
            continue
        body = part.get_payload(decode=True)
        if isinstance(body, bytes):
            charset = part.get_param("charset")
            pages.append((body, charset if isinstance(charset, str) else None))
    if not pages:
        raise ReadError("the web archive holds no page", where=name, hint="save the page as .html and give that")
    body, charset = max(pages, key=lambda page: len(page[0]))
    return read_html(body, name, limits, charset=charset, format="mht")
