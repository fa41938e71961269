#!/usr/bin/env python3
"""Which regularisation and which weight of the characters, by nested cross-validation by report. Prints a Markdown table.

Takes about a quarter of an hour on two cores; what it gave stands in ``docs/accuracy.md``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from dudao.corpus import load_corpus
from dudao.taxonomy import load_taxonomy
from dudao.training import Parameters, nested_cross_validation

ROOT = Path(__file__).resolve().parent.parent / "corpus"


def main() -> None:
    """Choose, judge and print."""
    taxonomy = load_taxonomy(ROOT / "taxonomy.toml")
    default = Parameters()
    candidates = [
        default,
        *(replace(default, c=c) for c in (5.0, 40.0)),
        *(replace(default, character_weight=weight) for weight in (0.5, 1.5)),
        replace(default, min_df=3),
    ]
    choices = nested_cross_validation(
        load_corpus(ROOT, taxonomy), taxonomy, candidates, progress=lambda message: print(message, file=sys.stderr)
    )
    print(
        "| fold | chosen: C, character weight, least texts | macro F1 on unseen reports | the default's |\n|---|---|---|---|"
    )
    for number, choice in enumerate(choices, 1):
        chosen = choice.chosen
        print(
            f"| {number} | {chosen.c:g}, {chosen.character_weight:g}, {chosen.min_df} | {choice.reached:.4f} | {choice.default:.4f} |"
        )


if __name__ == "__main__":
    main()
