"""Labelled records to and from labelling tools: doccano, Label Studio, and CSV for people with Excel.

>>> from dudao import labelling
>>> from dudao.taxonomy import load_taxonomy
>>> taxonomy = load_taxonomy()
>>> print(labelling.label_config(taxonomy, to="labelstudio")[:6])
<View>
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from dudao.corpus import Record, parse_record
from dudao.errors import CorpusError, DudaoError
from dudao.labelling import doccano, labelstudio, table
from dudao.labelling.names import Names
from dudao.labelling.tasks import (
    UNITS,
    Labelled,
    Prediction,
    Task,
    Unit,
    accepted,
    corpus_tasks,
    report_tasks,
)
from dudao.readers import charset
from dudao.readers.archive import Archive
from dudao.readers.limits import DEFAULT
from dudao.taxonomy import Taxonomy

__all__ = [
    "FORMATS",
    "TOOLS",
    "UNITS",
    "Format",
    "Labelled",
    "Prediction",
    "Task",
    "Tool",
    "Unit",
    "accepted",
    "corpus_tasks",
    "label_config",
    "read_labels",
    "report_tasks",
    "write_tasks",
]

Format = Literal["doccano", "labelstudio", "csv", "jsonl"]
Tool = Literal["doccano", "labelstudio"]
FORMATS: tuple[Format, ...] = ("doccano", "labelstudio", "csv", "jsonl")
TOOLS: tuple[Tool, ...] = ("doccano", "labelstudio")
_ZIP = b"PK\x03\x04"


def write_tasks(tasks: Iterable[Task], taxonomy: Taxonomy, *, to: Format) -> Iterator[str]:
    """The pieces of a file that a labelling tool imports.

    Parameters
    ----------
    tasks : iterable of Task
        From `corpus_tasks` or `report_tasks`.
    to : {"doccano", "labelstudio", "csv", "jsonl"}
        ``jsonl`` gives the records themselves, a model's tags as their labels where they have none.

    Yields
    ------
    str
        To be written one behind the other, in UTF-8.
    """
    names = Names(taxonomy)
    if to == "doccano":
        yield from doccano.lines(tasks, names)
    elif to == "labelstudio":
        yield from labelstudio.lines(tasks, names)
    elif to == "csv":
        yield from table.lines(tasks, names)
    else:
        for task in tasks:
            for each in task.clauses:
                yield json.dumps(accepted(each).record.to_dict(), ensure_ascii=False) + "\n"


def read_labels(
    source: str | Path | bytes,
    taxonomy: Taxonomy,
    *,
    format: Format | None = None,
    name: str = "",
    accept_predictions: bool = False,
) -> Iterator[Record | CorpusError | None]:
    """Read what a labelling tool exported, errors as values.

    Parameters
    ----------
    source : path or bytes
        doccano's JSONL or the zip it comes in, Label Studio's JSON or JSON-MIN, CSV, or records.
    format : {"doccano", "labelstudio", "csv", "jsonl"}, optional
        What it is; by default its content tells.
    name : str, optional
        What to call it in messages.
    accept_predictions : bool
        Take a model's tags where Label Studio has no annotation.

    Yields
    ------
    Record or CorpusError or None
        In the order of the file; None stands for a task that nobody has labelled.

    Raises
    ------
    DudaoError
        The file cannot be read, or is none of these.
    """
    where = name or (str(source) if not isinstance(source, bytes) else "<bytes>")
    names = Names(taxonomy)
    for member, data in _files(source, where):
        text = charset.decode(data, where=member).text
        found = format or _format_of(text, member)
        if found == "csv":
            yield from table.records(text, names, where=member)
        elif found == "jsonl":
            yield from _plain_records(text, taxonomy, member)
        else:
            entries = _entries(text, member)
            if found == "doccano":
                yield from doccano.records(entries, names, where=member)
            else:
                yield from labelstudio.records(entries, names, where=member, accept=accept_predictions)


def label_config(taxonomy: Taxonomy, *, to: Tool, unit: Unit = "clause") -> str:
    """What sets up a project's labels: doccano's JSON to import, or Label Studio's labelling interface to paste."""
    names = Names(taxonomy)
    return doccano.config(names) if to == "doccano" else labelstudio.config(names, unit)


def _files(source: str | Path | bytes, where: str) -> Iterator[tuple[str, bytes]]:
    """The file, or the members of the zip that doccano packs its export into."""
    if not isinstance(source, bytes):
        try:
            source = Path(source).read_bytes()
        except OSError as error:
            raise DudaoError(f"cannot be read: {error.strerror}", where=where, hint="check the path") from error
    if not source.startswith(_ZIP):
        yield where, source
        return
    archive = Archive(source, where=where, limits=DEFAULT, budget=DEFAULT.archive_bytes)
    members = [name for name in archive.entries if not name.endswith("/")]
    archive.check(members)
    for name in members:
        yield f"{where}/{name}", archive.read(name)


def _format_of(text: str, where: str) -> Format:
    """What an export's first task shows it to be."""
    head = text.lstrip()
    if head[:1] not in {"{", "["}:
        return "csv"
    first = next(_entries(text, where), None)
    if isinstance(first, dict):
        if "data" in first and isinstance(first["data"], dict):
            return "labelstudio"
        if "label" in first or "cats" in first or "entities" in first:
            return "doccano"
        if "domains" in first and "id" in first and not isinstance(first["id"], int):
            return "jsonl"
        if "domain" in first or "annotation_id" in first or "uid" in first:
            return "labelstudio"
        if "domains" in first:
            return "jsonl"
    raise CorpusError(
        "neither an export of doccano or Label Studio nor records",
        where=where,
        hint="say what it is with --from; export from Label Studio as JSON, from doccano as JSONL",
    )


def _entries(text: str, where: str) -> Iterator[Any]:
    """The objects of a JSON array or of JSON lines."""
    try:
        if text.lstrip().startswith("["):
            yield from json.loads(text)
            return
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise CorpusError(
                        f"not JSON: {error}", where=f"{where}:{number}", hint="export the file again"
                    ) from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"not JSON: {error}", where=where, hint="export the file again") from error


def _plain_records(text: str, taxonomy: Taxonomy, where: str) -> Iterator[Record | CorpusError]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield parse_record(line, where=f"{where}:{number}", taxonomy=taxonomy)
            except CorpusError as error:
                yield error
