"""Label Studio: JSON tasks with annotations (what the corpus says) and predictions (what a model says).

Some versions count offsets in UTF-16 units (issues 1347 and 1008 of its repository), and versions differ in what they do with line
ends: a span is taken by the text that stands beside it, whatever its numbers count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from dudao.corpus import Record
from dudao.errors import CorpusError
from dudao.labelling.names import Kind, Names, colours
from dudao.labelling.tasks import (
    Labelled,
    Marked,
    Task,
    Unit,
    inside,
    kept_fields,
    record_from,
    records_of_spans,
)

_DOMAIN, _ROLE, _TEXT = "domain", "role", "text"  # names of the controls and of the object in `config`


def lines(tasks: Iterable[Task], names: Names) -> Iterator[str]:
    """Tasks as a JSON array, a task a line."""
    first = True
    for task in tasks:
        yield ("[\n" if first else ",\n") + json.dumps(_entry(task, names), ensure_ascii=False)
        first = False
    yield "[]\n" if first else "\n]\n"


def _entry(task: Task, names: Names) -> dict[str, Any]:
    data: dict[str, Any] = {"text": task.text, "uid": task.uid}
    if task.unit == "clause":
        (clause,) = task.clauses
        data = {"text": task.text, **kept_fields(clause), "heading": " › ".join(clause.record.section)}
    else:
        data["clauses"] = [{"start": each.start, "end": each.end, **kept_fields(each)} for each in task.clauses]
    entry: dict[str, Any] = {"data": data}
    labelled = [each for each in task.clauses if each.record.domains]
    said = [each for each in task.clauses if each.prediction]
    if labelled:
        results = [
            result
            for number, each in enumerate(task.clauses)
            if each.record.domains
            for result in _results(each, each.record.domains, each.record.role, number, task)
        ]
        entry["annotations"] = [{"result": results}]
    if said:
        predictions = [each.prediction for each in said if each.prediction]
        entry["predictions"] = [
            {
                "model_version": predictions[0].model,
                # The least sure clause: Label Studio can show tasks in the order of their scores.
                "score": min(each.score for each in predictions),
                "result": [
                    result
                    for number, each in enumerate(task.clauses)
                    if each.prediction
                    for result in _results(each, each.prediction.domains, each.prediction.role, number, task)
                ],
            }
        ]
    return entry


def _results(
    clause: Labelled, domains: Sequence[str], role: str | None, number: int, task: Task
) -> Iterator[dict[str, Any]]:
    """What was chosen for a clause: choices of the whole text, or a region that carries both."""
    whole = task.unit == "clause"
    place = {} if whole else {"start": clause.start, "end": clause.end, "text": clause.record.text}
    kind = "choices" if whole else "labels"
    region = {"to_name": _TEXT} if whole else {"to_name": _TEXT, "id": f"c{number}"}
    yield {**region, "from_name": _DOMAIN, "type": kind, "value": {**place, kind: list(domains)}}
    if role:
        yield {**region, "from_name": _ROLE, "type": "choices", "value": {**place, "choices": [role]}}


def records(
    entries: Iterable[Mapping[str, Any]], names: Names, *, where: str, accept: bool
) -> Iterator[Record | CorpusError | None]:
    """Records of exported tasks (JSON or JSON-MIN); None for one that nobody has labelled.

    ``accept`` takes the predictions of tasks that have no annotation.
    """
    for number, entry in enumerate(entries, 1):
        at = f"{where}: task {entry.get('id') or number}" if isinstance(entry, dict) else f"{where}: task {number}"
        try:
            yield from _of_entry(entry, names, at, accept)
        except CorpusError as error:
            yield error
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield CorpusError(f"not a Label Studio task: {error!r}", where=at, hint="export from Label Studio as JSON")


def _of_entry(
    entry: Mapping[str, Any], names: Names, where: str, accept: bool
) -> Iterator[Record | CorpusError | None]:
    data = entry.get("data", entry)  # JSON-MIN has it all on one level
    text = data["text"]
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    where = f"{where} ({data['uid']})" if data.get("uid") else where
    results = _chosen(entry, accept) if "data" in entry else _minimal(entry)
    if not results:
        yield None
    elif "clauses" in data or any("start" in each["value"] for each in results):
        yield from _of_regions(text, results, data, names, where)
    else:
        domains, role = _labels(results, names, where)
        yield record_from(text, data, domains, role, names.taxonomy, where=where) if domains else None


def _chosen(entry: Mapping[str, Any], accept: bool) -> list[Mapping[str, Any]]:
    """Results of the last annotation that stands; those that Label Studio calls ground truth come before others."""
    done = [each for each in entry.get("annotations") or () if isinstance(each, dict) and not each.get("was_cancelled")]
    done.sort(key=lambda each: bool(each.get("ground_truth")))
    if not done and accept:
        done = list(entry.get("predictions") or ())
    return [each for each in (done[-1]["result"] if done else ()) if each.get("type") in {"labels", "choices"}]


def _minimal(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """JSON-MIN, which puts choices and regions beside the data, as results."""
    results: list[Mapping[str, Any]] = []
    for control in (_DOMAIN, _ROLE):
        chosen = entry.get(control)
        if isinstance(chosen, list) and chosen and isinstance(chosen[0], dict):
            for region in chosen:
                kind = "labels" if "labels" in region else "choices"
                results.append({"from_name": control, "type": kind, "value": region})
        elif chosen:
            several = chosen["choices"] if isinstance(chosen, dict) else chosen
            choices = [several] if isinstance(several, str) else several
            results.append({"from_name": control, "type": "choices", "value": {"choices": choices}})
    return results


def _labels(results: Iterable[Mapping[str, Any]], names: Names, where: str) -> tuple[list[str], str | None]:
    domains: list[str] = []
    role: str | None = None
    for each in results:
        kind: Kind = "role" if each["from_name"] == _ROLE else "domain"
        for said in each["value"][each["type"]]:
            label = names.known(said, kind=kind, where=where)
            if label.kind == "domain":
                domains.append(label.id)
            else:
                role = label.id
    return domains, role


def _of_regions(
    text: str, results: Sequence[Mapping[str, Any]], data: Mapping[str, Any], names: Names, where: str
) -> Iterator[Record | CorpusError | None]:
    spans = _Spans(text, where)
    regions: dict[object, list[Mapping[str, Any]]] = {}
    for each in results:
        value = each["value"]
        # Controls of one region share its id; JSON-MIN drops ids, so there the bounds tell it.
        regions.setdefault((value["start"], value["end"]), []).append(each)
    marked: list[Marked] = []
    roles: list[tuple[int, int, str]] = []
    for group in regions.values():
        start, end = spans.of(group[0]["value"])
        domains, role = _labels(group, names, where)
        if domains:
            marked.append(Marked(start, end, tuple(domains), role))
        elif role:
            roles.append((start, end, role))
    if not marked:
        yield None
        return
    yield from records_of_spans(
        text,
        marked,
        roles,
        data.get("clauses") or (),
        names.taxonomy,
        where=where,
        report=str(data.get("report") or data.get("uid") or ""),
    )


class _Spans:
    """Bounds in one task's text as code points, whatever the version counts in."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where
        self._wide = any(ord(char) > 0xFFFF for char in text)

    def of(self, value: Mapping[str, Any]) -> tuple[int, int]:
        start, end, said = int(value["start"]), int(value["end"]), value.get("text")
        ways = [(start, end)]
        if self._wide:
            ways.append((_code_points(self._text, start), _code_points(self._text, end)))
        if said is None:
            if self._wide and ways[0] != ways[1]:
                raise CorpusError(
                    f"span {start}-{end} has no text, and its offsets may count UTF-16 units",
                    where=self._where,
                    hint='export from Label Studio as JSON, with saveTextResult="yes" in the labelling interface',
                )
            return inside(self._text, *ways[0], where=self._where)
        said = said.replace("\\n", "\n").replace("\r\n", "\n")
        for way in ways:
            if self._text[slice(*way)].replace("\r\n", "\n") == said:
                return inside(self._text, *way, where=self._where)
        # Counted in yet another way (line ends of two characters as one): where the text stands once, it is that.
        at = self._text.find(said)
        if at >= 0 and self._text.find(said, at + 1) < 0:
            return at, at + len(said)
        raise CorpusError(
            f"span {start}-{end} is not where its text stands: {said[:20]}",
            where=self._where,
            hint="was the text changed after the export?",
        )


def _code_points(text: str, units: int) -> int:
    """How many characters so many UTF-16 units are; an offset inside a surrogate pair is rounded down."""
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def config(names: Names, unit: Unit) -> str:
    """The labelling interface to paste (project → Settings → Labeling Interface → Code).

    Values are ids; the buttons show the Chinese names.
    """
    taxonomy = names.taxonomy
    tag = "Choice" if unit == "clause" else "Label"
    domains = [
        f"    <{tag} value={quoteattr(each.id)} html={_html(f'{each.name} {each.id}')}"
        + (f" hint={quoteattr(each.about)}" if each.about else "")
        + (f' background="{colour}"/>' if unit == "report" else "/>")
        for each, colour in zip(taxonomy.domains, colours(len(taxonomy.domains)), strict=True)
    ]
    roles = [
        f"    <Choice value={quoteattr(each.id)} html={_html(f'{each.name} {each.id}')}/>" for each in taxonomy.roles
    ]
    of_region = "" if unit == "clause" else ' perRegion="true"'
    role_part = (
        [
            f'  <Choices name="{_ROLE}" toName="{_TEXT}" choice="single" showInline="true"{of_region}>',
            *roles,
            "  </Choices>",
        ]
        if roles
        else []
    )
    if unit == "clause":
        shown = [
            '  <Header value="$heading" size="5"/>',
            f'  <Text name="{_TEXT}" value="${_TEXT}"/>',
            f'  <Choices name="{_DOMAIN}" toName="{_TEXT}" choice="multiple" required="true" showInline="true">',
            *domains,
            "  </Choices>",
        ]
    else:
        shown = [
            f'  <Labels name="{_DOMAIN}" toName="{_TEXT}" choice="multiple">',
            *domains,
            "  </Labels>",
            f'  <Text name="{_TEXT}" value="${_TEXT}" granularity="symbol" saveTextResult="yes"/>',
        ]
    return "\n".join(["<View>", *shown, *role_part, "</View>"]) + "\n"


def _html(text: str) -> str:
    return quoteattr(escape(text))
