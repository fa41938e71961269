"""Files and folders that appear as a whole or not at all: written beside, synced, renamed.

Who writes holds a lock on what it writes, so that what a killed process left behind is told from what is being written.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_MARK = ".dudao-"  # of temporary names; short, since a name of 80 Chinese characters leaves no room for more
_SUFFIX = ".tmp"
_ABANDONED = 86_400  # seconds without a change after which nobody writes any more, where locks do not tell
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its name once all of it is on the disk; on an error the old one stays as it was.

    A file that is there keeps its permissions.

    Raises
    ------
    OSError
        Whatever the file system says.
    """
    temporary, descriptor = _held(path.parent, _new_file)
    with open(descriptor, "wb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(OSError):
                os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))
            if os.name == "nt":  # where an open file cannot be renamed
                file.close()
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                file.close()
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    sync_folder(path.parent)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to write files into, which takes its name once all of them are on the disk; never over one that is there.

    Raises
    ------
    FileExistsError
        There is something of that name, be it since a moment ago.
    OSError
        Whatever the file system says.
    """
    import shutil

    if os.path.lexists(path):
        raise FileExistsError(17, "exists already", str(path))
    temporary, lock = _held(path.parent, _open_new_folder)
    try:
        yield temporary
        for each in temporary.iterdir():
            _sync(each, os.O_RDWR | _BINARY)
        sync_folder(temporary)
        os.rename(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, FileExistsError) and os.path.lexists(path):
            raise FileExistsError(17, "exists already", str(path)) from error
        raise
    finally:
        os.close(lock)
    sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a folder; what somebody still writes to stays, and so does all that is not ours."""
    import shutil

    try:
        left = [each for each in folder.iterdir() if each.name.startswith(_MARK) and each.name.endswith(_SUFFIX)]
    except OSError:
        return
    for each in left:
        with contextlib.suppress(OSError), _if_abandoned(each) as abandoned:
            if abandoned and each.is_dir():
                shutil.rmtree(each, ignore_errors=True)
            elif abandoned:
                each.unlink()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One holder of a folder at a time, where the system has locks; the others wait."""
    if os.name == "nt":  # which opens no folders
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _hold(descriptor)
        yield
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk, where the system knows how."""
    if os.name != "nt":
        with contextlib.suppress(OSError):  # some file systems cannot; the names come with their next own sync
            _sync(folder, os.O_RDONLY)


def _held(folder: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    """Something new under a temporary name, and the open descriptor that holds its lock."""
    while True:
        temporary = folder / f"{_MARK}{os.urandom(6).hex()}{_SUFFIX}"
        descriptor = make(temporary)
        _hold(descriptor)
        if os.path.exists(temporary):
            return temporary, descriptor
        os.close(descriptor)  # swept in the moment before it was held


def _new_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)


def _open_new_folder(path: Path) -> int:
    path.mkdir()
    # Windows opens no folders: there the age tells. Swept already: what is held instead is nobody's, and the folder is made anew.
    with contextlib.suppress(OSError):
        return os.open(path, os.O_RDONLY)
    return os.open(os.devnull, os.O_RDONLY)


def _hold(descriptor: int) -> None:
    """Lock for as long as the descriptor is open; the system lets go when the process ends, however it does."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextlib.contextmanager
def _if_abandoned(path: Path) -> Iterator[bool]:
    """Whether nobody writes there; while asked, nobody begins to."""
    if os.name == "nt":
        yield time.time() - path.lstat().st_mtime > _ABANDONED
        return
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | _NO_LINK)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:  # no locks on this file system
            yield time.time() - path.lstat().st_mtime > _ABANDONED
        else:
            yield os.path.samestat(os.fstat(descriptor), path.lstat())
    finally:
        os.close(descriptor)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
