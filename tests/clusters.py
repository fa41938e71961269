"""Spark on this machine for the tests: sessions, and a standalone cluster whose workers can be killed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Short lives: compiling hot code well, or collecting garbage on many threads, costs more than it brings.
LIGHT_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
QUIET = {
    "spark.driver.extraJavaOptions": LIGHT_JVM,
    "spark.executor.extraJavaOptions": LIGHT_JVM,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def require_spark() -> None:
    """Skip the module where Spark cannot run, and say why."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: make .venv/.slow-ready")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, which is not installed", allow_module_level=True)


@contextlib.contextmanager
def session(master: str, **settings: str) -> Iterator[object]:
    """A session whose workers run this Python, stopped at the end."""
    from pyspark.sql import SparkSession

    # The JVM takes file names by its locale; without one Chinese names are lost to it.
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "LC_ALL": "C.UTF-8"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        builder = SparkSession.builder.master(master).appName("dudao tests")
        for name, value in {**QUIET, **settings}.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("OFF")
        try:
            yield spark
        finally:
            spark.stop()


def wait_for(condition: Callable[[], object], what: str, seconds: float = 120.0) -> object:
    """What the condition gives once it holds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)
    return found


class Cluster:
    """A standalone master and its workers, each a process group of its own, so that a kill takes a worker with its executor."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self._folder = folder
        self._home = Path(pyspark.__file__).parent
        self._started = 0
        self.workers: list[subprocess.Popen[bytes]] = []
        self._master = self._launch("master.Master", "--port", "0")
        self.url = str(wait_for(self._said_url, "the master"))

    def _launch(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        self._started += 1
        self._log = self._folder / f"{self._started:02d}.log"
        command = [str(self._home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", "127.0.0.1"]
        environment = {
            **os.environ,
            "SPARK_HOME": str(self._home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": LIGHT_JVM,
            "LC_ALL": "C.UTF-8",
        }
        with open(self._log, "wb") as log:
            return subprocess.Popen(
                [*command, "--webui-port", "0", *arguments],
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def _said_url(self) -> str:
        found = re.search(r"Starting Spark master at (spark://\S+)", self._log.read_text(errors="replace"))
        return found.group(1) if found else ""

    def add_worker(self) -> None:
        """Start a worker with one core."""
        work = self._folder / f"work-{self._started}"
        self.workers.append(
            self._launch(
                *("worker.Worker", "--port", "0", "--cores", "1", "--memory", "1g"), "--work-dir", str(work), self.url
            )
        )

    def kill_worker(self) -> None:
        """Kill the oldest worker and its executor, with no chance to say goodbye."""
        oldest = self.workers.pop(0)
        os.killpg(oldest.pid, signal.SIGKILL)
        oldest.wait()

    def kill_python(self) -> int:
        """Kill the Python processes that tag for the oldest worker; how many there were."""
        parent = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                stat = (entry / "stat").read_text()
                parent[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])

        def below(pid: int) -> bool:
            while pid > 1 and pid != self.workers[0].pid:
                pid = parent.get(pid, 0)
            return pid > 1

        tagging = [pid for pid in parent if below(pid) and _is_daemon(pid) and _is_daemon(parent[pid])]
        for pid in tagging:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(tagging)

    def close(self) -> None:
        """Stop everything."""
        for process in (*self.workers, self._master):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_daemon(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
