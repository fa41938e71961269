"""Clauses or paragraphs as CSV rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from dudao.document import DomainScore, TaggedReport
from dudao.render.cells import safe_row
from dudao.taxonomy import Taxonomy

_COLUMNS = (
    "source",
    "title",
    "year",
    "section",
    "role",
    "role_name",
    "paragraph",
    "clause",
    "start",
    "end",
    "marker",
    "domains",
    "domain_names",
    "scores",
    "uncertain",
    "text",
)


class TableWriter:
    """Writes one table over any number of reports.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """

    def __init__(self, file: TextIO, *, unit: str, taxonomy: Taxonomy) -> None:
        self._writer = csv.writer(file, lineterminator="\r\n")
        self._unit, self._taxonomy = unit, taxonomy
        self._writer.writerow(_COLUMNS)

    def write(self, report: TaggedReport) -> None:
        """Append a report's rows."""
        for row in self._rows(report):
            self._writer.writerow(safe_row(row))

    def _rows(self, tagged: TaggedReport) -> Iterator[tuple[Any, ...]]:
        report = tagged.report
        for part in tagged.paragraphs:
            paragraph = part.paragraph
            head = (tagged.source, report.title, report.year, " / ".join(paragraph.section))
            if self._unit == "paragraph":
                if part.domains:
                    unsure = any(each.uncertain for each in part.clauses)
                    yield (
                        *head,
                        paragraph.role,
                        self._taxonomy.role_name(paragraph.role),
                        paragraph.index,
                        "",
                        paragraph.start,
                        paragraph.end,
                        "",
                        *_labels(part.domains),
                        _flag(unsure),
                        paragraph.text,
                    )
                continue
            for number, each in enumerate(part.clauses):
                clause = each.clause
                yield (
                    *head,
                    clause.role,
                    self._taxonomy.role_name(clause.role),
                    paragraph.index,
                    number,
                    clause.start,
                    clause.end,
                    clause.marker,
                    *_labels(each.domains),
                    _flag(each.uncertain),
                    clause.text,
                )


def _labels(domains: tuple[DomainScore, ...]) -> tuple[str, str, str]:
    return (
        ";".join(each.id for each in domains),
        ";".join(each.name for each in domains),
        ";".join(f"{each.score:.3f}" for each in domains),
    )


def _flag(value: bool) -> str:
    return "yes" if value else "no"
