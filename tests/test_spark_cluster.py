"""Workers of a standalone cluster killed midway: every row once, as it is on one machine."""

from __future__ import annotations

import json
import threading

import pytest

from clusters import Cluster, require_spark, session, wait_for
from conftest import ROOT
from dudao.batch import tag_record_batches

require_spark()
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from dudao.spark import tag_dataframe, tag_files  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]

KILLS = 10
PARTITIONS = 40
CLAUSES = 20_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.add_worker()
        made.add_worker()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def spark(cluster):
    with session(cluster.url, **{"spark.executor.memory": "512m", "spark.executor.cores": "1"}) as made:
        wait_for(lambda: executors(made) == 2, "two executors")
        yield made


@pytest.fixture(scope="module")
def clauses():
    """20,000 clauses of the corpus, numbered, half of them with their headings."""
    records = [
        json.loads(line)
        for path in sorted((ROOT / "corpus").rglob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    twice = [(each["text"], path) for each in records for path in (each.get("section") or None, None)][:CLAUSES]
    assert len(twice) == CLAUSES
    texts, headings = zip(*twice, strict=True)
    return pa.table(
        {
            "id": pa.array(range(CLAUSES), pa.int64()),
            "text": pa.array(texts, pa.string()),
            "headings": pa.array(headings, pa.list_(pa.string())),
        }
    )


@pytest.fixture(scope="module")
def local(clauses, tagger):
    """What one machine makes of them."""
    found = tag_record_batches(clauses.to_batches(1000), tagger, heading_column="headings")
    return pa.Table.from_batches(found).to_pylist()


@pytest.fixture(scope="module")
def frame(spark, clauses, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clauses")
    size = -(-CLAUSES // PARTITIONS)
    for number in range(PARTITIONS):
        pq.write_table(clauses.slice(number * size, size), folder / f"{number:02d}.parquet")
    spark.conf.set("spark.sql.files.openCostInBytes", "128m")  # a task a file
    return spark.read.parquet(str(folder))


def executors(spark) -> int:
    return spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1  # one of them is the driver


def done(spark) -> int:
    """Finished tasks of the stage that runs, 0 where none does."""
    tracker = spark.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    return max((stage.numCompletedTasks for stage in stages if stage and stage.numTasks == PARTITIONS), default=0)


def written(folder) -> list[dict]:
    return pq.read_table(folder).sort_by("id").to_pylist()


def kill_during(spark, frame, out, kill) -> None:
    """Tag and write the frame; once a fifth of the tasks is done, kill."""
    tagged = tag_dataframe(frame, heading_column="headings")
    failed: list[BaseException] = []

    def job() -> None:
        try:
            tagged.write.parquet(str(out))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=job)
    thread.start()
    try:
        wait_for(lambda: done(spark) >= PARTITIONS // 5 or not thread.is_alive(), "a fifth of the tasks")
        assert thread.is_alive()
        kill()
        assert 0 < done(spark) < PARTITIONS, "the kill came after the work"
    finally:
        thread.join()
    assert not failed


def test_cluster_results_equal_local_ones(frame, local, tmp_path):
    tag_dataframe(frame, heading_column="headings").write.parquet(str(tmp_path / "out"))
    assert written(tmp_path / "out") == local


@pytest.mark.parametrize("number", range(KILLS))
def test_cluster_worker_killed_midway_loses_and_doubles_nothing(number, cluster, spark, frame, local, tmp_path):
    kill_during(spark, frame, tmp_path / "out", cluster.kill_worker)
    assert written(tmp_path / "out") == local
    cluster.add_worker()
    wait_for(lambda: executors(spark) == 2, "the new worker's executor")


def test_cluster_python_killed_midway_loses_and_doubles_nothing(cluster, spark, frame, local, tmp_path):
    kill_during(spark, frame, tmp_path / "out", lambda: wait_for(cluster.kill_python, "a Python process that tags"))
    assert written(tmp_path / "out") == local


def test_cluster_files_of_two_workers_equal_local_ones(spark, tagger, tmp_path):
    for number, path in enumerate(sorted((ROOT / "corpus" / "reports").glob("*.txt"))[:40]):
        (tmp_path / f"报告{number:02d}.txt").write_bytes(path.read_bytes())
    rows = tag_files(spark, str(tmp_path)).collect()
    found = {(row.source.removeprefix("file:"), row.paragraph, row.clause): list(row.domains) for row in rows}
    expected = {
        (report.source, paragraph.paragraph.index, number): [domain.id for domain in clause.domains]
        for report in tagger.tag_many(sorted(tmp_path.iterdir()))
        for paragraph in report.paragraphs
        for number, clause in enumerate(paragraph.clauses)
    }
    assert len(rows) == len(found) == len(expected)
    assert found == expected
