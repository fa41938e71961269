"""The library as pipelines use it: shared by threads, in forked and spawned processes, logging, constant memory."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import joblib
import pytest

from dudao import ReadError, Tagger, readers
from dudao.tokens import Segmenter

TEXTS = ["教师工资按月足额发放。", "督学每月到校一次。", "县里为村小教师发放交通补贴；食堂实行明厨亮灶。", ""]


def labels(tagger: Tagger, texts: list[str] = TEXTS) -> list[tuple[str, ...]]:
    return [tag.domains for tag in tagger.tag(texts)]


def test_threads_that_begin_at_once_agree(tagger):
    expected = labels(tagger, TEXTS * 500)
    fresh = pickle.loads(pickle.dumps(tagger))  # nothing of it is loaded yet
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: labels(fresh, TEXTS * 500), range(16)))
    assert found == [expected] * 16


def test_tagger_serves_asyncio_through_to_thread(tagger, sample):
    async def serve():
        tags = [asyncio.to_thread(labels, tagger) for _ in range(4)]
        reports = [asyncio.to_thread(tagger.tag_report, sample) for _ in range(4)]
        return await asyncio.gather(*tags, *reports)

    *tags, first, second, _, _ = asyncio.run(serve())
    assert tags[:4] == [labels(tagger)] * 4
    assert first.to_dict() == second.to_dict() == tagger.tag_report(sample).to_dict()


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_tagger_works_in_processes_however_they_start(tagger, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system does not {method}")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(labels, tagger).result() == labels(tagger)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_tag_many_works_where_processes_are_not_forked(sample, tmp_path, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system does not {method}")
    script = tmp_path / "ingest.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "from dudao import Tagger\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method(sys.argv[1])\n"
        "    found = list(Tagger.load().tag_many([sys.argv[2], 'gone', sys.argv[2]], jobs=2))\n"
        "    print(*(type(each).__name__ for each in found))\n"
    )
    run = subprocess.run(
        [sys.executable, str(script), method, str(sample)], capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.stdout.split(), run.stderr) == (["TaggedReport", "ReadError", "TaggedReport"], "")


def test_tag_many_in_a_script_without_a_guard_says_so(sample, tmp_path):
    script = tmp_path / "ingest.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "from dudao import DudaoError, Tagger\n"
        "if multiprocessing.parent_process() is not None:\n"
        "    sys.exit('a worker that runs the whole script')\n"
        "multiprocessing.set_start_method('spawn')\n"
        "try:\n"
        "    list(Tagger.load().tag_many([sys.argv[1], sys.argv[1]], jobs=2))\n"
        "except DudaoError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run([sys.executable, str(script), str(sample)], capture_output=True, text=True, timeout=120)
    assert run.stdout.startswith("worker processes do not start (where processes are not forked")


def test_joblib_carries_a_tagger_to_its_workers(tagger):
    assert joblib.Parallel(n_jobs=2)(joblib.delayed(labels)(tagger) for _ in range(2)) == [labels(tagger)] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_while_a_thread_loads_the_words_does_not_hang_the_child(monkeypatch):
    loading, go_on = threading.Event(), threading.Event()

    def slow_load(segmenter):
        loading.set()
        go_on.wait(20)
        return list

    segmenter = Segmenter()
    with monkeypatch.context() as patch:
        patch.setattr(Segmenter, "_load", slow_load)
        thread = threading.Thread(target=segmenter.cut, args=("学校",))
        thread.start()
        loading.wait(20)
        patch.setattr(Segmenter, "_load", lambda segmenter: lambda text: list(text))
        child = os.fork()
        if not child:
            os._exit(0 if segmenter.cut("学校") == ["学", "校"] else 1)
        ended = wait_for_child(child)
        go_on.set()
        thread.join()
    assert ended == 0


def wait_for_child(child: int, seconds: float = 20.0) -> int:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    raise AssertionError("the forked child hangs")


def test_library_writes_nothing_unless_asked_to(sample):
    code = "import sys, dudao; t = dudao.Tagger.load(); list(t.tag_many([sys.argv[1], 'gone'])); t.tag(['学校'])"
    run = subprocess.run([sys.executable, "-c", code, str(sample)], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")


def test_log_records_carry_their_fields(tagger, sample, caplog):
    with caplog.at_level(logging.INFO, logger="dudao"):
        list(tagger.tag_many([sample, "gone.txt"]))
    told = {record.dudao["event"]: record for record in caplog.records}
    assert set(told) == {"report tagged", "report failed"}
    fields = told["report tagged"].dudao
    assert (fields["source"], fields["format"]) == (str(sample), "text")
    assert fields["clauses"] > fields["paragraphs"] > fields["headings"] > 0
    assert told["report failed"].dudao == {"event": "report failed", "source": "gone.txt", "error": "no such file"}
    assert told["report failed"].getMessage() == "report failed: source=gone.txt error=no such file"
    assert {record.name.split(".")[0] for record in caplog.records} == {"dudao"}
    json.dumps([record.dudao for record in caplog.records])


@pytest.mark.parametrize("failure", [RuntimeError("broken parser"), RecursionError(), MemoryError()])
def test_failure_nobody_foresaw_is_that_files_only(tagger, sample, tmp_path, monkeypatch, caplog, failure):
    for name in "abc":
        (tmp_path / f"{name}.txt").write_bytes(sample.read_bytes())

    def read(data, name, kind, limits, real=readers._read):
        if name.endswith("b.txt"):
            raise failure
        return real(data, name, kind, limits)

    monkeypatch.setattr(readers, "_read", read)
    results = list(tagger.tag_many([tmp_path]))
    assert [isinstance(result, ReadError) for result in results] == [False, True, False]
    said = "out of memory" if isinstance(failure, MemoryError) else f"unexpected {type(failure).__name__}"
    assert said in str(results[1])
    assert any(record.exc_info for record in caplog.records)


def test_results_become_plain_data_all_the_way_down(tagger, sample):
    report = tagger.tag_report(sample)
    data = report.to_dict()
    assert [paragraph.to_dict() for paragraph in report.paragraphs] == data["paragraphs"]
    clauses = [clause.to_dict() for paragraph in report.paragraphs for clause in paragraph.clauses]
    assert clauses == [clause for paragraph in data["paragraphs"] for clause in paragraph["clauses"]]
    (tag,) = tagger.tag(TEXTS[:1])
    assert json.loads(json.dumps(tag.to_dict())) == tag.to_dict()
    assert set(tag.to_dict()) == {"domains", "primary", "scores", "role", "uncertain"}


MEMORY = """
import sys
from pathlib import Path
from dudao import Tagger

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

tagger = Tagger.load()
calls, report = int(sys.argv[1]), sys.argv[2]
def work(first, last):
    for number in range(first, last):
        tagger.tag([f"第{number}所学校的教师工资按月足额发放，食堂实行明厨亮灶{chr(0x4E00 + number % 20000)}。"])
        if number % 200 == 0:
            tagger.tag_report(report)
work(0, 1000)
before = resident()
work(1000, 1000 + calls)
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("calls", [1500, pytest.param(60_000, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_calls(sample, calls):
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(calls), str(sample)], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < 4  # MB; a list kept a call would be seen at once, and a million calls may take 20
