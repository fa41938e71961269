"""The clauses behind the cells, kept on disk: a compressed block a report, which a page carries as it is."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from dudao.document import TaggedReport


class ClauseLine(NamedTuple):
    """A clause as a cell shows it: the numbers of the scheme's items that it counts for, and its domains, best first."""

    items: tuple[int, ...]
    domains: tuple[tuple[str, int], ...]  # id, probability in hundredths
    role: str
    uncertain: bool
    section: str
    text: str


class ClauseStore:
    """A temporary file of clauses, gone when it is closed: memory stays the same from one report to a thousand.

    Use it as a context manager. A block is JSON (UTF-8, zlib): ``{"sections": […], "clauses": [[items, domains, role, uncertain,
    section number, text], …]}``.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="dudao-")  # noqa: SIM115
        self._blocks: list[tuple[int, int]] = []

    def __enter__(self) -> ClauseStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, tagged: TaggedReport, items: dict[tuple[int, int], list[int]]) -> int:
        """Keep a report's clauses.

        Parameters
        ----------
        tagged : TaggedReport
            The report.
        items : dict
            Numbers of the items that a clause counts for, by the positions of its paragraph and of itself.

        Returns
        -------
        int
            The block's number.
        """
        sections: dict[str, int] = {}
        clauses = []
        for place, paragraph in enumerate(tagged.paragraphs):
            section = " / ".join(paragraph.paragraph.section)
            for number, each in enumerate(paragraph.clauses):
                clauses.append(
                    (
                        items.get((place, number), []),
                        [(domain.id, round(100 * domain.score)) for domain in each.domains],
                        each.clause.role,
                        int(each.uncertain),
                        sections.setdefault(section, len(sections)),
                        each.clause.text.strip(),
                    )
                )
        # A lone surrogate can stand in a damaged text, and is no UTF-8.
        text = json.dumps({"sections": list(sections), "clauses": clauses}, ensure_ascii=False, separators=(",", ":"))
        block = zlib.compress(text.encode("utf-8", "replace"), 9)
        self._blocks.append((self._file.seek(0, 2), len(block)))
        self._file.write(block)
        return len(self._blocks) - 1

    def block(self, number: int) -> bytes:
        """A report's clauses, still compressed."""
        start, length = self._blocks[number]
        self._file.seek(start)
        return self._file.read(length)

    def read(self, number: int) -> Iterator[ClauseLine]:
        """A report's clauses, in their order."""
        data: dict[str, Sequence[Any]] = json.loads(zlib.decompress(self.block(number)))
        for items, domains, role, uncertain, section, text in data["clauses"]:
            yield ClauseLine(
                tuple(items),
                tuple((name, score) for name, score in domains),
                role,
                bool(uncertain),
                data["sections"][section],
                text,
            )
