"""Looks at all of a model without building anything from it: what is wrong, file by file."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dudao import modelfiles
from dudao.errors import DudaoError, ModelError
from dudao.modelfiles import FILES
from dudao.store.contents import (
    CARDS,
    CONTROL,
    FIGURE,
    MANIFEST,
    PIPELINE,
    Contents,
    Folder,
    check_name,
    read_checked,
    read_manifest,
)
from dudao.taxonomy import Taxonomy

_INSTALL, _REFUSE = "install the version again", "do not use it"
# What training draws has none of these: a figure is opened in a browser, where they act or fetch.
_ACTIVE = rb"(?i)<!|<\?|<script|<foreignobject|<iframe|<image|<use|@import|href|url\(|\son\w+\s*=|javascript:"
_COMPRESSED = b"x"  # the first byte of what joblib compressed
_PICKLE = b"\x80"  # the first byte of a binary pickle
_HEAD = 65_536  # unpacked bytes of a pipeline that are looked at
_TRUSTED = ("sklearn.", "numpy.", "scipy.", "joblib.numpy_pickle.")


class Finding(NamedTuple):
    """What is wrong with one file of a model."""

    file: str
    error: DudaoError


def audit(contents: Contents) -> list[Finding]:
    """Everything that is wrong with a model, missing and unknown files too; nothing where it is whole and fit to be used.

    A file that only the manifest vouches for is looked at by its content as well: somebody who made a folder could sign it.
    ``model.joblib`` is never opened; a look at its first names finds what was put there plainly, and is no promise.
    """
    return _findings(contents, missing=True)


def check(contents: Contents, *, complete: bool = False) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the inference files of a model in which nothing is wrong.

    Unless it has to be ``complete``, files that inference does not read may be missing.

    Raises
    ------
    DudaoError
        The first thing that is wrong.
    """
    kept: dict[str, bytes] = {}
    for finding in _findings(contents, missing=complete, kept=kept):
        raise finding.error
    return read_manifest(contents), kept


def look_at_unread(folder: Folder, manifest: Mapping[str, Any]) -> None:
    """A quick look at the files of an installed version that inference does not read.

    Of the pipeline, which is large and never opened here, only that it is what training writes; its digest comes before its opening.

    Raises
    ------
    DudaoError
        What was planted there or changed; what is missing does not hinder.
    """
    names = folder.names()
    for name in manifest["files"]:
        if name in names and name not in FILES:
            check_name(name, where=folder.where)
            if name == PIPELINE:
                _check_compressed(folder.read(name, first=len(_COMPRESSED)), folder.where)
            else:
                read_checked(folder, name, manifest)


def _findings(contents: Contents, *, missing: bool, kept: dict[str, bytes] | None = None) -> list[Finding]:
    try:
        manifest = read_manifest(contents)
        names = contents.names()
    except ModelError as error:
        return [Finding(MANIFEST, error)]
    found: list[Finding] = []
    kept = {} if kept is None else kept
    parts: dict[str, Any] = {}
    for name in sorted({*manifest["files"], *FILES, *names} - {MANIFEST}):
        try:
            check_name(name, where=contents.where)
            if not missing and name not in names and name not in FILES:
                continue
            data = read_checked(contents, name, manifest)
            parts[name] = _look(name, data, manifest, contents.where)
        except DudaoError as error:
            found.append(Finding(name, error))
            continue
        if name in FILES:
            kept[name] = data
    if all(name in parts for name in FILES):
        try:
            settings, arrays, _, taxonomy = (parts[name] for name in FILES)
            modelfiles.check_fit(settings, taxonomy, arrays, where=contents.where)
        except ModelError as error:
            found.append(Finding("classifier.npz", error))
    return found


def _look(name: str, data: bytes, manifest: Mapping[str, Any], where: str) -> Any:
    """What is in a file, or a DudaoError where it is not what a file of that name holds."""
    readers: dict[str, Callable[[], Any]] = {
        "classifier.json": lambda: modelfiles.read_settings(data, where=where),
        "classifier.npz": lambda: modelfiles.read_arrays(data, where=where),
        "dictionary.tsv": lambda: modelfiles.read_dictionary(data, where=where),
        "taxonomy.toml": lambda: _taxonomy(data, where),
        PIPELINE: lambda: _look_at_pipeline(data, where),
    }
    if name in readers:
        found = readers[name]()
        _check_told(name, manifest, where)
        return found
    if name in CARDS:
        return look_at_card(name, data, where)
    if FIGURE.fullmatch(name):
        return _look_at_figure(name, data, where)
    raise ModelError(f"{name[:80]!r} is no file of a model", where=where, hint=_REFUSE)


def _check_told(name: str, manifest: Mapping[str, Any], where: str) -> None:
    """The digests that the manifest tells apart from its list are those of the list."""
    told = manifest.get({"dictionary.tsv": "dictionary", "taxonomy.toml": "taxonomy"}.get(name, ""))
    if isinstance(told, dict) and told.get("sha256") not in {None, manifest["files"][name]}:
        raise ModelError(f"{name} is not the one that the manifest tells of", where=where, hint=_INSTALL)


def _taxonomy(data: bytes, where: str) -> Taxonomy:
    try:
        taxonomy = Taxonomy.from_toml(data, where=f"{where}/taxonomy.toml")
    except DudaoError:
        raise
    except Exception as error:  # whatever a crafted file makes of the parser
        raise ModelError(f"taxonomy.toml cannot be read: {error}", where=where, hint=_INSTALL) from error
    from dudao.store.cues import check_taxonomy  # its patterns take milliseconds: not for an installed model

    check_taxonomy(taxonomy, where=where)
    return taxonomy


def look_at_card(name: str, data: bytes, where: str) -> None:
    """Raise ModelError where a card is no text, or one that a terminal would obey."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{name} is no text", where=where, hint=_REFUSE) from error
    if not text.startswith("#") or re.search(CONTROL, text):
        raise ModelError(f"{name} is no model card", where=where, hint=_REFUSE)


def _look_at_figure(name: str, data: bytes, where: str) -> None:
    if not data.lstrip().startswith(b"<svg") or not data.rstrip().endswith(b"</svg>"):
        raise ModelError(f"{name} is no figure", where=where, hint=_REFUSE)
    if b"\0" in data or re.search(_ACTIVE, data):
        raise ModelError(f"{name} does more than show a figure", where=where, hint=_REFUSE)


def _look_at_pipeline(data: bytes, where: str) -> None:
    """Refuse what is plainly no scikit-learn pipeline; nothing is unpickled."""
    import zlib

    _check_compressed(data, where)
    try:
        head = zlib.decompressobj().decompress(data, _HEAD)
    except zlib.error as error:
        raise ModelError(f"{PIPELINE} is damaged or cut short", where=where, hint="do not open it") from error
    if not head.startswith(_PICKLE):
        raise ModelError(f"{PIPELINE} is no pipeline as training writes it", where=where, hint="do not open it")
    for name in _named(head):
        if not name.startswith(_TRUSTED):
            raise ModelError(
                f"{PIPELINE} names {name[:80]}, which no pipeline does", where=where, hint="do not open it"
            )


def _check_compressed(data: bytes, where: str) -> None:
    if not data.startswith(_COMPRESSED):
        raise ModelError(f"{PIPELINE} is no pipeline as training writes it", where=where, hint="do not open it")


def _named(head: bytes) -> list[str]:
    """What the first instructions of a pickle would import, as far as they can be read: arrays between them end the look."""
    import pickletools

    pushed: list[str] = []  # what each instruction puts on the stack, where that is a text
    kept: list[str] = []  # the pickle's memo
    found: list[str] = []
    try:
        for code, argument, _ in pickletools.genops(io.BytesIO(head)):
            if code.name == "MEMOIZE":
                kept.append(pushed[-1])
                continue
            if code.name in {"GLOBAL", "INST"}:
                found.append(str(argument).replace(" ", "."))
            elif code.name == "STACK_GLOBAL":
                found.append(".".join(pushed[-2:]))
            elif code.name in {"EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"}:
                found.append(code.name)
            if code.name in {"BINGET", "LONG_BINGET"}:
                pushed.append(kept[int(argument or 0)])
            elif code.stack_after:
                pushed.append(argument if isinstance(argument, str) else "")
    except Exception:  # the bytes of an array, or the end of the head
        return found
    return found
