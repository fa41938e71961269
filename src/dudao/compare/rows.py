"""A report as one row: what it says of each item, how its text divides among the roles. The report itself is let go."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from dudao.compare.clauses import ClauseStore
from dudao.document import TaggedReport
from dudao.schemes import Scheme, item_coverage, stands_alone
from dudao.taxonomy import Taxonomy

# The longest piece that ends like a place: 山阴县人民政府办公室, 中共山阴县委 and 山阴县教育局 all report for 山阴县.
_PLACE = re.compile(r"(?:中共)?(.*(?:自治县|自治旗|特区|林区|新区|开发区|县|区|市|旗|省|州|盟))")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a report says of an item of the scheme.

    Attributes
    ----------
    state : str
        ``present``, ``thin`` or ``missing``.
    clauses, characters : int
        Of the clauses that count for the item.
    share : float
        Of all clause characters of the report; clauses may count for several items.
    """

    state: str
    clauses: int
    characters: int
    share: float


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report's figures.

    Attributes
    ----------
    name : str
        What to call it in a table: place and year, told apart from its like by the file's name.
    number : int
        Its place among the reports as they came, and its block in the `ClauseStore`.
    cells : tuple of Cell
        In the order of the scheme's items.
    roles : dict of str to float
        Share of all clause characters by role.
    unknown : float
        Share of the words that the model does not know.
    beyond : bool
        Whether the report leaves what the model knows (`Drift.beyond`).
    """

    name: str
    number: int
    source: str
    title: str
    issuer: str
    year: int | None
    clauses: int
    characters: int
    uncertain: int
    cells: tuple[Cell, ...]
    roles: dict[str, float]
    unknown: float
    beyond: bool
    warnings: tuple[str, ...]

    @property
    def place(self) -> str:
        """The county or city that reports, without its office; empty where no place is named."""
        match = _PLACE.match(self.issuer)
        return match.group(1) if match else ""

    def count(self, state: str) -> int:
        """How many items are in this state."""
        return sum(cell.state == state for cell in self.cells)


def row_of(
    tagged: TaggedReport, scheme: Scheme, taxonomy: Taxonomy, *, number: int, thin: int, store: ClauseStore | None
) -> ReportRow:
    """Count a report, and put its clauses into the store."""
    lengths: dict[tuple[int, int], int] = {}
    roles: dict[str, int] = dict.fromkeys(taxonomy.role_ids, 0)
    uncertain = 0
    for paragraph, part in enumerate(tagged.paragraphs):
        for clause, each in enumerate(part.clauses):
            length = each.clause.end - each.clause.start
            lengths[paragraph, clause] = length
            roles[each.clause.role] = roles.get(each.clause.role, 0) + length
            uncertain += each.uncertain
    total = max(1, sum(lengths.values()))
    cells = []
    items: dict[tuple[int, int], list[int]] = defaultdict(list)
    for column, coverage in enumerate(item_coverage(tagged, scheme, thin=thin)):
        characters = sum(lengths[reference] for reference in coverage.clauses)
        state = "present" if stands_alone(coverage.item, taxonomy) else coverage.state
        cells.append(Cell(state, len(coverage.clauses), characters, characters / total))
        for reference in coverage.clauses:
            items[reference].append(column)
    if store is not None:
        store.add(tagged, items)
    return ReportRow(
        name="",
        number=number,
        source=tagged.source,
        title=tagged.report.title,
        issuer=tagged.report.issuer,
        year=tagged.report.year,
        clauses=len(lengths),
        characters=sum(lengths.values()),
        uncertain=uncertain,
        cells=tuple(cells),
        roles={role: length / total for role, length in roles.items()},
        unknown=tagged.drift.unknown.share if tagged.drift else 0.0,
        beyond=tagged.drift is not None and tagged.drift.beyond,
        warnings=tagged.warnings,
    )
