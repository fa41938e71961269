"""Tagged reports as Arrow data: a row a clause or a paragraph, and a row for each report that failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from dudao.batch.columns import added_fields
from dudao.document import DomainScore, TaggedParagraph, TaggedReport
from dudao.errors import DudaoError

Unit = Literal["clause", "paragraph"]
UNITS: tuple[Unit, ...] = ("clause", "paragraph")
_ROWS_AT_ONCE = 10_000


def report_schema() -> Any:
    """The Arrow schema of tagged reports.

    Returns
    -------
    pyarrow.Schema
        ``source``, ``title``, ``issuer``, ``year``; ``section`` list of string, the headings above; ``paragraph`` and ``clause``,
        counted from 0, the latter null in rows of paragraphs; ``marker``, ``start``, ``end``, ``text``; the columns of
        `dudao.batch.schema`; ``error``, null but in the one row that stands for a report that failed, where all others but
        ``source`` are null.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.int32()
    fields = [("source", text), ("title", text), ("issuer", text), ("year", number), ("section", pa.list_(text))]
    fields += [("paragraph", number), ("clause", number), ("marker", text), ("start", number), ("end", number)]
    fields += [("text", text), *((field.name, field.type) for field in added_fields()), ("error", text)]
    return pa.schema(fields)


def report_batches(results: Iterable[TaggedReport | DudaoError], *, unit: Unit = "clause") -> Iterator[Any]:
    """What `Tagger.tag_many` yields, as Arrow record batches.

    Parameters
    ----------
    results : iterable of TaggedReport or DudaoError
        Taken as they come; of a file with several reports, each by itself.
    unit : {"clause", "paragraph"}
        What a row stands for.

    Yields
    ------
    pyarrow.RecordBatch
        Of `report_schema`; all rows of a report are in one batch.
    """
    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}, not one of {', '.join(UNITS)}")
    schema = report_schema()
    rows: list[dict[str, Any]] = []
    for result in results:
        if isinstance(result, DudaoError):
            rows.append({"source": result.where, "error": _said(result)})
        else:
            for report in result.reports:
                rows.extend(_rows(report, unit))
        if len(rows) >= _ROWS_AT_ONCE:
            yield _batch(rows, schema)
            rows = []
    if rows:
        yield _batch(rows, schema)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _batch(rows: list[dict[str, Any]], schema: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.RecordBatch.from_pylist(rows, schema=schema)
    except UnicodeEncodeError:  # a lone surrogate, as in the name of a file that is not UTF-8; offsets stay as they are
        return pa.RecordBatch.from_pylist([{name: _plain(cell) for name, cell in row.items()} for row in rows], schema)


def _plain(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_plain(each) for each in cell]
    return _SURROGATE.sub("\ufffd", cell) if isinstance(cell, str) else cell


def _said(error: DudaoError) -> str:
    """What went wrong and what to do next; where is in the row's ``source``."""
    return f"{error.what} ({error.hint})" if error.hint else error.what


def _rows(report: TaggedReport, unit: Unit) -> Iterator[dict[str, Any]]:
    head = {
        "source": report.source,
        "title": report.report.title,
        "issuer": report.report.issuer,
        "year": report.report.year,
    }
    for part in report.paragraphs:
        where = {**head, "section": list(part.paragraph.section), "paragraph": part.paragraph.index}
        if unit == "paragraph":
            if part.clauses:
                yield {**where, **_paragraph(part)}
            continue
        for number, each in enumerate(part.clauses):
            clause = each.clause
            yield {
                **where,
                "clause": number,
                "marker": clause.marker,
                "start": clause.start,
                "end": clause.end,
                "text": clause.text,
                "primary": each.domains[0].id,
                "role": clause.role,
                "uncertain": each.uncertain,
                **_labels(each.domains),
            }


def _paragraph(part: TaggedParagraph) -> dict[str, Any]:
    paragraph = part.paragraph
    return {
        "start": paragraph.start,
        "end": paragraph.end,
        "text": paragraph.text,
        "primary": part.primary,
        "role": paragraph.role,
        "uncertain": any(each.uncertain for each in part.clauses),
        **_labels(part.domains),
    }


def _labels(domains: Sequence[DomainScore]) -> dict[str, Any]:
    return {"domains": [each.id for each in domains], "scores": [round(each.score, 4) for each in domains]}
