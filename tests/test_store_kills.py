"""Processes that are killed, disks that are full, writers that meet: the old state or the new one, never a part of either."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hostile_models as hostile
from conftest import ROOT
from dudao import ModelError, store
from test_training import small_corpus

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and mounts of POSIX")
MAIN = "from dudao.cli import main; main()"

# Kills its own process at the N-th thing it does to the file system below a folder.
AT_STEP = """
import os, signal, sys
folder, last = sys.argv[1], int(sys.argv[2])
steps = 0
WATCHED = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "shutil.rmtree"}

def step(event, arguments):
    global steps
    if event in WATCHED and folder in str(arguments):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

def synced(descriptor, real=os.fsync):
    step("open", folder)
    real(descriptor)
    step("open", folder)

os.fsync = synced
from dudao.cli import run
sys.addaudithook(step)
sys.exit(run(sys.argv[3:]))
"""


def home_of(root: Path) -> Path:
    """A home with one version, which is the default, and another to choose."""
    for version in ("7.0.0", "7.1.0"):
        folder = hostile.copy(root / "models" / version)
        hostile.put_json(folder, "manifest.json", version=version)
    (root / "models" / "current").write_text("7.0.0\n", encoding="utf-8")
    return root


def state(home: Path, monkeypatch) -> tuple[dict[str, bool], str]:
    """Which versions are listed and whether each is whole; the default, which loads."""
    monkeypatch.setenv("DUDAO_HOME", str(home))
    own = [each for each in store.list_versions() if home in each.path.parents]
    listed = {each.version: all(store.verify(each.path).values()) for each in own}
    version, _, _ = store.load_classifier("current")
    return listed, version.version


def run_killed(home, step, *arguments):
    return subprocess.run(
        [sys.executable, "-c", AT_STEP, str(home), str(step), *map(str, arguments)],
        env={**os.environ, "DUDAO_HOME": str(home)},
        capture_output=True,
        check=False,
    ).returncode


def packed(tmp_path):
    source = hostile.copy(tmp_path / "source")
    hostile.put_json(source, "manifest.json", version="8.0.0")
    store.export_version(source, tmp_path / "model.zip")
    return tmp_path / "model.zip"


@pytest.mark.parametrize(
    ("steps", "slow"),
    [pytest.param(range(1, 400), True, marks=pytest.mark.slow), ((3, 9, 14), False)],
    ids=["every step", "some steps"],
)
def test_import_killed_at_a_step_leaves_all_or_nothing(tmp_path, monkeypatch, steps, slow):
    archive = packed(tmp_path)
    home = home_of(tmp_path / "home")
    killed = 0
    for step in steps:
        status = run_killed(home, step, "models", "import", archive)
        listed, current = state(home, monkeypatch)
        assert listed in ({"7.0.0": True, "7.1.0": True}, {"7.0.0": True, "7.1.0": True, "8.0.0": True})
        assert current == "7.0.0"
        if status == 0:
            break
        assert status == -signal.SIGKILL
        killed += 1
        shutil.rmtree(home / "models" / "8.0.0", ignore_errors=True)
    assert killed > 20 if slow else killed
    assert (
        subprocess.run(
            [sys.executable, "-c", MAIN, "models", "import", archive],
            env={**os.environ, "DUDAO_HOME": str(home)},
            check=False,
        ).returncode
        == 0
    )
    assert sorted(os.listdir(home / "models")) == [
        "7.0.0",
        "7.1.0",
        "8.0.0",
        "current",
    ]  # what the killed ones left is gone


@pytest.mark.parametrize(
    ("steps", "slow"),
    [pytest.param(range(1, 200), True, marks=pytest.mark.slow), ((2, 4), False)],
    ids=["every step", "some steps"],
)
def test_use_killed_at_a_step_leaves_the_old_default_or_the_new(tmp_path, monkeypatch, steps, slow):
    home = home_of(tmp_path / "home")
    killed = 0
    for step in steps:
        status = run_killed(home, step, "models", "use", "7.1.0")
        listed, current = state(home, monkeypatch)
        assert listed == {"7.0.0": True, "7.1.0": True}
        assert current in {"7.0.0", "7.1.0"}
        if status == 0:
            break
        killed += 1
        store.set_current(home / "models", "7.0.0")
    assert killed > 3 if slow else killed
    assert sorted(os.listdir(home / "models")) == ["7.0.0", "7.1.0", "current"]


def corpus_of_200(root: Path) -> Path:
    """200 records in four reports."""
    folder = small_corpus(root)
    for path in sorted((folder / "reports").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        more = [{**json.loads(line), "id": f"{path.stem}/more/{n}"} for n, line in enumerate(lines[: 50 - len(lines)])]
        lines += [json.dumps(each, ensure_ascii=False) for each in more]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.jsonl")) == 200
    return folder


def killed_after(seconds, home, *arguments):
    """Start a command in a process group of its own and kill all of it after a time; whether it was still running."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        env={**os.environ, "DUDAO_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # not waited for yet, so that the number is still its own
        process.wait()
        return True
    return False


@pytest.mark.parametrize(
    ("kills", "which"),
    [pytest.param(200, ("train", "use", "import"), marks=pytest.mark.slow), (4, ("use", "import"))],
    ids=["200", "4"],
)
def test_kills_at_random_times_leave_no_broken_state(tmp_path, monkeypatch, kills, which):
    home, archive, corpus = home_of(tmp_path / "home"), packed(tmp_path), corpus_of_200(tmp_path / "corpus")
    commands = {
        "train": ("train", "--corpus", corpus, "--version", "9.0.0"),
        "use": ("models", "use", "7.1.0"),
        "import": ("models", "import", archive),
    }
    commands = {name: commands[name] for name in which}
    new = {"train": "9.0.0", "use": None, "import": "8.0.0"}
    took = {}
    for name, arguments in commands.items():
        began = time.monotonic()
        assert not killed_after(600, home, *arguments)
        took[name] = time.monotonic() - began
    assert set(state(home, monkeypatch)[0]) == {"7.0.0", "7.1.0", *(new[name] for name in which if new[name])}
    chance = random.Random(kills)
    running = 0
    for number in range(kills):
        name = which[number % len(which)]
        store.set_current(home / "models", "7.0.0")
        for version in ("8.0.0", "9.0.0"):
            shutil.rmtree(home / "models" / version, ignore_errors=True)
        # Half of them in the last fifth, where files are written.
        share = chance.random() if chance.random() < 0.5 else 0.8 + 0.3 * chance.random()
        if killed_after(share * took[name], home, *commands[name]):
            running += 1
        else:
            took[name] *= 0.9  # it was measured while the machine had more to do
        listed, current = state(home, monkeypatch)
        assert all(listed.values()), f"kill {number}, {name} after {share:.2f} of its time: {listed}"
        assert set(listed) <= {"7.0.0", "7.1.0", *filter(None, [new[name]])}
        assert {"7.0.0", "7.1.0"} <= set(listed)
        assert current in ({"7.0.0", "7.1.0"} if name == "use" else {"7.0.0"})
    assert running >= kills // 3
    store.set_current(home / "models", "7.0.0")  # the next writer sweeps
    assert not [name for name in os.listdir(home / "models") if name.endswith(".tmp")]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 KB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mount)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def test_full_disk_leaves_the_old_state_whole(small_disk, tmp_path, monkeypatch):
    archive = packed(tmp_path)
    home = home_of(small_disk)
    before = state(home, monkeypatch)
    for free in (60_000, 20_000, 4_096, 0):
        filler = home / "filler"
        status = os.statvfs(home)
        filler.write_bytes(bytes(max(0, status.f_bavail * status.f_frsize - free)))
        with pytest.raises(ModelError, match="No space left"):
            store.import_version(archive, home / "models")
        if not free:
            with pytest.raises(ModelError, match="No space left"):
                store.use("7.1.0")
            with pytest.raises(ModelError, match="No space left"):
                store.export_version("7.0.0", home / "out.zip")
        assert state(home, monkeypatch) == before
        assert sorted(os.listdir(home / "models")) == ["7.0.0", "7.1.0", "current"]
        filler.unlink()
    assert not (home / "out.zip").exists()
    store.use("7.1.0")
    assert state(home, monkeypatch)[1] == "7.1.0"


def test_of_two_writers_at_once_one_wins_and_the_other_is_told(tmp_path, monkeypatch):
    archive = packed(tmp_path)
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom dudao import ModelError, store\n"
        "files = {'a': bytes([int(sys.argv[2])]) * 300_000, 'b': bytes([int(sys.argv[2])])}\n"
        "time.sleep(max(0, float(sys.argv[3]) - time.time()))\n"
        "try:\n    store.write_version(Path(sys.argv[1]), '1.0.0', files, {})\n    print('won')\n"
        "except ModelError as error:\n    print(error)\n"
    )
    start = str(time.time() + 1.5)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "m"), str(n), start], stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    said = [writer.communicate()[0] for writer in writers]
    assert [each.strip() == "won" for each in said].count(True) == 1
    assert all("exists already" in each for each in said if each.strip() != "won")
    winner = next(n for n, each in enumerate(said) if each.strip() == "won")
    assert {path.read_bytes()[0] for path in (tmp_path / "m" / "1.0.0").iterdir() if path.suffix != ".json"} == {winner}
    assert os.listdir(tmp_path / "m") == ["1.0.0"]

    imports = [
        subprocess.Popen(
            [sys.executable, "-c", MAIN, "models", "import", str(archive)],
            env={**os.environ, "DUDAO_HOME": str(tmp_path)},
        )
        for _ in range(3)
    ]
    assert [each.wait() for each in imports] == [0, 0, 0]  # the same version: all of them find it there
    assert state(tmp_path, monkeypatch)[0]["8.0.0"]


def test_interrupted_writer_leaves_nothing(tmp_path, monkeypatch):
    real = os.rename

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write_version(tmp_path, "1.0.0", {"a": b"1"}, {})
    monkeypatch.setattr(os, "rename", real)
    assert os.listdir(tmp_path) == []


def test_leftovers_are_neither_listed_nor_in_the_way(tmp_path, monkeypatch):
    home = home_of(tmp_path)
    half = home / "models" / ".dudao-0123456789ab.tmp"
    shutil.copytree(home / "models" / "7.0.0", half)
    (half / "model.joblib").unlink()
    assert set(state(home, monkeypatch)[0]) == {"7.0.0", "7.1.0"}
    store.use("7.1.0")
    assert not half.exists()
    assert ROOT not in half.parents
