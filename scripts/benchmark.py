#!/usr/bin/env python3
"""dudao beside what a user would write: jieba words in a TfidfVectorizer of 1-2-grams with a LinearSVC, loaded by joblib.

Both are trained on the same records and measured in one run, in turn, so that a machine whose speed drifts slows both. Ratios
come first; times are medians. Writes ``benchmarks/results.json`` and ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dudao import Tagger, store
from dudao.corpus import Record, load_corpus, read_records
from dudao.evaluation import judge, label_matrix, label_spans, macro_f1, summarise
from dudao.taxonomy import load_taxonomy

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "reports" / "shanyin-2021.txt"
LABELS = ROOT / "tests" / "data" / "shanyin-2021.labels.json"
SAMPLE = ROOT / "examples" / "sample-report.txt"

PEER = """
import sys, joblib
from peer_model import cut
pipeline, labels = joblib.load(sys.argv[1])
texts = [line.strip() for line in open(sys.argv[2], encoding="utf-8") if line.strip()]
print([[labels[n] for n in row.nonzero()[0]] for row in pipeline.predict(texts)])
"""
PEER_MODULE = """
import logging
import jieba
jieba.setLogLevel(logging.ERROR)


def cut(text):
    return jieba.lcut(text)
"""


def main() -> None:
    """Run everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each measurement")
    parser.add_argument("--texts", type=int, default=5000, help="texts for throughput")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = run(Path(folder), arguments.runs, arguments.texts)
    out = ROOT / "benchmarks"
    out.mkdir(exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (out / "README.md").write_text(as_markdown(results), encoding="utf-8")
    print(as_markdown(results))


def run(folder: Path, runs: int, n_texts: int) -> dict[str, object]:
    """All measurements as plain data."""
    taxonomy = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
    corpus = load_corpus(ROOT / "corpus", taxonomy)
    tagger = Tagger.load()
    sys.path.insert(0, str(folder))
    (folder / "peer_model.py").write_text(PEER_MODULE, encoding="utf-8")
    (folder / "peer.py").write_text(PEER, encoding="utf-8")
    pipeline = fit_peer(corpus.records, taxonomy.domain_ids)
    peer_file = folder / "peer.joblib"
    import joblib

    joblib.dump((pipeline, taxonomy.domain_ids), peer_file)
    records = [record for _, held in held_out(tagger) for record in held]
    texts = ([record.text for record in corpus.records] * (1 + n_texts // len(corpus.records)))[:n_texts]
    accuracy = {name: accuracy_of(tagger, pipeline, held) for name, held in held_out(tagger)}
    speed = in_turn(runs, dudao=lambda: tagger.tag(texts), peer=lambda: pipeline.predict(texts))
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    cold = in_turn(
        runs,
        dudao=lambda: command(
            [sys.executable, "-c", "from dudao.cli import main; main()", "tag", str(SAMPLE), "--to", "json"],
            environment,
        ),
        peer=lambda: command([sys.executable, str(folder / "peer.py"), str(peer_file), str(SAMPLE)], environment),
        floor=lambda: command([sys.executable, "-c", "import numpy, rjieba; rjieba.cut('学校')"], environment),
    )
    return {
        "ratios": {
            "throughput, dudao over peer": round(speed["peer"] / speed["dudao"], 2),
            "cold start, peer over dudao": round(cold["peer"] / cold["dudao"], 2),
            "cold start, dudao over numpy and rjieba alone": round(cold["dudao"] / cold["floor"], 2),
        },
        "macro_f1": accuracy,
        "texts_per_second": {name: round(len(texts) / seconds) for name, seconds in speed.items()},
        "cold_start_seconds": {name: round(seconds, 3) for name, seconds in cold.items()},
        "model_bytes": sum(
            (store.resolve().path / name).stat().st_size
            for name in ("classifier.npz", "classifier.json", "dictionary.tsv", "taxonomy.toml")
        ),
        "peer_bytes": peer_file.stat().st_size,
        "clauses_held_out": len(records),
        "model": tagger.model.version,
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn", "jieba", "rjieba")},
        },
    }


def fit_peer(records: tuple[Record, ...], labels: tuple[str, ...]) -> object:
    """The plain pipeline, trained on the same records."""
    import peer_model  # written by `run`, so that joblib can find the tokenizer again
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    pipeline = make_pipeline(
        TfidfVectorizer(tokenizer=peer_model.cut, token_pattern=None, lowercase=False, ngram_range=(1, 2)),
        OneVsRestClassifier(LinearSVC(random_state=0)),
    )
    return pipeline.fit(
        [record.text for record in records], label_matrix([record.domains for record in records], labels).astype(int)
    )


def held_out(tagger: Tagger) -> list[tuple[str, list[Record]]]:
    """Labelled sets that no model was trained on: reports kept aside, and the shared real report where it is there."""
    sets = [
        (path.stem, list(read_records(path))) for path in sorted((ROOT / "tests" / "data" / "heldout").glob("*.jsonl"))
    ]
    if SHARED.is_file():
        labels = json.loads(LABELS.read_text(encoding="utf-8"))["clauses"]
        records = label_spans(tagger.outline(SHARED), labels)
        sets.append(("shanyin-2021 (real)", records))
    return sets


def accuracy_of(tagger: Tagger, pipeline: object, records: list[Record]) -> dict[str, float]:
    """Macro F1 over the domains that occur, of both."""
    labels = tagger.classifier.labels
    gold = label_matrix([record.domains for record in records], labels)
    permitted = label_matrix([record.permitted for record in records], labels)
    scores = np.asarray(pipeline.decision_function([record.text for record in records]))  # type: ignore[attr-defined]
    given = scores > 0
    given[np.arange(len(scores)), scores.argmax(axis=1)] = True  # a clause has at least one domain
    return {
        "dudao": summarise(judge(tagger.classifier, records))["macro_f1"],
        "peer": round(macro_f1(gold & ~permitted, given & ~permitted), 4),
        "clauses": len(records),
    }


def in_turn(runs: int, **calls: Callable[[], object]) -> dict[str, float]:
    """Median seconds of each call, the calls taking turns; one round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(runs + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


def command(arguments: list[str], environment: dict[str, str]) -> None:
    """A whole process, its output thrown away."""
    subprocess.run(arguments, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def as_markdown(results: dict[str, object]) -> str:
    """The results as a page."""
    lines = [
        "# Benchmark",
        "",
        "Written by `make bench`. The peer: `jieba.lcut` in a `TfidfVectorizer` of 1-2-grams with `LinearSVC`, trained on the same records.",
        "",
        "| ratio | |",
        "|---|---|",
    ]
    lines += [f"| {name} | {value} |" for name, value in results["ratios"].items()]  # type: ignore[attr-defined]
    lines += ["", "| macro F1 on | clauses | dudao | peer |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {row['clauses']} | {row['dudao']:.3f} | {row['peer']:.3f} |"
        for name, row in results["macro_f1"].items()
    ]  # type: ignore[attr-defined]
    lines += ["", "| | dudao | peer |", "|---|---|---|"]
    speed, cold = results["texts_per_second"], results["cold_start_seconds"]
    lines += [
        f"| texts per second | {speed['dudao']:,} | {speed['peer']:,} |",
        f"| cold start, seconds | {cold['dudao']} | {cold['peer']} |",
        f"| model, bytes | {results['model_bytes']:,} | {results['peer_bytes']:,} |",
    ]  # type: ignore[index]
    machine = ", ".join(f"{name} {value}" for name, value in results["machine"].items())  # type: ignore[attr-defined]
    return "\n".join([*lines, "", f"Model {results['model']}. {machine}.", ""])


if __name__ == "__main__":
    main()
