"""Figures as SVG: no font, script or style from elsewhere, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dudao.templates import render


def reliability_diagram(bins: Sequence[Mapping[str, float]]) -> str:
    """Confidence against accuracy, a dot a bin, its area by the clauses in it.

    Parameters
    ----------
    bins : sequence of mapping
        As `dudao.evaluation.reliability` gives them: ``clauses``, ``confidence``, ``accuracy``.
    """
    most = max((each["clauses"] for each in bins), default=1)
    dots = [{**each, "radius": 3 + 11 * (each["clauses"] / most) ** 0.5} for each in bins]
    return render("reliability.svg.j2", dots=dots)


def domain_bars(rows: Sequence[Mapping[str, Any]]) -> str:
    """F1 of each domain as a bar with its confidence interval.

    Parameters
    ----------
    rows : sequence of mapping
        ``label``, ``f1``, ``low``, ``high``, in the order to show them.
    """
    return render("domains.svg.j2", rows=rows)


def learning_curve(by_reports: Sequence[Mapping[str, float]], by_terms: Sequence[Mapping[str, float]]) -> str:
    """Macro F1 by how much was learnt from: reports at the left, glossary terms at the right."""
    reached = [each["macro_f1"] for each in (*by_reports, *by_terms)]
    panels = [
        {
            "name": name,
            "points": [
                {"x": each[key] / max(1, series[-1][key]), "n": int(each[key]), "y": each["macro_f1"]}
                for each in series
            ],
        }
        for name, key, series in (("reports 报告", "reports", by_reports), ("glossary terms 术语", "terms", by_terms))
    ]
    low = int(min(reached) * 20) / 20
    return render("learning_curve.svg.j2", panels=panels, low=low, high=1.0 if max(reached) > 0.95 else 0.95)
