"""Year against year of the same county: what came and what went."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from dudao.compare.rows import ReportRow

# 朔州市山阴县 is 山阴县 too, unless the reports name that county under two cities (南京市鼓楼区, 福州市鼓楼区).
_ABOVE = re.compile(r"^.+(?:省|自治区|市|州|盟|地区)(?=.{2,}(?:县|区|市|旗)$)")

# Standard errors by which an item's share of the clauses has to differ (two proportions). Over the 93 whole reports of the corpus 1.96
# finds 0.05 of 19 items changed between every other clause of a report and the rest, where nothing has changed, and 2.5 between two
# counties; a bound of points and ratio (0.03, 1.5) found 4.8 and 7.2, since an item often has three clauses.
_NOTABLE = 1.96

Kind = Literal["appeared", "disappeared", "grew", "shrank"]


@dataclass(frozen=True, slots=True)
class Change:
    """An item that a county's later report treats otherwise: its clauses in both years, and their share of all clauses."""

    item: int
    kind: Kind
    clauses: tuple[int, int]
    shares: tuple[float, float]


@dataclass(frozen=True, slots=True)
class YearPair:
    """Two years of one county that follow each other among the reports; several reports of a year count together."""

    place: str
    years: tuple[int, int]
    before: tuple[ReportRow, ...]
    after: tuple[ReportRow, ...]
    changes: tuple[Change, ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind, in the order of the scheme."""
        return tuple(change for change in self.changes if change.kind == kind)


def year_pairs(rows: Iterable[ReportRow]) -> tuple[YearPair, ...]:
    """Pairs of years of each county of which there are two or more, by county and year."""
    counties: dict[str, dict[int, list[ReportRow]]] = defaultdict(lambda: defaultdict(list))
    rows = [row for row in rows if row.place and row.year]
    county_of = _counties({row.place for row in rows})
    for row in rows:
        counties[county_of[row.place]][row.year or 0].append(row)
    return tuple(
        YearPair(
            county, (first, second), tuple(years[first]), tuple(years[second]), _changes(years[first], years[second])
        )
        for county, years in sorted(counties.items())
        for first, second in pairwise(sorted(years))
    )


def _counties(places: set[str]) -> dict[str, str]:
    """The one name of each place."""
    longer: dict[str, set[str]] = defaultdict(set)
    for place in places:
        short = _ABOVE.sub("", place)
        longer[short] |= {place} - {short}
    return {
        place: short if len(longer[short]) == 1 else place for place in places for short in (_ABOVE.sub("", place),)
    }


def _changes(before: Sequence[ReportRow], after: Sequence[ReportRow]) -> tuple[Change, ...]:
    n, m = (sum(row.clauses for row in rows) for rows in (before, after))
    found = []
    for item in range(len(before[0].cells)):
        a, b = (sum(row.cells[item].clauses for row in rows) for rows in (before, after))
        if kind := _kind(a, n, b, m):
            found.append(Change(item, kind, (a, b), (a / n, b / m)))
    return tuple(found)


def _kind(a: int, n: int, b: int, m: int) -> Kind | None:
    """What became of an item with ``a`` of ``n`` clauses before and ``b`` of ``m`` after."""
    if bool(a) != bool(b):
        return "appeared" if b else "disappeared"
    both = (a + b) / (n + m)
    error = (both * (1 - both) * (1 / n + 1 / m)) ** 0.5
    difference = b / m - a / n
    # In a longer report an item with as many clauses as before has a smaller share, and has not shrunk for that.
    if abs(difference) <= _NOTABLE * error or (difference > 0) != (b > a) or a == b:
        return None
    return "grew" if difference > 0 else "shrank"
