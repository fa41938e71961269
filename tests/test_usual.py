from __future__ import annotations

import numpy as np
import pytest

from dudao.tokens import Segmenter, term_strings
from dudao.usual import usual

TEXTS = [
    "教师工资按月发放。",
    "教师编制统筹使用。",
    "教师工资高于标准。",
    "食堂公示采购台账。",
    "食堂采购统筹安排，秸秆还田。",
    "校车司机统一培训。",
]
REPORTS = ["a", "a", "b", "b", "c", "c"]


def plain_shares(glossary, least):
    """Share of each report's words that neither the other reports nor the glossary make known."""
    segmenter = Segmenter()
    words = [
        [word for word in line.split() if "_" not in word and len(word) > 1]
        for line in term_strings(TEXTS, segmenter)[0]
    ]
    given = {word for line in term_strings(glossary, segmenter)[0] for word in line.split()}
    shares = []
    for report in dict.fromkeys(REPORTS):
        own = [word for line, of in zip(words, REPORTS, strict=True) if of == report for word in line]
        others = [set(line) for line, of in zip(words, REPORTS, strict=True) if of != report]
        unknown = [word for word in own if word not in given and sum(word in line for line in others) < least]
        shares.append(len(unknown) / len(own))
    return shares


@pytest.mark.parametrize("least", [1, 2])
@pytest.mark.parametrize("glossary", [[], ["校车司机", "秸秆"]])
def test_usual_unknown_words_are_those_of_reports_left_out(glossary, least):
    flags = [False] * len(TEXTS)
    found = usual(TEXTS, REPORTS, glossary, Segmenter(), least=least, uncertain=flags, uncertain_alone=flags)
    shares = plain_shares(glossary, least)
    assert found.unknown.median == pytest.approx(np.median(shares), abs=1e-4)
    assert found.unknown.p95 == pytest.approx(np.percentile(shares, 95), abs=1e-4)
    assert found.reports == 3


def test_usual_uncertain_shares_are_by_report():
    found = usual(
        TEXTS,
        REPORTS,
        [],
        Segmenter(),
        least=1,
        uncertain=[True, False, False, False, False, False],
        uncertain_alone=[True, True, True, False, False, False],
    )
    assert (found.uncertain.median, found.uncertain_alone.median) == (0.0, 0.5)
    assert found.uncertain_alone.p95 > 0.9
