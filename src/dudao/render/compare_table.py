"""A comparison as CSV: a row a report, with its clauses by item, shares by role, and what changed since the county's last report.

The last rows are totals; they alone have no ``source``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from dudao.compare import Comparison, ReportRow
from dudao.render.cells import safe_row
from dudao.render.heat import KINDS

_STATES = ("missing", "thin")


def write_comparison(comparison: Comparison, file: TextIO) -> None:
    """Write the table."""
    writer = csv.writer(file, lineterminator="\r\n")
    for row in _rows(comparison):
        writer.writerow(safe_row(row))


def _rows(comparison: Comparison) -> Iterator[list[Any]]:
    items = [comparison.scheme.items[column] for column in comparison.columns]
    roles = comparison.taxonomy.roles
    yield [
        *("report", "source", "title", "issuer", "year", "clauses", "uncertain"),
        *_STATES,
        *(f"{state}_items" for state in _STATES),
        *(f"{item.id} {item.name}" for item in items),
        *(f"share {item.id}" for item in items),
        *(f"role {role.id} {role.name}" for role in roles),
        "previous_year",
        *KINDS,
        "unknown_words",
        "beyond_model",
        "warnings",
    ]
    before = {row.number: pair for pair in comparison.pairs for row in pair.after}
    for row in comparison.rows:
        pair = before.get(row.number)
        yield [
            *(row.name, row.source, row.title, row.issuer, row.year, row.clauses, row.uncertain),
            *(row.count(state) for state in _STATES),
            *(_names(comparison, row, state) for state in _STATES),
            *(row.cells[column].clauses for column in comparison.columns),
            *(round(row.cells[column].share, 4) for column in comparison.columns),
            *(round(row.roles.get(role.id, 0.0), 4) for role in roles),
            pair.years[0] if pair else "",
            *(
                ";".join(comparison.scheme.items[each.item].name for each in pair.of(kind)) if pair else ""
                for kind in KINDS
            ),
            round(row.unknown, 4),
            "yes" if row.beyond else "no",
            " | ".join(row.warnings),
        ]
    yield from _totals(comparison)


def _totals(comparison: Comparison) -> Iterator[list[Any]]:
    totals = [comparison.totals[column] for column in comparison.columns]
    rows = comparison.rows
    head = [sum(row.clauses for row in rows), sum(row.uncertain for row in rows), *map(comparison.count, _STATES)]
    yield [
        "合计 total",
        *[""] * 4,
        *head,
        "",
        "",
        *(each.clauses for each in totals),
        *(round(each.share, 4) for each in totals),
    ]
    yield ["缺失报告数 reports missing it", *[""] * 10, *(each.missing for each in totals)]
    yield ["薄弱报告数 reports thin on it", *[""] * 10, *(each.thin for each in totals)]


def _names(comparison: Comparison, row: ReportRow, state: str) -> str:
    return ";".join(
        comparison.scheme.items[column].name for column in comparison.columns if row.cells[column].state == state
    )
