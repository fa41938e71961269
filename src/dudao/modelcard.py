"""The model card and its figures, written from the manifest alone, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dudao import charts
from dudao.taxonomy import Taxonomy
from dudao.templates import render


def cards(manifest: Mapping[str, Any], taxonomy: Taxonomy) -> dict[str, bytes]:
    """Name → bytes of both cards and of the figures they show.

    ``created`` stays out of them: the same corpus, code and seed give the same cards.
    """
    metrics = manifest["metrics"]
    validated = metrics["cross_validation"]
    values = {
        "m": manifest,
        "cv": validated,
        "test": metrics.get("test"),
        "curve": metrics.get("learning_curve"),
        "taxonomy": taxonomy,
        "names": {each.id: each.name for each in taxonomy.domains},
    }
    files = {
        "MODEL_CARD.md": render("model_card.en.md.j2", autoescape=False, **values),
        "MODEL_CARD.zh-CN.md": render("model_card.zh.md.j2", autoescape=False, **values),
        "domains.svg": charts.domain_bars(
            [
                {
                    "label": f"{domain.name} {domain.id}",
                    "f1": validated["domains"][domain.id]["f1"],
                    "low": validated["domains"][domain.id]["f1_interval"][0],
                    "high": validated["domains"][domain.id]["f1_interval"][1],
                }
                for domain in taxonomy.domains
            ]
        ),
        "reliability.svg": charts.reliability_diagram(validated["reliability"]),
    }
    if values["curve"]:
        files["learning_curve.svg"] = charts.learning_curve(values["curve"]["by_reports"], values["curve"]["by_terms"])
    return {name: text.encode() for name, text in files.items()}
