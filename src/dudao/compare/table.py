"""Many reports as one table: rows, totals by item, failures, years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from dudao.compare.clauses import ClauseStore
from dudao.compare.rows import ReportRow, row_of
from dudao.compare.years import YearPair, year_pairs
from dudao.document import TaggedReport
from dudao.errors import DudaoError
from dudao.schemes import THIN, Scheme, stands_alone
from dudao.taxonomy import Taxonomy

SORTINGS: dict[str, Callable[[ReportRow], Any]] = {
    "gaps": lambda row: (-row.count("missing"), -row.count("thin"), row.name),
    "name": lambda row: (row.place or row.name, row.year or 0),
    "year": lambda row: (row.year or 0, row.name),
    "given": lambda row: row.number,
}


@dataclass(frozen=True, slots=True)
class ItemTotal:
    """An item over all reports: how many lack it, how many have little of it, its clauses, its mean share."""

    missing: int
    thin: int
    clauses: int
    share: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Reports side by side.

    Attributes
    ----------
    scheme : Scheme
        What the reports are held against; cells and totals are in the order of its items.
    thin : int
        Clauses below which an item is thin.
    rows : tuple of ReportRow
        Those with the most gaps first, or as it was asked for.
    columns : tuple of int
        Numbers of the items, those that most reports lack first; what stands for no domain last.
    """

    scheme: Scheme
    taxonomy: Taxonomy
    thin: int
    rows: tuple[ReportRow, ...]
    totals: tuple[ItemTotal, ...]
    columns: tuple[int, ...]
    pairs: tuple[YearPair, ...]
    failures: tuple[DudaoError, ...]

    def count(self, state: str) -> int:
        """Cells in this state."""
        return sum(row.count(state) for row in self.rows)


def compare_reports(
    results: Iterable[TaggedReport | DudaoError],
    scheme: Scheme,
    taxonomy: Taxonomy,
    *,
    thin: int = THIN,
    store: ClauseStore | None = None,
    sort: str = "gaps",
) -> Comparison:
    """Put reports side by side, one at a time.

    Parameters
    ----------
    results : iterable of TaggedReport or DudaoError
        As `Tagger.tag_many` yields them; of a file that holds several reports each is a row.
    scheme : Scheme
        The items to look for.
    taxonomy : Taxonomy
        The tagger's.
    thin : int
        Clauses below which an item is thin.
    store : ClauseStore, optional
        Where the clauses are kept for those who ask what stands behind a cell.
    sort : {"gaps", "name", "year", "given"}
        The order of the rows.
    """
    rows: list[ReportRow] = []
    failures: list[DudaoError] = []
    for result in results:
        if isinstance(result, DudaoError):
            failures.append(result)
            continue
        for tagged in result.reports:
            rows.append(row_of(tagged, scheme, taxonomy, number=len(rows), thin=thin, store=store))
    rows = sorted(_named(rows), key=SORTINGS[sort])
    totals = tuple(_total(rows, item) for item in range(len(scheme.items)))
    columns = sorted(
        range(len(totals)),
        key=lambda item: (
            stands_alone(scheme.items[item], taxonomy),
            -totals[item].missing,
            -totals[item].thin,
        ),
    )
    return Comparison(scheme, taxonomy, thin, tuple(rows), totals, tuple(columns), year_pairs(rows), tuple(failures))


def _total(rows: list[ReportRow], item: int) -> ItemTotal:
    cells = [row.cells[item] for row in rows]
    states = Counter(cell.state for cell in cells)
    return ItemTotal(
        states["missing"],
        states["thin"],
        sum(cell.clauses for cell in cells),
        sum(cell.share for cell in cells) / max(1, len(cells)),
    )


def _named(rows: list[ReportRow]) -> list[ReportRow]:
    names = [
        (f"{row.place}{row.year or ''}" if row.place else "") or row.title or PurePath(row.source).name for row in rows
    ]
    often = Counter(names)
    return [
        replace(row, name=name if often[name] == 1 else f"{name} ({PurePath(row.source).name})")
        for row, name in zip(rows, names, strict=True)
    ]
