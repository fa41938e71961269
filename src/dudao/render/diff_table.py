"""What two models say differently as CSV: a row a clause, or a row a domain."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any, TextIO

from dudao.document import DomainScore
from dudao.modeldiff import Difference
from dudao.render.cells import safe_row

_SIDE = ("domains", "domain_names", "scores", "uncertain")
_CHANGE_COLUMNS = (
    *("source", "section", "role", "paragraph", "clause", "start", "end", "first_changed"),
    *(f"before_{name}" for name in _SIDE),
    *(f"after_{name}" for name in _SIDE),
    "text",
)
_FIGURES = ("before", "after", "difference", "low", "high")
_DOMAIN_COLUMNS = (
    *("domain", "domain_name", "clauses_before", "clauses_after", "gained", "lost"),
    *(f"f1_{name}" for name in _FIGURES),
)


def write_changes(difference: Difference, file: TextIO) -> None:
    """A row a clause whose domains have changed."""
    rows = (
        (
            each.source,
            " / ".join(each.section),
            each.role,
            each.paragraph,
            each.clause,
            each.start,
            each.end,
            _flag(each.first_changed),
            *_side(each.before, each.uncertain_before),
            *_side(each.after, each.uncertain_after),
            each.text,
        )
        for each in difference.changes
    )
    _write(file, _CHANGE_COLUMNS, rows)


def write_domains(difference: Difference, file: TextIO) -> None:
    """A row a domain: clauses by either model, and the F1 of both where there were labelled records."""
    figures = (difference.metrics or {}).get("domains", {})
    rows = (
        (each.id, each.name, each.before, each.after, each.gained, each.lost, *_figures(figures.get(each.id)))
        for each in difference.domains
    )
    _write(file, _DOMAIN_COLUMNS, rows)


def _write(file: TextIO, columns: Sequence[str], rows: Any) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(map(safe_row, rows))


def _side(domains: Sequence[DomainScore], uncertain: bool) -> tuple[str, ...]:
    return (
        ";".join(each.id for each in domains),
        ";".join(each.name for each in domains),
        ";".join(f"{each.score:.3f}" for each in domains),
        _flag(uncertain),
    )


def _figures(entry: dict[str, Any] | None) -> tuple[Any, ...]:
    return (
        (entry["before"], entry["after"], entry["difference"], *entry["interval"]) if entry else ("",) * len(_FIGURES)
    )


def _flag(value: bool) -> str:
    return "yes" if value else "no"
