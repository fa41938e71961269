"""What is usual for a model: how many unknown words and uncertain clauses its corpus's reports have, each unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dudao.drift import count_words, word_at
from dudao.modelfiles import Reference, Spread
from dudao.tokens import Segmenter, Spans, spans

Flags = npt.NDArray[np.bool_]


def usual(
    texts: Sequence[str],
    reports: Sequence[str],
    glossary: Sequence[str],
    segmenter: Segmenter,
    *,
    least: int,
    uncertain: Sequence[bool],
    uncertain_alone: Sequence[bool],
) -> Reference:
    """Figures for `dudao.drift.Reference`.

    Parameters
    ----------
    texts, reports : sequence of str
        Clauses, and which report each is of.
    glossary : sequence of str
        Terms whose words are known however rare.
    least : int
        In how many texts another word has to stand to be known.
    uncertain, uncertain_alone : sequence of bool
        Flags of the clauses in context and by themselves, by models that had not seen their reports.
    """
    of_report: dict[str, list[int]] = {}
    for number, report in enumerate(reports):
        of_report.setdefault(report, []).append(number)
    words_of = {report: _frequency([texts[row] for row in rows], segmenter) for report, rows in of_report.items()}
    everywhere = sum(words_of.values(), Counter[str]())
    given = set(_frequency(glossary, segmenter))
    shares = []
    for report, rows in of_report.items():
        own = words_of[report]

        def knows(found: Spans, own: Counter[str] = own) -> Flags:
            words = (word_at(found, at) for at in range(len(found.start)))
            return np.fromiter((word in given or everywhere[word] - own[word] >= least for word in words), np.bool_)

        words, unknown = count_words([texts[row] for row in rows], segmenter, knows)
        shares.append(unknown.total() / max(1, words))
    flags = (np.asarray(each, dtype=np.float64) for each in (uncertain, uncertain_alone))
    in_context, alone = ([float(each[rows].mean()) for rows in of_report.values()] for each in flags)
    return Reference(len(of_report), _spread(shares), _spread(in_context), _spread(alone))


def _frequency(texts: Sequence[str], segmenter: Segmenter) -> Counter[str]:
    """In how many of the texts each word stands."""
    found = spans(texts, segmenter)
    row = found.row[found.start].tolist() if len(found.start) else []
    return Counter(word for _, word in {(row[at], word_at(found, at)) for at in range(len(row))})


def _spread(shares: Sequence[float]) -> Spread:
    median, p95 = np.percentile(shares, (50, 95))
    return Spread(round(float(median), 4), round(float(p95), 4))
