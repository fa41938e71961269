"""What a file is, by its first bytes and the names inside it; the suffix decides only where these leave it open."""

from __future__ import annotations

import io
import re
from pathlib import PurePath

from dudao.errors import ReadError
from dudao.patterns import later
from dudao.readers.ole import OLE, ole_kind

HTML_SUFFIXES = frozenset({".html", ".htm", ".shtml", ".xhtml"})
SUFFIXES = (
    ".txt",
    ".text",
    ".md",
    *sorted(HTML_SUFFIXES),
    ".mht",
    ".mhtml",
    ".docx",
    ".docm",
    ".dotx",
    ".dotm",
    ".doc",
    ".dot",
    ".wps",
    ".wpt",
    ".rtf",
    ".odt",
    ".pdf",
    ".ofd",
    ".zip",
)
_REFUSED = (
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
)
# Suffixes whose files are never plain text, with what their content would have begun with.
_BINARY = {
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), "a Word document"),
    **dict.fromkeys((".doc", ".dot", ".wps", ".wpt"), "a Word or WPS document"),
    ".pdf": "a PDF",
    ".ofd": "an OFD document",
    ".odt": "an OpenDocument text",
    ".zip": "a zip archive",
    ".rtf": "an RTF file",
}
_HEAD = 65_536
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_PREAMBLE = later(rb"(?:\s|<!--.*?-->|<\?.*?\?>)*", re.S)
_OPENING = later(
    rb"<(?:!doctype\s+html|(?:html|head|body|meta|title|base|link|script|style|div|p|span|table|tbody|tr|td|ul|ol|li|dl|h[1-6]|a|b|i|u|em|"
    rb"strong|font|center|br|hr|img|article|section|main|header|nav|form|iframe|blockquote)[\s>/])",
    re.I,
)
_CLOSING = later(rb"</(?:p|div|td|span|h[1-6]|li|font|strong|a|section)\s*>|<br\s*/?>", re.I)
_CLOSINGS = 3  # so many of them make a page of a file that does not open like one
_WORD_XML_WORDS = (b"w:wordDocument", b"pkg:package", b"Word.Document")
_WORD_XML = later(rb"<(?:w:wordDocument|pkg:package)\b|progid=\"Word\.Document\"")


def kind_of(data: bytes, name: str) -> str:
    """The format of a file: text, html, mht, docx, ofd, pdf, zip, or for LibreOffice doc, works, rtf, odt, xml.

    Raises
    ------
    ReadError
        It is something else, and what.
    """
    suffix = PurePath(name).suffix.lower()
    for magic, what in _REFUSED:
        if data.startswith(magic):
            raise ReadError(
                f"is {what}, which is not read",
                where=name,
                hint="run OCR over it and give the text" if what == "a picture" else "unpack it and give the files",
            )
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_kind(data, name)
    if data.startswith(OLE):
        return ole_kind(data, name)
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data[:64].lstrip().startswith(b"{\\rtf"):
        return "rtf"
    return _text_kind(data, suffix, name)


def _zip_kind(data: bytes, name: str) -> str:
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = {each.lower() for each in package.namelist()}
    except Exception:  # whatever a broken directory makes zipfile raise: the reader says that it is damaged
        return {".docx": "docx", ".ofd": "ofd"}.get(PurePath(name).suffix.lower(), "zip")
    if "ofd.xml" in names:
        return "ofd"
    if "[content_types].xml" in names:
        for folder, what in (("xl/", "an Excel table"), ("ppt/", "a PowerPoint presentation")):
            if any(each.startswith(folder) for each in names):
                raise ReadError(f"is {what}, which is not read", where=name, hint="save its text as .txt and give that")
        return "docx"
    if "mimetype" in names and "content.xml" in names:
        return "odt"
    return "zip"


def _text_kind(data: bytes, suffix: str, name: str) -> str:
    head = data[:_HEAD]
    if b"\0" in head:
        head = head.replace(b"\0", b"")  # UTF-16: its ASCII stands between NULs
    head = next((head[len(mark) :] for mark in _BYTE_ORDER_MARKS if head.startswith(mark)), head)
    if any(word in head for word in _WORD_XML_WORDS) and _WORD_XML.search(head[:4096]):
        return "xml"
    if suffix in {".mht", ".mhtml"} or (b"multipart/related" in head.lower() and _opens_web_archive(head)):
        return "mht"
    marked_up = b"<" in head
    opens = _opening_tag(head) if marked_up else None
    if suffix == ".md":
        return "html" if opens and opens.group().lower().startswith((b"<!doctype", b"<html")) else "text"
    if opens or (suffix in HTML_SUFFIXES and marked_up):
        return "html"
    if marked_up and len(_CLOSING.findall(head)) >= _CLOSINGS:
        return "html"
    what = _BINARY.get(suffix)
    if what is not None and (_is_binary(data) or not data.strip()):
        raise ReadError(f"is not {what} inside, whatever its name says", where=name, hint="download or copy it again")
    return "text"


def _opens_web_archive(head: bytes) -> bool:
    from dudao.readers.mht import MHT_HEAD

    return MHT_HEAD.match(head[:8192]) is not None


def _opening_tag(head: bytes) -> re.Match[bytes] | None:
    """The tag that a web page begins with, behind comments and declarations."""
    preamble = _PREAMBLE.match(head)
    return _OPENING.match(head, preamble.end() if preamble else 0)


def _is_binary(data: bytes) -> bool:
    from dudao.readers.charset import decode

    try:
        decode(data, where="")
    except ReadError:
        return True
    return False
