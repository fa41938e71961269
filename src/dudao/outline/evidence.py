"""What a section does, told from its wording where no heading and no switch names it.

A linear model small enough to read: a few hundred short words, each with its weight for the roles that wording can tell apart
(``evidence`` in the taxonomy file, learnt from the corpus by ``scripts/role_words.py``). It tells 0.977 of the corpus's sections
right in cross-validation by report; headings alone, where they are slogans, tell none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dudao.patterns import later
from dudao.taxonomy import Taxonomy

_SENTENCE = later(r"[^。！？；!?;\n\t]{8,}")  # what is shorter says nothing of its section: rows of a table, headings
_LEAST_SENTENCES = 3  # fewer say too little; such a section keeps the default role
_LEAST_IN_SEQUENCE = 10  # sentences of a report without headings
_MOST_SENTENCES = 300  # enough to tell; a section of 10 MB need not be read twice
# Between paragraphs without any heading roles follow each other in the order of the taxonomy and seldom turn back. In sums of
# log-probabilities over sentences; 2 to 6 and 6 to 20 tried on the corpus's reports with their headings taken away.
_STEP, _BACK = 4.0, 12.0


class RoleEvidence:
    """The weights of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        told = [role for role in taxonomy.roles if role.evidence]
        self.roles = tuple(role.id for role in told)
        self._bias = tuple(role.evidence_bias for role in told)
        weights: dict[str, list[float]] = {}
        for column, role in enumerate(told):
            for word, weight in role.evidence:
                weights.setdefault(word, [0.0] * len(told))[column] = weight
        self._weights = tuple(weights.items())

    def of_section(self, text: str) -> str | None:
        """The role that a section's sentences speak for; None where they are too few, or the taxonomy knows no evidence."""
        if not self.roles:
            return None
        sums, count = self._sums(text)
        if count < _LEAST_SENTENCES:
            return None
        return self.roles[max(range(len(sums)), key=sums.__getitem__)]

    def of_sequence(self, texts: Sequence[str]) -> list[str | None]:
        """The roles of paragraphs that follow each other without a heading: the most likely sequence (Viterbi 1967)."""
        scored = [self._sums(text) for text in texts] if self.roles else []
        if sum(count for _, count in scored) < _LEAST_IN_SEQUENCE:
            return [None] * len(texts)
        states = range(len(self.roles))
        best = [0.0 if state == 0 else -_STEP * state for state in states]
        came_from: list[list[int]] = []
        for sums, _ in scored:
            ways = [[best[old] - _cost(old, new) for old in states] for new in states]
            step = [max(states, key=way.__getitem__) for way in ways]
            best = [max(way) + sums[new] for new, way in enumerate(ways)]
            came_from.append(step)
        state = max(states, key=best.__getitem__)
        path: list[str | None] = []
        for step in reversed(came_from):
            path.append(self.roles[state])
            state = step[state]
        return path[::-1]

    def _sums(self, text: str) -> tuple[list[float], int]:
        """Log-probabilities of the roles summed over a text's sentences, and how many these are."""
        sums = [0.0] * len(self.roles)
        count = 0
        for match in _SENTENCE.finditer(text):
            sentence = match.group()
            scores = list(self._bias)
            for word, weights in self._weights:
                if word in sentence:
                    scores = [score + weight for score, weight in zip(scores, weights, strict=True)]
            norm = math.log(sum(map(math.exp, scores)))
            sums = [total + score - norm for total, score in zip(sums, scores, strict=True)]
            count += 1
            if count == _MOST_SENTENCES:
                break
        return sums, count


def _cost(old: int, new: int) -> float:
    """What going on from one role to another costs."""
    return 0.0 if old == new else _STEP if new > old else _BACK
