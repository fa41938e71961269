"""Tables of texts: streamed, in constant memory, by any number of processes, and taken up again where they were stopped.

`tag_record_batches` is the plain function over Arrow data, for whatever runs it (a notebook, Spark's ``mapInArrow``); `run_batch`
is what ``dudao batch`` does with files.
"""

from __future__ import annotations

from dudao.batch.columns import ADDED, tag_record_batches, tag_texts
from dudao.batch.run import Progress, Summary, run_batch

__all__ = ["ADDED", "Progress", "Summary", "run_batch", "tag_record_batches", "tag_texts"]
