"""Terms to weighted sums: which features a batch of texts has, and what they add up to.

Text by text: each known term counts once, weighted by its inverse document frequency; words with their pairs and character n-grams
are a block each, which is divided by its length (L2). Most terms need no look at each other: where the 2-gram at a place stands
nowhere else in its text, neither does any longer n-gram that begins there, so that the longest known one speaks for all of
them with a row that was summed beforehand. A word speaks for the pair that it ends in the same way. Places whose 2-gram or word
comes again are few; their terms are listed one by one and counted once.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dudao.tokens import LONGEST, NGRAMS, Index, Keys, Spans, is_solid, ngram_spans, span_keys

Scores = npt.NDArray[np.float64]

NO_KEY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)  # four code points that no normalised text holds
_OTHER = np.uint64(0xD6E8FEB86659FD93)  # odd, so that multiplying by it maps no two cells to one
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BULK = 20_000  # characters of a batch from which the tables are worth making and SciPy worth importing: 0.2 s once
_32 = np.uint64(32)


class KeyTable:
    """From exact 64-bit keys to numbers, for whole arrays at once.

    A few keys are searched for in the sorted array; with the first large batch comes an open-addressing hash table.

    Parameters
    ----------
    keys : array of uint64
        Distinct; `NO_KEY` is none.
    values : array of int32, optional
        What each stands for, not negative; its position by default.
    """

    def __init__(self, keys: Keys, values: npt.NDArray[np.int32] | None = None) -> None:
        order = np.argsort(keys) if len(keys) > 1 and not (keys[1:] > keys[:-1]).all() else slice(None)
        self._sorted = keys[order]
        self._numbers = (np.arange(len(keys), dtype=np.int32) if values is None else values)[order]
        self._slots: tuple[Keys, npt.NDArray[np.int32], np.uint64] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_slots": None}

    def items(self) -> tuple[Keys, npt.NDArray[np.int32]]:
        """All keys, ascending, and their numbers."""
        return self._sorted, self._numbers

    def _hashed(self) -> tuple[Keys, npt.NDArray[np.int32], np.uint64]:
        """Keys and values by slot, and by how much a product is shifted to give a slot."""
        if self._slots is None:
            keys = self._sorted
            shift = np.uint64(64 - max(4, int(len(keys) * 4).bit_length()))
            home = _home(keys, shift)
            order = np.argsort(home, kind="stable")
            # In the order of their homes each key takes its home or the slot behind the last one taken: probing without a loop.
            number = np.arange(len(keys))
            slot = number + np.maximum.accumulate(home[order] - number)
            size = (
                max(1 << (64 - int(shift)), int(slot[-1]) + 1 if len(keys) else 0) + 1
            )  # one is free: every probe ends
            of_slot, value = np.full(size, NO_KEY), np.full(size, -1, dtype=np.int32)
            of_slot[slot], value[slot] = keys[order], self._numbers[order]
            self._slots = of_slot, value, shift
        return self._slots

    def find(self, keys: Keys) -> npt.NDArray[np.int32]:
        """Number of each key, -1 where there is none."""
        if self._slots is None and len(keys) < _BULK:
            if not len(self._sorted):
                return np.full(len(keys), -1, dtype=np.int32)
            near = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
            return np.where(self._sorted[near] == keys, self._numbers[near], np.int32(-1))
        of_slot, value, shift = self._hashed()
        at = _home(keys, shift)
        # No slot is out of bounds: clipping is quicker than looking for one that is.
        seen = of_slot.take(at, mode="clip")
        result = np.full(len(keys), -1, dtype=np.int32)
        same = seen == keys
        hits = np.flatnonzero(same)
        result[hits] = value.take(at.take(hits), mode="clip")
        number = np.flatnonzero(~same & (seen != NO_KEY))
        at, keys = at.take(number), keys.take(number)
        while len(number):  # another key's slot: the next one
            at += 1
            seen = of_slot.take(at, mode="clip")
            same = seen == keys
            hits = np.flatnonzero(same)
            result[number.take(hits)] = value.take(at.take(hits))
            going = np.flatnonzero(~same & (seen != NO_KEY))
            at, keys, number = at.take(going), keys.take(going), number.take(going)
        return result


def _home(keys: Keys, shift: np.uint64) -> Index:
    return ((keys * _MULTIPLIER) >> shift).view(np.int64)


class Occurrences(NamedTuple):
    """Known terms of a batch, one entry an occurrence: text, feature and span in the normalised codes."""

    row: Index
    feature: Index
    start: Index
    length: Index


class _Tables(NamedTuple):
    """What large batches are summed from.

    ``single`` and ``joined`` hold a row for each feature. ``grows`` says, for each feature and, last, for none, whether a known 4-gram
    can begin with it.
    """

    single: Scores
    joined: Scores
    grows: npt.NDArray[np.bool_]


class Vocabulary:
    """Which terms a model knows, and what each adds to the log-odds of every domain.

    Parameters
    ----------
    arrays : mapping of str to array
        Keys and features of words, pairs and n-grams, ``idf`` and ``weights``, as a model version holds them.
    binary : bool
        Whether a term counts once a text however often it stands there.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], *, binary: bool) -> None:
        self._binary = binary
        self._words = KeyTable(arrays["word_keys"])
        self._word_features = arrays["word_features"]
        self._pairs = KeyTable(*_known_features(arrays, "pair"))
        self._ngrams = _by_length(*_known_features(arrays, "ngram"))
        self.border = 1 + int(max(arrays["word_features"].max(initial=-1), arrays["pair_features"].max(initial=-1)))
        self._arrays = arrays
        self._idf = arrays["idf"].astype(np.float64)
        self._weights = arrays["weights"]
        self.n_domains = self._weights.shape[1]
        self._tables: _Tables | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_tables": None}

    def _rows(self, features: Index | slice = slice(None)) -> Scores:
        """What each of the features adds to every domain and, last, the square of its weight, of which the length is made."""
        idf = self._idf[features]
        rows = np.empty((len(idf), self.n_domains + 1))
        np.multiply(self._weights[features], idf[:, None], out=rows[:, :-1], dtype=np.float64)
        rows[:, -1] = idf * idf
        return rows

    def prepare(self) -> None:
        """Make now what large batches need, so that processes forked later share it."""
        import scipy.sparse  # noqa: F401

        self._bulk_tables()
        for table in (self._words, self._pairs, *self._ngrams.values()):
            table._hashed()

    def _bulk_tables(self) -> _Tables:
        """Made when the first large batch comes, in 50 ms and 70 MB."""
        if self._tables is None:
            single = self._rows()
            joined = single.copy()
            self._join_pairs(single, joined)
            self._join_ngrams(joined)
            self._tables = _Tables(single, joined, self._growing())
        return self._tables

    def _join_pairs(self, single: Scores, joined: Scores) -> None:
        """To a pair's row add that of its second word."""
        keys, features = self._arrays["pair_keys"], self._arrays["pair_features"]
        second = self._word_features[(keys & np.uint64(0xFFFF_FFFF)).view(np.int64)]
        both = (second >= 0) & (features >= 0)
        joined[features[both]] += single[second[both]]

    def _join_ngrams(self, joined: Scores) -> None:
        """To a longer n-gram's row add that of the longest shorter one that begins it."""
        for longer in NGRAMS[1:]:
            keys, features = self._ngrams[longer].items()
            for shorter in range(longer - 1, NGRAMS[0] - 1, -1):
                found = self._ngrams[shorter].find(keys >> np.uint64(16 * (longer - shorter)))
                known = found >= 0
                joined[features[known]] += joined[found[known]]
                keys, features = keys[~known], features[~known]

    def _growing(self) -> npt.NDArray[np.bool_]:
        """What a known 4-gram can begin with, as `_Tables` holds it: with a single one that an unknown 3-gram begins, everything."""
        begun_by = self._ngrams[3].find(self._ngrams[4].items()[0] >> np.uint64(16))
        grows = np.full(len(self._idf) + 1, bool((begun_by < 0).any()))
        grows[begun_by[begun_by >= 0]] = True
        return grows

    def sums(self, found: Spans, n_texts: int) -> tuple[Scores, Scores]:
        """What the words and pairs, and what the n-grams of each text add up to, divided by their lengths.

        Returns
        -------
        words, ngrams : array, shape (n_texts, n_domains)
        """
        one_by_one = len(found.codes) < _BULK
        return self._word_sums(found, n_texts, one_by_one), self._ngram_sums(found, n_texts, one_by_one)

    def _word_sums(self, found: Spans, n_texts: int, one_by_one: bool) -> Scores:
        row = found.row.take(found.start)
        word = self._words.find(span_keys(found, found.start, found.length))
        left = np.full(len(word), -1, dtype=np.int32)
        left[1:] = word[:-1]
        paired = np.flatnonzero(found.follows & (left >= 0) & (word >= 0))
        pair = self._pairs.find((left.take(paired).astype(np.uint64) << _32) | word.take(paired).astype(np.uint64))
        known = np.flatnonzero(word >= 0)
        again = np.full(len(word), one_by_one)
        if not one_by_one:
            again[known] = _stand_again(row.take(known), word.take(known).astype(np.uint64))
        single = np.where(word >= 0, self._word_features.take(word), np.int32(-1)) if len(self._word_features) else word
        joined = single.copy()
        joined[paired] = np.where(pair >= 0, pair, joined[paired])
        paired, pair = paired[again[paired]], pair[again[paired]]
        apart = [(row[again], single[again]), (row[paired], pair)]
        joined[again] = -1
        return self._sum(row, joined, apart, n_texts)

    def _ngram_sums(self, found: Spans, n_texts: int, one_by_one: bool) -> Scores:
        solid = is_solid(found.codes)
        first = np.flatnonzero(solid[:-1] & solid[1:])
        row, key = found.row.take(first), found.keys.take(first)
        again = np.full(len(first), one_by_one)
        if not one_by_one:
            again = _stand_again(row, key >> _32)
        # No known key holds a break, so that what would cross one is not found.
        places = np.flatnonzero(again)
        apart = [(row[places], table.find(_beginning(key[places], n))) for n, table in self._ngrams.items()]
        feature = np.full(len(first), -1, dtype=np.int32)
        waiting = np.flatnonzero(~again)
        if len(waiting):
            # Half of all 3-grams are known, and half of those begin a known 4-gram; a 2-gram is asked for where no longer one is known.
            key = key.take(waiting)
            longest = self._ngrams[3].find(_beginning(key, 3))
            for n in (4, 2):
                asked = np.flatnonzero(self._bulk_tables().grows.take(longest) if n == 4 else longest < 0)
                found_there = self._ngrams[n].find(_beginning(key.take(asked), n))
                longest[asked] = np.where(found_there >= 0, found_there, longest.take(asked))
            feature[waiting] = longest
        return self._sum(row, feature, apart, n_texts)

    def _sum(
        self, row: Index, feature: npt.NDArray[np.int32], apart: list[tuple[Index, npt.NDArray[np.int32]]], n_texts: int
    ) -> Scores:
        """Sums of the joined rows of one list, and of the single rows of another in which a feature counts once a text."""
        known = np.flatnonzero(feature >= 0)
        if len(known):
            total = _product(self._bulk_tables().joined, row[known], feature[known], n_texts)
        else:
            total = np.zeros((n_texts, self.n_domains + 1))
        row = np.concatenate([each for each, _ in apart])
        feature = np.concatenate([each for _, each in apart])
        row, single, count = self._cells(row, feature)
        if len(known):
            total += _product(self._bulk_tables().single, row, single, n_texts, count)
            squares = count * (count - 1) * self._idf[single] ** 2  # in the length a count is squared
            total[:, -1] += np.bincount(row, squares, minlength=n_texts)
        elif len(row):
            rows = self._rows(single)
            rows[:, :-1] *= count[:, None]
            rows[:, -1] *= count * count
            first = np.flatnonzero(np.diff(row, prepend=-1))
            total[row[first]] = np.add.reduceat(rows, first, axis=0)
        length = np.sqrt(total[:, -1])
        length[length == 0] = 1.0
        sums: Scores = total[:, :-1] / length[:, None]
        return sums

    def _cells(self, row: Index, feature: npt.NDArray[np.int32]) -> tuple[Index, Index, Scores]:
        """Distinct features of each text, in the order of the texts, and how often each counts."""
        known = feature >= 0
        cells = np.sort(row[known].astype(np.int64) * len(self._idf) + feature[known])
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        rows, features = np.divmod(cells[first], len(self._idf))
        if self._binary:
            return rows, features, np.ones(len(first))
        return rows, features, np.diff(first, append=len(cells)).astype(np.float64)

    def knows(self, found: Spans) -> npt.NDArray[np.bool_]:
        """Which words of a batch are in the vocabulary, shape (n_words,)."""
        known: npt.NDArray[np.bool_] = self._words.find(span_keys(found, found.start, found.length)) >= 0
        return known

    def knows_pairs(self, found: Spans) -> npt.NDArray[np.bool_]:
        """Which words of a batch make a pair of the vocabulary with the word before them, shape (n_words,)."""
        word = self._words.find(span_keys(found, found.start, found.length))
        known = np.zeros(len(word), dtype=np.bool_)
        second = np.flatnonzero(found.follows)
        second = second[(word[second] >= 0) & (word[second - 1] >= 0)]
        keys = word[second - 1].astype(np.uint64) << _32 | word[second].astype(np.uint64)
        known[second] = self._pairs.find(keys) >= 0
        return known

    def occurrences(self, found: Spans) -> Occurrences:
        """Every known term where it stands."""
        word = self._words.find(span_keys(found, found.start, found.length))
        second = np.flatnonzero(found.follows)
        left, right = word[second - 1], word[second]
        known = (left >= 0) & (right >= 0)
        second, left, right = second[known], left[known], right[known]
        pair = self._pairs.find(left.astype(np.uint64) << _32 | right.astype(np.uint64))
        single = np.where(word >= 0, self._word_features.take(word), np.int32(-1)) if len(self._word_features) else word
        start, length = ngram_spans(found.codes)
        key = span_keys(found, start, length)
        grams = [table.find(key[length == n]) for n, table in self._ngrams.items()]  # in the order of `ngram_spans`
        feature = np.concatenate([single, pair, *grams])
        starts = np.concatenate([found.start, found.start[second - 1], start])
        lengths = np.concatenate([found.length, found.length[second - 1] + found.length[second], length])
        kept = feature >= 0
        return Occurrences(found.row[starts[kept]], feature[kept].astype(np.int64), starts[kept], lengths[kept])

    def tfidf(self, found: Spans, n_texts: int) -> tuple[Index, Index, Scores]:
        """Known terms of each text with their TF-IDF, L2-normalised within words and within n-grams: text, feature, value."""
        occurrences = self.occurrences(found)
        row, feature, count = self._cells(occurrences.row, occurrences.feature.astype(np.int32))
        value = self._idf[feature] * count
        block = 2 * row + (feature >= self.border)
        return row, feature, value / np.sqrt(np.bincount(block, value * value, minlength=2 * n_texts))[block]

    def terms(self) -> list[str]:
        """The term of each feature."""
        words = [_spelt(key) for key in self._arrays["word_keys"].tolist()]
        result = [""] * len(self._idf)
        for word, feature in zip(words, self._word_features.tolist(), strict=True):
            if feature >= 0:
                result[feature] = word
        for key, feature in zip(
            self._arrays["pair_keys"].tolist(), self._arrays["pair_features"].tolist(), strict=True
        ):
            result[feature] = f"{words[key >> 32]}_{words[key & 0xFFFF_FFFF]}"
        for key, feature in zip(
            self._arrays["ngram_keys"].tolist(), self._arrays["ngram_features"].tolist(), strict=True
        ):
            result[feature] = _spelt(key)
        return result

    def contributions(self, occurrences: Occurrences, column: int) -> dict[int, float]:
        """What each feature of one text adds to one domain's block sum, by feature."""
        _, feature, count = self._cells(occurrences.row, occurrences.feature.astype(np.int32))
        result: dict[int, float] = {}
        for inside in (feature < self.border, feature >= self.border):
            of_block, counted = feature[inside], count[inside]
            weighted = self._idf[of_block] * counted
            norm = float(np.sqrt((weighted * weighted).sum())) or 1.0
            added = self._weights[of_block, column].astype(np.float64) * weighted / norm
            result.update(zip(of_block.tolist(), added.tolist(), strict=True))
        return result


def _spelt(key: int) -> str:
    """The term of a key."""
    return "".join(chr(code) for shift in (48, 32, 16, 0) if (code := key >> shift & 0xFFFF))


def _known_features(arrays: Mapping[str, npt.NDArray[Any]], block: str) -> tuple[Keys, npt.NDArray[np.int32]]:
    """Keys and numbers of a block's terms that are features."""
    keys, features = arrays[f"{block}_keys"], arrays[f"{block}_features"]
    if features.min(initial=0) < 0:
        keys, features = keys[features >= 0], features[features >= 0]
    return keys, features


def _by_length(keys: Keys, features: npt.NDArray[np.int32]) -> dict[int, KeyTable]:
    """A table for the n-grams of each length: small ones stay in the processor's cache."""
    limits = np.asarray([1 << 16 * n for n in NGRAMS[:-1]], dtype=np.uint64)
    keys, features = KeyTable(keys, features).items()
    edges = [0, *np.searchsorted(keys, limits).tolist(), len(keys)]
    return {
        n: KeyTable(keys[low:high], features[low:high]) for n, (low, high) in zip(NGRAMS, pairwise(edges), strict=True)
    }


def _beginning(key: Keys, n: int) -> Keys:
    """The key of the n-gram with which a key of `LONGEST` characters begins."""
    return key >> np.uint64(16 * (LONGEST - n))


def _stand_again(row: Index, key: Keys) -> npt.NDArray[np.bool_]:
    """Whether a key of up to 32 bits stands elsewhere in the same text too."""
    again = np.zeros(len(row), dtype=np.bool_)
    cell, at = row.astype(np.uint64) << _32 | key, np.arange(len(row))
    while len(cell):
        bits = max(8, int(len(cell) * 4).bit_length())
        slot = ((cell * _MULTIPLIER) >> np.uint64(64 - bits)).view(np.int64)
        number = np.arange(len(cell), dtype=np.int32)
        last = np.empty(1 << bits, dtype=np.int32)
        last[slot] = number
        winner = last.take(slot)
        # Who lost a slot met its like or a stranger; those who met strangers try again among themselves.
        lost = np.flatnonzero(winner != number)
        met = winner[lost]
        like = cell[lost] == cell[met]
        again[at[lost[like]]] = again[at[met[like]]] = True
        cell, at = cell[lost[~like]] * _OTHER, at[lost[~like]]
    return again


def _product(table: Scores, row: Index, feature: npt.NDArray[Any], n_rows: int, count: Scores | None = None) -> Scores:
    """Sum over the table's rows that each text names, times how often it does; ``row`` ascends."""
    from scipy.sparse import csr_array  # 0.1 s, which few texts are not worth

    ends = np.zeros(n_rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(row, minlength=n_rows), out=ends[1:])
    data = np.ones(len(row)) if count is None else count
    product: Scores = csr_array((data, feature.astype(np.int32), ends), shape=(n_rows, len(table))) @ table
    return product


__all__ = ["NO_KEY", "KeyTable", "Occurrences", "Scores", "Vocabulary"]
