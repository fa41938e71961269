"""doccano: JSON lines of text classification (a clause a task) and of sequence labelling (a report a task).

Its export sorts labels by name, numbers tasks anew and writes what it calls metadata over its own ``id`` and ``data``
(``backend/data_export``): ours are named ``uid`` and so on, and the order of a clause's domains is kept among them. Offsets are
code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dudao.corpus import Record
from dudao.errors import CorpusError
from dudao.labelling.names import Names, colours
from dudao.labelling.tasks import (
    Marked,
    Task,
    domains_of,
    inside,
    kept_fields,
    merged_roles,
    record_from,
    records_of_spans,
    role_of,
)

_TEXT = ("text", "data")  # its name in newer and older versions
_LABELS = ("label", "labels", "cats", "entities")


def lines(tasks: Iterable[Task], names: Names) -> Iterator[str]:
    """Tasks as lines of the file to import, with labels where there are any, the model's else."""
    for task in tasks:
        entry: dict[str, Any] = {"text": task.text}
        if task.unit == "clause":
            (clause,) = task.clauses
            role = role_of(clause)
            shown = [names.shown("domain", each) for each in domains_of(clause)]
            entry["label"] = shown + ([names.shown("role", role)] if role else [])
            entry.update(kept_fields(clause))
        else:
            spans: list[list[Any]] = [
                [each.start, each.end, names.shown("domain", domain)]
                for each in task.clauses
                for domain in domains_of(each)
            ]
            spans += [[start, end, names.shown("role", role)] for start, end, role in merged_roles(task.clauses)]
            entry["label"] = sorted(spans)
            entry["uid"] = task.uid
            entry["clauses"] = [{"start": each.start, "end": each.end, **kept_fields(each)} for each in task.clauses]
        yield json.dumps(entry, ensure_ascii=False) + "\n"


def records(entries: Iterable[Mapping[str, Any]], names: Names, *, where: str) -> Iterator[Record | CorpusError | None]:
    """Records of exported tasks; None for one that nobody has labelled."""
    for number, entry in enumerate(entries, 1):
        at = f"{where}:{number}"
        try:
            yield from _of_entry(entry, names, at)
        except CorpusError as error:
            yield error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield CorpusError(f"not a doccano task: {error}", where=at, hint="export from doccano as JSONL")


def _of_entry(entry: Mapping[str, Any], names: Names, where: str) -> Iterator[Record | CorpusError | None]:
    text = next((entry[name] for name in _TEXT if isinstance(entry.get(name), str)), None)
    if text is None:
        raise ValueError("no text")
    given = [each for name in _LABELS for each in entry.get(name) or ()]
    where = f"{where}: {entry['uid']}" if entry.get("uid") else where
    if "clauses" in entry or any(not isinstance(each, str) for each in given):
        yield from _of_spans(text, given, entry, names, where)
        return
    domains, role = [], None
    for said in given:
        label = names.known(said, where=where)
        if label.kind == "domain":
            domains.append(label.id)
        else:
            role = label.id
    if not domains:
        yield None
        return
    yield record_from(text, entry, domains, role, names.taxonomy, where=where)


def _of_spans(
    text: str, given: Iterable[Any], entry: Mapping[str, Any], names: Names, where: str
) -> Iterator[Record | CorpusError | None]:
    domains: dict[tuple[int, int], list[str]] = {}
    roles: list[tuple[int, int, str]] = []
    for each in given:
        # With relations on, spans are objects.
        start, end, said = (each["start_offset"], each["end_offset"], each["label"]) if isinstance(each, dict) else each
        label = names.known(said, where=where)
        start, end = inside(text, start, end, where=where)
        if label.kind == "domain":
            domains.setdefault((start, end), []).append(label.id)
        else:
            roles.append((start, end, label.id))
    if not domains:
        yield None
        return
    marked = [Marked(start, end, tuple(ids)) for (start, end), ids in domains.items()]
    yield from records_of_spans(
        text,
        marked,
        roles,
        entry.get("clauses") or (),
        names.taxonomy,
        where=where,
        report=str(entry.get("uid") or entry.get("id") or ""),
    )


_KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"


def config(names: Names) -> str:
    """The labels as doccano imports them (project → Labels → Import Labels), with shortcuts as long as there are keys."""
    taxonomy = names.taxonomy
    shown = [names.shown("domain", each.id) for each in taxonomy.domains]
    roles = [names.shown("role", each.id) for each in taxonomy.roles]
    hues = [*colours(len(shown)), *(["#5b6472"] * len(roles))]
    entries = []
    for number, (text, colour) in enumerate(zip([*shown, *roles], hues, strict=True)):
        entry = {"text": text, "background_color": colour, "text_color": "#ffffff"}
        if number < len(_KEYS):
            entry["suffix_key"] = _KEYS[number]
        entries.append(entry)
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"
