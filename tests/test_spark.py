"""Spark on this machine with two processes; `test_spark_cluster` has workers that are killed."""

from __future__ import annotations

import re
import zipfile

import pytest

from clusters import require_spark, session
from conftest import ROOT
from dudao import DudaoError, ModelError

require_spark()
pa = pytest.importorskip("pyarrow")

from dudao import spark as of_dudao  # noqa: E402
from dudao.batch import ADDED, report_batches, report_schema, tag_record_batches  # noqa: E402
from dudao.readers import Limits  # noqa: E402
from dudao.spark import tag_dataframe, tag_files  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]

TEXTS = [
    "教师工资按月足额发放。",
    "督学每月到校一次。",
    "",
    None,
    "县里为村小教师发放交通补贴；食堂实行明厨亮灶。",
    "𠮷",
]
HEADINGS = [["五、存在的问题"], ["二、自查情况", "（一）督导"], [], ["三、措施"], None, None]


@pytest.fixture(scope="module")
def spark():
    with session("local[2]") as made:
        yield made


@pytest.fixture
def frame(spark):
    rows = [(number, *row) for number, row in enumerate(zip(TEXTS, HEADINGS, strict=True))]
    return spark.createDataFrame(rows, "id int, body string, path array<string>")


def test_dataframe_gets_the_columns_of_batch_with_their_types(frame):
    found = tag_dataframe(frame, text_column="body")
    assert found.columns == ["id", "body", "path", *ADDED]
    assert [kind for _, kind in found.dtypes[3:]] == ["array<string>", "string", "array<double>", "string", "boolean"]


@pytest.mark.parametrize("large", ["false", "true"])
@pytest.mark.parametrize("heading_column", [None, "path"])
def test_dataframe_rows_equal_local_ones(spark, frame, tagger, heading_column, large):
    batch = pa.record_batch({"id": pa.array(range(len(TEXTS)), pa.int32()), "body": TEXTS, "path": HEADINGS})
    (expected,) = tag_record_batches([batch], tagger, text_column="body", heading_column=heading_column)
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", large)
    found = tag_dataframe(frame, text_column="body", heading_column=heading_column).orderBy("id").collect()
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "false")
    assert [row.asDict() for row in found] == expected.to_pylist()


def test_dataframe_without_rows_stays_without(spark, frame):
    assert tag_dataframe(frame.where("id < 0"), text_column="body").collect() == []


def test_dataframe_refuses_columns_before_anything_runs(frame):
    with pytest.raises(DudaoError, match="no column 'text'; there is id, body, path"):
        tag_dataframe(frame)
    with pytest.raises(DudaoError, match="holds int32, not text"):
        tag_dataframe(frame, text_column="id")
    with pytest.raises(DudaoError, match="holds int32, not headings"):
        tag_dataframe(frame, text_column="body", heading_column="id")
    with pytest.raises(DudaoError, match="role is there already"):
        tag_dataframe(frame.withColumn("role", frame.body), text_column="body")
    with pytest.raises(ModelError, match=r"no model version 99\.0\.0"):
        tag_dataframe(frame, text_column="body", model="99.0.0")


def test_session_that_cannot_carry_a_model_is_refused():
    with pytest.raises(DudaoError, match="Spark Connect"):
        of_dudao._ship(object(), "current")


def test_model_is_unpacked_once_a_worker(spark, tagger):
    first, second = (of_dudao._ship(spark, tagger) for _ in range(2))

    def seen(shipped):
        def of_batches(batches):
            import os

            for batch in batches:
                row = {"process": [os.getpid()], "model": [str(id(shipped.tagger()))]}
                yield pa.record_batch({name: value * batch.num_rows for name, value in row.items()})

        frame = spark.range(0, 8, numPartitions=8)
        return {
            (row.process, row.model) for row in frame.mapInArrow(of_batches, "process long, model string").collect()
        }

    found = seen(first) | seen(second)
    assert len(found) == len({process for process, _ in found}) <= 2


def test_files_of_all_kinds_are_read_and_failures_are_rows(spark, tagger, sample, tmp_path):
    report = sample.read_bytes()
    folder = tmp_path / "报告 一"
    folder.mkdir()
    (folder / "a%20b+c#?.txt").write_bytes(report)
    (folder / "GB.TXT").write_bytes(sample.read_text(encoding="utf-8").encode("gb18030"))
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 not a package")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("里面/one.txt", report)
        archive.writestr("two.pdf", b"%PDF-1.4 cut short")
    for unread in (".hidden.txt", "~$lock.docx", "table.xlsx", "picture.png"):
        (tmp_path / unread).write_bytes(report)
    results = list(tagger.tag_many(sorted([*folder.iterdir(), tmp_path / "more.zip"])))
    for unit in ("clause", "paragraph"):
        expected = [row for batch in report_batches(results, unit=unit) for row in batch.to_pylist()]
        frame = tag_files(spark, str(tmp_path), unit=unit)
        assert frame.columns == report_schema().names
        found = [row.asDict() for row in frame.collect()]
        for row in found:
            row["source"] = row["source"].removeprefix("file:")
        order = {"key": lambda row: (row["source"], row["paragraph"] or 0, row["clause"] or 0)}
        assert sorted(found, **order) == sorted(expected, **order)
        assert sum(row["error"] is not None for row in found) == 3


def test_files_named_one_by_one_are_read_whatever_their_suffix(spark, sample, tmp_path):
    (tmp_path / "report").write_bytes(sample.read_bytes())
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "other.png").write_bytes(b"\x89PNG")
    rows = tag_files(spark, [str(tmp_path / "report"), str(tmp_path / "picture.png")]).collect()
    assert {row.source.rpartition("/")[2] for row in rows} == {"report", "picture.png"}
    assert [row.error.split(",")[0] for row in rows if row.error] == ["is a picture"]


def test_files_too_large_for_any_reader_are_never_opened(spark, sample, tmp_path, monkeypatch):
    (tmp_path / "small.txt").write_text("督学每月到校一次。", encoding="utf-8")
    (tmp_path / "large.txt").write_bytes(sample.read_bytes())
    monkeypatch.setattr(of_dudao, "DEFAULT", Limits(bytes=1000))
    rows = tag_files(spark, str(tmp_path)).select("source", "error").collect()
    found = {row.source.rpartition("/")[2]: row.error for row in rows}
    assert found["small.txt"] is None
    assert found["large.txt"].startswith("larger than")


def test_files_refuse_a_unit_that_is_none(spark):
    with pytest.raises(ValueError, match="unit is 'word'"):
        tag_files(spark, str(ROOT), unit="word")


def test_page_on_spark_does_what_it_shows(spark, sample, tmp_path):
    page = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "report.txt").write_bytes(sample.read_bytes())
    (tmp_path / "reports" / "empty.txt").write_bytes(b"")
    spark.createDataFrame([(text,) for text in TEXTS], "text string").write.parquet(str(tmp_path / "texts.parquet"))
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:  # the JVM has a working folder of its own
        exec(re.sub(r'"([\w.]+(?:\.parquet|/))"', rf'"{tmp_path}/\1"', block), names)
    assert spark.read.parquet(str(tmp_path / "tagged.parquet")).count() == len(TEXTS)
    clauses = spark.read.parquet(str(tmp_path / "clauses.parquet"))
    assert clauses.where("year = 2022").count() == clauses.count() > 100
