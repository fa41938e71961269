"""What labelling tools work on: a text with its clauses, from the corpus or from a tagged report, and the way back to records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

from dudao.corpus import Record, label_problem
from dudao.document import TaggedReport
from dudao.errors import CorpusError
from dudao.tagger import Tagger
from dudao.taxonomy import Taxonomy

Unit = Literal["clause", "report"]
UNITS: tuple[Unit, ...] = ("clause", "report")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of a clause: its domains, best first, the first one's probability, the role, and whether to look at it."""

    domains: tuple[str, ...]
    score: float
    role: str | None
    uncertain: bool
    model: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A clause of a task's text; its record has no domain as long as nobody has labelled it.

    ``start`` and ``end`` are code-point offsets into the task's text.
    """

    start: int
    end: int
    record: Record
    prediction: Prediction | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a labeller sees at once.

    Attributes
    ----------
    uid : str
        Id of the clause or of the report; the tools number tasks by themselves and keep no ``id`` of ours.
    text : str
        The clause, or the whole report.
    clauses : tuple of Labelled
        In the order of the text; one that spans it where the unit is the clause.
    unit : str
        ``clause``: labels are the whole text's. ``report``: they are spans.
    """

    uid: str
    text: str
    clauses: tuple[Labelled, ...]
    unit: Unit


def corpus_tasks(
    records: Iterable[Record], texts: Mapping[str, str], *, unit: Unit = "clause", tagger: Tagger | None = None
) -> Iterator[Task]:
    """Labelled records as tasks.

    Parameters
    ----------
    records : iterable of Record
        A report's clauses stand together and in order, as in the corpus files.
    texts : mapping of str to str
        Whole reports by id; a report without one shows its clauses, a paragraph a line.
    unit : {"clause", "report"}
        What a labeller sees at once.
    tagger : Tagger, optional
        Adds what this model says of each clause.
    """
    for report, group in groupby(records, key=lambda record: record.report):
        clauses = list(group)
        predictions = _predictions(clauses, tagger) if tagger else [None] * len(clauses)
        if unit == "clause":
            for record, prediction in zip(clauses, predictions, strict=True):
                yield _single(record, prediction)
            continue
        text, starts = _placed(clauses, texts.get(report, ""))
        yield Task(
            report,
            text,
            tuple(
                Labelled(start, start + len(record.text), record, prediction)
                for start, record, prediction in zip(starts, clauses, predictions, strict=True)
            ),
            unit,
        )


def report_tasks(
    tagged: TaggedReport, report: str, *, unit: Unit = "clause", uncertain: bool = False
) -> Iterator[Task]:
    """A tagged report as tasks to be corrected: the model's tags as predictions, no label yet.

    Parameters
    ----------
    tagged : TaggedReport
        The report.
    report : str
        What its records shall call it; ids are ``report/paragraph/clause``.
    uncertain : bool
        Only the clauses that the model marks.
    """
    clauses: list[Labelled] = []
    for paragraph in tagged.paragraphs:
        for number, each in enumerate(paragraph.clauses):
            if uncertain and not each.uncertain:
                continue
            clause, index = each.clause, paragraph.paragraph.index
            record = Record(
                text=clause.text,
                domains=(),
                id=f"{report}/{index:03}/{number:02}",
                report=report,
                section=paragraph.paragraph.section,
                paragraph=index,
            )
            prediction = Prediction(
                tuple(domain.id for domain in each.domains),
                round(each.domains[0].score, 4),
                clause.role or None,
                each.uncertain,
                tagged.model.version,
            )
            clauses.append(Labelled(clause.start, clause.end, record, prediction))
    if unit == "clause":
        yield from (_single(each.record, each.prediction) for each in clauses)
    elif clauses:
        yield Task(report, tagged.report.document.text, tuple(clauses), unit)


def _single(record: Record, prediction: Prediction | None) -> Task:
    return Task(record.id, record.text, (Labelled(0, len(record.text), record, prediction),), "clause")


def _placed(records: Sequence[Record], text: str) -> tuple[str, list[int]]:
    """A report's text and where its clauses start; without a text, or where they do not lie in it, their own paragraphs."""
    starts: list[int] = []
    at = 0
    for record in records:
        at = text.find(record.text, at)
        if at < 0:
            break
        starts.append(at)
        at += len(record.text)
    if len(starts) == len(records):
        return text, starts
    text, starts = "", []
    last: tuple[object, ...] | None = None
    for record in records:
        here = (record.section, record.paragraph) if record.paragraph is not None else None
        text += "\n" if text and (here is None or here != last) else ""
        last = here
        starts.append(len(text))
        text += record.text
    return text, starts


def _predictions(records: Sequence[Record], tagger: Tagger) -> list[Prediction | None]:
    from dudao.evaluation import tag_records

    labels = tagger.classifier.labels
    scores, chosen, uncertain = tag_records(tagger.classifier, records)
    return [
        Prediction(
            tuple(labels[column] for column in columns),
            round(float(row[columns[0]]), 4),
            None,
            unsure,
            tagger.model.version,
        )
        for columns, unsure, row in zip(chosen, uncertain, scores, strict=True)
    ]


def kept_fields(clause: Labelled) -> dict[str, Any]:
    """A clause's record as what a tool carries along untouched, without its text; the order of its domains is nowhere else."""
    fields = clause.record.to_dict()
    del fields["text"]
    fields["uid"] = fields.pop("id", "")
    if not fields["domains"]:
        del fields["domains"]
    if clause.prediction is not None:
        said = clause.prediction
        fields["predicted"] = list(said.domains)
        fields["score"], fields["uncertain"], fields["model"] = said.score, said.uncertain, said.model
    return fields


def record_from(
    text: str,
    fields: Mapping[str, Any],
    domains: Iterable[str],
    role: str | None,
    taxonomy: Taxonomy,
    *,
    where: str,
) -> Record:
    """A record from what a tool gives back.

    Parameters
    ----------
    fields : mapping
        What `kept_fields` gave along.
    domains : iterable of str
        Ids that the labeller left or set. Tools keep no order: those that were there before stay in front, in their order.

    Raises
    ------
    CorpusError
        The labels break the taxonomy's rules.
    """
    given = list(dict.fromkeys(domains))
    before = [each for each in (*fields.get("domains", ()), *fields.get("predicted", ())) if each in given]
    paragraph = fields.get("paragraph")
    record = Record(
        text=text,
        domains=tuple(dict.fromkeys([*before, *given])),
        id=str(fields.get("uid") or ""),
        report=str(fields.get("report") or ""),
        section=tuple(map(str, fields.get("section") or ())),
        paragraph=int(paragraph) if paragraph is not None else None,
        role=role,
        permitted=tuple(fields.get("permitted") or ()),
    )
    problem = "text is empty" if not text.strip() else label_problem(record, taxonomy)
    if problem:
        raise CorpusError(problem, where=where, hint="mend it in the labelling tool and export again")
    return record


@dataclass(frozen=True, slots=True)
class Marked:
    """A span that a tool gives back, with what was chosen for it."""

    start: int
    end: int
    domains: tuple[str, ...]
    role: str | None = None


def inside(text: str, start: int, end: int, *, where: str) -> tuple[int, int]:
    """The bounds of a span that a tool gives back, which lies in its text.

    Raises
    ------
    CorpusError
        It does not.
    """
    if not 0 <= start < end <= len(text):
        raise CorpusError(
            f"a span lies outside the text: {start}-{end}", where=where, hint="was the text changed after the export?"
        )
    return start, end


def records_of_spans(
    text: str,
    marked: Sequence[Marked],
    roles: Sequence[tuple[int, int, str]],
    kept: Sequence[Mapping[str, Any]],
    taxonomy: Taxonomy,
    *,
    where: str,
    report: str,
) -> Iterator[Record | CorpusError]:
    """Records of a whole report's spans, in the order of the text.

    Parameters
    ----------
    marked : sequence of Marked
        Spans with domains.
    roles : sequence of (start, end, role)
        Spans of roles: of those that hold a clause, the shortest counts.
    kept : sequence of mapping
        `kept_fields` of the clauses as they were, each with ``start`` and ``end``. A span of other bounds is a new clause of the
        paragraph that it starts in.
    """
    known = {(each["start"], each["end"]): each for each in kept}
    for span in sorted(marked, key=lambda each: (each.start, each.end)):
        fields = known.get((span.start, span.end)) or _fields_around(span, kept, report)
        holding = [each for each in roles if each[0] <= span.start and span.end <= each[1]]
        role = span.role or min(holding, key=lambda each: each[1] - each[0], default=(0, 0, None))[2]
        at = f"{where}: {fields.get('uid') or f'{span.start}-{span.end}'}"
        try:
            yield record_from(text[span.start : span.end], fields, span.domains, role, taxonomy, where=at)
        except CorpusError as error:
            yield error


def _fields_around(span: Marked, kept: Sequence[Mapping[str, Any]], report: str) -> dict[str, Any]:
    """Section and paragraph of a clause that a labeller cut anew, with an id of its own."""
    before = [each for each in kept if each["start"] <= span.start]
    near = before[-1] if before else kept[0] if kept else {}
    place = {name: near[name] for name in ("report", "section", "paragraph") if name in near}
    report = str(place.get("report") or report)
    return {**place, "report": report, "uid": f"{report}/{span.start}-{span.end}"}


def merged_roles(clauses: Sequence[Labelled]) -> list[tuple[int, int, str]]:
    """The roles of a report's clauses as few spans: neighbours of one role share one."""
    spans: list[tuple[int, int, str]] = []
    for _, run in groupby(clauses, key=role_of):
        of_run = list(run)
        role = role_of(of_run[0])
        if role:
            spans.append((of_run[0].start, of_run[-1].end, role))
    return spans


def domains_of(clause: Labelled) -> tuple[str, ...]:
    """The labels that a tool is to show: a person's where there are any, else the model's."""
    return clause.record.domains or (clause.prediction.domains if clause.prediction else ())


def role_of(clause: Labelled) -> str | None:
    """The role that a tool is to show."""
    if clause.record.domains or clause.prediction is None:
        return clause.record.role
    return clause.prediction.role


def accepted(clause: Labelled) -> Labelled:
    """The clause with the model's labels taken for a person's."""
    return replace(
        clause, record=replace(clause.record, domains=domains_of(clause), role=role_of(clause)), prediction=None
    )
