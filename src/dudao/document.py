"""The frozen data that flows through dudao: what was read, its outline, its tags.

``start`` and ``end`` are everywhere code-point offsets into ``Document.text``: ``text[start:end]`` is the unit's text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

from dudao.values import Value

REPORT_SCHEMA = "dudao.report/1"
ERROR_SCHEMA = "dudao.error/1"

ParagraphKind = Literal["text", "table", "addressee", "signature", "contents"]
TAGGED_KINDS: frozenset[str] = frozenset({"text", "table"})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Document(Value):
    """A file's extracted text, before anything is known of its parts."""

    text: str
    source: str = ""
    format: str = "text"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Heading(Value):
    """A heading, on a line of its own or run in at the head of a paragraph."""

    level: int
    marker: str
    text: str
    role: str
    start: int
    end: int

    @property
    def label(self) -> str:
        """The heading as section paths hold it: without a final 。 or colon."""
        return self.text.rstrip("。.：:；; \t\u3000")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clause(Value):
    """The finest unit: a sentence, or an enumerated item of one."""

    marker: str
    start: int
    end: int
    text: str
    role: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Paragraph(Value):
    """A paragraph with its section path; only text and table paragraphs have clauses."""

    index: int
    kind: ParagraphKind
    section: tuple[str, ...]
    role: str
    start: int
    end: int
    text: str
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Report(Value):
    """A document's outline.

    Where a file holds several reports, ``parts`` are their outlines, each named ``file#1``, ``file#2``; else it is empty.
    """

    document: Document
    title: str
    issuer: str
    year: int | None
    headings: tuple[Heading, ...]
    paragraphs: tuple[Paragraph, ...]
    warnings: tuple[str, ...] = ()
    parts: tuple[Report, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The outline alone, in the shape of a tagged report without its tags."""
        return {
            "schema": "dudao.outline/1",
            "source": self.document.source,
            "title": self.title,
            "issuer": self.issuer,
            "year": self.year,
            "headings": [heading_dict(heading) for heading in self.headings],
            "paragraphs": [
                {**paragraph_dict(paragraph), "clauses": [clause_dict(clause) for clause in paragraph.clauses]}
                for paragraph in self.paragraphs
            ],
            "warnings": list(self.warnings),
        }


class Evidence(NamedTuple):
    """A term that carried a domain: its weight in the score and where it stands in the document's text."""

    term: str
    weight: float
    spans: tuple[tuple[int, int], ...]


class DomainScore(NamedTuple):
    """A domain given to a unit, with its calibrated probability."""

    id: str
    name: str
    score: float
    evidence: tuple[Evidence, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As interface JSON."""
        entry: dict[str, Any] = {"id": self.id, "name": self.name, "score": round(self.score, 4)}
        if self.evidence is not None:
            entry["evidence"] = [
                {"term": each.term, "weight": round(each.weight, 4), "spans": [list(span) for span in each.spans]}
                for each in self.evidence
            ]
        return entry


class Tag(NamedTuple):
    """What ``Tagger.tag`` says of one text.

    Attributes
    ----------
    domains : tuple of str
        Ids, best score first.
    role : str
        Section role.
    uncertain : bool
        Whether a person should look at it.
    primary : str
        The domain that holds most of the text, each of its clauses counted for its main one; not always the one of the best score.
    labels : tuple of str
        Ids of all domains.
    row : bytes
        The probability of each as a double, a quarter of a dictionary's size; `scores` puts them together.
    """

    domains: tuple[str, ...]
    role: str
    uncertain: bool
    primary: str
    labels: tuple[str, ...]
    row: bytes

    @property
    def scores(self) -> dict[str, float]:
        """Calibrated probability of every domain; made when asked for, which most callers do for few texts."""
        return dict(zip(self.labels, memoryview(self.row).cast("d"), strict=True))

    def score(self, domain: str) -> float:
        """Calibrated probability of one domain."""
        probability: float = memoryview(self.row).cast("d")[self.labels.index(domain)]
        return probability

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "domains": list(self.domains),
            "primary": self.primary,
            "scores": {domain: round(score, 4) for domain, score in self.scores.items()},
            "role": self.role,
            "uncertain": self.uncertain,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TaggedClause(Value):
    """A clause with its one to three domains, the main one first; none has a better score than the one before it."""

    clause: Clause
    domains: tuple[DomainScore, ...]
    uncertain: bool

    def to_dict(self) -> dict[str, Any]:
        """As interface JSON."""
        return {
            **clause_dict(self.clause),
            "domains": [domain.to_dict() for domain in self.domains],
            "uncertain": self.uncertain,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TaggedParagraph(Value):
    """A paragraph whose domains follow from its clauses."""

    paragraph: Paragraph
    domains: tuple[DomainScore, ...]
    primary: str | None
    clauses: tuple[TaggedClause, ...]

    def to_dict(self) -> dict[str, Any]:
        """As interface JSON."""
        return {
            **paragraph_dict(self.paragraph),
            "primary": self.primary,
            "domains": [domain.to_dict() for domain in self.domains],
            "clauses": [clause.to_dict() for clause in self.clauses],
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Coverage(Value):
    """How much of a report a domain holds. ``share`` is of all clause characters; labels overlap, so shares may add up to more than 1."""

    clauses: int
    characters: int
    share: float


class ClauseRef(NamedTuple):
    """Where a clause stands: ``report.paragraphs[ref.paragraph].clauses[ref.clause]``."""

    paragraph: int
    clause: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LedgerProblem(Value):
    """A clause that states a problem, and the measures that share a domain with it, the nearest first.

    ``specific`` is false where it has no domain to be matched by (an opening sentence, a list of everything).
    """

    ref: ClauseRef
    domains: tuple[str, ...]
    measures: tuple[ClauseRef, ...] = ()
    specific: bool = True


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LedgerMeasure(Value):
    """A clause that promises something: ``who`` and ``deadline`` as the clause itself writes them, empty where it does not."""

    ref: ClauseRef
    domains: tuple[str, ...]
    who: tuple[str, ...] = ()
    deadline: tuple[str, ...] = ()
    specific: bool = True


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ledger(Value):
    """A report's problems and measures, each in the order of the report."""

    problems: tuple[LedgerProblem, ...] = ()
    measures: tuple[LedgerMeasure, ...] = ()

    @property
    def without_measure(self) -> tuple[LedgerProblem, ...]:
        """Problems of a domain that no measure has."""
        return tuple(each for each in self.problems if each.specific and not each.measures)

    @property
    def without_problem(self) -> tuple[LedgerMeasure, ...]:
        """Measures of a domain that no problem has."""
        stated = {domain for each in self.problems for domain in each.domains}
        return tuple(each for each in self.measures if each.specific and stated.isdisjoint(each.domains))

    def to_dict(self) -> dict[str, Any]:
        """As interface JSON; a clause is a pair of places in ``paragraphs`` and in the ``clauses`` there."""
        return {
            "problems": [
                {
                    "clause": list(each.ref),
                    "domains": list(each.domains),
                    "measures": [list(ref) for ref in each.measures],
                }
                for each in self.problems
            ],
            "measures": [
                {
                    "clause": list(each.ref),
                    "domains": list(each.domains),
                    "who": list(each.who),
                    "deadline": list(each.deadline),
                }
                for each in self.measures
            ],
            "problems_without_measure": [list(each.ref) for each in self.without_measure],
            "measures_without_problem": [list(each.ref) for each in self.without_problem],
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ModelInfo(Value):
    """Which model gave the tags."""

    version: str
    taxonomy: str
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """As interface JSON."""
        return {"version": self.version, "taxonomy": self.taxonomy, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Share(Value):
    """A share beside what is usual for the model: the median and the 95th percentile of its corpus's reports, where it knows them.

    ``beyond`` says that it lies above that bound by more than chance.
    """

    share: float
    usual: float | None = None
    bound: float | None = None
    beyond: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As interface JSON."""
        return {"share": round(self.share, 4), "usual": self.usual, "bound": self.bound, "beyond": self.beyond}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Drift(Value):
    """How far a text is from what the model was trained on.

    Attributes
    ----------
    words, units : int
        How many words and how many clauses (of a table, texts) the shares are of.
    unknown : Share
        Of words that the model does not know.
    uncertain : Share
        Of clauses or texts marked uncertain.
    new_terms : tuple of (str, int)
        Unknown words that come again, with their number, most frequent first.
    """

    words: int
    units: int
    unknown: Share
    uncertain: Share
    new_terms: tuple[tuple[str, int], ...] = ()

    @property
    def beyond(self) -> bool:
        """Whether the text leaves what the model knows."""
        return self.unknown.beyond or self.uncertain.beyond

    def to_dict(self) -> dict[str, Any]:
        """As interface JSON."""
        return {
            "beyond": self.beyond,
            "words": self.words,
            "units": self.units,
            "unknown": self.unknown.to_dict(),
            "uncertain": self.uncertain.to_dict(),
            "new_terms": [{"term": term, "count": count} for term, count in self.new_terms],
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TaggedReport(Value):
    """A report with its tags; ``parts`` holds each by itself where a file has several, else nothing."""

    report: Report
    model: ModelInfo
    paragraphs: tuple[TaggedParagraph, ...]
    coverage: dict[str, Coverage]
    warnings: tuple[str, ...] = field(default=())
    parts: tuple[TaggedReport, ...] = ()
    ledger: Ledger = field(default=Ledger())
    drift: Drift | None = None

    @property
    def source(self) -> str:
        """The file it came from."""
        return self.report.document.source

    @property
    def file_name(self) -> str:
        """The file's own name: where it lies is nobody's business whom a page or a workbook is sent to."""
        return base_name(self.source)

    @property
    def reports(self) -> tuple[TaggedReport, ...]:
        """The reports of the file one by one: its parts, or itself where it is the only one."""
        return self.parts or (self,)

    def to_dict(self) -> dict[str, Any]:
        """The object that ``dudao tag --to json`` prints."""
        report = self.report
        return {
            "schema": REPORT_SCHEMA,
            "source": report.document.source,
            "title": report.title,
            "issuer": report.issuer,
            "year": report.year,
            "model": self.model.to_dict(),
            "headings": [heading_dict(heading) for heading in report.headings],
            "paragraphs": [paragraph.to_dict() for paragraph in self.paragraphs],
            "coverage": {
                domain: {"clauses": each.clauses, "characters": each.characters, "share": round(each.share, 4)}
                for domain, each in self.coverage.items()
            },
            "ledger": self.ledger.to_dict(),
            "warnings": list(self.warnings),
            "drift": self.drift.to_dict() if self.drift else None,
        }


def base_name(source: str) -> str:
    """The last part of a path, whichever system wrote it."""
    return PurePath(source.replace("\\", "/")).name


def heading_dict(heading: Heading) -> dict[str, Any]:
    """A heading as interface JSON."""
    return {name: getattr(heading, name) for name in ("level", "marker", "text", "role", "start", "end")}


def paragraph_dict(paragraph: Paragraph) -> dict[str, Any]:
    """A paragraph as interface JSON, without tags and clauses."""
    return {
        "index": paragraph.index,
        "kind": paragraph.kind,
        "section": list(paragraph.section),
        "role": paragraph.role,
        "start": paragraph.start,
        "end": paragraph.end,
        "text": paragraph.text,
    }


def clause_dict(clause: Clause) -> dict[str, Any]:
    """A clause as interface JSON, without tags."""
    return {name: getattr(clause, name) for name in ("marker", "start", "end", "text", "role")}
