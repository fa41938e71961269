"""Versions from and to elsewhere: one file that is the same whoever packs it, and a stranger's file that is looked at as a whole first."""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dudao import places
from dudao.errors import DudaoError, ModelError, ReadError
from dudao.files import replacing
from dudao.modelfiles import directory_bytes
from dudao.store.contents import (
    ARCHIVES,
    DIGEST,
    MANIFEST,
    MOST_FILES,
    Folder,
    Unpacked,
    check_name,
    most_bytes,
    read_manifest,
    sha256,
)
from dudao.store.inspection import audit, check
from dudao.store.versions import ModelVersion, publish, resolve

_MOST_PACKED = 160_000_000  # bytes of an archive: all that a model may hold
_PIECE = 1 << 20  # bytes that tarfile may ask for at once: its headers are small, whatever length they claim
_DAY = (1980, 1, 1, 0, 0, 0)  # of every entry: the first that zip files know
_LONGEST_DIRECTORY = 16_384  # bytes of a zip file's list of them
_REFUSE = "do not use it"


def export_version(ref: str | Path, out: str | Path) -> tuple[ModelVersion, str]:
    """Pack a version into one file, whose bytes depend on the version alone.

    Parameters
    ----------
    ref : str or path
        Version, ``current``, or model folder.
    out : path
        ``.zip`` (stored, the same bytes everywhere) or ``.tar.gz`` (packed, the same bytes with the same zlib).

    Returns
    -------
    tuple of ModelVersion, str
        The last is the SHA-256 of the file.

    Raises
    ------
    ModelError
        Something is wrong with the version, the suffix is another, or the disk refused.
    """
    out = Path(out)
    pack = _zip if out.name.endswith(".zip") else _tar if out.name.endswith(ARCHIVES) else None
    if pack is None:
        raise ModelError("a version is packed as .zip or .tar.gz", where=str(out), hint="give a name that ends so")
    version = resolve(ref)
    contents = Folder(version.path)
    for finding in audit(contents):
        raise finding.error
    manifest = read_manifest(contents)
    top = f"dudao-model-{manifest['version']}"
    try:
        with replacing(out) as file:
            pack(file, {f"{top}/{name}": contents.read(name) for name in sorted({*manifest["files"], MANIFEST})})
        digest = _digest(out)
    except OSError as error:
        raise ModelError(
            f"cannot be written: {error.strerror}", where=str(out), hint="check space and permissions"
        ) from error
    return version, digest


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes
    ----------
    version : ModelVersion
        Where it is now.
    sha256 : str
        Digest of the file that was imported, or of the folder's manifest.
    new : bool
        False where the very same version was there.
    repaired : tuple of str
        Files of the one that was there which were damaged or missing, and are as they were written again.
    """

    version: ModelVersion
    sha256: str
    new: bool = True
    repaired: tuple[str, ...] = ()


def import_version(source: str | Path, root: Path, *, trusted: str | None = None) -> Imported:
    """Install a version from a file or a folder; all of it is looked at before any of it can be seen.

    The same version once more repairs the one that is there.

    Parameters
    ----------
    source : path
        What `export_version` packed, or a model folder.
    root : path
        Where versions are.
    trusted : str, optional
        SHA-256 of the file, or of the folder's ``manifest.json``, from where the model was made.

    Raises
    ------
    ModelError
        It is not the one of that digest, no model, of a newer format, its number is another model's, or the disk refused.
    """
    source = Path(source)
    where = str(source)
    if trusted is not None and not DIGEST.fullmatch(trusted.lower()):
        raise ModelError("a SHA-256 is 64 hexadecimal digits", where=trusted[:80], hint="copy all of it")
    if source.is_dir():
        files = _folder_files(source)
        digest = sha256(files[MANIFEST])
    else:
        data = _read_archive(source)
        digest = sha256(data)
    if trusted is not None and digest != trusted.lower():
        raise ModelError(f"has digest {digest}, not the one given", where=where, hint=_REFUSE)
    if not source.is_dir():
        files = dict(_unpacked(data, where))
    manifest, _ = check(Unpacked(files, where), complete=True)
    version = manifest["version"]
    _check_namesake(root, version, files[MANIFEST], where)
    try:
        return Imported(ModelVersion(version, publish(root, version, files)), digest)
    except ModelError:
        folder = root / version
        if not (folder / MANIFEST).is_file() or Folder(folder).read(MANIFEST) != files[MANIFEST]:
            raise
        return Imported(ModelVersion(version, folder), digest, new=False, repaired=_repair(folder, files))


def _folder_files(folder: Path) -> dict[str, bytes]:
    """All files of a folder, read once: what is looked at is what is installed."""
    contents = Folder(folder)
    names = contents.names()
    if MANIFEST not in names:
        raise ModelError("holds no manifest.json: it is no model", where=contents.where, hint=_REFUSE)
    for name in names:
        check_name(name, where=contents.where)
    if len(names) > MOST_FILES:
        raise ModelError("holds more files than a model has", where=contents.where, hint=_REFUSE)
    return {name: contents.read(name) for name in names}


def _repair(folder: Path, files: dict[str, bytes]) -> tuple[str, ...]:
    """Write those files anew that are not what they were; the manifest, which says what they were, is."""
    repaired = []
    for name, data in files.items():
        try:
            right = Folder(folder).read(name) == data
        except ModelError:
            right = False
        if not right:
            try:
                with replacing(folder / name) as file:
                    file.write(data)
            except OSError as error:
                raise ModelError(
                    f"{name} could not be written: {error.strerror}",
                    where=str(folder),
                    hint="check space and permissions",
                ) from error
            repaired.append(name)
    return tuple(repaired)


def _check_namesake(root: Path, version: str, manifest: bytes, where: str) -> None:
    """A version from elsewhere may not take the place of one that dudao carries and results may quote."""
    searched = places.model_roots()
    if root.resolve() not in {each.resolve() for each in searched}:
        return
    for each in searched:
        folder = each / version
        if (folder / MANIFEST).is_file() and Folder(folder).read(MANIFEST) != manifest:
            raise ModelError(
                f"another model is installed as version {version}",
                where=where,
                hint="use it by the path of its folder, or train it under another number",
            )


def _zip(file: BinaryIO, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _DAY)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # one system's, whichever packs
            archive.writestr(entry, data)


def _tar(file: BinaryIO, files: dict[str, bytes]) -> None:
    with (
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_archive(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_PACKED + 1)
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", where=str(path), hint="check the path") from error
    if len(data) > _MOST_PACKED:
        raise ModelError("is larger than any model", where=str(path), hint=_REFUSE)
    return data


def _unpacked(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    """The files of an archive by name, none of them on the disk."""
    if data.startswith(b"PK"):
        members = _zip_members(data, where)
    elif data.startswith(b"\x1f\x8b"):
        members = _tar_members(data, where)
    else:
        raise ModelError(
            "is neither .zip nor .tar.gz inside", where=where, hint="give what `dudao models export` wrote, or a folder"
        )
    tops: set[str] = set()
    seen: set[str] = set()
    for path, content in members:
        top, name = posixpath.split(path)
        tops.add(top)
        if name in seen or len(tops) > 1 or "/" in top or "\\" in path or top == "..":
            raise ModelError(f"{path[:80]!r} does not lie where a model's files do", where=where, hint=_REFUSE)
        seen.add(name)
        yield name, content
    if MANIFEST not in seen:
        raise ModelError("holds no manifest.json: it is no model", where=where, hint=_REFUSE)


def _zip_members(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    from dataclasses import replace

    from dudao.readers.archive import Archive
    from dudao.readers.limits import DEFAULT

    try:
        if directory_bytes(data) > _LONGEST_DIRECTORY:
            raise ModelError("holds more files than a model has", where=where, hint=_REFUSE)
        limits = replace(DEFAULT, members=2 * MOST_FILES)
        archive = Archive(data, where=where, limits=limits, budget=_MOST_PACKED)
        names = [name for name in archive.entries if not name.endswith("/")]
        for name in names:
            check_name(posixpath.basename(name), where=where)
        archive.check(names)
        for name in names:
            yield name, archive.read(name, most=most_bytes(posixpath.basename(name)))
    except ReadError as error:
        raise ModelError(error.what, where=error.where, hint=_REFUSE) from error
    except ValueError as error:
        raise ModelError("is damaged or cut short", where=where, hint="download or copy it again") from error


class _Bounded(io.RawIOBase):
    """A stream that gives no more than a model holds, and no more at once than is asked for by what is no header."""

    def __init__(self, stream: gzip.GzipFile, where: str) -> None:
        self._stream, self._where, self._left = stream, where, _MOST_PACKED

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _PIECE or size > self._left:
            raise ModelError("unpacks to more than any model holds", where=self._where, hint=_REFUSE)
        data = self._stream.read(size)
        self._left -= len(data)
        return data

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        passed = offset - self._stream.tell()
        if whence or passed > self._left:
            raise ModelError("unpacks to more than any model holds", where=self._where, hint=_REFUSE)
        self._left -= max(0, passed)
        return self._stream.seek(offset)


def _tar_members(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    with (
        _damaged(where),
        gzip.GzipFile(fileobj=io.BytesIO(data)) as stream,
        tarfile.open(fileobj=_Bounded(stream, where), mode="r:") as archive,
    ):
        for number, entry in enumerate(archive):
            if number >= 2 * MOST_FILES:
                raise ModelError("holds more files than a model has", where=where, hint=_REFUSE)
            if entry.isdir():
                continue
            if not entry.isreg() or entry.issparse():
                raise ModelError(f"{entry.name[:80]!r} is a link or no plain file", where=where, hint=_REFUSE)
            name = posixpath.basename(entry.name)
            check_name(name, where=where)
            file = archive.extractfile(entry)
            if entry.size > most_bytes(name) or file is None:
                raise ModelError(f"{name} is larger than any model file", where=where, hint=_REFUSE)
            content = b"".join(iter(lambda file=file: file.read(_PIECE // 2), b""))  # type: ignore[misc]
            if len(content) != entry.size:
                raise EOFError("cut short")
            yield entry.name, content


@contextmanager
def _damaged(where: str) -> Iterator[None]:
    try:
        yield
    except DudaoError:
        raise
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError("is damaged or cut short", where=where, hint="download or copy it again") from error


__all__ = ["Imported", "export_version", "import_version"]
