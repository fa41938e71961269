"""What a loaded model stands: threads that share it, and calls without end."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from dudao import Tagger

THREADS = (1, 2, 8)
_TEXTS_A_CALL = 64
_TEXTS = 6400


def thread_ratios(tagger: Tagger, texts: Sequence[str], runs: int) -> dict[str, float]:
    """Throughput of several threads over that of one, by the clock, call by call from one queue; medians of paired rounds."""
    parts = [texts[at : at + _TEXTS_A_CALL] for at in range(0, min(_TEXTS, len(texts)), _TEXTS_A_CALL)]
    seconds: dict[int, list[float]] = {count: [] for count in THREADS}
    for number in range(runs + 1):
        for count, measured in seconds.items():
            elapsed = _elapsed(tagger, parts, count)
            if number:
                measured.append(elapsed)
    return {
        f"throughput, {count} threads over 1": statistics.median(
            one / many for one, many in zip(seconds[1], seconds[count], strict=True)
        )
        for count in THREADS[1:]
    }


def _elapsed(tagger: Tagger, parts: Sequence[Sequence[str]], count: int) -> float:
    queue = list(parts)  # popped from the end, which is atomic

    def work() -> None:
        while True:
            try:
                part = queue.pop()
            except IndexError:
                return
            tagger.tag(part)

    threads = [threading.Thread(target=work) for _ in range(count)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


CALLS = """
import sys
from pathlib import Path
from dudao import Tagger

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

tagger = Tagger.load()
def work(count):
    for number in range(count):
        tagger.tag([f"第{number}所学校的教师工资按月足额发放，食堂实行明厨亮灶{chr(0x4E00 + number % 20000)}。"])
work(2000)
before = resident()
work(int(sys.argv[1]))
print(resident() - before)
"""


def growth(calls: int) -> float:
    """By how many MB a process is larger after that many calls of `Tagger.tag` than after the first 2,000."""
    call = [sys.executable, "-c", CALLS, str(calls)]
    return float(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
