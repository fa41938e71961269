from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from dudao import DudaoError
from dudao.batch import ADDED, formats, run_batch, tag_record_batches
from dudao.cli import run

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

TEXTS = ["乡镇学校的厕所都改成了水冲式。", "督学每月到校一次。", "", "县里为村小教师发放交通补贴；食堂实行明厨亮灶。"]


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(formats, "_PIECE_ROWS", 3)


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rows(count):
    return [{"id": number, "text": TEXTS[number % len(TEXTS)], "note": f"第{number}条"} for number in range(count)]


def expected(tagger, given):
    tags = tagger.tag([row["text"] for row in given])
    return [
        {
            **row,
            "domains": list(tag.domains),
            "primary": tag.primary,
            "scores": [round(tag.scores[domain], 4) for domain in tag.domains],
            "role": tag.role,
            "uncertain": tag.uncertain,
        }
        for row, tag in zip(given, tags, strict=True)
    ]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("source_suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("out_suffix", [".jsonl", ".parquet"])
def test_batch_keeps_columns_and_order_whatever_format_and_jobs(
    tagger, tmp_path, small_pieces, jobs, source_suffix, out_suffix
):
    given = rows(11)
    source, out = tmp_path / f"in{source_suffix}", tmp_path / f"out{out_suffix}"
    if source_suffix == ".jsonl":
        write_lines(source, given)
    else:
        pq.write_table(pa.Table.from_pylist(given), source)
    summary = run_batch(source, out, tagger, jobs=jobs)
    found = read_lines(out) if out_suffix == ".jsonl" else pq.read_table(out).to_pylist()
    assert found == expected(tagger, given)
    assert summary[:3] == (11, 0, 0)
    assert {each.name for each in tmp_path.iterdir()} == {source.name, out.name, f"{out.name}.summary.json"}


def test_batch_bad_lines_are_told_with_number_and_reason_and_the_rest_is_done(tagger, tmp_path, small_pieces):
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        b"\xef\xbb\xbf" + json.dumps({"text": TEXTS[0]}).encode(),
        b"{broken",
        b"",
        b"[1, 2]",
        json.dumps({"text": None}).encode(),
        json.dumps({"other": 1}).encode(),
        '{"text": "县域教育"}'.encode("gb18030"),
        json.dumps({"text": TEXTS[1], "role": "x"}).encode(),
        json.dumps({"text": "\ud800教师"}).encode(),
        json.dumps({"text": TEXTS[1]}).encode(),
    ]
    source.write_bytes(b"\r\n".join(lines))
    summary = run_batch(source, out, tagger)
    assert [row["text"] for row in read_lines(out)] == [TEXTS[0], "\ud800教师", TEXTS[1]]
    rejected = read_lines(tmp_path / "out.jsonl.rejected.jsonl")
    assert [each["line"] for each in rejected] == [2, 4, 5, 6, 7, 8]
    assert [each["reason"].split(":")[0] for each in rejected] == [
        "not JSON",
        "not a JSON object",
        "column 'text' is no text",
        "column 'text' is missing",
        "not UTF-8",
        "has role already",
    ]
    assert summary[:2] == (3, 6)


def test_batch_line_without_end_is_rejected_and_the_next_one_done(tagger, tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "_LONGEST_LINE", 200)
    source = write_lines(tmp_path / "in.jsonl", [{"text": "学" * 900}, {"text": TEXTS[0]}, {"text": "学" * 201}])
    summary = run_batch(source, tmp_path / "out.jsonl", tagger)
    assert summary[:2] == (1, 2)
    assert [row["text"] for row in read_lines(tmp_path / "out.jsonl")] == [TEXTS[0]]
    assert [each["line"] for each in read_lines(tmp_path / "out.jsonl.rejected.jsonl")] == [1, 3]


def test_batch_parquet_nulls_are_rejected_by_row(tagger, tmp_path, small_pieces):
    pq.write_table(pa.table({"text": [TEXTS[0], None, TEXTS[1], TEXTS[1], None]}), tmp_path / "in.parquet")
    summary = run_batch(tmp_path / "in.parquet", tmp_path / "out.parquet", tagger)
    assert summary[:2] == (3, 2)
    assert [each["line"] for each in read_lines(tmp_path / "out.parquet.rejected.jsonl")] == [2, 5]


def test_batch_records_of_unlike_columns_make_one_table(tagger, tmp_path, small_pieces):
    given = [{"text": TEXTS[0], "a": 1}, {"text": TEXTS[1]}, {"text": TEXTS[1], "b": "x"}, {"text": TEXTS[0], "c": 2.5}]
    write_lines(tmp_path / "in.jsonl", given)
    run_batch(tmp_path / "in.jsonl", tmp_path / "out.parquet", tagger)
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["a"] for row in found] == [1, None, None, None]
    assert [row["c"] for row in found] == [None, None, None, 2.5]


def test_batch_refuses_what_it_cannot_do(tagger, tmp_path):
    lines = write_lines(tmp_path / "in.jsonl", [{"body": "学校"}])
    with pytest.raises(DudaoError, match="no column 'text'; there is body"):
        run_batch(lines, tmp_path / "out.jsonl", tagger)
    taken = write_lines(tmp_path / "taken.jsonl", [{"text": "学校", "domains": []}])
    with pytest.raises(DudaoError, match="domains is there already"):
        run_batch(taken, tmp_path / "out3.jsonl", tagger)
    with pytest.raises(DudaoError, match="no such file"):
        run_batch(tmp_path / "gone.jsonl", tmp_path / "out.jsonl", tagger)
    with pytest.raises(DudaoError, match="same file"):
        run_batch(lines, lines, tagger)
    with pytest.raises(DudaoError, match=r"format \.csv"):
        run_batch(lines, tmp_path / "out.csv", tagger)
    with pytest.raises(DudaoError, match="cannot be written"):
        run_batch(lines, tmp_path / "no folder" / "out.jsonl", tagger)
    (tmp_path / "fake.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(DudaoError, match="not a Parquet file"):
        run_batch(tmp_path / "fake.parquet", tmp_path / "out2.jsonl", tagger)
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "numbers.parquet")
    with pytest.raises(DudaoError, match="not text"):
        run_batch(tmp_path / "numbers.parquet", tmp_path / "out4.jsonl", tagger)


def test_batch_without_pyarrow_says_what_to_install(tagger, tmp_path, monkeypatch):
    lines = write_lines(tmp_path / "in.jsonl", rows(2))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DudaoError, match=r"pip install 'dudao\[batch\]'"):
        run_batch(lines, tmp_path / "out.parquet", tagger)
    assert run_batch(lines, tmp_path / "out.jsonl", tagger).rows == 2


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_batch_empty_table_gives_an_empty_table(tagger, tmp_path, suffix):
    (tmp_path / "in.jsonl").write_bytes(b"")
    assert run_batch(tmp_path / "in.jsonl", tmp_path / f"out{suffix}", tagger)[:3] == (0, 0, 0)
    if suffix == ".parquet":
        assert pq.read_table(tmp_path / "out.parquet").column_names == list(ADDED)
        pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "in.parquet")
        run_batch(tmp_path / "in.parquet", tmp_path / "both.parquet", tagger)
        assert pq.read_table(tmp_path / "both.parquet").column_names == ["text", *ADDED]
    else:
        assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_batch_takes_up_what_is_done_and_does_the_rest(tagger, tmp_path, small_pieces):
    given = rows(10)
    source, out = write_lines(tmp_path / "in.jsonl", given), tmp_path / "out.jsonl"

    class StoppedError(Exception):
        pass

    def stop(state):
        if state.rows >= 6:
            raise StoppedError

    with pytest.raises(StoppedError):
        run_batch(source, out, tagger, progress=stop)
    assert not out.exists()
    shares = []
    assert run_batch(source, out, tagger, progress=lambda state: shares.append(state.share))[:3] == (10, 0, 6)
    assert read_lines(out) == expected(tagger, given)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_batch_does_not_mix_pieces_of_another_run(tagger, tmp_path, small_pieces):
    source, out = write_lines(tmp_path / "in.jsonl", rows(10)), tmp_path / "out.jsonl"
    with pytest.raises(ZeroDivisionError):
        run_batch(source, out, tagger, progress=lambda state: 1 // 0)
    write_lines(source, rows(12))
    with pytest.raises(DudaoError, match="pieces of another run"):
        run_batch(source, out, tagger)


def test_batch_worker_that_dies_is_an_error_and_what_was_done_is_kept(tagger, tmp_path, small_pieces, monkeypatch):
    given = rows(10)
    source, out = write_lines(tmp_path / "in.jsonl", given), tmp_path / "out.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(formats, "tag_piece", lambda piece, *rest: os._exit(9) if piece.number == 2 else 1 // 0)
        with pytest.raises((DudaoError, ZeroDivisionError)):
            run_batch(source, out, tagger, jobs=2)
    run_batch(source, out, tagger, jobs=2)
    assert read_lines(out) == expected(tagger, given)


def test_record_batches_keep_their_rows_with_nulls(tagger):
    batch = pa.record_batch({"body": pa.array([TEXTS[0], None, TEXTS[1]]), "n": pa.array([1, 2, 3])})
    (found,) = tag_record_batches([batch], tagger, text_column="body")
    assert found.schema.names == ["body", "n", *ADDED]
    assert found.column("primary").to_pylist() == [tagger.tag([TEXTS[0]])[0].primary, None, "supervision"]
    with pytest.raises(DudaoError, match="no column"):
        list(tag_record_batches([batch], tagger))


def test_batch_command_says_what_was_rejected(tmp_path, capsys):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "学校食堂"}\nbad\n', encoding="utf-8")
    assert run(["batch", str(source), "-o", str(tmp_path / "out.jsonl")]) == 1
    assert "1 of 2 rows could not be tagged" in capsys.readouterr().err
    assert run(["--lang", "zh", "batch", str(source), "-o", str(tmp_path / "out.jsonl")]) == 1
    assert "无法标注" in capsys.readouterr().err
    assert run(["batch", str(source)]) == 2
    good = write_lines(tmp_path / "good.jsonl", rows(3))
    assert run(["batch", str(good), "-o", str(tmp_path / "out.jsonl")]) == 0
    assert not (tmp_path / "out.jsonl.rejected.jsonl").exists()
    (tmp_path / "empty.jsonl").write_bytes(b"")
    assert run(["batch", str(tmp_path / "empty.jsonl"), "-o", str(tmp_path / "out.jsonl")]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_batch_killed_midway_goes_on_without_loss_or_repetition(tagger, tmp_path, suffix):
    given = rows(120_000)
    source, out = write_lines(tmp_path / "in.jsonl", given), tmp_path / f"out{suffix}"
    code = "from dudao.cli import main; main()"
    command = [sys.executable, "-c", code, "batch", str(source), "-o", str(out), "--jobs", "2"]
    for pieces in (2, 6):
        process = subprocess.Popen(command, start_new_session=True)
        deadline = time.monotonic() + 120
        while len(list(tmp_path.glob("*.parts/*.json"))) <= pieces and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not out.exists()
    assert subprocess.run(command, check=False).returncode == 0
    found = read_lines(out) if suffix == ".jsonl" else pq.read_table(out).to_pylist()
    assert [row["id"] for row in found] == [row["id"] for row in given]
    assert found[:4] == expected(tagger, given[:4])
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        [source.name, out.name, f"{out.name}.summary.json"]
    )
