"""What a report's lines are put together to."""

from __future__ import annotations

from typing import NamedTuple

from dudao.document import ParagraphKind
from dudao.outline.numbering import SCHEMES

PLAIN = len(SCHEMES)  # rank of an unnumbered heading below the numbered ones
TOP = -1  # rank of an unnumbered heading that names a role where no numbered one does


class Block(NamedTuple):
    """A heading (``rank`` given), a paragraph, or a paragraph with the heading run in at its head.

    ``reset`` says that no section is open before it: "opening" behind a covering letter, "closing" at the report's end.
    """

    kind: ParagraphKind
    start: int
    end: int
    marker: str = ""
    rank: int | None = None
    heading: tuple[int, int] | None = None
    reset: str = ""

    @property
    def is_paragraph(self) -> bool:
        """Whether it holds more than a heading."""
        return self.heading is None or self.heading[1] < self.end or self.kind != "text"
