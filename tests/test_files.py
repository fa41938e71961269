from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import pytest

from dudao import files

WRITES = """
import os, sys, time
from pathlib import Path
from dudao import files
folder = Path(sys.argv[1])
with files.replacing(folder / "out.txt") as file, files.new_folder(folder / "new") as new:
    file.write(b"half")
    (new / "part").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_replacing_keeps_the_old_file_on_an_error(tmp_path):
    path = tmp_path / "out.txt"
    path.write_bytes(b"old")

    def write():
        with files.replacing(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_replacing_keeps_permissions_and_takes_long_names(tmp_path):
    path = tmp_path / f"{'督' * 80}.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with files.replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_new_folder_is_never_put_over_one_that_is_there(tmp_path):
    with files.new_folder(tmp_path / "a") as folder:
        (folder / "x").write_bytes(b"1")
    with pytest.raises(FileExistsError), files.new_folder(tmp_path / "a"):
        pass

    def lose():
        with files.new_folder(tmp_path / "b") as folder:
            (folder / "x").write_bytes(b"2")
            (tmp_path / "b").mkdir()
            (tmp_path / "b" / "x").write_bytes(b"another writer's")

    with pytest.raises(FileExistsError):
        lose()
    assert (tmp_path / "b" / "x").read_bytes() == b"another writer's"
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


@pytest.mark.skipif(os.name == "nt", reason="locks on folders are POSIX; on Windows the age tells")
def test_sweep_leaves_a_live_writer_alone_and_takes_what_a_killed_one_left(tmp_path):
    (tmp_path / ".dudao-notes").write_bytes(b"somebody's")
    writer = subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"writing\n"
    files.sweep(tmp_path)
    assert len(os.listdir(tmp_path)) == 3
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert len(os.listdir(tmp_path)) == 3
    files.sweep(tmp_path)
    assert os.listdir(tmp_path) == [".dudao-notes"]


def test_sweep_of_what_is_no_folder_is_nothing(tmp_path):
    files.sweep(tmp_path / "gone")
