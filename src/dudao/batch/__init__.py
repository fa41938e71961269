"""Tables of texts: streamed, in constant memory, by any number of processes, and taken up again where they were stopped.

`tag_record_batches` is the plain function over Arrow data, for whatever runs it (a notebook, Spark's ``mapInArrow``); `run_batch`
is what ``dudao batch`` does with files; `report_batches` makes a table of tagged reports.
"""

from __future__ import annotations

from dudao.batch.columns import ADDED, schema, tag_record_batches, tag_texts
from dudao.batch.reports import report_batches, report_schema
from dudao.batch.run import Progress, Summary, run_batch

__all__ = [
    "ADDED",
    "Progress",
    "Summary",
    "report_batches",
    "report_schema",
    "run_batch",
    "schema",
    "tag_record_batches",
    "tag_texts",
]
