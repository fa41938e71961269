"""Files to documents: a registry by content and suffix. Parsers are imported where they are needed, not before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from dudao.document import Document
from dudao.errors import ReadError

Source = str | Path | bytes | BinaryIO

# A report is some tens of kilobytes; 200 MB leaves room for scans and stops what would fill the memory.
MAX_BYTES = 200_000_000
SUFFIXES = (".txt", ".text", ".md", ".html", ".htm", ".shtml", ".xhtml")
_HTML_HEAD = re.compile(
    rb"^\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body|meta|\?xml[^>]*\?>\s*<(?:!doctype\s+html|html))", re.I
)
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip-based file (Word .docx, Excel .xlsx, OFD or an archive)"),
    (b"%PDF-", "a PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.doc, .wps, .xls)"),
    (b"{\\rtf", "an RTF file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def read_document(source: Source, *, name: str | None = None, max_bytes: int = MAX_BYTES) -> Document:
    """Read a report.

    Parameters
    ----------
    source : path, bytes or binary file object
        What to read. A ``str`` is a path.
    name : str, optional
        What to call it in results and messages; the path by default.
    max_bytes : int
        Larger input is refused.

    Raises
    ------
    ReadError
        Missing, unreadable, empty, too large, or of a format that is not read.
    """
    data, name = _bytes_of(source, name, max_bytes)
    if not data:
        raise ReadError("the file is empty", where=name, hint="nothing to tag")
    if len(data) > max_bytes:
        raise ReadError(f"larger than {max_bytes:,} bytes", where=name, hint="split the file")
    return _reader_for(data, name)(data, name)


def _bytes_of(source: Source, name: str | None, max_bytes: int) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name or "<bytes>"
    if isinstance(source, (str, Path)):
        name = name or str(source)
        try:
            if Path(source).stat().st_size > max_bytes:
                raise ReadError(f"larger than {max_bytes:,} bytes", where=name, hint="split the file")
            return Path(source).read_bytes(), name
        except FileNotFoundError:
            raise ReadError("no such file", where=name, hint="check the path") from None
        except IsADirectoryError:
            raise ReadError(
                "is a folder", where=name, hint="`dudao tag FOLDER` and `find_reports` take folders"
            ) from None
        except (OSError, ValueError) as error:
            raise ReadError(f"cannot be read: {error}", where=name, hint="check the permissions") from error
    data = source.read(max_bytes + 1)
    if not isinstance(data, bytes):
        raise ReadError("the file object gives text, not bytes", where=name or "<file>", hint='open it with "rb"')
    return data, name or str(getattr(source, "name", "<file>"))


def _reader_for(data: bytes, name: str) -> Callable[[bytes, str], Document]:
    """The reader of a file: its content decides, its suffix only where the content leaves it open."""
    for magic, what in _SIGNATURES:
        if data.startswith(magic):
            raise ReadError(f"is {what}, which is not read", where=name, hint="save it as .txt or .html and give that")
    suffix = Path(name).suffix.lower()
    if _HTML_HEAD.match(data[:2048].replace(b"\0", b"")) or (
        suffix in {".html", ".htm", ".shtml", ".xhtml"} and b"<" in data
    ):
        from dudao.readers.html import read_html

        return read_html
    from dudao.readers.text import read_text

    return read_text


def find_reports(path: str | Path) -> Iterator[Path]:
    """The files that a path stands for: itself, or what a folder holds below it, in a stable order.

    Hidden files and files of formats that no reader takes are passed over in folders; a path that names a file is always
    given back, so that its error is told.
    """
    path = Path(path)
    if not path.is_dir():
        yield path
        return
    found = (each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
    yield from sorted(
        each for each in found if not any(part.startswith((".", "~$")) for part in each.relative_to(path).parts)
    )
