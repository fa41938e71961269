"""Zip archives: each member a document of its own, an archive inside an archive too, nothing ever written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from dudao.document import Document
from dudao.errors import ReadError
from dudao.readers.archive import Archive
from dudao.readers.limits import DEFAULT, Limits

Read = Callable[[bytes, str, int, int], Iterator[Document | ReadError]]
_ESCAPES = re.compile(r"^(?:[/\\]|[A-Za-z]:)|(?:^|[/\\])\.\.(?:[/\\]|$)")


def read_zip(
    data: bytes,
    name: str,
    limits: Limits = DEFAULT,
    *,
    read: Read,
    suffixes: tuple[str, ...],
    depth: int = 1,
    budget: int | None = None,
) -> Iterator[Document | ReadError]:
    """Yield the documents of an archive in the order of their names, errors as values.

    Parameters
    ----------
    read : callable
        Reads a member: its bytes, its name, how deep it lies in archives, how many bytes archives may still unpack to.
    suffixes : tuple of str
        Members of other suffixes are passed over, as in folders.
    depth : int
        How many archives lie around its members.
    """
    if depth > limits.nesting:
        raise ReadError(
            f"archives lie inside each other more than {limits.nesting} deep", where=name, hint="unpack the inner one"
        )
    archive = Archive(data, where=name, limits=limits, budget=limits.archive_bytes if budget is None else budget)
    del data
    watched = [member for member in sorted(archive.entries) if _is_report(member, suffixes)]
    if not watched:
        raise ReadError(
            "no report in the archive", where=name, hint="an archive is searched for the formats that a folder is"
        )
    archive.check(watched)
    for member in watched:
        where = f"{name}/{member}"
        if _ESCAPES.search(member):
            yield ReadError("its path leads out of the archive", where=where, hint="do not unpack it")
            continue
        try:
            content = archive.read(member)
        except ReadError as error:
            yield error
            continue
        yield from read(content, where, depth + 1, archive.left)


def _is_report(member: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a member is looked at: hidden files, folders and what office programs leave behind are not."""
    parts = [part for part in re.split(r"[/\\]", member) if part not in {"", ".", ".."}]
    if member.endswith("/") or not parts or any(part.startswith((".", "~$", "__MACOSX")) for part in parts):
        return False
    return posixpath.splitext(parts[-1])[1].lower() in suffixes
