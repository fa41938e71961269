"""The facade: read, outline, classify, decide, assemble."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from dudao.classifier import Classifier, Scores
from dudao.decision import by_score, choose, combine, decide, named
from dudao.document import (
    TAGGED_KINDS,
    Coverage,
    DomainScore,
    Evidence,
    Ledger,
    ModelInfo,
    Paragraph,
    Report,
    Tag,
    TaggedClause,
    TaggedParagraph,
    TaggedReport,
)
from dudao.drift import Tally, judge_drift, tally, warnings_of
from dudao.errors import DudaoError, ReadError
from dudao.ledger import joined, pair
from dudao.logs import tell
from dudao.modelfiles import Reference, clause_key
from dudao.outline import outline
from dudao.readers import Source, read_document, read_documents, unexpected
from dudao.store import load_classifier
from dudao.taxonomy import Taxonomy, load_taxonomy
from dudao.tokens import Index, lengths_of


class Tagger:
    """Tags reports and texts by one loaded model.

    Read-only once loaded: share it between threads, pickle it to other processes. Make one with `Tagger.load`.
    """

    def __init__(self, classifier: Classifier, model: ModelInfo, reference: Reference | None = None) -> None:
        self._classifier = classifier
        self.model = model
        self.reference = reference

    @classmethod
    def load(cls, ref: str | Path = "current", *, taxonomy: Taxonomy | str | Path | None = None) -> Tagger:
        """Load a model version.

        Parameters
        ----------
        ref : str or path
            A version ("1.0.0"), "current", or the path of a model folder.
        taxonomy : Taxonomy or path, optional
            Other names and role cues for the domains that the model was trained on.

        Raises
        ------
        ModelError
            There is none of that name, or its files are damaged.
        TaxonomyError
            The taxonomy is malformed, or has other domains than the model.
        """
        version, classifier, digest = load_classifier(ref)
        if taxonomy is not None:
            given = taxonomy if isinstance(taxonomy, Taxonomy) else load_taxonomy(Path(taxonomy))
            classifier = classifier.with_taxonomy(given)
        tell(__name__, "INFO", "model loaded", version=version.version, path=str(version.path), sha256=digest)
        return cls(
            classifier, ModelInfo(version.version, classifier.taxonomy.version, digest), classifier.settings.drift
        )

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels that the model was trained on."""
        return self._classifier.taxonomy

    @property
    def classifier(self) -> Classifier:
        """The scoring path, for evaluation."""
        return self._classifier

    def tag_report(self, source: Source, *, name: str | None = None, explain: bool = False) -> TaggedReport:
        """Read and tag one report.

        Parameters
        ----------
        source : path, bytes or binary file object
            The report; a ``str`` is a path.
        name : str, optional
            What to call it in the result.
        explain : bool
            Give each domain the terms that carried it.

        Raises
        ------
        ReadError
            The report cannot be read, or holds no text.
        """
        return self._tag_report(self.outline(source, name=name), explain)

    def _tag_report(self, report: Report, explain: bool) -> TaggedReport:
        if not any(paragraph.clauses for paragraph in report.paragraphs):
            raise no_text_in(report.document.source)
        tagged = self.tag_outline(report, explain=explain)
        tell(
            __name__,
            "INFO",
            "report tagged",
            source=tagged.source,
            format=report.document.format,
            headings=len(report.headings),
            paragraphs=len(report.paragraphs),
            clauses=sum(len(paragraph.clauses) for paragraph in report.paragraphs),
            warnings=len(tagged.warnings),
        )
        return tagged

    def outline(self, source: Source, *, name: str | None = None) -> Report:
        """Read a report and find its outline; nothing is classified."""
        return outline(read_document(source, name=name), self.taxonomy)

    def tag_outline(self, report: Report, *, explain: bool = False) -> TaggedReport:
        """Tag a report whose outline is known."""
        tagged = [paragraph for paragraph in report.paragraphs if paragraph.kind in TAGGED_KINDS]
        scores = self._scores(
            [clause.text for paragraph in tagged for clause in paragraph.clauses],
            [len(paragraph.clauses) for paragraph in tagged],
            [paragraph.section for paragraph in tagged],
        )
        chosen, uncertain = choose(scores, self._classifier.settings, self.taxonomy)
        if self._classifier.settings.mended:
            tagged = self._as_mended(tagged, scores, chosen, uncertain)
        parts: dict[int, TaggedParagraph] = {}
        row = 0
        for paragraph in tagged:
            rows = slice(row, row + len(paragraph.clauses))
            parts[paragraph.index] = self._paragraph(paragraph, scores[rows], chosen[rows], uncertain[rows], explain)
            row = rows.stop
        paragraphs = tuple(parts.get(each.index) or TaggedParagraph(each, (), None, ()) for each in report.paragraphs)
        tagged_parts: list[TaggedReport] = []
        counted = Tally() if report.parts else self._tally(paragraphs)
        ledgers: list[tuple[int, Ledger]] = []
        first = 0
        for part in report.parts:  # the same tags, counted and numbered for each report of the file
            own = tuple(
                replace(each, paragraph=paragraph)
                for each, paragraph in zip(paragraphs[first:], part.paragraphs, strict=False)
            )
            ledgers.append((first, pair(own, self.taxonomy)))
            first += len(own)
            of_part = self._tally(own)
            counted.add(of_part)
            tagged_parts.append(self._whole(part, own, of_part, ledgers[-1][1]))
        ledger = joined(ledgers) if ledgers else pair(paragraphs, self.taxonomy)
        return self._whole(report, paragraphs, counted, ledger, tuple(tagged_parts))

    def _whole(
        self,
        report: Report,
        paragraphs: tuple[TaggedParagraph, ...],
        counted: Tally,
        ledger: Ledger,
        parts: tuple[TaggedReport, ...] = (),
    ) -> TaggedReport:
        drift = judge_drift(counted, self.reference)
        warnings = (*report.warnings, *warnings_of(drift))
        return TaggedReport(report, self.model, paragraphs, self._coverage(paragraphs), warnings, parts, ledger, drift)

    def _tally(self, paragraphs: Sequence[TaggedParagraph]) -> Tally:
        clauses = [each for paragraph in paragraphs for each in paragraph.clauses]
        return tally([each.clause.text for each in clauses], [each.uncertain for each in clauses], self._classifier)

    def _as_mended(
        self, paragraphs: Sequence[Paragraph], scores: Scores, chosen: list[tuple[int, ...]], uncertain: list[bool]
    ) -> list[Paragraph]:
        """Put what people decided in the place of what was scored, in the lists given, and give the paragraphs with their roles."""
        labels, mended = self._classifier.labels, self._classifier.settings.mended
        row, found = -1, []
        for paragraph in paragraphs:
            clauses = list(paragraph.clauses)
            for number, clause in enumerate(clauses):
                row += 1
                decided = mended.get(clause_key(paragraph.section, clause.text))
                if decided is None:
                    continue
                columns = [labels.index(domain) for domain in decided.domains]
                chosen[row], uncertain[row] = tuple(columns), False
                clauses[number] = replace(clause, role=decided.role or clause.role)
            found.append(replace(paragraph, clauses=tuple(clauses)))
        return found

    def tag(self, texts: Sequence[str], headings: Sequence[Sequence[str]] | None = None) -> list[Tag]:
        """Tag texts, each taken as one paragraph.

        Parameters
        ----------
        texts : sequence of str
            Paragraphs or clauses, each by itself.
        headings : sequence of sequence of str, optional
            The heading path of each text, outermost first, where the caller knows it.

        Returns
        -------
        list of Tag
            In the order of the texts.
        """
        if isinstance(texts, str):
            raise TypeError("texts is a single str: give a list of texts")
        if headings is not None and len(headings) != len(texts):
            raise ValueError(f"{len(texts)} texts but {len(headings)} heading paths")
        if headings is not None and any(isinstance(path, str) for path in headings):
            raise TypeError("a heading path is a list of headings, not a str")
        # What stands in a table more than once is tagged once.
        keys: Sequence[Any] = texts if headings is None else list(zip(texts, map(tuple, headings), strict=True))
        distinct = list(dict.fromkeys(keys))
        if headings is None:
            tags = self._tag_distinct(distinct, [()] * len(distinct))
        else:
            tags = self._tag_distinct([text for text, _ in distinct], [path for _, path in distinct])
        if len(distinct) == len(keys):
            return tags
        tag_of = dict(zip(distinct, tags, strict=True))
        return [tag_of[key] for key in keys]

    def _tag_distinct(self, texts: Sequence[str], paths: Sequence[tuple[str, ...]]) -> list[Tag]:
        """Tags of texts under their heading paths."""
        from dudao.passages import split_passages  # not needed for reports

        pieces, counts, roles = split_passages(texts, paths, self.taxonomy)
        scores = self._scores(pieces, counts, paths)
        columns, uncertain = decide(scores, self._classifier.settings, self.taxonomy)
        labels = self._classifier.labels
        lengths = lengths_of(pieces)
        many = np.asarray(counts, dtype=np.int64)
        first = np.cumsum(many) - many
        means = _weighted_means(scores, lengths, first)
        total, doubtful = np.add.reduceat([lengths, lengths * uncertain], first, axis=1)
        unsure = (2 * doubtful >= total) & ((doubtful > 0) | (total == 0))
        # A text of one clause has that clause's domains, and most texts are such.
        primary = [labels[column] for column in columns[first, 0].tolist()]
        domains = named(by_score(columns[first], scores[first]), labels)
        several = np.flatnonzero(many > 1)
        given = named(columns, labels) if len(several) else []
        exclusive = self.taxonomy.exclusive_ids
        for number, start, mean in zip(several.tolist(), first[several].tolist(), means[several].tolist(), strict=True):
            rows = slice(start, start + counts[number])
            kept, main = combine(pieces[rows], given[rows], exclusive)
            score_of = dict(zip(labels, mean, strict=True))
            domains[number] = tuple(sorted(kept, key=score_of.__getitem__, reverse=True))
            primary[number] = main or ""
        mean_rows = means.view(f"V{means.itemsize * len(labels)}").ravel().tolist()
        return list(map(Tag, domains, roles, unsure.tolist(), primary, repeat(labels), mean_rows))

    def tag_many(
        self, paths: Iterable[str | Path], *, jobs: int = 1, explain: bool = False
    ) -> Iterator[TaggedReport | DudaoError]:
        """Tag many files, errors as values.

        Parameters
        ----------
        paths : iterable of path
            Files; an archive or a folder gives one result for each report in it.
        jobs : int
            Processes to use; 1 stays in this one.

        Yields
        ------
        TaggedReport or ReadError
            In the order of the paths, as they come.
        """
        if jobs <= 1:
            for path in paths:
                yield from self.tag_all(path, explain=explain)
            return
        from dudao.workers import in_order

        for results in in_order(_tag_path, ((path, explain) for path in paths), held=self, jobs=jobs, died=_died):
            yield from results

    def tag_all(
        self, source: Source, *, name: str | None = None, explain: bool = False
    ) -> Iterator[TaggedReport | DudaoError]:
        """Tag every report of a file, an archive or a folder, errors as values.

        Parameters
        ----------
        source, name, explain
            As in `tag_report`.

        Yields
        ------
        TaggedReport or ReadError
            In the order in which `read_documents` reads them.
        """
        for document in read_documents(source, name=name):
            result: TaggedReport | DudaoError
            if isinstance(document, DudaoError):
                result = document
            else:
                try:
                    result = self._tag_report(outline(document, self.taxonomy), explain)
                except DudaoError as error:
                    result = error
                except Exception as error:  # one report's failure is no other's
                    result = unexpected(error, document.source)
            if isinstance(result, DudaoError):
                tell(__name__, "INFO", "report failed", source=result.where, error=result.what)
            yield result

    def _scores(self, pieces: Sequence[str], counts: Sequence[int], headings: Sequence[tuple[str, ...]]) -> Scores:
        """Scores of all clauses of some paragraphs, in order.

        Parameters
        ----------
        pieces : sequence of str
            The clauses of all paragraphs.
        counts : sequence of int
            How many of them each paragraph has, one or more.
        headings : sequence of tuple of str
            The heading path of each paragraph.
        """
        paragraph = np.repeat(np.arange(len(counts)), np.asarray(counts, dtype=np.int64))
        return self._classifier.in_context(self._classifier.logits(pieces), paragraph, headings)

    def _paragraph(
        self,
        paragraph: Paragraph,
        scores: Scores,
        chosen: Sequence[tuple[int, ...]],
        uncertain: Sequence[bool],
        explain: bool,
    ) -> TaggedParagraph:
        labels = self._classifier.labels
        clauses = []
        for clause, columns, unsure, row in zip(paragraph.clauses, chosen, uncertain, scores, strict=True):
            # The main domain stands first, also where another one is told more plainly; none is shown as likelier than it.
            shown = np.minimum.accumulate(row[list(columns)]).tolist()
            domains = tuple(self._domain(labels[column], score) for column, score in zip(columns, shown, strict=True))
            if explain:
                domains = tuple(
                    each._replace(evidence=self._evidence(clause.text, each.id, clause.start)) for each in domains
                )
            clauses.append(TaggedClause(clause, domains, unsure))
        pieces = [clause.text for clause in paragraph.clauses]
        if not pieces:
            return TaggedParagraph(paragraph, (), None, ())
        given, primary = combine(
            pieces, [[labels[column] for column in columns] for columns in chosen], self.taxonomy.exclusive_ids
        )
        means = _weighted_means(scores, lengths_of(pieces), np.zeros(1, dtype=np.int64))
        mean = dict(zip(labels, means[0].tolist(), strict=True))
        domains = tuple(sorted((self._domain(domain, mean[domain]) for domain in given), key=lambda each: -each.score))
        return TaggedParagraph(paragraph, domains, primary, tuple(clauses))

    def _domain(self, domain: str, score: float) -> DomainScore:
        return DomainScore(domain, self.taxonomy.domain(domain).name, score)

    def _evidence(self, text: str, domain: str, offset: int) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(term, weight, tuple((start + offset, end + offset) for start, end in found))
            for term, weight, found in self._classifier.evidence(text, domain)
        )

    def _coverage(self, paragraphs: Sequence[TaggedParagraph]) -> dict[str, Coverage]:
        clauses = dict.fromkeys(self.taxonomy.domain_ids, 0)
        characters = dict.fromkeys(self.taxonomy.domain_ids, 0)
        total = 0
        for paragraph in paragraphs:
            for each in paragraph.clauses:
                length = each.clause.end - each.clause.start
                total += length
                for domain in each.domains:
                    clauses[domain.id] += 1
                    characters[domain.id] += length
        return {
            domain: Coverage(clauses[domain], characters[domain], characters[domain] / max(total, 1))
            for domain in clauses
        }


def no_text_in(source: str) -> ReadError:
    """What to say of a document in which there is nothing to tag."""
    return ReadError(
        "no paragraph of text found", where=source, hint="is it a report? `dudao inspect` shows what was found"
    )


def _weighted_means(scores: Scores, lengths: Index, first: Index) -> Scores:
    """Mean over the clauses of each paragraph, weighted by their lengths, shape (n_paragraphs, n_domains); ``first`` are their first ones."""
    if len(first) == len(scores):
        return scores
    weights = np.maximum(lengths, 1.0)
    means: Scores = np.add.reduceat(scores * weights[:, None], first, axis=0)
    means /= np.add.reduceat(weights, first)[:, None]
    return means


def _tag_path(tagger: Tagger, task: tuple[str | Path, bool]) -> list[TaggedReport | DudaoError]:
    path, explain = task
    return list(tagger.tag_all(path, explain=explain))


def _died(task: tuple[str | Path, bool]) -> list[TaggedReport | DudaoError]:
    hint = "try it alone, with --jobs 1; it may need more memory than there is"
    return [ReadError("a worker process died while tagging it", where=str(task[0]), hint=hint)]
