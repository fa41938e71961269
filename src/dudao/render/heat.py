"""How warm a cell of a comparison is and what changes are called, the same in every output."""

from __future__ import annotations

from bisect import bisect_right

from dudao.compare import Cell, Comparison, Kind

# A share beside an even share (one over the number of items). Each bound parts off about a fifth of the corpus's cells that are neither
# missing nor thin (fifths of four schemes: 0.5 to 0.8, 0.7 to 1.1, 1.2 to 1.6, 1.9 to 2.4).
_BOUNDS = (0.75, 1.05, 1.4, 2.1)
_ROLE_BOUNDS = (0.005, 0.05, 0.15, 0.35, 0.6)
KINDS: dict[Kind, str] = {"appeared": "新出现", "disappeared": "不再出现", "grew": "明显增加", "shrank": "明显减少"}


def level(cell: Cell, comparison: Comparison) -> int:
    """0 where nothing is there, else 1 to 5 by the cell's share of its report."""
    return 1 + bisect_right(_BOUNDS, cell.share * len(comparison.scheme.items)) if cell.clauses else 0


def role_level(share: float) -> int:
    """The same for the share of a role, which is uneven by its nature: half of a report is what was done."""
    return bisect_right(_ROLE_BOUNDS, share)
