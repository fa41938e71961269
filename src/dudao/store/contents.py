"""A model's files before anybody trusts them: which there may be, how large, and that they are plain files.

They lie in a folder or came out of an archive; what reads them does not see the difference.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dudao.errors import ModelError
from dudao.modelfiles import FILES, check_format

MANIFEST = "manifest.json"
PIPELINE = "model.joblib"
ARCHIVES = (".zip", ".tar.gz", ".tgz")
CARDS = ("MODEL_CARD.md", "MODEL_CARD.zh-CN.md")
VERSION = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:[-+][0-9A-Za-z.-]+)?")
FIGURE = re.compile(r"[a-z][a-z0-9_]{0,40}\.svg")
# What a terminal would obey, and what turns text round; compiled where it is needed, which is not at every start.
CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
MOST_FILES = 32  # of a version, a dozen are usual
DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_VERSION = 64

# Bytes of each at most: arrays and pipeline seven times those of model 0.2.0, so that refusing the worst takes under 300 MB.
_MOST = {
    "classifier.npz": 64_000_000,
    PIPELINE: 64_000_000,
    "dictionary.tsv": 4_000_000,
    MANIFEST: 4_000_000,
    "taxonomy.toml": 1_000_000,
    "classifier.json": 1_000_000,
}
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
_MOST_OF_OTHERS = 2_000_000
_INSTALL, _REFUSE = "install the version again", "do not use it"


class Contents(Protocol):
    """The files of a model."""

    @property
    def where(self) -> str:
        """Folder or archive, for messages."""

    def names(self) -> list[str]:
        """Of all there is, sorted, also of what has no business there."""

    def read(self, name: str) -> bytes:
        """The bytes of one; a ModelError where it is missing, no plain file, or too large."""


class Folder(NamedTuple):
    """Files on a disk."""

    path: Path

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.path)

    def names(self) -> list[str]:
        """Of everything in the folder but what file managers leave there."""
        try:
            return sorted({*os.listdir(self.path)} - _LITTER)
        except OSError as error:
            raise ModelError(f"cannot be read: {error.strerror}", where=self.where, hint=_INSTALL) from error

    def read(self, name: str, *, first: int | None = None) -> bytes:
        """The bytes of one file, or its first: a link is not followed, a device not waited for, and no more is read than a model's file has."""
        if Path(name).name != name or (self.path / name).is_symlink():
            raise ModelError(f"{name} is a link or lies outside the version", where=self.where, hint=_REFUSE)
        flags = os.O_RDONLY | sum(
            getattr(os, each, 0) for each in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
        )
        try:
            with open(os.open(self.path / name, flags), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise ModelError(f"{name} is no plain file", where=self.where, hint=_REFUSE)
                check_size(name, status.st_size, where=self.where)
                data = file.read(status.st_size + 1 if first is None else first)
        except OSError as error:
            raise ModelError(f"{name} cannot be read: {error.strerror}", where=self.where, hint=_INSTALL) from error
        check_size(name, len(data), where=self.where)
        return data


class Unpacked(NamedTuple):
    """Files in the memory."""

    files: Mapping[str, bytes]
    where: str

    def names(self) -> list[str]:
        """Of all that was unpacked."""
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        """The bytes of one."""
        if name not in self.files:
            raise ModelError(f"{name} is missing", where=self.where, hint=_INSTALL)
        return self.files[name]


def check_name(name: str, *, where: str) -> None:
    """Raise ModelError where no model has a file of that name."""
    if name not in _MOST and name not in FILES and name not in CARDS and not FIGURE.fullmatch(name):
        raise ModelError(f"{name[:80]!r} is no file of a model", where=where, hint=_REFUSE)


def most_bytes(name: str) -> int:
    """How large a file of that name may be."""
    return _MOST.get(name, _MOST_OF_OTHERS)


def check_size(name: str, size: int, *, where: str) -> None:
    """Raise ModelError where a file is larger than any model's of that name."""
    if size > most_bytes(name):
        raise ModelError(f"{name} is larger than any model file", where=where, hint=_REFUSE)


def read_manifest(contents: Contents) -> dict[str, Any]:
    """``manifest.json``, checked by itself.

    Raises
    ------
    ModelError
        It is missing or damaged, names a newer format, or lists what is no file of a model.
    """
    where = contents.where

    def refuse(why: str, hint: str = _INSTALL) -> ModelError:
        return ModelError(f"manifest.json is damaged: {why}", where=where, hint=hint)

    try:
        manifest = json.loads(contents.read(MANIFEST).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise refuse(str(error)) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ModelError("manifest.json lists no files", where=where, hint=_INSTALL)
    check_format(manifest.get("format"), where=where)
    version = manifest.get("version")
    if not isinstance(version, str) or len(version) > _LONGEST_VERSION or not VERSION.fullmatch(version):
        raise refuse("it names no version")
    if len(manifest["files"]) > MOST_FILES:
        raise refuse("it lists more files than a model has")
    for name, digest in manifest["files"].items():
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise refuse(f"{name[:80]!r} has no digest")
    return manifest


def read_checked(contents: Contents, name: str, manifest: Mapping[str, Any]) -> bytes:
    """The bytes of a file, which are those of the manifest.

    Raises
    ------
    ModelError
        They are not.
    """
    data = contents.read(name)
    check_digest(name, sha256(data), manifest, where=contents.where)
    return data


def check_digest(name: str, digest: str, manifest: Mapping[str, Any], *, where: str) -> None:
    """Raise ModelError where a file has another digest than the manifest says."""
    if digest != manifest["files"].get(name):
        raise ModelError(
            f"{name} is not what the manifest says: its digest differs",
            where=where,
            hint="the file is damaged or was changed; install the version again or choose another with `dudao models use`",
        )


def sha256(data: bytes) -> str:
    """Digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def json_bytes(data: Any) -> bytes:
    """JSON as it is stored: readable, keys in the order given, a final line end."""
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
