"""What two models say differently: clause by clause of the same reports, and in figures on the same labelled records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dudao.corpus import Record
from dudao.document import Document, DomainScore, ModelInfo, TaggedReport
from dudao.errors import DudaoError
from dudao.evaluation import judge, paired
from dudao.outline import outline
from dudao.tagger import Tagger
from dudao.taxonomy import Taxonomy

DIFF_SCHEMA = "dudao.diff/1"


@dataclass(frozen=True, slots=True)
class Change:
    """A clause to which two models give other domains.

    Attributes
    ----------
    before, after : tuple of DomainScore
        Domains by either model, best first.
    """

    source: str
    paragraph: int
    clause: int
    start: int
    end: int
    section: tuple[str, ...]
    role: str
    text: str
    before: tuple[DomainScore, ...]
    after: tuple[DomainScore, ...]
    uncertain_before: bool
    uncertain_after: bool

    @property
    def first_changed(self) -> bool:
        """Whether the first domain is another one, not only those beside it."""
        return self.before[0].id != self.after[0].id

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        entry = {
            name: getattr(self, name) for name in ("source", "paragraph", "clause", "start", "end", "role", "text")
        }
        return {
            **entry,
            "section": list(self.section),
            "first_changed": self.first_changed,
            "before": {"domains": [each.to_dict() for each in self.before], "uncertain": self.uncertain_before},
            "after": {"domains": [each.to_dict() for each in self.after], "uncertain": self.uncertain_after},
        }


@dataclass(frozen=True, slots=True)
class DomainChange:
    """How many clauses have a domain by either model, and how many gained and lost it."""

    id: str
    name: str
    before: int
    after: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class ReportChange:
    """How many clauses of a report have changed, and which domains came into it and went from it."""

    source: str
    clauses: int
    changed: int
    appeared: tuple[str, ...]
    disappeared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes between two models over some reports.

    Attributes
    ----------
    clauses : int
        Clauses that both models cut out; ``unmatched`` counts those that only one did, which takes two taxonomies.
    changes : tuple of Change
        Those with another set of domains or another first domain, in the order of the reports.
    moves : tuple of (str, str, int)
        From which first domain to which, with the number of clauses, most frequent first.
    metrics : dict, optional
        What `dudao.evaluation.paired` gives, where there were labelled records; ``notes`` says what to mind about it.
    without_text : tuple of str
        Documents in which no paragraph of text was found.
    """

    before: ModelInfo
    after: ModelInfo
    reports: tuple[ReportChange, ...]
    clauses: int
    unmatched: int
    changes: tuple[Change, ...]
    domains: tuple[DomainChange, ...]
    moves: tuple[tuple[str, str, int], ...]
    names: dict[str, str]
    metrics: dict[str, Any] | None = None
    notes: tuple[str, ...] = field(default=())
    without_text: tuple[str, ...] = field(default=())

    @property
    def share(self) -> float:
        """Share of the clauses that changed; those that only one model cut out count as changed."""
        return (len(self.changes) + self.unmatched) / max(1, self.clauses + self.unmatched)

    @property
    def first_share(self) -> float:
        """Share of the clauses whose first domain changed."""
        return sum(each.first_changed for each in self.changes) / max(1, self.clauses)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "schema": DIFF_SCHEMA,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "clauses": self.clauses,
            "unmatched": self.unmatched,
            "changed": len(self.changes),
            "changed_share": round(self.share, 4),
            "first_changed_share": round(self.first_share, 4),
            "domains": [
                {name: getattr(each, name) for name in ("id", "name", "before", "after", "gained", "lost")}
                for each in self.domains
            ],
            "moves": [{"before": before, "after": after, "clauses": count} for before, after, count in self.moves],
            "reports": [
                {
                    "source": each.source,
                    "clauses": each.clauses,
                    "changed": each.changed,
                    "appeared": list(each.appeared),
                    "disappeared": list(each.disappeared),
                }
                for each in self.reports
            ],
            "changes": [each.to_dict() for each in self.changes],
            "metrics": self.metrics,
            "notes": list(self.notes),
        }


def diff_models(
    before: Tagger,
    after: Tagger,
    documents: Iterable[Document],
    *,
    metrics: dict[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> Difference:
    """Tag the same documents by two models and collect what differs.

    Parameters
    ----------
    before, after : Tagger
        The loaded models; their taxonomies may differ.
    documents : iterable of Document
        What was read; each is outlined once, or once a taxonomy.
    """
    found = _Collected()
    without_text: list[str] = []
    for document in documents:
        first = outline(document, before.taxonomy)
        same = before.taxonomy.digest == after.taxonomy.digest
        second = first if same else outline(document, after.taxonomy)
        if any(paragraph.clauses for paragraph in first.paragraphs):
            found.add(before.tag_outline(first), after.tag_outline(second))
        else:
            without_text.append(document.source)
    return Difference(
        before.model,
        after.model,
        tuple(found.reports),
        found.clauses,
        found.unmatched,
        tuple(found.changes),
        tuple(found.domains(before.taxonomy, after.taxonomy)),
        tuple((*move, count) for move, count in sorted(found.moves.items(), key=lambda item: (-item[1], item[0]))),
        _names(before.taxonomy, after.taxonomy),
        metrics,
        tuple(notes),
        tuple(without_text),
    )


def paired_metrics(before: Tagger, after: Tagger, records: Sequence[Record], *, seed: int = 0) -> dict[str, Any]:
    """Figures of both models on the same labelled records, as `dudao.evaluation.paired` gives them.

    Raises
    ------
    DudaoError
        The models have different labels, so that no figure of one can be set beside the other's.
    """
    if before.classifier.labels != after.classifier.labels:
        raise DudaoError("the two models have different labels: their figures cannot be compared")
    judged_before, judged_after = (judge(each.classifier, records) for each in (before, after))
    return paired(judged_before, judged_after, seed=seed)


class _Collected:
    """Counts over reports."""

    def __init__(self) -> None:
        self.reports: list[ReportChange] = []
        self.changes: list[Change] = []
        self.moves: Counter[tuple[str, str]] = Counter()
        self.before: Counter[str] = Counter()
        self.after: Counter[str] = Counter()
        self.gained: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.clauses = self.unmatched = 0

    def add(self, before: TaggedReport, after: TaggedReport) -> None:
        """Set two tagged reports side by side, clause by clause."""
        other = {(each.clause.start, each.clause.end): each for part in after.paragraphs for each in part.clauses}
        of_other = len(other)
        changed, matched = len(self.changes), 0
        for part in before.paragraphs:
            for number, each in enumerate(part.clauses):
                match = other.get((each.clause.start, each.clause.end))
                if match is None:
                    self.unmatched += 1
                    continue
                matched += 1
                was, is_now = {domain.id for domain in each.domains}, {domain.id for domain in match.domains}
                self.before.update(was)
                self.after.update(is_now)
                if was == is_now and each.domains[0].id == match.domains[0].id:
                    continue
                self.gained.update(is_now - was)
                self.lost.update(was - is_now)
                change = Change(
                    before.source,
                    part.paragraph.index,
                    number,
                    each.clause.start,
                    each.clause.end,
                    part.paragraph.section,
                    each.clause.role,
                    each.clause.text,
                    each.domains,
                    match.domains,
                    each.uncertain,
                    match.uncertain,
                )
                self.changes.append(change)
                if change.first_changed:
                    self.moves[change.before[0].id, change.after[0].id] += 1
        self.clauses += matched
        self.unmatched += of_other - matched
        had, has = ({domain for domain, each in report.coverage.items() if each.clauses} for report in (before, after))
        self.reports.append(
            ReportChange(
                before.source,
                matched,
                len(self.changes) - changed,
                tuple(domain for domain in after.coverage if domain in has - had),
                tuple(domain for domain in before.coverage if domain in had - has),
            )
        )

    def domains(self, before: Taxonomy, after: Taxonomy) -> Iterator[DomainChange]:
        """The counts of every domain of either taxonomy."""
        for domain, name in _names(before, after).items():
            counts = (each[domain] for each in (self.before, self.after, self.gained, self.lost))
            yield DomainChange(domain, name, *counts)


def _names(before: Taxonomy, after: Taxonomy) -> dict[str, str]:
    return {each.id: each.name for taxonomy in (before, after) for each in taxonomy.domains}
