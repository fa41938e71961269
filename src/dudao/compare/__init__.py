"""Reports side by side: what each says of every item of a scheme, in figures that stay small however many reports there are."""

from __future__ import annotations

from dudao.compare.clauses import ClauseLine, ClauseStore
from dudao.compare.rows import Cell, ReportRow
from dudao.compare.table import Comparison, ItemTotal, compare_reports
from dudao.compare.years import Change, Kind, YearPair, year_pairs

__all__ = [
    "Cell",
    "Change",
    "ClauseLine",
    "ClauseStore",
    "Comparison",
    "ItemTotal",
    "Kind",
    "ReportRow",
    "YearPair",
    "compare_reports",
    "year_pairs",
]
