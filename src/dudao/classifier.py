"""Terms to calibrated scores and evidence, with NumPy alone: what inference loads.

A linear model over two L2-normalised TF-IDF blocks (words with their pairs, character n-grams), then a context step that lets a
clause's paragraph and headings speak where the clause itself says little. The numbers equal the scikit-learn pipeline's that
training fitted; a test holds both together.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dudao.errors import ModelError
from dudao.taxonomy import Taxonomy
from dudao.tokens import Codes, Index, Keys, Segmenter, Spans, ngram_spans, span_keys, spans

Scores = npt.NDArray[np.float64]

FORMAT = 2
_COUNTING = 1  # the format that counted terms and had no setting for it
FILES = ("classifier.json", "classifier.npz", "dictionary.tsv", "taxonomy.toml")
CONTEXT_FEATURES = (
    "paragraph",
    "previous",
    "next",
    "heading",
    "upper headings",
    "paragraph if unsure",
    "heading if unsure",
)
_CHUNK = 1024  # texts whose features are held at once: about 30 MB
_MOST_EVIDENCE = 6

_ARRAYS: dict[str, tuple[str, int]] = {
    "word_keys": ("uint64", 1),
    "word_features": ("int32", 1),
    "pair_keys": ("uint64", 1),
    "pair_features": ("int32", 1),
    "ngram_keys": ("uint64", 1),
    "ngram_features": ("int32", 1),
    "idf": ("float32", 1),
    "weights": ("float16", 2),
    "intercepts": ("float32", 1),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What training chose beside the weights.

    Attributes
    ----------
    labels : tuple of str
        Domain ids, in the order of the score columns.
    block_weights : tuple of float
        Weight of the words block and of the character block.
    thresholds : tuple of float
        Least score at which each domain is given.
    context : tuple of float
        Weights of the context step: of the clause's own logit, the intercept, then `CONTEXT_FEATURES`.
    certain : float
        Least score of the first domain at which a clause is not marked uncertain.
    binary : bool
        Whether a term counts once a text however often it stands there; models of format 1 count each time.
    """

    labels: tuple[str, ...]
    block_weights: tuple[float, float]
    thresholds: tuple[float, ...]
    context: tuple[float, ...]
    certain: float
    binary: bool = True


class KeyTable:
    """An open-addressing hash table from exact 64-bit keys to their positions, probed for whole arrays at once."""

    _MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

    def __init__(self, keys: Keys) -> None:
        bits = max(4, int(len(keys) * 4).bit_length())
        self._keys = keys
        self._shift = np.uint64(64 - bits)
        self._mask = (1 << bits) - 1
        self._slots = np.full(1 << bits, -1, dtype=np.int32)
        waiting = np.arange(len(keys))
        home = self._home(keys)
        while len(waiting):
            free = self._slots[home[waiting]] < 0
            claim, first = np.unique(home[waiting[free]], return_index=True)
            self._slots[claim] = waiting[free][first]
            waiting = waiting[self._slots[home[waiting]] != waiting]
            home[waiting] = (home[waiting] + 1) & self._mask

    def _home(self, keys: Keys) -> Index:
        return ((keys * self._MULTIPLIER) >> self._shift).astype(np.int64)

    def find(self, keys: Keys) -> Index:
        """Position of each key, -1 where there is none."""
        at = self._home(keys)
        found = self._slots[at].astype(np.int64)
        if not len(self._keys):
            return found
        open_ = np.flatnonzero((found >= 0) & (self._keys[found] != keys))
        while len(open_):
            at[open_] = (at[open_] + 1) & self._mask
            slot = self._slots[at[open_]]
            found[open_] = slot
            open_ = open_[(slot >= 0) & (self._keys[slot] != keys[open_])]
        return found


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """Features of a batch, one entry an occurrence: text, feature and span in the normalised codes."""

    row: Index
    feature: Index
    start: Index
    length: Index


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
        self._words = KeyTable(arrays["word_keys"])
        self._word_features = arrays["word_features"].astype(np.int64)
        self._pairs = KeyTable(arrays["pair_keys"])
        self._pair_features = arrays["pair_features"].astype(np.int64)
        self._ngrams = KeyTable(arrays["ngram_keys"])
        self._ngram_features = arrays["ngram_features"].astype(np.int64)
        self._idf = arrays["idf"].astype(np.float64)
        self._weights = arrays["weights"].astype(np.float64)
        self._intercepts = arrays["intercepts"].astype(np.float64)
        # Features are numbered words and pairs first, then character n-grams; the border tells the blocks apart.
        self._border = int(max(self._word_features.max(initial=-1), self._pair_features.max(initial=-1))) + 1

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], *, where: str) -> Classifier:
        """Build a classifier from the bytes of `FILES`, after checking every shape, type and number in them.

        Raises
        ------
        ModelError
            A format from the future, or arrays that do not fit each other.
        """
        try:
            raw = json.loads(files["classifier.json"].decode("utf-8"))
            if raw["format"] > FORMAT:
                raise ModelError(
                    f"model format {raw['format']} is newer than this dudao reads ({FORMAT})",
                    where=where,
                    hint="upgrade dudao",
                )
            settings = Settings(
                labels=tuple(raw["labels"]),
                block_weights=(float(raw["block_weights"][0]), float(raw["block_weights"][1])),
                thresholds=tuple(map(float, raw["thresholds"])),
                context=tuple(map(float, raw["context"])),
                certain=float(raw["certain"]),
                binary=bool(raw.get("binary", raw["format"] > _COUNTING)),
            )
            with np.load(io.BytesIO(files["classifier.npz"]), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in _ARRAYS}
            lines = [line.split("\t") for line in files["dictionary.tsv"].decode("utf-8").splitlines()]
            dictionary = [(word, int(frequency)) for word, frequency in lines]
        except ModelError:
            raise
        except Exception as error:  # whatever a damaged file makes the parsers raise
            raise ModelError(
                f"the model's files cannot be read: {error}", where=where, hint="install the version again"
            ) from error
        taxonomy = Taxonomy.from_toml(files["taxonomy.toml"], where=f"{where}/taxonomy.toml")
        _check(settings, taxonomy, arrays, where)
        return cls(settings, taxonomy, dictionary, arrays)

    def logits(self, texts: Sequence[str]) -> Scores:
        """Calibrated log-odds of every domain for each text by itself, shape (n_texts, n_domains)."""
        result = np.empty((len(texts), len(self.labels)))
        for low in range(0, len(texts), _CHUNK):
            chunk = texts[low : low + _CHUNK]
            found = spans(chunk, self.segmenter)
            result[low : low + len(chunk)] = self._intercepts
            for row, feature, value in self._blocks(self._occurrences(found), len(chunk)):
                if len(row):
                    first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
                    result[low + row[first]] += np.add.reduceat(self._weights[feature] * value[:, None], first, axis=0)
        return result

    def _occurrences(self, found: Spans) -> _Occurrences:
        word = self._words.find(span_keys(found.codes, found.start, found.length))
        row = found.row[found.start] if len(found.start) else found.start
        second = np.flatnonzero(found.follows)
        left, right = word[second - 1], word[second]
        known = (left >= 0) & (right >= 0)
        second, left, right = second[known], left[known], right[known]
        pair = self._pairs.find(left.astype(np.uint64) << np.uint64(32) | right.astype(np.uint64))
        n_start, n_length = ngram_spans(found.codes)
        ngram = self._ngrams.find(span_keys(found.codes, n_start, n_length))
        feature = np.concatenate(
            [
                np.where(word >= 0, self._word_features[word], -1),
                np.where(pair >= 0, self._pair_features[pair], -1) if len(self._pair_features) else pair,
                np.where(ngram >= 0, self._ngram_features[ngram], -1),
            ]
        )
        start = np.concatenate([found.start, found.start[second - 1], n_start])
        length = np.concatenate([found.length, found.length[second - 1] + found.length[second], n_length])
        rows = np.concatenate([row, row[second], found.row[n_start] if len(n_start) else n_start])
        kept = feature >= 0
        return _Occurrences(rows[kept], feature[kept], start[kept], length[kept])

    def _blocks(self, occurrences: _Occurrences, n_texts: int) -> list[tuple[Index, Index, Scores]]:
        """Weighted TF-IDF of each block: rows in ascending order, features, values."""
        n_features = len(self._idf)
        cells, counts = np.unique(occurrences.row * n_features + occurrences.feature, return_counts=True)
        row, feature = np.divmod(cells, n_features)
        value = self._idf[feature] if self.settings.binary else self._idf[feature] * counts
        blocks = []
        for weight, inside in zip(
            self.settings.block_weights, (feature < self._border, feature >= self._border), strict=True
        ):
            r, f, v = row[inside], feature[inside], value[inside]
            norm = np.sqrt(np.bincount(r, v * v, minlength=n_texts))
            blocks.append((r, f, v / norm[r] * weight))
        return blocks

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
        paths = list(dict.fromkeys(headings))
        single = list(dict.fromkeys(heading for path in paths for heading in path))
        of_heading = dict(zip(single, sigmoid(self.logits(single)), strict=True))
        features, applies = context_features(logits, paragraph, headings, of_heading)
        own, intercept, *weights = self.settings.context
        adjusted = own * logits + intercept + features @ np.asarray(weights)
        return sigmoid(np.where(applies[:, None], adjusted, logits))

    def evidence(self, text: str, domain: str) -> list[tuple[str, float, list[tuple[int, int]]]]:
        """The terms that spoke for a domain in a text: term, weight in the log-odds, spans in the text, heaviest first."""
        column = self.labels.index(domain)
        found = spans([text], self.segmenter)
        occurrences = self._occurrences(found)
        weight_of: dict[int, float] = {}
        for _, feature, value in self._blocks(occurrences, 1):
            weight_of.update(zip(feature.tolist(), (value * self._weights[feature, column]).tolist(), strict=True))
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
    for at in np.unique(paragraph).tolist():
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


def _check(settings: Settings, taxonomy: Taxonomy, arrays: Mapping[str, npt.NDArray[Any]], where: str) -> None:
    """Refuse arrays of the wrong kind before anything is computed with them."""

    def refuse(why: str) -> None:
        raise ModelError(
            f"the model's files do not fit each other: {why}", where=where, hint="install the version again"
        )

    for name, (dtype, ndim) in _ARRAYS.items():
        if arrays[name].dtype != np.dtype(dtype) or arrays[name].ndim != ndim:
            refuse(f"{name} is {arrays[name].dtype} with {arrays[name].ndim} dimensions, not {dtype} with {ndim}")
    n_features, n_domains = arrays["weights"].shape
    if len(arrays["idf"]) != n_features or len(arrays["intercepts"]) != n_domains:
        refuse("weights, idf and intercepts differ in length")
    if not (len(settings.labels) == len(settings.thresholds) == n_domains and settings.labels == taxonomy.domain_ids):
        refuse("labels, thresholds and taxonomy differ")
    if len(settings.context) != 2 + len(CONTEXT_FEATURES):
        refuse("the context step has the wrong number of weights")
    for block in ("word", "pair", "ngram"):
        keys, features = arrays[f"{block}_keys"], arrays[f"{block}_features"]
        if len(keys) != len(features) or (len(features) and not (features.min() >= -1 and features.max() < n_features)):
            refuse(f"{block} vocabulary out of range")
        if len(keys) > 1 and not (keys[1:] > keys[:-1]).all():
            refuse(f"{block} keys are not ascending")
    numbers = (*settings.thresholds, *settings.context, *settings.block_weights, settings.certain)
    if not np.isfinite(numbers).all() or not all(
        np.isfinite(arrays[name]).all() for name in ("idf", "weights", "intercepts")
    ):
        refuse("a number is not finite")


__all__ = [
    "CONTEXT_FEATURES",
    "FILES",
    "FORMAT",
    "Classifier",
    "Codes",
    "KeyTable",
    "Settings",
    "context_features",
    "sigmoid",
]
