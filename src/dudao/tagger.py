"""The facade: read, outline, classify, decide, assemble."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dudao.classifier import Classifier, Scores
from dudao.decision import choose, combine
from dudao.document import (
    TAGGED_KINDS,
    Coverage,
    DomainScore,
    Evidence,
    ModelInfo,
    Paragraph,
    Report,
    Tag,
    TaggedClause,
    TaggedParagraph,
    TaggedReport,
)
from dudao.errors import DudaoError, ReadError
from dudao.outline import outline, outline_text
from dudao.readers import Source, read_document, read_documents
from dudao.store import load_classifier
from dudao.taxonomy import Taxonomy

_log = logging.getLogger(__name__)

_CLAUSES_AT_ONCE = 4096  # scored together; the context step holds about 3 KB a clause
_AHEAD = 4  # reports a worker may be ahead of the reader, so that a slow consumer does not fill the memory


class Tagger:
    """Tags reports and texts by one loaded model.

    Read-only once loaded: share it between threads, pickle it to other processes. Make one with `Tagger.load`.
    """

    def __init__(self, classifier: Classifier, model: ModelInfo) -> None:
        self._classifier = classifier
        self.model = model

    @classmethod
    def load(cls, ref: str | Path = "current") -> Tagger:
        """Load a model version.

        Parameters
        ----------
        ref : str or path
            A version ("1.0.0"), "current", or the path of a model folder.

        Raises
        ------
        ModelError
            There is none of that name, or its files are damaged.
        """
        version, classifier, digest = load_classifier(ref)
        _log.info("model %s loaded from %s", version.version, version.path)
        return cls(classifier, ModelInfo(version.version, classifier.taxonomy.version, digest))

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
            raise ReadError(
                "no paragraph of text found",
                where=report.document.source,
                hint="is it a report? `dudao inspect` shows what was found",
            )
        _log.info(
            "%s: %d headings, %d paragraphs", report.document.source, len(report.headings), len(report.paragraphs)
        )
        return self.tag_outline(report, explain=explain)

    def outline(self, source: Source, *, name: str | None = None) -> Report:
        """Read a report and find its outline; nothing is classified."""
        return outline(read_document(source, name=name), self.taxonomy)

    def tag_outline(self, report: Report, *, explain: bool = False) -> TaggedReport:
        """Tag a report whose outline is known."""
        tagged = [paragraph for paragraph in report.paragraphs if paragraph.kind in TAGGED_KINDS]
        scores = self._scores(tagged)
        parts: dict[int, TaggedParagraph] = {}
        row = 0
        for paragraph in tagged:
            block = scores[row : row + len(paragraph.clauses)]
            parts[paragraph.index] = self._paragraph(paragraph, block, explain)
            row += len(paragraph.clauses)
        paragraphs = tuple(parts.get(each.index) or TaggedParagraph(each, (), None, ()) for each in report.paragraphs)
        tagged_parts: list[TaggedReport] = []
        first = 0
        for part in report.parts:  # the same tags, counted and numbered for each report of the file
            own = tuple(
                replace(each, paragraph=paragraph)
                for each, paragraph in zip(paragraphs[first:], part.paragraphs, strict=False)
            )
            first += len(own)
            tagged_parts.append(TaggedReport(part, self.model, own, self._coverage(own), part.warnings))
        return TaggedReport(
            report, self.model, paragraphs, self._coverage(paragraphs), report.warnings, tuple(tagged_parts)
        )

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
        paths = [tuple(path) for path in headings] if headings is not None else [()] * len(texts)
        paragraphs = [outline_text(text, self.taxonomy, headings=path) for text, path in zip(texts, paths, strict=True)]
        scores = self._scores(paragraphs)
        chosen, uncertain = choose(scores, self._classifier.settings, self.taxonomy)
        labels = self._classifier.labels
        tags: list[Tag] = []
        row = 0
        for paragraph in paragraphs:
            rows = slice(row, row + max(1, len(paragraph.clauses)))
            row = rows.stop
            pieces = [clause.text for clause in paragraph.clauses] or [paragraph.text]
            given = [tuple(labels[column] for column in columns) for columns in chosen[rows]]
            mean = _weighted_mean(scores[rows], pieces)
            by_id = dict(zip(labels, mean.tolist(), strict=True))
            domains, primary = combine(pieces, given, self.taxonomy.exclusive_ids)
            unsure = sum(len(piece) for piece, flag in zip(pieces, uncertain[rows], strict=True) if flag)
            tags.append(
                Tag(
                    domains=tuple(sorted(domains, key=lambda domain: -by_id[domain])),
                    scores=by_id,
                    role=paragraph.role,
                    uncertain=2 * unsure >= sum(map(len, pieces)) and (unsure > 0 or not any(pieces)),
                    primary=primary or "",
                )
            )
        return tags

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
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(min(jobs, os.cpu_count() or 1), initializer=_keep, initargs=(self,)) as pool:
            waiting: deque[Any] = deque()
            for path in paths:
                waiting.append(pool.submit(_tag_kept, path, explain))
                if len(waiting) >= jobs * _AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

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
            if isinstance(document, ReadError):
                yield document
                continue
            try:
                yield self._tag_report(outline(document, self.taxonomy), explain)
            except DudaoError as error:
                yield error

    def _scores(self, paragraphs: Sequence[Paragraph]) -> Scores:
        """Scores of all clauses of the paragraphs, in order; a paragraph without a clause counts as one."""
        blocks = [np.zeros((0, len(self._classifier.labels)))]
        low = held = 0
        for high, paragraph in enumerate(paragraphs, 1):
            held += max(1, len(paragraph.clauses))
            if held >= _CLAUSES_AT_ONCE or high == len(paragraphs):
                blocks.append(self._block_scores(paragraphs[low:high]))
                low, held = high, 0
        return np.concatenate(blocks)

    def _block_scores(self, paragraphs: Sequence[Paragraph]) -> Scores:
        texts = [unit.text for paragraph in paragraphs for unit in paragraph.clauses or (paragraph,)]
        counts = [max(1, len(paragraph.clauses)) for paragraph in paragraphs]
        index = np.repeat(np.arange(len(paragraphs)), counts)
        logits = self._classifier.logits(texts)
        return self._classifier.in_context(logits, index, [paragraph.section for paragraph in paragraphs])

    def _paragraph(self, paragraph: Paragraph, scores: Scores, explain: bool) -> TaggedParagraph:
        chosen, uncertain = choose(scores, self._classifier.settings, self.taxonomy)
        labels = self._classifier.labels
        clauses = []
        for clause, columns, unsure, row in zip(paragraph.clauses, chosen, uncertain, scores, strict=True):
            domains = tuple(self._domain(labels[column], float(row[column])) for column in columns)
            if explain:
                domains = tuple(
                    each._replace(evidence=self._evidence(clause.text, each.id, clause.start)) for each in domains
                )
            clauses.append(TaggedClause(clause, domains, unsure))
        pieces = [clause.text for clause in paragraph.clauses]
        given, primary = combine(
            pieces, [[labels[column] for column in columns] for columns in chosen], self.taxonomy.exclusive_ids
        )
        mean = dict(zip(labels, _weighted_mean(scores, pieces).tolist(), strict=True)) if pieces else {}
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


def _weighted_mean(scores: Scores, pieces: Sequence[str]) -> Scores:
    """Mean over clauses, weighted by their lengths."""
    weights = np.asarray([max(1, len(piece)) for piece in pieces], dtype=np.float64)
    mean: Scores = weights @ scores / weights.sum()
    return mean


_kept: Tagger | None = None


def _keep(tagger: Tagger) -> None:
    """In a worker process: hold the tagger, so that it is sent once and not with every file."""
    global _kept
    _kept = tagger


def _tag_kept(path: str | Path, explain: bool) -> list[TaggedReport | DudaoError]:
    assert _kept is not None
    return list(_kept.tag_all(path, explain=explain))
