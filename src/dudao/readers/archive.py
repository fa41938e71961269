"""Zip containers, read member by member into the memory and never onto a disk.

What the directory claims is checked before anything is unpacked, and what comes out is counted, since directories lie.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence

from dudao.errors import ReadError
from dudao.readers.limits import RATIO_FLOOR, Limits

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
)
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


class Archive:
    """A zip file in the memory.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        Its name, for messages.
    limits : Limits
        How much may be unpacked.
    budget : int
        Bytes that all members together may unpack to.
    """

    def __init__(self, data: bytes, *, where: str, limits: Limits, budget: int) -> None:
        self.where, self.left, self._limits = where, budget, limits
        self._size = len(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (*_BROKEN, NotImplementedError) as error:
            raise damaged(where) from error
        entries = self._zip.infolist()
        if len(entries) > limits.members:
            raise ReadError(
                f"holds {len(entries)} entries, more than {limits.members}", where=where, hint="split the archive"
            )
        self.entries = {_name(entry): entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def find(self, name: str) -> str | None:
        """The entry of that name, whatever its case, as the packages' own rules have it."""
        name = name.lstrip("/")
        if name in self.entries:
            return name
        folded = name.casefold()
        return next((each for each in self.entries if each.casefold() == folded), None)

    def check(self, names: Sequence[str]) -> None:
        """Look at what these members claim together: a bomb may lie in many small ones, which may share their packed bytes.

        Raises
        ------
        ReadError
            They would unpack to more times their size than any report.
        """
        entries = [self.entries[name] for name in names]
        packed = min(self._size, sum(entry.compress_size for entry in entries))
        self._refuse_bomb(sum(entry.file_size for entry in entries), packed, self.where)

    def _refuse_bomb(self, unpacked: int, packed: int, where: str) -> None:
        if unpacked > RATIO_FLOOR and unpacked > self._limits.ratio * max(packed, 1):
            raise ReadError(
                f"unpacks to more than {self._limits.ratio} times its size: a zip bomb",
                where=where,
                hint="do not open it",
            )

    def read(self, name: str, *, most: int | None = None) -> bytes:
        """Unpack one member.

        Raises
        ------
        ReadError
            A link, encrypted, too large, or damaged.
        """
        entry = self.entries[name]
        where = f"{self.where}/{name}"
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ReadError("is a link inside an archive", where=where, hint="pack the file itself")
        if entry.flag_bits & _ENCRYPTED:
            raise ReadError(
                "the archive is protected by a password",
                where=where,
                hint="unpack it with the password and give the files",
            )
        self._refuse_bomb(entry.file_size, entry.compress_size, where)
        bound = min(self.left, self._limits.bytes if most is None else most)
        if entry.file_size > bound:
            raise _too_large(where, bound)
        try:
            with self._zip.open(entry) as member:
                data = member.read(bound + 1)
        except RuntimeError as error:  # encrypted in a way the flag did not tell; NotImplementedError: the method
            raise ReadError(f"cannot be unpacked: {error}", where=where, hint="unpack it and give the files") from error
        except _BROKEN as error:
            raise damaged(where) from error
        if len(data) > bound:
            raise _too_large(where, bound)
        self.left -= len(data)
        return data


def damaged(where: str) -> ReadError:
    """The error of a container that is cut short or broken."""
    return ReadError("is damaged or cut short", where=where, hint="download or copy it again")


def _too_large(where: str, bound: int) -> ReadError:
    return ReadError(f"unpacks to more than {bound:,} bytes", where=where, hint="unpack it and give single files")


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's name; without the UTF-8 flag, Chinese archivers write GBK where the format says code page 437."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_NAME and not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("gb18030")
    return name
