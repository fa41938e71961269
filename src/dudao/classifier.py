"""Terms to calibrated scores and evidence, with NumPy alone: what inference loads.

A linear model over two L2-normalised TF-IDF blocks (words with their pairs, character n-grams), then a context step that lets a
clause's paragraph and headings speak where the clause itself says little. The numbers equal the scikit-learn pipeline's that
training fitted; a test holds both together.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dudao import modelfiles
from dudao.errors import TaxonomyError
from dudao.features import Scores, Vocabulary
from dudao.modelfiles import CONTEXT_FEATURES, FILES, FORMAT, Settings
from dudao.taxonomy import Taxonomy
from dudao.tokens import Index, Segmenter, Spans, batches, spans

_CHUNK = (
    160_000  # characters whose features are held at once: 40 MB; a fifth of it takes half as long again, more no less
)
_CONTEXT_ROWS = 512  # clauses whose context is held at once, 1 KB each
_MOST_EVIDENCE = 6


class Classifier:
    """A loaded model version's scoring path. Read-only; may be shared between threads and pickled."""

    def __init__(
        self, settings: Settings, taxonomy: Taxonomy, dictionary: Sequence[tuple[str, int]], arrays: Mapping[str, Any]
    ) -> None:
        self.settings = settings
        self.taxonomy = taxonomy
        self.labels = settings.labels
        self.thresholds = np.asarray(settings.thresholds)
        self.segmenter = Segmenter(dictionary)
        self._vocabulary = Vocabulary(arrays, binary=settings.binary)
        self._intercepts = arrays["intercepts"].astype(np.float64)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], *, where: str, known: bool = False) -> Classifier:
        """Build a classifier from the bytes of `FILES`, after checking every shape, type and number in them.

        Parameters
        ----------
        files, where, known
            As `dudao.modelfiles.parse` takes them.

        Raises
        ------
        ModelError
            A format from the future, or arrays that do not fit each other.
        """
        parts = modelfiles.parse(files, where=where, known=known)
        return cls(parts.settings, parts.taxonomy, parts.dictionary, parts.arrays)

    def with_taxonomy(self, taxonomy: Taxonomy) -> Classifier:
        """The same model with other names and role cues; it shares its arrays with this one.

        Raises
        ------
        TaxonomyError
            The domains are not the ones that were learnt.
        """
        if taxonomy.domain_ids != self.labels:
            other = set(taxonomy.domain_ids) ^ set(self.labels)
            raise TaxonomyError(
                f"the model was trained on other domains: {', '.join(sorted(other))}"
                if other
                else "the model was trained on these domains in another order",
                hint="train a model with it: dudao train --taxonomy FILE",
            )
        copied = copy.copy(self)
        copied.taxonomy = taxonomy
        return copied

    def prepare(self) -> None:
        """Load now what the first large batch would load: in processes forked from this one it is there, and shared."""
        self.segmenter.cut("")
        self._vocabulary.prepare()

    def knows(self, found: Spans) -> npt.NDArray[np.bool_]:
        """Which words of a batch are in the model's vocabulary, shape (n_words,)."""
        return self._vocabulary.knows(found)

    def knows_pairs(self, found: Spans) -> npt.NDArray[np.bool_]:
        """Which words of a batch make a known pair with the word before them, shape (n_words,)."""
        return self._vocabulary.knows_pairs(found)

    def logits(self, texts: Sequence[str]) -> Scores:
        """Calibrated log-odds of every domain for each text by itself, shape (n_texts, n_domains)."""
        distinct = list(dict.fromkeys(texts))  # reports share sentences, and tables hold some rows twice
        result = np.empty((len(distinct), len(self.labels)))
        of_words, of_ngrams = self.settings.block_weights
        for chunk in batches(distinct, _CHUNK):
            words, ngrams = self._vocabulary.sums(spans(distinct[chunk], self.segmenter), chunk.stop - chunk.start)
            result[chunk] = self._intercepts + of_words * words + of_ngrams * ngrams
        if len(distinct) == len(texts):
            return result
        number = dict(zip(distinct, range(len(distinct)), strict=True))
        return result.take([number[text] for text in texts], axis=0)

    def in_context(self, logits: Scores, paragraph: Index, headings: Sequence[tuple[str, ...]]) -> Scores:
        """Scores of clauses in their paragraphs and under their headings.

        Parameters
        ----------
        logits : array, shape (n_clauses, n_domains)
            What `logits` gave for the clauses, in the order of the text.
        paragraph : array of int, shape (n_clauses,)
            Which paragraph each clause is in, ascending.
        headings : sequence of tuple of str
            The heading path of each paragraph, indexed by ``paragraph``.

        Returns
        -------
        array, shape (n_clauses, n_domains)
            Calibrated probabilities.
        """
        result = sigmoid(logits)
        counts = np.bincount(paragraph, minlength=len(headings))
        headed = np.fromiter(map(bool, headings), dtype=np.bool_, count=len(headings))
        # A clause that is a paragraph by itself and has no heading has no context, and most of a list of texts are such.
        some = np.flatnonzero(((counts > 1) | headed)[paragraph])
        single = list(dict.fromkeys(heading for path in dict.fromkeys(headings) for heading in path))
        of_heading = dict(zip(single, sigmoid(self.logits(single)), strict=True))
        own, intercept, *weights = self.settings.context
        for rows in _whole_paragraphs(some, paragraph):
            first, last = paragraph[rows[0]], paragraph[rows[-1]] + 1
            features, applies = context_features(
                logits[rows], paragraph[rows] - first, headings[first:last], of_heading
            )
            adjusted = own * logits[rows] + intercept + features @ np.asarray(weights)
            result[rows] = sigmoid(np.where(applies[:, None], adjusted, logits[rows]))
        return result

    def tfidf(self, texts: Sequence[str]) -> Any:
        """What the model knows of each text by itself, a SciPy CSR array of shape (n_texts, n_terms).

        Two L2-normalised blocks of TF-IDF, the words' and the character n-grams', each with its weight: what the linear models
        are given, and what the pipeline's own vectorisers make.
        """
        from scipy.sparse import csr_array, vstack

        parts = [csr_array((0, len(self.terms())))]
        for chunk in batches(texts, _CHUNK):
            n_texts = chunk.stop - chunk.start
            row, feature, value = self._vocabulary.tfidf(spans(texts[chunk], self.segmenter), n_texts)
            value *= np.asarray(self.settings.block_weights)[(feature >= self._vocabulary.border).astype(np.int64)]
            parts.append(csr_array((value, (row, feature)), shape=(n_texts, parts[0].shape[1])))
        return vstack(parts, format="csr")

    def terms(self) -> list[str]:
        """The terms that the model knows, in the order of `tfidf`'s columns: words, pairs as ``left_right``, n-grams."""
        return self._vocabulary.terms()

    def evidence(self, text: str, domain: str) -> list[tuple[str, float, list[tuple[int, int]]]]:
        """The terms that spoke for a domain in a text: term, weight in the log-odds, spans in the text, heaviest first."""
        column = self.labels.index(domain)
        found = spans([text], self.segmenter)
        occurrences = self._vocabulary.occurrences(found)
        weight_of = {
            feature: added * self.settings.block_weights[feature >= self._vocabulary.border]
            for feature, added in self._vocabulary.contributions(occurrences, column).items()
        }
        spans_of: dict[int, list[tuple[int, int]]] = {}
        for at, start, length in zip(
            occurrences.feature.tolist(), occurrences.start.tolist(), occurrences.length.tolist(), strict=True
        ):
            spans_of.setdefault(at, []).append((int(found.origin[start]), int(found.origin[start + length - 1]) + 1))
        terms: dict[str, tuple[float, list[tuple[int, int]]]] = {}
        for at, weight in weight_of.items():
            term = text[slice(*spans_of[at][0])]
            known = terms.get(term, (0.0, []))
            terms[term] = (known[0] + weight, sorted({*known[1], *spans_of[at]}))
        ranked = sorted(terms.items(), key=lambda item: (-item[1][0], item[0]))
        return [(term, weight, where) for term, (weight, where) in ranked[:_MOST_EVIDENCE] if weight > 0]


def _whole_paragraphs(rows: Index, paragraph: Index) -> Iterator[Index]:
    """Cut rows into blocks that end with a paragraph and are, where paragraphs are short, small enough for the cache."""
    low = 0
    while low < len(rows):
        high = min(low + _CONTEXT_ROWS, len(rows))
        while high < len(rows) and paragraph[rows[high]] == paragraph[rows[high - 1]]:
            high += 1
        yield rows[low:high]
        low = high


def sigmoid(x: Scores) -> Scores:
    """Log-odds to probabilities, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def context_features(
    logits: Scores, paragraph: Index, headings: Sequence[tuple[str, ...]], of_heading: Mapping[str, Scores]
) -> tuple[Scores, npt.NDArray[np.bool_]]:
    """What surrounds each clause, for each domain.

    Returns
    -------
    features : array, shape (n_clauses, n_domains, len(CONTEXT_FEATURES))
    applies : array of bool, shape (n_clauses,)
        Whether a clause has any context at all.
    """
    n, n_domains = logits.shape
    own = sigmoid(logits)
    features = np.zeros((n, n_domains, len(CONTEXT_FEATURES)))
    if not n:
        return features, np.zeros(0, dtype=np.bool_)
    count = np.bincount(paragraph, minlength=int(paragraph.max()) + 1)
    total = np.zeros((len(count), n_domains))
    np.add.at(total, paragraph, own)
    others = count[paragraph] - 1
    features[:, :, 0] = (total[paragraph] - own) / np.maximum(others, 1)[:, None] * (others > 0)[:, None]
    same = paragraph[1:] == paragraph[:-1]
    features[1:, :, 1] = own[:-1] * same[:, None]
    features[:-1, :, 2] = own[1:] * same[:, None]
    leaf = np.zeros((len(count), n_domains))
    upper = np.zeros((len(count), n_domains))
    for at in np.flatnonzero(count).tolist():
        path = headings[at]
        if path:
            leaf[at] = of_heading[path[-1]]
            for heading in path[:-1]:
                upper[at] = np.maximum(upper[at], of_heading[heading])
    features[:, :, 3] = leaf[paragraph]
    features[:, :, 4] = upper[paragraph]
    unsure = (1.0 - own.max(axis=1))[:, None]
    features[:, :, 5] = features[:, :, 0] * unsure
    features[:, :, 6] = features[:, :, 3] * unsure
    headed = np.asarray([bool(path) for path in headings], dtype=np.bool_)
    return features, (others > 0) | headed[paragraph]


__all__ = [
    "CONTEXT_FEATURES",
    "FILES",
    "FORMAT",
    "Classifier",
    "Scores",
    "Settings",
    "context_features",
    "sigmoid",
]
