"""What a file may ask for at most, so that a hostile one can neither fill the memory nor hold the process."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dudao.errors import ReadError
from dudao.values import Value


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Limits(Value):
    """Bounds on what is read; every one can be set by itself.

    A report is some tens of kilobytes of text. The defaults leave room for scans and pictures, and keep the memory under 500 MB.

    Attributes
    ----------
    bytes : int
        Of a file, and of a member of an archive.
    unpacked_bytes : int
        Of the parts that are read of one Word or OFD document.
    page_bytes : int
        Of a web page, which takes ten times its size while it is read.
    archive_bytes : int
        Of all members of an archive together, those of archives inside it too.
    ratio : int
        Unpacked bytes a packed one, above `RATIO_FLOOR`. XML of reports packs 5 to 20 times, a bomb 1,000 times.
    members : int
        Entries of an archive.
    nesting : int
        Archives inside each other; 2 is an archive in an archive.
    pages : int
        Of a PDF or an OFD document.
    xml_nodes : int
        Elements and attributes of one XML part or web page. A node takes up to 120 bytes.
    xml_depth : int
        Elements inside each other. Word's own files stay under 60.
    page_depth : int
        Tags inside each other in a web page. The deepest of 22 kinds of government pages had under 60; what works on trees
        recursively or level by level would not come back from thousands.
    seconds : float
        For one document.
    memory : int
        Address space of the process that reads a PDF, in bytes.
    """

    bytes: int = 100_000_000
    unpacked_bytes: int = 64_000_000
    page_bytes: int = 20_000_000
    archive_bytes: int = 2_000_000_000
    ratio: int = 200
    members: int = 5_000
    nesting: int = 2
    pages: int = 1_000
    xml_nodes: int = 2_000_000
    xml_depth: int = 120
    page_depth: int = 250
    seconds: float = 60.0
    memory: int = 700_000_000

    def watch(self, where: str) -> Watch:
        """Start the clock for one document."""
        return Watch(self.seconds, where)


RATIO_FLOOR = 10_000_000  # unpacked bytes below which no ratio is looked at: they hurt nobody
DEFAULT = Limits()


class Watch:
    """The time a document may take, asked for at each step of its reader."""

    __slots__ = ("_end", "_seconds", "_where")

    def __init__(self, seconds: float, where: str) -> None:
        self._seconds, self._where = seconds, where
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._end - time.monotonic()

    def check(self) -> None:
        """Raise a ReadError once the time is over."""
        if self.left <= 0:
            raise too_slow(self._seconds, self._where)


def too_slow(seconds: float, where: str) -> ReadError:
    """The error of a document that took too long."""
    return ReadError(f"took longer than {seconds:g} seconds to read", where=where, hint="save it as .txt and give that")
