"""dudao (督导): tags county education self-evaluation reports by domain and section role.

>>> import dudao
>>> tagger = dudao.Tagger.load()  # doctest: +SKIP
>>> tagger.tag_report("report.txt").to_dict()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dudao.document import Tag, TaggedReport
    from dudao.errors import CorpusError, DudaoError, ModelError, ReadError, SchemeError, TaxonomyError, TrainingError
    from dudao.readers import Limits, find_reports, read_document, read_documents
    from dudao.tagger import Tagger

__version__ = "1.0.0"
__all__ = [
    "CorpusError",
    "DudaoError",
    "Limits",
    "ModelError",
    "ReadError",
    "SchemeError",
    "Tag",
    "TaggedReport",
    "Tagger",
    "TaxonomyError",
    "TrainingError",
    "__version__",
    "find_reports",
    "read_document",
    "read_documents",
]

_HOMES = {
    "Tagger": "tagger",
    "Tag": "document",
    "TaggedReport": "document",
    **dict.fromkeys(("Limits", "find_reports", "read_document", "read_documents"), "readers"),
    **dict.fromkeys(
        ("CorpusError", "DudaoError", "ModelError", "ReadError", "SchemeError", "TaxonomyError", "TrainingError"),
        "errors",
    ),
}


def __getattr__(name: str) -> Any:
    # Importing the tagger imports NumPy; `dudao --help` needs neither.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"dudao.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'dudao' has no attribute {name!r}")
