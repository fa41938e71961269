from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from dudao import charts
from dudao.corpus import Record
from dudao.evaluation import confusions, coverage_curve, judged, reliability


def test_figures_are_svg_that_calls_nothing_from_elsewhere():
    bins = [{"clauses": 4, "confidence": 0.5, "accuracy": 0.75}, {"clauses": 9, "confidence": 0.95, "accuracy": 1.0}]
    figures = (
        charts.reliability_diagram(bins),
        charts.domain_bars([{"label": "<a> & b", "f1": 0.9, "low": 0.8, "high": 1.0}]),
        charts.learning_curve(
            [{"reports": 1, "macro_f1": 0.5}, {"reports": 4, "macro_f1": 0.8}],
            [{"terms": 0, "macro_f1": 0.7}, {"terms": 9, "macro_f1": 0.8}],
        ),
    )
    for figure in figures:
        assert ElementTree.fromstring(figure).tag.endswith("svg")
        assert "href" not in figure
        assert "url(" not in figure


def test_reliability_leaves_empty_bins_out():
    found = reliability(np.array([0.05, 0.92, 0.98]), np.array([False, True, True]))
    assert [(each.clauses, each.accuracy) for each in found] == [(1, 0.0), (2, 1.0)]


def test_coverage_curve_rises_as_the_surest_are_kept():
    confidence = np.linspace(0.1, 1.0, 10)
    curve = coverage_curve(confidence, confidence > 0.5)
    assert curve[0] == {"kept": 1.0, "from": 0.1, "accuracy": 0.5}
    assert curve[-1]["accuracy"] == 1.0


def test_confusions_pair_what_was_missed_with_what_was_given_instead():
    records = [Record("甲", ("x",)), Record("乙", ("x",)), Record("丙", ("y",))]
    result = judged(records, np.zeros((3, 2)), [(1,), (1,), (1,)], [False] * 3, ("x", "y"))
    assert confusions(records, result) == [{"asked": "x", "given": "y", "clauses": 2, "examples": ["甲", "乙"]}]
