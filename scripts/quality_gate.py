#!/usr/bin/env python3
"""Refuse a model that is worse than the one before, or that is not the corpus's own.

The floors stand in ``tests/quality_floors.json`` with the digests of the corpus and glossary they were measured with. They are
raised with ``--update``; a floor is lowered only with ``--allow-lower`` beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from dudao import store
from dudao.corpus import load_corpus, read_records
from dudao.evaluation import judge, summarise
from dudao.taxonomy import load_taxonomy

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ROOT / "tests" / "quality_floors.json"
HELD_OUT = ROOT / "tests" / "data" / "heldout"
# A floor lies this far below what was measured: figures move by as much between BLAS kernels and library versions.
MARGIN = 0.005


def main(arguments: list[str] | None = None) -> int:
    """Check the current model, or write its figures as the new floors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write the current model's figures as floors")
    parser.add_argument("--allow-lower", action="store_true", help="with --update: floors may fall")
    options = parser.parse_args(arguments)
    measured = measure()
    floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.is_file() else {}
    if options.update:
        return update(measured, floors, allow_lower=options.allow_lower)
    failures = compare(measured, floors)
    for failure in failures:
        print(f"quality gate: {failure}", file=sys.stderr)
    if not failures:
        print(f"quality gate: model {measured['model']} holds {len(floors['floors'])} floors")
    return 1 if failures else 0


def measure() -> dict[str, Any]:
    """The current model's figures, by name."""
    version, classifier, _ = store.load_classifier()
    manifest = version.manifest()
    validated = manifest["metrics"]["cross_validation"]
    figures = {
        "cross-validation macro F1": validated["macro_f1"],
        "cross-validation micro F1": validated["micro_f1"],
        "cross-validation first domain": validated["first_domain_accuracy"],
        "cross-validation paragraph primary domain": validated["primary_accuracy"],
        "cross-validation not uncertain, right": validated["first_domain_accuracy_of_not_uncertain"],
        "roles in the corpus": validated["outline"]["roles"],
    }
    if "test" in manifest["metrics"]:
        figures["reports set aside macro F1"] = manifest["metrics"]["test"]["macro_f1"]
    figures |= {f"cross-validation F1 {domain}": row["f1"] for domain, row in validated["domains"].items()}
    for path in sorted(HELD_OUT.glob("*.jsonl")):
        figures[f"held out {path.stem} macro F1"] = summarise(
            judge(classifier, list(read_records(path, classifier.taxonomy)))
        )["macro_f1"]
    taxonomy = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
    corpus = load_corpus(ROOT / "corpus", taxonomy)
    stale = [
        name
        for name, trained, present in (
            ("corpus", manifest["corpus"]["sha256"], corpus.digest),
            ("glossary", manifest["glossary"]["sha256"], corpus.glossary_digest),
        )
        if trained != present
    ]
    return {
        "model": version.version,
        "corpus": corpus.digest,
        "glossary": corpus.glossary_digest,
        "stale": stale,
        "figures": figures,
    }


def compare(measured: dict[str, Any], floors: dict[str, Any]) -> list[str]:
    """What the current model fails."""
    if not floors:
        return ["no floors yet: run scripts/quality_gate.py --update"]
    failures = [f"the model was trained on another {name}: train a new version" for name in measured["stale"]]
    failures += [
        f"the floors were measured with another {name}: train, then run with --update"
        for name in ("corpus", "glossary")
        if floors[name] != measured[name]
    ]
    figures = measured["figures"]
    failures += [
        f"{name} is {figures.get(name, 0):.3f}, below its floor {floor:.3f}"
        for name, floor in floors["floors"].items()
        if figures.get(name, 0) < floor
    ]
    return failures


def update(measured: dict[str, Any], floors: dict[str, Any], *, allow_lower: bool) -> int:
    """Write new floors, unless one of them would fall unasked."""
    fresh = {name: round(figure - MARGIN, 3) for name, figure in measured["figures"].items()}
    lowered = {
        name: (floor, fresh.get(name, 0.0))
        for name, floor in floors.get("floors", {}).items()
        if fresh.get(name, 0.0) < floor
    }
    if lowered and not allow_lower:
        for name, (old, new) in lowered.items():
            print(
                f"quality gate: {name} would fall from {old:.3f} to {new:.3f}; --allow-lower permits it",
                file=sys.stderr,
            )
        return 1
    FLOORS.write_text(
        json.dumps(
            {
                "corpus": measured["corpus"],
                "glossary": measured["glossary"],
                "model": measured["model"],
                "floors": fresh,
            },
            ensure_ascii=False,
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
