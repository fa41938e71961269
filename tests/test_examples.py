"""Every worked example, run as a user runs it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading

import pytest

from conftest import ROOT
from dudao import Tagger

EXAMPLES = ROOT / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def script(name, *arguments, cwd, seconds=300):
    return subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        cwd=cwd,
        timeout=seconds,
        check=False,
    )


def test_every_example_is_listed_and_tested():
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    tested = (ROOT / "tests" / "test_examples.py").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert path.name in listed
        assert f'"{path.stem}' in tested


def test_watch_folder_tags_what_arrives_and_tells_what_cannot_be_read(sample, tmp_path, tagger):
    watch_folder = load("watch_folder")
    inbox, outbox = tmp_path / "in", tmp_path / "out"
    (inbox / "县").mkdir(parents=True)
    (inbox / "before.txt").write_bytes(sample.read_bytes())
    arriving = watch_folder.watch(inbox, outbox, tagger, every=0.01)
    assert next(arriving) == outbox / "before.txt.json"
    (inbox / "县" / "later.txt").write_bytes(sample.read_bytes())
    assert next(arriving) == outbox / "县__later.txt.json"
    (inbox / "empty.txt").write_bytes(b"")
    bad = next(arriving)
    assert bad == outbox / "empty.txt.error.json"
    assert json.loads(bad.read_text(encoding="utf-8"))["error"] == "the file is empty"
    (inbox / "empty.txt").write_bytes(sample.read_bytes())  # mended: the error goes, the tags come
    assert next(arriving) == outbox / "empty.txt.json"
    assert sorted(path.name for path in outbox.iterdir()) == ["before.txt.json", "empty.txt.json", "县__later.txt.json"]
    assert json.loads((outbox / "before.txt.json").read_text(encoding="utf-8"))["schema"] == "dudao.report/1"
    again = watch_folder.watch(inbox, outbox, tagger, every=0.01)  # a restart does nothing again
    found = threading.Thread(target=lambda: next(again, None), daemon=True)
    found.start()
    found.join(0.3)
    assert found.is_alive()


def test_ingest_gives_a_row_or_a_reason(sample, tmp_path):
    ingest = load("ingest").ingest
    row = ingest(sample.read_bytes(), "upload.txt")
    assert (row["issuer"], row["year"], row["report"]["schema"]) == ("沐松县人民政府", 2022, "dudao.report/1")
    assert row["status"] in {"tagged", "look"}
    for payload, reason in ((b"", "empty"), (bytes(range(256)) * 9, "PDF"), (b"%PDF-1.4\n", "cut short")):
        row = ingest(payload, "upload.pdf")
        assert row["status"] == "rejected"
        assert reason in row["reason"]
        assert row["hint"]
    (tmp_path / "bad.txt").write_bytes(b"")
    run = script("ingest", sample, tmp_path / "bad.txt", cwd=tmp_path)
    assert [json.loads(line)["status"] for line in run.stdout.splitlines()][1] == "rejected", run.stderr


def test_parquet_batch_keeps_rows_and_adds_columns(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    texts = ["教师工资按月足额发放。", None, "食堂每周抽检。"] * 400
    parquet.write_table(pa.table({"n": list(range(1200)), "text": texts}), tmp_path / "in.parquet")
    assert load("parquet_batch").tag_parquet(tmp_path / "in.parquet", tmp_path / "out.parquet", rows=500) == 1200
    table = parquet.read_table(tmp_path / "out.parquet")
    assert table["n"].to_pylist() == list(range(1200))
    assert table["primary"].to_pylist()[1:3] == [None, "safety"]


def test_sklearn_pipeline_searches_and_predicts(tmp_path):
    pytest.importorskip("dudao.estimator", reason="this dudao has no estimators")
    run = script("sklearn_pipeline", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "marked__C" in run.stdout


@pytest.mark.slow
def test_spark_job_gives_what_the_tagger_gives(tmp_path, tagger):
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    pytest.importorskip("dudao.spark", reason="this dudao has no Spark part")
    import shutil

    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("no Java")
    import pyarrow as pa
    import pyarrow.parquet as parquet

    texts = ["教师工资按月足额发放。", "食堂每周抽检。", "普惠性幼儿园覆盖率达到九成。"] * 40
    parquet.write_table(pa.table({"n": list(range(len(texts))), "text": texts}), tmp_path / "in.parquet")
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "SPARK_CONF_DIR": str(tmp_path)}
    (tmp_path / "spark-defaults.conf").write_text("spark.master local[2]\nspark.ui.enabled false\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, EXAMPLES / "spark_job.py", tmp_path / "in.parquet", tmp_path / "out.parquet"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    rows = sorted(parquet.read_table(tmp_path / "out.parquet").to_pylist(), key=lambda row: row["n"])
    assert [row["primary"] for row in rows] == [tag.primary for tag in tagger.tag(texts)]


@pytest.mark.slow
def test_retrain_learns_a_merged_domain(tmp_path):
    import csv

    with (ROOT / "corpus" / "reports.csv").open(encoding="utf-8-sig", newline="") as file:
        learnt = [row["id"] for row in csv.DictReader(file) if row["split"] == "train" and row["kind"] == "report"]
    run = script("retrain", tmp_path / "out", "--reports", ",".join(learnt[:8]), cwd=tmp_path, seconds=600)
    assert run.returncode == 0, run.stderr[-2000:]
    tagger = Tagger.load(tmp_path / "out" / "models" / "1.0.0")
    assert "stages" in tagger.taxonomy.domain_ids
    assert "preschool" not in tagger.taxonomy.domain_ids
    assert "('stages',)" in run.stdout
