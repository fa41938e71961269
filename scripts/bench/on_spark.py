"""What Spark costs over local work, and the figures that docs/spark.md sizes clusters by: ``python scripts/bench/on_spark.py``.

Processor seconds throughout (of this process, the JVM and the Python workers), so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dudao import Tagger
from dudao.batch import tag_record_batches
from dudao.corpus import load_corpus
from dudao.taxonomy import load_taxonomy

ROOT = Path(__file__).resolve().parent.parent.parent
_FILES = 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), arguments.rows, arguments.runs), ensure_ascii=False, indent=2))


def run(folder: Path, rows: int, runs: int) -> dict[str, Any]:
    """Medians of what clauses cost, what reports cost, and what a worker holds."""
    records = load_corpus(ROOT / "corpus", load_taxonomy(ROOT / "corpus" / "taxonomy.toml")).everything
    texts = [record.text for record in records]
    source = folder / "texts"
    source.mkdir()
    for number in range(_FILES):
        part = [texts[n % len(texts)] + str(n) for n in range(number, rows, _FILES)]
        pq.write_table(pa.table({"text": part}), source / f"{number:02d}.parquet")
    reports = folder / "reports"
    reports.mkdir()
    whole = [path.read_bytes() for path in sorted((ROOT / "corpus" / "reports").glob("*.txt"))]
    for number, content in enumerate(whole):
        (reports / f"{number:04d}.txt").write_bytes(content)
    tagger = Tagger.load()
    local = [_processor(lambda: _tag_locally(source, tagger)) for _ in range(runs + 1)][1:]
    one_by_one = [_processor(lambda: _tag_reports(reports, tagger)) for _ in range(runs + 1)][1:]
    return {
        "rows": rows,
        "local_seconds": sorted(local)[len(local) // 2],
        "reports": len(whole),
        "characters_a_report": round(sum(len(each.decode()) for each in whole) / len(whole)),
        "local_report_seconds": sorted(one_by_one)[len(one_by_one) // 2],
        **_on_spark(source, reports, runs),
    }


def _tag_locally(source: Path, tagger: Tagger) -> None:
    for file in sorted(source.iterdir()):
        for _ in tag_record_batches(pq.ParquetFile(file).iter_batches(10_000), tagger):
            pass


def _tag_reports(folder: Path, tagger: Tagger) -> None:
    from dudao.batch import report_batches

    for _ in report_batches(tagger.tag_many(sorted(folder.iterdir()))):
        pass


def _on_spark(source: Path, reports: Path, runs: int) -> dict[str, Any]:
    from pyspark.sql import SparkSession

    from dudao.spark import tag_dataframe, tag_files

    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable, LC_ALL="C.UTF-8")
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.files.openCostInBytes", "128m").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    started = _of_children()
    frame = tag_dataframe(spark.read.parquet(str(source)))
    measured = {"first_job_seconds": _job(lambda: _drain(frame.limit(10)))}
    measured["started_seconds"] = round(started, 2)
    seconds = sorted(_job(lambda: _drain(frame)) for _ in range(runs + 1))
    measured["spark_seconds"] = seconds[len(seconds) // 2]
    spark.conf.set("spark.sql.files.openCostInBytes", "4m")
    files = tag_files(spark, str(reports))
    seconds = sorted(_job(lambda: _drain(files)) for _ in range(runs + 1))
    measured["spark_report_seconds"] = seconds[len(seconds) // 2]

    def peak(batches: Iterator[Any]) -> Iterator[Any]:
        for _ in batches:
            pass
        lines = Path("/proc/self/status").read_text().splitlines()
        most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        yield pa.record_batch({"megabytes": [most // 1024]})

    rows = spark.range(0, 8, numPartitions=8).mapInArrow(peak, "megabytes long").collect()
    measured["worker_megabytes"] = max(row.megabytes for row in rows)
    spark.stop()
    return measured


def _drain(frame: Any) -> None:
    """Compute every row and write none."""
    frame.write.format("noop").mode("overwrite").save()


def _processor(call: Any) -> float:
    started = time.process_time()
    call()
    return round(time.process_time() - started, 2)


def _job(call: Any) -> float:
    started = _of_children()
    call()
    return round(_of_children() - started, 2)


def _of_children() -> float:
    """Processor seconds of all processes below this one, those that have ended and been waited for too."""
    parent, seconds = {}, {}
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if entry.name.isdigit():
            parent[int(entry.name)] = int(fields[1])
            seconds[int(entry.name)] = sum(map(int, fields[11:15]))  # user, system, and of children waited for

    def below(pid: int) -> bool:
        while pid > 1 and pid != os.getpid():
            pid = parent.get(pid, 0)
        return pid > 1

    ticks = sum(each for pid, each in seconds.items() if pid != os.getpid() and below(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
