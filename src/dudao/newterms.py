"""New terms of reports: what comes again and no model or glossary knows, with the domains it points to, to extend the glossary with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dudao.classifier import Classifier
from dudao.document import TaggedClause, TaggedReport
from dudao.drift import counted_words, is_numeral, strange_words, word_at
from dudao.taxonomy import MOST_DOMAINS
from dudao.tokens import is_han, spans

_LONGEST = 8  # characters of a term of two words
_COHESION = 0.5  # a pair is a term where its rarer word stands in it at least so often
_SUBSUMED = 0.8  # a word is left out where it stands so often in one pair
_LEAST_SHARE = 0.34  # of a term's clauses that have a domain, for the domain to be proposed
_EXAMPLE = 60  # characters
_PARTICLES = [
    ord(char) for char in "的了是在和与及等有把被将不也都就为以于对从到这那其该各每"
]  # part of no term of two words


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A term that the model does not know.

    Attributes
    ----------
    uses, reports : int
        How often it stands in the reports, and in how many of them.
    domains : tuple of str
        First domains that the model gives the clauses that hold it: a proposal, most frequent first.
    example : str
        A clause that holds it.
    """

    term: str
    uses: int
    reports: int
    domains: tuple[str, ...]
    example: str


@dataclass(slots=True)
class _Seen:
    uses: int = 0
    reports: int = 0
    last: int = -1
    domains: Counter[str] = field(default_factory=Counter)
    example: str = ""

    def add(self, report: int, clause: TaggedClause) -> None:
        self.uses += 1
        self.reports += report != self.last
        self.last = report
        self.domains[clause.domains[0].id] += 1
        self.example = self.example or clause.clause.text


class TermFinder:
    """Collects unknown words and unknown pairs of words over any number of reports, and holds nothing else of them.

    Parameters
    ----------
    classifier : Classifier
        The model whose vocabulary says what is known.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._reports = 0
        self._words: Counter[str] = Counter()
        self._seen: dict[tuple[str, ...], _Seen] = {}

    def add(self, report: TaggedReport) -> None:
        """Count the terms of a report."""
        clauses = [each for paragraph in report.paragraphs for each in paragraph.clauses]
        found = spans([each.clause.text for each in clauses], self._classifier.segmenter)
        known, paired = self._classifier.knows(found), self._classifier.knows_pairs(found)
        strange, names = strange_words(found, known)
        for at, word in strange:
            self._note((word,), clauses[found.row[found.start[at]]])
        plain = is_han(found.codes[found.start])
        plain[names] = False
        plain[np.isin(found.codes[found.start], _PARTICLES) & (found.length == 1)] = False
        says = counted_words(found)
        for at in np.flatnonzero(plain).tolist():
            self._words[word_at(found, at)] += 1
        second = np.flatnonzero(found.follows & ~paired)
        second = second[plain[second] & plain[second - 1] & (says[second] | says[second - 1])]
        for at in second.tolist():
            pair = word_at(found, at - 1), word_at(found, at)
            if len(pair[0]) + len(pair[1]) <= _LONGEST and not any(is_numeral(word) for word in pair if len(word) > 1):
                self._note(pair, clauses[found.row[found.start[at]]])
        self._reports += 1

    def _note(self, term: tuple[str, ...], clause: TaggedClause) -> None:
        if term not in self._seen:
            self._seen[term] = _Seen()
        self._seen[term].add(self._reports, clause)

    def found(self, *, least: int = 3, known: Sequence[str] = ()) -> list[NewTerm]:
        """What comes again, most frequent first.

        Parameters
        ----------
        least : int
            How often a term has to stand in the reports.
        known : sequence of str
            Terms to leave out: those of a glossary that the model has not learnt.
        """
        often = {term: seen for term, seen in self._seen.items() if seen.uses >= least}
        pairs = {
            term: seen
            for term, seen in often.items()
            if len(term) == 2 and seen.uses >= _COHESION * min(self._words[word] for word in term)
        }
        within: dict[str, int] = {}
        for term, seen in pairs.items():
            for word in term:
                within[word] = max(within.get(word, 0), seen.uses)
        singles = {
            term: seen
            for term, seen in often.items()
            if len(term) == 1 and within.get(term[0], 0) < _SUBSUMED * seen.uses
        }
        left_out = set(known)
        terms = [
            NewTerm("".join(term), seen.uses, seen.reports, self._proposed(seen), seen.example)
            for term, seen in [*singles.items(), *pairs.items()]
            if "".join(term) not in left_out
        ]
        return sorted(terms, key=lambda each: (-each.reports, -each.uses, each.term))

    def _proposed(self, seen: _Seen) -> tuple[str, ...]:
        least = _LEAST_SHARE * seen.domains.total()
        often = [domain for domain, count in seen.domains.most_common(MOST_DOMAINS) if count >= least]
        shared = [domain for domain in often if domain not in self._classifier.taxonomy.exclusive_ids]
        return tuple(shared or often)


def example_of(term: NewTerm) -> str:
    """The part of a new term's example around it, on one line."""
    at = max(0, term.example.find(term.term) - _EXAMPLE // 2)
    return " ".join(term.example[at : at + _EXAMPLE].split())
