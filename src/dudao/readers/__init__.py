"""Files to documents. `detect` says what a file is, a module a format reads it; parsers are imported where they are needed, not before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dudao.document import Document
from dudao.errors import ReadError
from dudao.logs import tell
from dudao.readers.detect import SUFFIXES, kind_of
from dudao.readers.limits import DEFAULT, Limits

__all__ = ["SUFFIXES", "Limits", "Source", "find_reports", "holds_many", "read_document", "read_documents"]

Source = str | Path | bytes | BinaryIO


def read_document(source: Source, *, name: str | None = None, limits: Limits = DEFAULT) -> Document:
    """Read a report.

    Parameters
    ----------
    source : path, bytes or binary file object
        What to read. A ``str`` is a path. An archive must hold one report; `read_documents` reads them all.
    name : str, optional
        What to call it in results and messages; the path by default.
    limits : Limits
        What it may ask for at most.

    Raises
    ------
    ReadError
        Missing, unreadable, empty, too large, hostile, or of a format that is not read.
    """
    data, name = _bytes_of(source, name, limits)
    kind = _kind(data, name, limits)
    if kind != "zip":
        return _read(data, name, kind, limits)
    found: Document | None = None
    for each in _documents(data, name, limits):
        if isinstance(each, ReadError):
            raise each
        if found is not None:
            raise ReadError(
                "holds more than one report", where=name, hint="`dudao tag` and `read_documents` read them all"
            )
        found = each
    assert found is not None  # an archive without a report raises
    return found


def read_documents(
    source: Source, *, name: str | None = None, limits: Limits = DEFAULT
) -> Iterator[Document | ReadError]:
    """Read all the reports that a file, an archive or a folder holds, errors as values.

    Parameters
    ----------
    source, name, limits
        As in `read_document`; a path may be a folder's too.

    Yields
    ------
    Document or ReadError
        In a stable order; members of an archive are called ``archive.zip/member.docx``.
    """
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        for path in find_reports(source):
            yield from read_documents(path, limits=limits)
        return
    try:
        data, name = _bytes_of(source, name, limits)
        yield from _documents(data, name, limits)
    except ReadError as error:
        yield error


def _documents(
    data: bytes, name: str, limits: Limits, depth: int = 1, budget: int | None = None
) -> Iterator[Document | ReadError]:
    """The documents that some bytes hold: one, or those of an archive."""
    try:
        kind = _kind(data, name, limits)
        if kind != "zip":
            yield _read(data, name, kind, limits)
            return
        from dudao.readers.zip import read_zip

        yield from read_zip(
            data,
            name,
            limits,
            read=lambda content, where, deeper, left: _documents(content, where, limits, deeper, left),
            suffixes=SUFFIXES,
            depth=depth,
            budget=budget,
        )
    except ReadError as error:
        yield error
    except Exception as error:  # what no reader expected of one file must not end a run over thousands
        yield unexpected(error, name)


def unexpected(error: Exception, name: str) -> ReadError:
    """What stands among results for a file in which something failed that nobody foresaw; the traceback is logged."""
    tell(__name__, "ERROR", "unexpected error", exc_info=True, source=name)
    if isinstance(error, MemoryError):
        return ReadError("out of memory", where=name, hint="give fewer or smaller files at a time")
    what = f"unexpected {type(error).__name__}: {error}"
    return ReadError(what, where=name, hint="report it, with the file if you can")


def _kind(data: bytes, name: str, limits: Limits) -> str:
    if not data:
        raise ReadError("the file is empty", where=name, hint="nothing to tag")
    if len(data) > limits.bytes:
        raise too_large(name, limits)
    return kind_of(data, name)


def _read(data: bytes, name: str, kind: str, limits: Limits) -> Document:
    """The registry: a reader a format, imported with the first file that asks for it."""
    if kind == "text":
        from dudao.readers.text import read_text

        return read_text(data, name)
    if kind == "html":
        from dudao.readers.html import read_html

        return read_html(data, name, limits)
    if kind == "mht":
        from dudao.readers.mht import read_mht

        return read_mht(data, name, limits)
    if kind == "docx":
        from dudao.readers.docx import read_docx

        return read_docx(data, name, limits)
    if kind == "ofd":
        from dudao.readers.ofd import read_ofd

        return read_ofd(data, name, limits)
    if kind == "pdf":
        from dudao.readers.pdf import read_pdf

        return read_pdf(data, name, limits)
    from dudao.readers.office import read_office

    return read_office(data, name, limits, kind=kind)


def too_large(name: str, limits: Limits) -> ReadError:
    """The error for a file of more bytes than are read."""
    return ReadError(f"larger than {limits.bytes:,} bytes", where=name, hint="split the file")


def _bytes_of(source: Source, name: str | None, limits: Limits) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        return source, name or "<bytes>"
    if isinstance(source, (str, Path)):
        name = name or str(source)
        try:
            if Path(source).stat().st_size > limits.bytes:
                raise too_large(name, limits)
            return Path(source).read_bytes(), name
        except FileNotFoundError:
            raise ReadError("no such file", where=name, hint="check the path") from None
        except IsADirectoryError:
            raise ReadError(
                "is a folder", where=name, hint="`dudao tag FOLDER` and `find_reports` take folders"
            ) from None
        except (OSError, ValueError) as error:
            raise ReadError(f"cannot be read: {error}", where=name, hint="check the permissions") from error
    if not hasattr(source, "read"):
        raise ReadError(
            f"a {type(source).__name__} is no report",
            where=name or "",
            hint="give a path, bytes or a binary file object",
        )
    data = source.read(limits.bytes + 1)
    if not isinstance(data, bytes):
        raise ReadError("the file object gives text, not bytes", where=name or "<file>", hint='open it with "rb"')
    return data, name or str(getattr(source, "name", "<file>"))


def holds_many(source: str | Path | bytes) -> bool:
    """Whether a path or bytes stand for any number of reports: a folder or an archive. What cannot be read stands for itself."""
    try:
        if isinstance(source, bytes):
            return source.startswith(b"PK") and kind_of(source, "") == "zip"
        path = Path(source)
        if path.is_dir():
            return True
        with path.open("rb") as file:
            return file.read(2) == b"PK" and holds_many(path.read_bytes())
    except (OSError, ValueError, ReadError):
        return False


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
