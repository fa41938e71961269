"""Whether texts leave what a model knows: words it has never seen, clauses it is unsure of, beside its own corpus's figures.

A linear model gives every text some domain, also one of a field that it was never trained for. Two shares tell: of words that
are no part of its vocabulary, and of clauses that it marks uncertain. Training writes down how both are spread over the
corpus's reports, each seen by a model that did not know it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dudao.classifier import Classifier
from dudao.document import Drift, Share
from dudao.modelfiles import Reference, Spread
from dudao.tokens import Segmenter, Spans, batches, is_han, spans

_LEAST_WORDS = 40  # below so many words, or so many clauses, no share is told apart from chance
_LEAST_UNITS = 8
_SIGMAS = 1.64  # how far beyond the bound a share has to be, in its standard errors: one-sided 5%
_MOST_TERMS = 12
_LEAST_USES = 2  # a new term stands at least so often
_CHARACTERS = 200_000  # looked at together: 30 MB

# A word that ends with one of these and is unknown is taken for the name of a place; so is one that stands right before it.
_PLACES = "省市县区州盟旗乡镇村屯庄街路社"
_NUMERALS = "一二三四五六七八九十百千万亿两零几数第多余"


@dataclass(slots=True)
class Tally:
    """Counts of a text, to which those of others are added: of a file's reports, of a table's pieces.

    ``words`` are words of two or more Han characters, names of places and numerals left out where they are unknown; ``unknown``
    counts those that the model does not know; ``units`` are clauses or texts.
    """

    words: int = 0
    units: int = 0
    uncertain: int = 0
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add the counts of another text."""
        self.words += other.words
        self.units += other.units
        self.uncertain += other.uncertain
        self.unknown.update(other.unknown)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for processes and files that hand it on."""
        return {
            "words": self.words,
            "units": self.units,
            "uncertain": self.uncertain,
            "unknown": dict(self.unknown),
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Tally:
        """What `to_dict` gave."""
        return cls(entry["words"], entry["units"], entry["uncertain"], Counter(entry["unknown"]))


def tally(texts: Sequence[str], uncertain: Iterable[bool], classifier: Classifier) -> Tally:
    """Count the words of texts that a model knows and does not, beside the flags that it gave.

    Parameters
    ----------
    texts : sequence of str
        Clauses, or the texts of a table; a sample of them will do.
    uncertain : iterable of bool
        Flags of clauses or texts, of all of them.
    """
    flags = list(uncertain)
    words, unknown = count_words(texts, classifier.segmenter, classifier.knows)
    return Tally(words, len(flags), sum(flags), unknown)


def count_words(
    texts: Sequence[str], segmenter: Segmenter, knows: Callable[[Spans], npt.NDArray[np.bool_]]
) -> tuple[int, Counter[str]]:
    """How many words texts hold, and which of them are unknown and neither numerals nor names of places.

    Parameters
    ----------
    knows : callable
        From the spans of a batch to which of its words are known.
    """
    words, unknown = 0, Counter[str]()
    for chunk in batches(texts, _CHARACTERS):
        found = spans(texts[chunk], segmenter)
        strange, names = strange_words(found, knows(found))
        unknown.update(word for _, word in strange)
        words += int(counted_words(found).sum()) - len(names)
    return words, unknown


def counted_words(found: Spans) -> npt.NDArray[np.bool_]:
    """Which words of a batch say something: those of two or more Han characters."""
    counted: npt.NDArray[np.bool_] = (found.length > 1) & is_han(found.codes[found.start])
    return counted


def strange_words(found: Spans, known: npt.NDArray[np.bool_]) -> tuple[list[tuple[int, str]], list[int]]:
    """The unknown words of a batch that say something, and the places of those that are numerals or names of places."""
    behind = np.zeros(len(found.start), dtype=np.uint32)  # the single character that follows a word directly
    close = np.flatnonzero(found.follows & (found.length == 1))
    behind[close - 1] = found.codes[found.start[close]]
    unknown = [(at, word_at(found, at)) for at in np.flatnonzero(counted_words(found) & ~known).tolist()]
    stems = {word for at, word in unknown if behind[at] and chr(behind[at]) in _PLACES}
    for _, word in unknown:
        if word[-1] in _PLACES:
            stems.update((word, word[:-1]))
    named = [word in stems or is_numeral(word) for _, word in unknown]
    return (
        [each for each, name in zip(unknown, named, strict=True) if not name],
        [at for (at, _), name in zip(unknown, named, strict=True) if name],
    )


def is_numeral(word: str) -> bool:
    """Whether a word is a number in Chinese figures, with or without what it counts."""
    rest = word.lstrip(_NUMERALS)
    return word.startswith("百分之") or (len(rest) <= 1 and rest != word)


def word_at(found: Spans, at: int) -> str:
    """A word of a batch, normalised."""
    start = int(found.start[at])
    return "".join(map(chr, found.codes[start : start + int(found.length[at])].tolist()))


def judge_drift(counted: Tally, reference: Reference | None, *, alone: bool = False) -> Drift:
    """Set counts beside what is usual.

    Parameters
    ----------
    counted : Tally
        Of a report, or of a whole table.
    reference : Reference, optional
        The model's own figures; without them the shares are given and nothing is judged.
    alone : bool
        Whether the units are texts by themselves and no clauses of a report.

    Notes
    -----
    A share is beyond what is usual where it lies above the 95th percentile of the corpus's reports by more than chance: by 1.64
    standard errors of a share of that bound over so many words or clauses, so that a short text is not called strange for two words.
    """
    unknown_words = counted.unknown.total()
    of_words = of_units = None
    if reference is not None:
        of_words, of_units = reference.unknown, reference.uncertain_alone if alone else reference.uncertain
    return Drift(
        counted.words,
        counted.units,
        _share(unknown_words, counted.words, of_words, _LEAST_WORDS),
        _share(counted.uncertain, counted.units, of_units, _LEAST_UNITS),
        tuple(
            (term, uses)
            for term, uses in sorted(counted.unknown.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TERMS]
            if uses >= _LEAST_USES
        ),
    )


def _share(count: int, total: int, usual: Spread | None, least: int) -> Share:
    share = count / max(1, total)
    if usual is None:
        return Share(share)
    bound = usual.p95 + _SIGMAS * (usual.p95 * (1 - usual.p95) / max(1, total)) ** 0.5
    return Share(share, usual.median, usual.p95, total >= least and share > bound)


def warnings_of(drift: Drift) -> list[str]:
    """What to tell a person where a text leaves what the model knows."""
    said = []
    for share, what in (
        (drift.unknown, "of the words are unknown to the model"),
        (drift.uncertain, "of the text is marked uncertain"),
    ):
        if share.beyond and share.bound is not None:
            said.append(
                f"{share.share:.0%} {what}, against at most {share.bound:.0%} in 95 of 100 reports of its field: is this one?"
            )
    return said
