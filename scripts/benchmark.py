"""Speed, memory and accuracy side by side in one run: dudao, what a user would write first, fastText, the tokenizer alone.

All take turns within each round, so that a machine that slows down slows all of them; medians are given, ratios first.
Writes ``benchmarks/results.json``, ``benchmarks/README.md`` and ``benchmarks/throughput.svg``.
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
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench import peers, report
from bench.sharing import growth, thread_ratios
from bench.stages import stages
from dudao import Tagger, store
from dudao.classifier import FILES
from dudao.corpus import Record, load_corpus, read_records
from dudao.evaluation import judge, label_matrix, label_spans, macro_f1, summarise
from dudao.taxonomy import load_taxonomy

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "reports" / "shanyin-2021.txt"
LABELS = ROOT / "tests" / "data" / "shanyin-2021.labels.json"
SAMPLE = ROOT / "examples" / "sample-report.txt"
CLI = [sys.executable, "-c", "from dudao.cli import main; main()"]
LENGTHS = (20, 100, 500, 2000)
SLOW_SHARE = 8  # the peers tag every eighth text: they would take a minute a round for all


def main() -> None:
    """Run everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="counted rounds of each measurement")
    parser.add_argument("--texts", type=int, default=20_000, help="texts for throughput")
    parser.add_argument(
        "--batch", type=int, default=400_000, metavar="ROWS", help="rows for `dudao batch`; 0: leave out"
    )
    parser.add_argument(
        "--calls", type=int, default=0, help="calls of Tagger.tag over which memory is watched; 1000000 take 20 minutes"
    )
    parser.add_argument("--training", action="store_true", help="train on a quarter, half and all of the corpus too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = run(Path(folder), arguments)
    out = ROOT / "benchmarks"
    out.mkdir(exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    (out / "throughput.svg").write_text(report.chart(results), encoding="utf-8")
    (out / "README.md").write_text(report.page(results), encoding="utf-8")
    print(report.page(results))


def run(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """All measurements as plain data."""
    import joblib
    import rjieba

    runs: int = arguments.runs
    cold_runs = max(runs, 11)  # short, and the noisiest
    taxonomy = load_taxonomy(ROOT / "corpus" / "taxonomy.toml")
    corpus = load_corpus(ROOT / "corpus", taxonomy)
    tagger = Tagger.load()
    peers.write_modules(folder)
    labels = taxonomy.domain_ids
    left_out: list[str] = []
    peer, quick = (peers.fit_linear(corpus.records, labels, fast=fast) for fast in (False, True))
    peer_file = folder / "peer.joblib"
    joblib.dump((peer, labels), peer_file)
    sizes = {"dudao": sum((store.resolve().path / name).stat().st_size for name in FILES)}
    sizes["peer"] = peer_file.stat().st_size
    # What each is called with some texts; what it labels them with, as far as it does.
    taggers: dict[str, Callable[[Sequence[str]], object]] = {
        "dudao": tagger.tag,
        "peer": peer.predict,
        "peer, rjieba": quick.predict,
    }
    labelled: dict[str, Callable[[Sequence[str]], Any]] = {
        "peer": lambda texts: peers.linear_labels(peer, texts),
        "peer, rjieba": lambda texts: peers.linear_labels(quick, texts),
    }
    try:
        fasttext = peers.FastText(folder, corpus.records, labels)
        taggers["fastText"] = labelled["fastText"] = fasttext.predict
        sizes["fastText"] = fasttext.file.stat().st_size
    except ImportError as error:
        left_out.append(f"fastText, which is not installed ({error}); pip install 'dudao[bench]'")
    taggers["tokenizer"] = lambda texts: [rjieba.cut(text) for text in texts]
    slow = {name: name not in {"dudao", "tokenizer"} for name in taggers}

    texts = corpus_texts(corpus.records, arguments.texts)
    rates = throughput(taggers, slow, texts, runs)
    once = list(dict.fromkeys(record.text for record in corpus.records))
    rates_once = throughput(taggers, slow, once, runs)
    by_length = {length: throughput(taggers, slow, of_length(texts, length), runs) for length in LENGTHS}
    seconds = in_turn(runs, stages(tagger, texts))
    cold = whole_processes(folder, peer_file, cold_runs)
    ratios = {
        "throughput, dudao over peer": rates["dudao"] / rates["peer"],
        "throughput, dudao over peer, no text twice": rates_once["dudao"] / rates_once["peer"],
        "throughput, dudao over the tokenizer alone": rates["dudao"] / rates["tokenizer"],
        "throughput, dudao over the tokenizer alone, no text twice": rates_once["dudao"] / rates_once["tokenizer"],
        "cold start, dudao over numpy and rjieba alone": cold["dudao tag"]["seconds"]
        / cold["numpy and rjieba"]["seconds"],
        "cold start, dudao over numpy and rjieba alone, by the clock": cold["dudao tag"]["by_the_clock"]
        / cold["numpy and rjieba"]["by_the_clock"],
        "cold start, peer over dudao": cold["peer"]["of_dudao_tag"],
        **thread_ratios(tagger, texts, runs),
    }
    batch = batch_scaling(folder, texts, arguments.batch, runs) if arguments.batch else None
    if batch:
        one, two = batch["jobs"]["1"], batch["jobs"]["2"]
        ratios["dudao batch, 2 processes over 1, by the clock"] = one["seconds"] / two["seconds"]
        ratios["dudao batch, processor time of 2 processes over that of 1"] = (
            two["processor_seconds"] / one["processor_seconds"]
        )
    return {
        "ratios": {name: round(value, 2) for name, value in ratios.items()},
        "runs": runs,
        "n_texts": f"{len(texts):,}",
        "n_distinct": f"{len(set(texts)):,}",
        "mean_characters": round(statistics.mean(map(len, texts))),
        "texts_per_second": rates,
        "n_once": f"{len(once):,}",
        "mean_characters_once": round(statistics.mean(map(len, once))),
        "texts_per_second_once": rates_once,
        "by_length": by_length,
        "stages": {name: round(each / len(texts) * 1e6, 1) for name, each in seconds.items()},
        "accuracy": {
            name: accuracy_of(tagger, labelled, held)
            for name, held in [*held_out(tagger), ("the reports set aside", list(corpus.held_out))]
        },
        "cold": cold,
        "bytes": sizes,
        "batch": batch,
        "growth": {"calls": arguments.calls, "megabytes": round(growth(arguments.calls), 1)}
        if arguments.calls
        else None,
        "training": training_growth(folder) if arguments.training else None,
        "left_out": left_out,
        "model": tagger.model.version,
        "machine": machine(),
    }


def corpus_texts(records: Sequence[Record], count: int) -> list[str]:
    """Clauses of the corpus, then its paragraphs, over again until there are as many as asked for."""
    paragraphs: dict[tuple[str, object], str] = {}
    for record in records:
        key = (record.report, record.paragraph)
        paragraphs[key] = paragraphs.get(key, "") + record.text
    texts = [*(record.text for record in records), *paragraphs.values()]
    return (texts * (1 + count // len(texts)))[:count]


def of_length(texts: Sequence[str], length: int) -> list[str]:
    """The same text in pieces of one length, 400,000 characters in all."""
    joined = "".join(texts)[:400_000]
    return [joined[at : at + length] for at in range(0, len(joined) - length + 1, length)]


def throughput(
    taggers: dict[str, Callable[[Sequence[str]], object]], slow: dict[str, bool], texts: Sequence[str], runs: int
) -> dict[str, int]:
    """Texts per second of each."""
    given = {name: texts[::SLOW_SHARE] if slow[name] else texts for name in taggers}
    seconds = in_turn(runs, {name: (lambda n=name: taggers[n](given[n])) for name in taggers})  # type: ignore[misc]
    return {name: round(len(given[name]) / each) for name, each in seconds.items()}


def in_turn(runs: int, calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median processor seconds of each call, the calls taking turns; one round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(runs + 1):
        for name, call in calls.items():
            started = time.process_time()
            call()
            if number:
                seconds[name].append(time.process_time() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


# A process begins with the most memory of the one it was forked from: this small one forks what is measured.
LAUNCH = """
import os, sys, time
started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024)
"""


def command(arguments: Sequence[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """A whole process: its processor seconds, seconds by the clock, and most memory in MB (of it or of a child)."""
    call = [sys.executable, "-c", LAUNCH, *arguments]
    said = subprocess.run(call, env=environment, check=True, capture_output=True, text=True).stdout.split()
    if said[0] != "0":
        raise RuntimeError(f"{arguments[:4]} ended with {said[0]}")
    return float(said[1]), float(said[2]), float(said[3])


def whole_processes(folder: Path, peer_file: Path, runs: int) -> dict[str, dict[str, float]]:
    """Cold starts: seconds of the processors and by the clock, and memory."""
    # Modules are compiled once, as after an installation, whatever the shell that this runs in says.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    calls = {
        "python": [sys.executable, "-c", "pass"],
        "numpy and rjieba": [sys.executable, "-c", "import numpy, rjieba; rjieba.cut('学校')"],
        "dudao --help": [*CLI, "--help"],
        "dudao tag": [*CLI, "tag", str(SAMPLE), "--to", "json"],
        "peer": [sys.executable, str(folder / "peer.py"), str(peer_file), str(SAMPLE)],
    }
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in calls}
    for number in range(runs + 1):
        for name, call in calls.items():
            measured = command(call, environment)
            if number:
                found[name].append(measured)
    result = {
        name: {
            "seconds": round(statistics.median(each[0] for each in rows), 3),
            "by_the_clock": round(statistics.median(each[1] for each in rows), 3),
            "megabytes": round(max(each[2] for each in rows)),
        }
        for name, rows in found.items()
    }
    for name, rows in found.items():  # round by round, since the machine's speed drifts
        pairs = zip(rows, found["dudao tag"], strict=True)
        result[name]["of_dudao_tag"] = round(statistics.median(each[0] / own[0] for each, own in pairs), 3)
    return result


def batch_scaling(folder: Path, texts: Sequence[str], rows: int, runs: int) -> dict[str, Any]:
    """`dudao batch` with one process and with two, by the clock."""
    source = folder / "texts.jsonl"
    with open(source, "w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(json.dumps({"id": number, "text": texts[number % len(texts)]}, ensure_ascii=False) + "\n")
    found: dict[str, list[tuple[float, float, float]]] = {"1": [], "2": []}
    for number in range(runs):
        for jobs, measured in found.items():
            out = folder / f"tagged-{jobs}-{number}.jsonl"
            measured.append(command([*CLI, "batch", str(source), "-o", str(out), "--jobs", jobs], dict(os.environ)))
            out.unlink()
    jobs_rows = {
        jobs: {
            "seconds": round(statistics.median(each[1] for each in measured), 2),
            "processor_seconds": round(statistics.median(each[0] for each in measured), 2),
            "megabytes": round(max(each[2] for each in measured)),
        }
        for jobs, measured in found.items()
    }
    return {"rows": rows, "jobs": jobs_rows}


TRAIN = """
import sys
from dataclasses import replace
from pathlib import Path
from dudao import training
from dudao.corpus import load_corpus
from dudao.taxonomy import load_taxonomy
root, share = Path(sys.argv[1]), float(sys.argv[2])
file = root / "taxonomy.toml"
taxonomy = load_taxonomy(file)
corpus = load_corpus(root, taxonomy)
reports = sorted({record.report for record in corpus.records})
kept = set(reports[: max(4, round(share * len(reports)))])
some = replace(
    corpus,
    records=tuple(record for record in corpus.records if record.report in kept),
    glossary=corpus.glossary[:: max(1, round(1 / share))],
)
print(len(some.records), len(some.glossary), file=open(sys.argv[3], "w"))
training.train(some, taxonomy, file.read_bytes(), version="9.9.9")
"""


def training_growth(folder: Path) -> dict[str, dict[str, float]]:
    """Seconds by the clock and of the processors, and memory, of training on a quarter, a half and all of the corpus, everything included."""
    found = {}
    for share in (0.25, 0.5, 1.0):
        said = folder / "counts.txt"
        call = [sys.executable, "-c", TRAIN, str(ROOT / "corpus"), str(share), str(said)]
        processor, elapsed, megabytes = command(call, dict(os.environ))
        clauses, terms = map(int, said.read_text().split())
        found[str(share)] = {
            "clauses": clauses,
            "terms": terms,
            "seconds": round(elapsed, 1),
            "processor_seconds": round(processor, 1),
            "megabytes": round(megabytes),
        }
    return found


def held_out(tagger: Tagger) -> list[tuple[str, list[Record]]]:
    """Labelled sets that no model was trained on: reports kept aside, and the shared real report where it is there."""
    sets = [
        (path.stem, list(read_records(path))) for path in sorted((ROOT / "tests" / "data" / "heldout").glob("*.jsonl"))
    ]
    if SHARED.is_file():
        labels = json.loads(LABELS.read_text(encoding="utf-8"))["clauses"]
        sets.append(("shanyin-2021 (real)", label_spans(tagger.outline(SHARED), labels)))
    return sets


def accuracy_of(
    tagger: Tagger, labelled: dict[str, Callable[[Sequence[str]], Any]], records: list[Record]
) -> dict[str, Any]:
    """Macro F1 of all over the domains that occur."""
    labels = tagger.classifier.labels
    gold = label_matrix([record.domains for record in records], labels)
    permitted = label_matrix([record.permitted for record in records], labels)
    texts = [record.text for record in records]
    reached = {"dudao": float(summarise(judge(tagger.classifier, records))["macro_f1"])}
    for name, label in labelled.items():
        reached[name] = round(float(macro_f1(gold & ~permitted, np.asarray(label(texts)) & ~permitted)), 4)
    return {"clauses": len(records), "macro_f1": reached}


def machine() -> dict[str, object]:
    """What it ran on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load average": round(os.getloadavg()[1]),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn", "jieba", "rjieba")},
    }


if __name__ == "__main__":
    main()
